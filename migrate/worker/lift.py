"""The job that makes a TF2 SavedModel of an original graph, with real, trainable variables.

``open`` → ``assign`` … → ``save`` → ``predict``. Variables of TensorFlow 1 are nodes of a graph;
here each becomes a ``tf.Variable`` that the imported graph reads. A reference variable is replaced
by its value, or, where the graph also writes to it, by a resource like the newer kind.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import full, node_of
from .disk import writing
from .events import Event
from .graphdef import cut, gist, refusing
from .rungraph import plain

Answer = tuple[dict[str, Any], dict[str, np.ndarray]]

_state: dict[str, Any] = {}

# Operations on references that have no other form than to pass them on.
_OF_REFERENCES = {
    "RefSwitch": "Switch", "RefMerge": "Merge", "RefEnter": "Enter", "RefExit": "Exit",
    "RefNextIteration": "NextIteration", "RefIdentity": "Identity",
}  # fmt: skip
# Writes to a reference → the same to a resource (state_ops.cc, resource_variable_ops.cc).
_WRITES = {
    "Assign": "AssignVariableOp", "AssignAdd": "AssignAddVariableOp",
    "AssignSub": "AssignSubVariableOp", "ScatterUpdate": "ResourceScatterUpdate",
    "ScatterAdd": "ResourceScatterAdd", "ScatterSub": "ResourceScatterSub",
}  # fmt: skip


def run(request: dict[str, Any], arrays: dict[str, np.ndarray], emit: Event) -> Answer:
    """Does one step; ``request["step"]`` says which."""
    return _STEPS[request["step"]](request, arrays)


def forget() -> None:
    """Lets go of what earlier steps keep."""
    _state.clear()


@refusing("import the original graph")
def _open(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """Reads the part that ``outputs`` need.

    The request has ``path``, ``tags``, ``given``, ``bypass`` and ``initializers``; ``inputs``:
    ``tensor``, ``name``, ``shape``, ``dtype`` of each, and ``sparse`` where it stands for a sparse
    tensor: ``indices``, ``values``, ``shape``, ``absent``; ``counted``: placeholders of serialized
    examples, of which only the number is asked; ``outputs``: ``tensor`` and ``name``; ``fed``:
    tensor → ``value`` and ``dtype``; ``trainable``: names of the nodes whose variables are.
    """
    outputs = [output["tensor"] for output in request["outputs"]]
    definition = cut(request, outputs, placeholders=False)
    _fill_first(definition, request["initializers"])
    _state.clear()
    _state.update(request=request, definition=definition, variables={})
    return {"nodes": len(definition.node)}, {}


def _fill_first(definition: Any, initializers: list[str]) -> None:
    """Lets every lookup wait until its vocabulary is filled, which may be done again and again."""
    for node in definition.node:
        if node.op.startswith("LookupTable") and node.name not in initializers:
            node.input.extend(f"^{name}" for name in initializers)


def _held(given: dict[str, Any], value: Any) -> dict[str, Any]:
    """What the graph takes for an input: for a dense one the sparse tensor it stands for."""
    import tensorflow as tf

    parts = given["sparse"]
    if parts is None:
        return {full(given["tensor"]): value}
    places = tf.where(tf.not_equal(value, parts["absent"]))
    return {
        parts["indices"]: places,
        parts["values"]: tf.gather_nd(value, places),
        parts["shape"]: tf.shape(value, tf.int64),
    }


@refusing("restore the variables of the original graph")
def _assign(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """Makes a variable for each array, under the name of its node."""
    import tensorflow as tf

    trainable = set(_state["request"]["trainable"])
    for name, array in arrays.items():
        _state["variables"][name] = tf.Variable(
            array, trainable=name in trainable, name=_identifier(name), dtype=array.dtype.name
        )
    return {}, {}


def _identifier(name: str) -> str:
    # What TensorFlow takes as a name scope; names of graphs are nearly always so already.
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "_./-") else "_" for c in name)
    return safe if safe[:1].isalnum() or safe[:1] == "." else f"v{safe}"


@refusing("lift the original graph")
def _save(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """Writes the SavedModel to ``path``, opens it, and asks for gradients at the given inputs."""
    import tensorflow as tf

    opened, definition = _state["request"], _state["definition"]
    wanted = list(dict.fromkeys(output["tensor"] for output in opened["outputs"]))
    needed = {*map(node_of, wanted), *(node_of(i) for n in definition.node for i in n.input)}
    variables = {name: v for name, v in _state["variables"].items() if name in needed}
    by_handle = _as_resources(definition, variables)
    for index in range(len(definition.node) - 1, -1, -1):
        if definition.node[index].name in variables:
            del definition.node[index]
    specs = [
        tf.TensorSpec(i["shape"], tf.as_dtype(i["dtype"]), i["name"]) for i in opened["inputs"]
    ]

    def program(*values: Any) -> list[Any]:
        held: dict[str, Any] = {}
        for given, value in zip(opened["inputs"], values, strict=True):
            held |= _held(given, value)
        for tensor in opened["counted"]:
            held[full(tensor)] = tf.fill([tf.shape(values[0])[0]], "")
        for tensor, fed in opened["fed"].items():
            held[full(tensor)] = tf.constant(fed["value"], tf.as_dtype(fed["dtype"]))
        # Reading it is also what makes the function count it among its variables.
        held |= {f"{name}:0": variable.read_value() for name, variable in variables.items()}
        capture = tf.compat.v1.get_default_graph().capture
        taken = held | {f"{name}:0": capture(variables[name].handle) for name in by_handle}
        used = {full(i) for node in definition.node for i in node.input if i[:1] != "^"}
        missing = [tensor for tensor in wanted if tensor not in held]
        made = tf.import_graph_def(
            definition,
            input_map={tensor: value for tensor, value in taken.items() if tensor in used},
            return_elements=missing,
            name="",
        )
        found = dict(zip(missing, made or (), strict=True))
        return [tf.identity((held | found)[output["tensor"]]) for output in opened["outputs"]]

    wrapped = tf.compat.v1.wrap_function(program, specs)
    module = tf.Module()
    module.all_variables = list(variables.values())
    module.serve = _serving(wrapped, specs)
    names = [output["name"] for output in opened["outputs"]]

    @tf.function(input_signature=specs)
    def named(*values: Any) -> dict[str, Any]:
        return dict(zip(names, wrapped(*values), strict=True))

    with writing(request["path"], sum(v.numpy().nbytes for v in variables.values())):
        tf.saved_model.save(module, request["path"], signatures={"serving_default": named})
    loaded = tf.saved_model.load(request["path"])
    _state["loaded"] = loaded
    return {
        "variables": list(variables),
        "gradients": _gradients(loaded, list(variables), arrays),
    }, {}


def _as_resources(definition: Any, variables: dict[str, Any]) -> set[str]:
    """Rewrites what takes references; gives the variables whose handle is wanted."""
    kinds = {node.name: node.op for node in definition.node}
    written = {name for name in variables if kinds.get(name) == "VarHandleOp"}
    assigned = {
        node_of(node.input[0])
        for node in definition.node
        if node.op in _WRITES and node_of(node.input[0]) in variables
    }
    for node in list(definition.node):
        node.op = _OF_REFERENCES.get(node.op, node.op)
        if node.op in _WRITES and node_of(node.input[0]) in assigned:
            _write_to_resource(definition, node)
    for node in list(definition.node):
        reads = [i for i, t in enumerate(node.input) if node_of(t) in assigned and t[:1] != "^"]
        if not reads or node.op in _WRITES.values() or node.op == "ReadVariableOp":
            continue
        for index in reads:
            source = node_of(node.input[index])
            new = definition.node.add()
            new.name, new.op = f"{node.name}/tfmigrate_read_{index}", "ReadVariableOp"
            new.input[:] = [source, *(t for t in node.input if t[:1] == "^")]
            new.attr["dtype"].type = variables[source].dtype.as_datatype_enum
            node.input[index] = new.name
    return written | assigned


def _write_to_resource(definition: Any, node: Any) -> None:
    """``Assign`` gives the variable back; here it writes, and a read after it takes its name."""
    control = [t for t in node.input if t[:1] == "^"]
    data = [t for t in node.input if t[:1] != "^"]
    kind = node.attr["T"].type
    new = definition.node.add()
    new.name, new.op = f"{node.name}/tfmigrate_write", _WRITES[node.op]
    new.input[:] = [*data, *control]
    new.attr["dtype"].type = kind
    if "Tindices" in node.attr:
        new.attr["Tindices"].CopyFrom(node.attr["Tindices"])
    node.op, node.input[:] = "ReadVariableOp", [data[0], f"^{new.name}"]
    node.ClearField("attr")
    node.attr["dtype"].type = kind


def _serving(wrapped: Any, specs: list[Any]) -> Any:
    """One argument, as ``keras.layers.TFSMLayer`` asks for: a tensor, or a list of them."""
    import tensorflow as tf

    def ends(*values: Any) -> Any:
        made = wrapped(*values)
        return made[0] if len(made) == 1 else made

    if len(specs) > 1:
        return tf.function(lambda inputs: ends(*inputs), input_signature=[specs])
    return tf.function(ends, input_signature=specs)


def _gradients(loaded: Any, names: list[str], arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Which trainable variables the outputs' sum has a gradient for, or why none has."""
    import tensorflow as tf

    named = [
        (name, variable)
        for name, variable in zip(names, loaded.all_variables, strict=True)
        if variable.trainable
    ]
    try:
        with tf.GradientTape() as tape:
            made = _call(loaded, arrays)
            sums = [tf.reduce_sum(value) for value in made if value.dtype.is_floating]
            total = tf.add_n([tf.cast(value, tf.float32) for value in sums]) if sums else None
        if total is None:
            return {
                "with": [],
                "without": [n for n, _ in named],
                "reason": "no output has a float dtype",
            }
        found = tape.gradient(total, [variable for _, variable in named])
    except Exception as error:
        loops = any(node.op == "Enter" for node in _state["definition"].node)
        reason = f"{type(error).__name__}: {gist(error)}"
        if loops and isinstance(error, AttributeError):  # looks for a loop's context in vain
            reason = "gradients do not flow through the while loops of TensorFlow 1"
        return {"with": [], "without": [name for name, _ in named], "reason": reason}
    reached = {
        name for (name, _), gradient in zip(named, found, strict=True) if gradient is not None
    }
    return {
        "with": [name for name, _ in named if name in reached],
        "without": [name for name, _ in named if name not in reached],
        "reason": None,
    }


def _call(loaded: Any, arrays: dict[str, np.ndarray]) -> list[Any]:
    import tensorflow as tf

    specs = _state["request"]["inputs"]
    values = [
        tf.constant(arrays[str(index)], tf.as_dtype(spec["dtype"]))
        for index, spec in enumerate(specs)
    ]
    made = loaded.serve(*([values] if len(values) > 1 else values))
    return list(made) if isinstance(made, (list, tuple)) else [made]


@refusing("run the lifted graph")
def _predict(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """Runs the opened SavedModel on inputs "0", "1" …; gives outputs under such names."""
    made = _call(_state["loaded"], arrays)
    return {}, {str(index): plain(value.numpy()) for index, value in enumerate(made)}


_STEPS = {"open": _open, "assign": _assign, "save": _save, "predict": _predict}
