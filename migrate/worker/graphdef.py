"""An original graph in the worker: read from its file, cut down to what is run, made to run now."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError, printable
from ..graph import form_of

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


def prepare(
    definition: Any,
    bypass: Mapping[str, str],
    constants: Mapping[str, float] | None = None,
    gates: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Makes a GraphDef run here as it ran under TensorFlow 1.

    Args:
        bypass: node → the tensor it shall merely repeat: dropouts, which are random.
        constants: node of a constant → the value that it shall have.
        gates: node → others that it shall wait for.
    """
    import tensorflow as tf

    for node in definition.node:
        node.device = ""
        node.attr.pop("_class", None)  # colocation with nodes that may not be there
        if node.name in (constants or {}):
            old = tf.make_ndarray(node.attr["value"].tensor)
            new = tf.make_tensor_proto(np.full_like(old, (constants or {})[node.name]))
            node.attr["value"].tensor.CopyFrom(new)
        if node.name in bypass:
            kind = node.attr["T"]
            node.op, node.input[:] = "Identity", [bypass[node.name]]
            node.ClearField("attr")
            node.attr["T"].CopyFrom(kind)
        node.input.extend(f"^{name}" for name in (gates or {}).get(node.name, ()))
        if node.op.startswith("FusedBatchNormGrad"):  # of outputs that are empty now
            node.attr.pop("_output_shapes", None)
        # An epsilon that is not written is the op's default, 1e-4, and large enough.
        if node.op.startswith("FusedBatchNorm") and "epsilon" in node.attr:
            node.attr["epsilon"].f = max(node.attr["epsilon"].f, _SMALLEST_EPSILON)


def prune(definition: Any, outputs: Sequence[str], given: Collection[str] = ()) -> None:
    """Drops the nodes that outputs do not need, and waiting for them."""
    stop = frozenset(map(full, given))
    nodes = {node.name: node for node in definition.node}
    waiting = [output for output in outputs if full(output) not in stop]
    kept: set[str] = set()
    while waiting:
        name = node_of(waiting.pop())
        if name in nodes and name not in kept:
            kept.add(name)
            waiting += [i for i in nodes[name].input if i.startswith("^") or full(i) not in stop]
    for index in range(len(definition.node) - 1, -1, -1):
        node = definition.node[index]
        if node.name not in kept:
            del definition.node[index]
        else:
            node.input[:] = [i for i in node.input if not i.startswith("^") or node_of(i) in kept]


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


def full(tensor: str) -> str:
    """``"w"`` → ``"w:0"``."""
    name, colon, index = tensor.rpartition(":")
    return tensor if colon and index.isdigit() and name else f"{tensor}:0"


def node_of(tensor: str) -> str:
    """``"w:0"``, ``"^w"`` → ``"w"``."""
    return full(tensor.removeprefix("^")).rpartition(":")[0]


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
    return (tagged or metas)[0].graph_def
