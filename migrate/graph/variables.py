"""The variables of a graph, the checkpoint keys they are saved under, and reads of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from ..errors import UserError, printable
from .constants import static_value
from .dtypes import DTYPE_NAMES
from .nodes import Graph, Node, SaveSlice, VariableDef, split_tensor

VARIABLE_OPS = ("VariableV2", "Variable", "VarHandleOp", "AutoReloadVariable")

# Operations whose first output is their first input, as far as values go.
PASSING_OPS = (
    "Identity", "ReadVariableOp", "StopGradient", "PreventGradient", "CheckNumerics", "Snapshot",
    "Print", "EnsureShape", "RefIdentity",
)  # fmt: skip
_ENTERING_OPS = ("Enter", "RefEnter", "Switch", "RefSwitch")


@dataclass(frozen=True)
class GraphVariable:
    """A variable of the graph, or a frozen weight.

    Attributes:
        name: of its node.
        op: "VariableV2", "VarHandleOp" …, or "Const" for a frozen weight.
        dtype: such as "float32".
        shape: None for unknown dimensions or rank.
        trainable: whether the graph's collections say so; without collections, whether it is
            of a floating type.
        key: its name in the checkpoint; the node's own name where no Saver of the graph names it.
        saved: whether a Saver of the graph saves it.
        slice: its place in the whole, for a part of a partitioned variable.
        initial_value: the tensor it starts from, or None.
    """

    name: str
    op: str
    dtype: str
    shape: tuple[int | None, ...] | None
    trainable: bool
    key: str
    saved: bool
    slice: SaveSlice | None = None
    initial_value: str | None = None

    @property
    def tensor(self) -> str:
        """The variable's tensor: its reference, resource handle or constant."""
        return f"{self.name}:0"

    @property
    def is_resource(self) -> bool:
        """Whether the tensor is a handle that has to be read."""
        return self.op == "VarHandleOp"


def resolve(graph: Graph, tensor: str) -> str:
    """Follow a tensor back through operations that only pass a value on.

    These are identities, variable reads, stop_gradient, a cast to the same type, entering a loop
    as an invariant and entering a side of a ``cond``.
    """
    while True:
        node = graph.get(tensor)
        if node is None or not node.inputs:
            return tensor
        passes = node.op in PASSING_OPS or node.op in ("Switch", "RefSwitch")
        if node.op in ("Enter", "RefEnter"):
            passes = bool(node.attrs.get("is_constant", False))
        if node.op == "Cast":
            passes = node.attrs.get("SrcT") == node.attrs.get("DstT")
        if not passes:
            return tensor
        tensor = node.inputs[0]


def find_variables(graph: Graph) -> dict[str, GraphVariable]:
    """The variables of a graph by node name, in the order of the file.

    Raises:
        UserError: one of them has no dtype of TensorFlow 1.
    """
    described = _described(graph)
    trainable = _trainable(graph)
    keys = saved_keys(graph)
    found = {}
    for node in graph.of(*VARIABLE_OPS):
        dtype = node.attrs.get("dtype", "float32")
        if dtype not in DTYPE_NAMES.values():
            raise UserError(
                f"variable {printable(node.name)!r} of the graph has no dtype of TensorFlow 1"
            )
        definition = described.get(node.name)
        key, part = keys.get(node.name, (None, None))
        if part is None and definition is not None:
            part = definition.slice
        floating = dtype.startswith(("float", "bfloat", "double", "complex"))
        found[node.name] = GraphVariable(
            name=node.name,
            op=node.op,
            dtype=dtype,
            shape=node.attrs.get("shape"),
            trainable=floating if trainable is None else node.name in trainable,
            key=key or (part.full_name if part is not None and part.full_name else node.name),
            saved=key is not None,
            slice=part,
            initial_value=_initial_value(graph, node, definition),
        )
    return found


def _described(graph: Graph) -> dict[str, VariableDef]:
    return {
        split_tensor(entry.variable)[0]: entry
        for values in graph.collections.values()
        for entry in values
        if isinstance(entry, VariableDef)
    }


def _trainable(graph: Graph) -> set[str] | None:
    if "variables" not in graph.collections and "trainable_variables" not in graph.collections:
        return None
    found = {
        split_tensor(entry.variable)[0]
        for entry in graph.collections.get("trainable_variables", ())
        if isinstance(entry, VariableDef)
    }
    scalars = [n for n in found if n in graph.nodes and graph.nodes[n].attrs.get("shape") == ()]
    if not scalars:
        return found
    if graph not in _UNTRAINED:
        _UNTRAINED[graph] = _untrained(graph, found)
    return found - _UNTRAINED[graph]


_UNTRAINED = WeakKeyDictionary[Graph, set[str]]()


def _untrained(graph: Graph, names: set[str]) -> set[str]:
    """Variables of which neither results nor gradients are computed, and moving statistics.

    Keras before 2.4 calls them trainable, as well as the slots, rates and counters of its
    optimizers.
    """
    by_gradients = graph.descendants(name for name in graph.nodes if _GRADIENTS in name)
    moved = {
        variable_of(graph, node.inputs[0])
        for node in graph.of("AssignSub", "AssignSubVariableOp")
        if node.name not in by_gradients
    }
    ends = [
        node.name
        for node in graph.nodes.values()
        if _GRADIENTS in node.name
        or (
            not graph.node_consumers(node.name)
            and node.op not in (*_NO_RESULTS, *PASSING_OPS)
            and "Assign" not in node.op
        )
    ]
    seen = graph.ancestors(ends)
    return {name for name in names if name in moved or name not in seen}


_GRADIENTS = "gradients/"  # in the names of what tf.gradients makes
_NO_RESULTS = (
    "SaveV2", "Save", "SaveSlices", "NoOp", "VarIsInitializedOp", "IsVariableInitialized",
    "VarHandleOp", "VariableV2", "Variable", "Const", "Placeholder",
)  # fmt: skip


def _initial_value(graph: Graph, node: Node, definition: VariableDef | None) -> str | None:
    if definition is not None and definition.initial_value in graph:
        return definition.initial_value
    for consumer in graph.consumers(f"{node.name}:0"):
        if consumer.op in ("Assign", "AssignVariableOp") and len(consumer.inputs) > 1:
            source = graph.get(consumer.inputs[1])
            restores = source is not None and source.op in (*_RESTORE_OPS, "Identity")
            if consumer.inputs[0] == f"{node.name}:0" and not restores:
                return consumer.inputs[1]
    return None


_RESTORE_OPS = ("RestoreV2", "RestoreSlice", "Restore")
# Where each operation holds: the first saved tensor, the key names, the slices (or None).
_SAVE_INPUTS = {"SaveV2": (3, 1, 2), "SaveSlices": (3, 1, 2), "Save": (2, 1, None)}


def saved_keys(graph: Graph) -> dict[str, tuple[str, SaveSlice | None]]:
    """Variable node name → checkpoint key and, for parts, slice: what the graph's Saver does.

    Read from the save operations, else the restore operations. Where the file names the Saver that
    wrote the checkpoint, that one is believed before others.
    """
    nodes = list(graph.of(*_SAVE_INPUTS))
    if graph.saver is not None and graph.saver.save in graph:
        own = graph.ancestors([graph.saver.save], control=True)
        nodes.sort(key=lambda node: node.name not in own)
    keys: dict[str, tuple[str, SaveSlice | None]] = {}
    for node in nodes:
        first, names, slices = _SAVE_INPUTS[node.op]
        for at, tensor in enumerate(node.inputs[first:]):
            variable = variable_of(graph, tensor)
            if variable is not None and variable not in keys:
                entry = _entry(graph, node, names, slices, at)
                if entry is not None:
                    keys[variable] = entry
    for node in graph.of(*_RESTORE_OPS):
        for variable, at in _restored(graph, node):
            if variable not in keys:
                entry = _entry(graph, node, 1, None if node.op == "Restore" else 2, at)
                if entry is not None:
                    keys[variable] = entry
    return keys


def _strings(graph: Graph, tensor: str) -> list[str]:
    value = static_value(graph, tensor)
    if value is None or value.dtype != object:
        return []
    return [item.decode("utf-8", "backslashreplace") for item in value.ravel()]


def _entry(
    graph: Graph, node: Node, names: int, slices: int | None, at: int
) -> tuple[str, SaveSlice | None] | None:
    if len(node.inputs) <= max(names, slices or 0):
        return None
    known = _strings(graph, node.inputs[names])
    if at >= len(known):
        return None
    parts = _strings(graph, node.inputs[slices]) if slices is not None else []
    return known[at], parse_slice(known[at], parts[at]) if at < len(parts) else None


_SLICE = re.compile(r"((?:\d+ )+)((?:-|\d+,\d+)(?::(?:-|\d+,\d+))*)")


def parse_slice(key: str, text: str) -> SaveSlice | None:
    """``"10 3 0,4:0,3"`` → the slice of shape (4, 3) at (0, 0) of (10, 3); ``""`` → None.

    The form is that of tensorflow/core/util/saved_tensor_slice_util.cc; ``-`` takes a whole axis.
    """
    match = _SLICE.fullmatch(text)
    if match is None:
        return None
    full = tuple(int(size) for size in match[1].split())
    extents = match[2].split(":")
    if len(extents) != len(full):
        return None
    pairs = [
        (0, size) if extent == "-" else tuple(map(int, extent.split(",")))
        for extent, size in zip(extents, full, strict=True)
    ]
    return SaveSlice(key, full, tuple(p[0] for p in pairs), tuple(p[1] for p in pairs))


def _restored(graph: Graph, node: Node) -> list[tuple[str, int]]:
    """The variables that a restore operation's outputs are assigned to, by output number."""
    found = []
    waiting = [(consumer, tensor) for tensor, consumer in _uses(graph, node)]
    seen = set()
    while waiting:
        consumer, tensor = waiting.pop()
        if consumer.op in ("Assign", "AssignVariableOp"):
            variable = variable_of(graph, consumer.inputs[0])
            if variable is not None:
                found.append((variable, split_tensor(tensor)[1]))
        elif consumer.op in (*PASSING_OPS, "Reshape", "Cast") and consumer.name not in seen:
            seen.add(consumer.name)
            waiting.extend((user, tensor) for user in graph.consumers(f"{consumer.name}:0"))
    return found


def _uses(graph: Graph, node: Node) -> list[tuple[str, Node]]:
    return [
        (tensor, consumer)
        for consumer in graph.node_consumers(node.name)
        for tensor in consumer.inputs
        if split_tensor(tensor)[0] == node.name
    ]


def variable_of(graph: Graph, tensor: str) -> str | None:
    """The node name of the variable whose value (or reference, or handle) a tensor is, or None."""
    node = graph.get(resolve(graph, tensor))
    return node.name if node is not None and node.op in VARIABLE_OPS else None


# A constant that enters these (by input number) was a weight before the graph was frozen.
_WEIGHT_INPUTS: Mapping[str, tuple[int, ...]] = {
    "MatMul": (0, 1), "BatchMatMul": (0, 1), "BatchMatMulV2": (0, 1), "Conv2D": (1,),
    "Conv3D": (1,),
    "DepthwiseConv2dNative": (1,), "Conv2DBackpropInput": (1,), "Conv3DBackpropInputV2": (1,),
    "BiasAdd": (1,), "BiasAddV1": (1,), "Add": (0, 1), "AddV2": (0, 1), "Mul": (0, 1),
    "GatherV2": (0,), "Gather": (0,), "ResourceGather": (0,), "FusedBatchNorm": (1, 2, 3, 4),
    "FusedBatchNormV2": (1, 2, 3, 4), "FusedBatchNormV3": (1, 2, 3, 4),
    "BatchNormWithGlobalNormalization": (1, 2, 3, 4), "LSTMBlockCell": (3, 4, 5, 6, 7),
}  # fmt: skip


def find_frozen_weights(graph: Graph) -> dict[str, GraphVariable]:
    """Constants that were variables before the graph was frozen, by node name.

    A floating constant counts where a variable read is left (``w`` → ``w/read``), or where it has
    one dimension or more and enters an operation in the place of a weight.
    """
    found = {}
    for node in graph.of("Const"):
        dtype = node.attrs.get("dtype", "")
        if "value" not in node.attrs or not dtype.startswith(("float", "bfloat")):
            continue
        uses = _uses(graph, node)
        read = any(
            user.op in PASSING_OPS
            and user.name.rpartition("/")[2].startswith(("read", "ReadVariableOp"))
            for _, user in uses
        )
        if read or (graph.shape(f"{node.name}:0") and _enters_as_weight(graph, node)):
            shape = graph.shape(f"{node.name}:0")
            found[node.name] = GraphVariable(
                node.name, "Const", dtype, shape, True, node.name, False
            )
    return found


def _enters_as_weight(graph: Graph, node: Node) -> bool:
    waiting, seen = [node], set()
    while waiting:
        source = waiting.pop()
        for _, user in _uses(graph, source):
            places = _WEIGHT_INPUTS.get(user.op, ())
            for place, tensor in enumerate(user.inputs):
                if split_tensor(tensor)[0] == source.name and place in places:
                    return True
            passes = user.op in PASSING_OPS or user.op in _ENTERING_OPS
            if passes and user.name not in seen:
                seen.add(user.name)
                waiting.append(user)
    return False
