"""An original graph in the worker: read from its file, cut down to what is run, made to run now."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError, printable
from ..graph import drop_defaults, form_of, hold_vocabularies, node_of, prune, refuse_forbidden

# Attributes by which TensorFlow colocates nodes that may not be there, compiles, or runs a function
# in another way or another function in its place (implementation_selector.cc, function_ops.cc).
_IGNORED = (
    "_class", "api_implements", "api_preferred_device", "config", "config_proto", "executor_type",
    "_XlaCompile", "_XlaMustCompile",
)  # fmt: skip
# What TensorFlow 1.15 computes with, where an epsilon is smaller (fused_batch_norm_op.cc).
_SMALLEST_EPSILON = 1.001e-5


def refusing(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A step that runs a stranger's graph: what TensorFlow says against it is no bug of ours."""

    def wrap(step: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(step)
        def guarded(*arguments: Any) -> Any:
            import tensorflow as tf

            try:
                return step(*arguments)
            except UserError:
                raise
            except (tf.errors.ResourceExhaustedError, MemoryError):
                raise UserError(
                    f"there is not enough memory to {what}", try_="a machine with more memory"
                ) from None
            except Exception as error:
                raise UserError(
                    f"TensorFlow cannot {what}: {type(error).__name__}: {gist(error)}",
                    expected="a graph that runs in TensorFlow",
                ) from error

        return guarded

    return wrap


def gist(error: Exception) -> str:
    """The part of TensorFlow's message that says what is wrong, in one line."""
    message = getattr(error, "message", None) or str(error)
    lines = [line.strip() for line in str(message).splitlines() if line.strip()]
    skipped = (
        "Detected at", "File ", "Traceback", "Graph execution error", "[[", "<stack", "Node:",
    )  # fmt: skip
    told = [line for line in lines if not line.startswith(skipped)]
    node = next((line.removeprefix("Node: ") for line in lines if line.startswith("Node: ")), None)
    return printable((told or lines or [""])[0], 240) + (f", at {printable(node)}" if node else "")


def cut(request: Mapping[str, Any], outputs: Sequence[str], *, placeholders: bool) -> Any:
    """The GraphDef that is imported: of a file, only what outputs need, made to run here.

    Args:
        request: ``path``, ``tags``; ``given``, tensors that are fed; ``shapes``, of placeholders;
            ``bypass``, ``constants`` and ``gates``, as :func:`prepare` takes them;
            ``initializers``, nodes to run first; ``trust``: whatever it would do.
        placeholders: those that are fed stay, with their shapes.

    Raises:
        UserError: it has operations that may not run.
    """
    definition = read(request)
    prepare(
        definition, request["bypass"], request.get("constants") or {}, request.get("gates") or {}
    )
    _shape_placeholders(definition, request.get("shapes") or {})
    drop_defaults(definition, request["given"])
    kept = {n.name for n in definition.node if placeholders and n.op.startswith("Placeholder")}
    given = [tensor for tensor in request["given"] if node_of(tensor) not in kept]
    prune(definition, [*outputs, *request["initializers"]], given)
    if not request["trust"]:
        refuse_forbidden("the graph", definition)
    return definition


def _shape_placeholders(definition: Any, shapes: Mapping[str, Sequence[int | None]]) -> None:
    """Gives placeholders the shapes that the file leaves open, by the names of their nodes."""
    import tensorflow as tf

    for node in definition.node:
        if node.name in shapes and node.op.startswith("Placeholder"):
            shape = tf.TensorShape(shapes[node.name]).as_proto()
            node.attr["shape"].shape.CopyFrom(shape)


def prepare(
    definition: Any,
    bypass: Mapping[str, str],
    constants: Mapping[str, float],
    gates: Mapping[str, Sequence[str]],
) -> None:
    """Makes a GraphDef run here as it ran under TensorFlow 1, and as it is written.

    Args:
        bypass: node → the tensor it shall merely repeat: dropouts, which are random.
        constants: node of a constant → the value that it shall have.
        gates: node → others that it shall wait for.
    """
    import tensorflow as tf

    for function in definition.library.function:
        for key in _IGNORED:
            function.attr.pop(key, None)
    for node in _all_nodes(definition):
        node.device = ""
        for key in _IGNORED:
            node.attr.pop(key, None)
    for node in definition.node:
        if node.name in constants:
            old = tf.make_ndarray(node.attr["value"].tensor)
            new = tf.make_tensor_proto(np.full_like(old, constants[node.name]))
            node.attr["value"].tensor.CopyFrom(new)
        if node.name in bypass:
            kind = node.attr["T"]
            node.op, node.input[:] = "Identity", [bypass[node.name]]
            node.ClearField("attr")
            node.attr["T"].CopyFrom(kind)
        node.input.extend(f"^{name}" for name in gates.get(node.name, ()))
        if node.op.startswith("FusedBatchNormGrad"):  # of outputs that are empty now
            node.attr.pop("_output_shapes", None)
        # An epsilon that is not written is the op's default, 1e-4, and large enough.
        if node.op.startswith("FusedBatchNorm") and "epsilon" in node.attr:
            node.attr["epsilon"].f = max(node.attr["epsilon"].f, _SMALLEST_EPSILON)


def _all_nodes(definition: Any) -> Iterator[Any]:
    yield from definition.node
    for function in definition.library.function:
        yield from function.node_def


def output_types(node: Any) -> list[int]:
    """The DataType of each output of a NodeDef, by the operation's definition; [] if unknown."""
    from tensorflow.python.framework import op_def_registry

    definition = op_def_registry.get(node.op)
    types: list[int] = []
    for argument in definition.output_arg if definition is not None else ():
        if argument.type_list_attr:
            types += node.attr[argument.type_list_attr].list.type
            continue
        kind = node.attr[argument.type_attr].type if argument.type_attr else argument.type
        types += [kind] * (node.attr[argument.number_attr].i if argument.number_attr else 1)
    return types


def read(request: Mapping[str, Any]) -> Any:
    """The GraphDef in a file of any kind the graph floor reads: ``path``, ``tags``."""
    from google.protobuf import text_format
    from tensorflow.core.framework import graph_pb2
    from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

    path, tags = Path(request["path"]), tuple(request["tags"])
    if path.is_dir():
        names = (path / name for name in ("saved_model.pb", "saved_model.pbtxt"))
        path = next(name for name in names if name.is_file())
    data = path.read_bytes()
    kinds = {
        "SavedModel": saved_model_pb2.SavedModel,
        "MetaGraphDef": meta_graph_pb2.MetaGraphDef,
        "GraphDef": graph_pb2.GraphDef,
    }
    form, is_text = form_of(data)
    proto = kinds[form]()
    if is_text:
        text_format.Parse(data.decode(), proto, allow_unknown_field=True)
    else:
        proto.ParseFromString(data)
    if form == "GraphDef":
        return proto
    metas = proto.meta_graphs if form == "SavedModel" else [proto]
    tagged = [meta for meta in metas if tuple(meta.meta_info_def.tags) == tags]
    chosen = (tagged or metas)[0]
    hold_vocabularies(chosen, path)
    return chosen.graph_def
