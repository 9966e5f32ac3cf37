"""The job that runs an original graph in a TensorFlow session: ``open``, ``assign`` …, ``run``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import full, node_of
from .events import Event
from .graphdef import cut, output_types, read, refusing
from .widen import widen

_GIVEN = "tfmigrate_given"  # placeholders of ours must not take a name of the graph

_state: dict[str, Any] = {}

Answer = tuple[dict[str, Any], dict[str, np.ndarray]]


def run(request: dict[str, Any], arrays: dict[str, np.ndarray], emit: Event) -> Answer:
    """Does one step; ``request["step"]`` says which."""
    return _STEPS[request["step"]](request, arrays)


def forget() -> None:
    """Lets go of what earlier steps keep."""
    if "session" in _state:
        _state["session"].close()
    _state.clear()


@refusing("import the original graph")
def _open(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """Imports the part of a graph file that ``fetches`` need; in float64 where ``wide`` is set.

    Gives back the names of the tensors that are there, of ``layers`` that were asked about.
    """
    import tensorflow as tf

    graph = _imported(request, [*request["fetches"], *request.get("layers", ())])
    _state["graph"] = graph
    if "session" in _state:
        _state["session"].close()
    _state["session"] = tf.compat.v1.Session(graph=graph, config=_as_written())
    known = _tensors(graph)
    for name in request.get("initializers", ()):
        if name in _state["operations"]:
            _state["session"].run(graph.get_operation_by_name(name))
    return {"layers": [t for t in request.get("layers", ()) if t in known]}, {}


def _as_written() -> Any:
    """A configuration by which no other function or kernel takes the place of the graph's own.

    TensorFlow 2 would join a product and the ReLU after it to one kernel, which makes 0 of NaN.
    """
    import tensorflow as tf
    from tensorflow.core.protobuf import rewriter_config_pb2

    config = tf.compat.v1.ConfigProto()
    rewrites = config.graph_options.rewrite_options
    rewrites.implementation_selector = rewriter_config_pb2.RewriterConfig.OFF
    rewrites.remapping = rewriter_config_pb2.RewriterConfig.OFF
    return config


@refusing("import the original graph")
def _shapes(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """The shape that TensorFlow infers for each tensor that ``fetches`` need."""
    graph = _imported(request, request["fetches"])
    found = {
        op.name: [None if o.shape.rank is None else o.shape.as_list() for o in op.outputs]
        for op in graph.get_operations()
    }
    return {"shapes": found}, {}


@refusing("read the original graph")
def _kinds(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """The dtype of each of ``tensors``, by the definitions of the operations that make them."""
    import tensorflow as tf

    nodes = {node.name: node for node in read(request).node}
    kinds = {}
    for tensor in request["tensors"]:
        types = output_types(nodes[node_of(tensor)])
        index = int(full(tensor).rpartition(":")[2])
        if index < len(types):
            kinds[tensor] = tf.as_dtype(types[index]).base_dtype.name
    return {"kinds": kinds}, {}


@refusing("read the original graph")
def _graphdef(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """What ``open`` would import, for another process to do it: the bytes of the GraphDef."""
    layers = list(request.get("layers", ()))
    definition, given, used = _cut(request, [*request["fetches"], *layers])
    data = {"given": given, "used": sorted(used & given.keys()), "layers": layers}
    data["initializers"] = list(request.get("initializers", ()))
    return data, {"graphdef": np.frombuffer(definition.SerializeToString(), np.uint8)}


def _cut(request: dict[str, Any], outputs: list[str]) -> tuple[Any, dict[str, str], set[str]]:
    """A GraphDef of what outputs need; the dtypes of what is given; all tensors that it uses.

    What makes a given tensor is left out, placeholders aside.
    """
    definition = cut(request, outputs, placeholders=True)
    placeholders = {n.name for n in definition.node if n.op.startswith("Placeholder")}
    given = {t: d for t, d in request["given"].items() if node_of(t) not in placeholders}
    if request.get("wide"):
        widen(definition)
        given = {t: "float64" if d == "float32" else d for t, d in given.items()}
    return definition, given, {full(i) for n in definition.node for i in n.input if i[:1] != "^"}


def _imported(request: dict[str, Any], outputs: list[str]) -> Any:
    """A graph of what outputs need."""
    import tensorflow as tf

    definition, given, used = _cut(request, outputs)
    graph = tf.Graph()
    with graph.as_default():
        made = {t: tf.compat.v1.placeholder(tf.as_dtype(d), name=_GIVEN) for t, d in given.items()}
        tf.import_graph_def(
            definition, input_map={t: p for t, p in made.items() if t in used}, name=""
        )
    _state["operations"] = {op.name for op in graph.get_operations()}
    _state["given"] = {tensor: placeholder.name for tensor, placeholder in made.items()}
    return graph


def _tensors(graph: Any) -> set[str]:
    return {f"{op.name}:{i}" for op in graph.get_operations() for i in range(len(op.outputs))}


@refusing("restore the variables of the original graph")
def _assign(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """Sets variables by the name of their node.

    In one run: TensorFlow optimizes the whole graph again for each new set of fetches.
    """
    import tensorflow as tf

    graph = _state["graph"]
    settings, feeds = [], {}
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
                kind = variable.dtype.base_dtype
                given = tf.compat.v1.placeholder(kind, array.shape, _GIVEN)
                setting = tf.raw_ops.Assign(ref=variable, value=given, validate_shape=False)
            settings.append(setting)
            feeds[given] = array.astype(kind.as_numpy_dtype)
    _state["session"].run(settings, feeds)
    return {}, {}


@refusing("run the original graph")
def _run(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """Fetches tensors under feeds; arrays are feeds by tensor name."""
    graph, names = _state["graph"], _state["given"]
    known = _tensors(graph)
    feeds = {}
    for tensor, array in arrays.items():
        name = names.get(tensor, tensor)
        if name in known:
            kind = graph.get_tensor_by_name(name).dtype.base_dtype
            feeds[name] = array.astype(kind.as_numpy_dtype)
    wanted = [names.get(tensor, tensor) for tensor in request["fetches"]]
    made = _state["session"].run(wanted, feeds)
    return {}, dict(zip(request["fetches"], map(plain, made), strict=True))


@refusing("read the variables of the original graph")
def _values(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """What variables hold now, by the name of their node; those that are not there left out."""
    import tensorflow as tf

    graph, found = _state["graph"], {}
    with graph.as_default():
        for name in request["variables"]:
            try:
                variable = graph.get_tensor_by_name(f"{name}:0")
            except KeyError:
                continue
            if variable.dtype == tf.resource:
                kind = tf.as_dtype(variable.op.get_attr("dtype"))
                variable = tf.raw_ops.ReadVariableOp(resource=variable, dtype=kind)
            found[name] = variable
    return {}, {name: plain(value) for name, value in _state["session"].run(found).items()}


def plain(value: Any) -> np.ndarray:
    """An array that may leave the process: strings as bytes of a fixed length."""
    array = np.asarray(value)
    return array.astype(bytes) if array.dtype.hasobject else array


_STEPS = {
    "kinds": _kinds,
    "shapes": _shapes,
    "graphdef": _graphdef,
    "open": _open,
    "assign": _assign,
    "run": _run,
    "values": _values,
}
