"""The job that runs an original graph in a TensorFlow session: ``open``, ``assign`` …, ``run``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .client import Event

# What TensorFlow 1.15 computes with, where an epsilon is smaller (fused_batch_norm_op.cc).
_SMALLEST_EPSILON = 1.001e-5
_GIVEN = "tfmigrate_given"  # placeholders of ours must not take a name of the graph

_state: dict[str, Any] = {}


def run(
    request: dict[str, Any], arrays: dict[str, np.ndarray], emit: Event
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Does one step; ``request["step"]`` says which."""
    return _STEPS[request["step"]](request, arrays)


def _open(
    request: dict[str, Any], arrays: dict[str, np.ndarray]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Imports the part of a graph file that ``fetches`` need.

    ``bypass`` maps nodes to the tensor they shall merely repeat: dropouts, which are random.
    """
    import tensorflow as tf

    definition = _read(Path(request["path"]), tuple(request["tags"]))
    bypass = request.get("bypass", {})
    for node in definition.node:
        node.device = ""
        node.attr.pop("_class", None)  # colocation with nodes that may not be there
        if node.name in bypass:
            kind = node.attr["T"]
            node.op, node.input[:] = "Identity", [bypass[node.name]]
            node.ClearField("attr")
            node.attr["T"].CopyFrom(kind)
        # An epsilon that is not written is the op's default, 1e-4, and large enough.
        if node.op.startswith("FusedBatchNorm") and "epsilon" in node.attr:
            node.attr["epsilon"].f = max(node.attr["epsilon"].f, _SMALLEST_EPSILON)
    wanted = [fetch.rpartition(":")[0] for fetch in request["fetches"]]
    kept = tf.compat.v1.graph_util.extract_sub_graph(definition, wanted)
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(kept, name="")
    _state["graph"] = graph
    _state["session"] = tf.compat.v1.Session(graph=graph)
    return {"nodes": len(kept.node)}, {}


def _shapes(
    request: dict[str, Any], arrays: dict[str, np.ndarray]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The shape that TensorFlow infers for each tensor that ``fetches`` need."""
    import tensorflow as tf

    definition = _read(Path(request["path"]), tuple(request["tags"]))
    for node in definition.node:
        node.attr.pop("_class", None)
    wanted = [fetch.rpartition(":")[0] for fetch in request["fetches"]]
    kept = tf.compat.v1.graph_util.extract_sub_graph(definition, wanted)
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(kept, name="")
    found = {
        op.name: [None if o.shape.rank is None else o.shape.as_list() for o in op.outputs]
        for op in graph.get_operations()
    }
    return {"shapes": found}, {}


def _read(path: Path, tags: tuple[str, ...]) -> Any:
    """The GraphDef in a file of any kind the graph floor reads."""
    from google.protobuf import message, text_format
    from tensorflow.core.framework import graph_pb2
    from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

    if path.is_dir():
        names = (path / name for name in ("saved_model.pb", "saved_model.pbtxt"))
        path = next(name for name in names if name.is_file())
    data = path.read_bytes()
    found = []
    # Each kind of file also parses, in parts, as the others: the reading with most nodes is right.
    for kind in (saved_model_pb2.SavedModel, meta_graph_pb2.MetaGraphDef, graph_pb2.GraphDef):
        proto = kind()
        try:
            proto.ParseFromString(data)
        except message.DecodeError:
            try:
                text_format.Parse(data.decode(), proto, allow_unknown_field=True)
            except (text_format.ParseError, UnicodeDecodeError):
                continue
        if kind is saved_model_pb2.SavedModel:
            metas = proto.meta_graphs
            tagged = [m.graph_def for m in metas if tuple(m.meta_info_def.tags) == tags]
            found += tagged[:1] or [m.graph_def for m in metas[:1]]
        else:
            found.append(proto if kind is graph_pb2.GraphDef else proto.graph_def)
    return max(found, key=lambda graph: len(graph.node))


def _assign(
    request: dict[str, Any], arrays: dict[str, np.ndarray]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Sets variables by the name of their node."""
    import tensorflow as tf

    graph = _state["graph"]
    with graph.as_default():
        for name, array in arrays.items():
            try:
                variable = graph.get_tensor_by_name(f"{name}:0")
            except KeyError:
                continue  # the outputs do not need it
            if variable.dtype == tf.resource:
                kind = tf.as_dtype(variable.op.get_attr("dtype"))
                given = tf.compat.v1.placeholder(kind, array.shape, _GIVEN)
                setting = tf.raw_ops.AssignVariableOp(resource=variable, value=given)
            else:
                given = tf.compat.v1.placeholder(variable.dtype.base_dtype, array.shape, _GIVEN)
                setting = tf.raw_ops.Assign(ref=variable, value=given, validate_shape=False)
            _state["session"].run(setting, {given: array})
    return {}, {}


def _run(
    request: dict[str, Any], arrays: dict[str, np.ndarray]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Fetches tensors under feeds; arrays are feeds by tensor name."""
    graph = _state["graph"]
    names = {f"{op.name}:{i}" for op in graph.get_operations() for i in range(len(op.outputs))}
    feeds = {name: array for name, array in arrays.items() if name in names}
    made = _state["session"].run(request["fetches"], feeds)
    return {}, dict(zip(request["fetches"], map(np.asarray, made), strict=True))


_STEPS = {"shapes": _shapes, "open": _open, "assign": _assign, "run": _run}
