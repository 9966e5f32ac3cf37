"""Nodes, the graph they make, and walks over it that never recurse."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..errors import UserError, nearest, printable


@dataclass(frozen=True, slots=True)
class Node:
    """One operation.

    Attributes:
        inputs: the tensors it takes, each ``"node:0"`` (the output's number always written).
        control_inputs: names of nodes that merely run before it.
        device: as written in the file, often ``""``.
        attrs: decoded when asked for; see :func:`tensors.decode_attr`.
    """

    name: str
    op: str
    inputs: tuple[str, ...] = ()
    control_inputs: tuple[str, ...] = ()
    device: str = ""
    attrs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TensorInfo:
    """A tensor a signature names; ``tensor`` is None where it is sparse or composite."""

    tensor: str | None
    dtype: str
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class Signature:
    """One entry of a SavedModel's (or MetaGraph's) signature map, by argument name."""

    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]
    method: str


@dataclass(frozen=True)
class SaveSlice:
    """Where one part of a partitioned variable lies in the whole that the checkpoint stores."""

    full_name: str
    full_shape: tuple[int, ...]
    offset: tuple[int, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class VariableDef:
    """A variable as the graph's collections describe it; names are tensor names."""

    variable: str
    initializer: str
    snapshot: str
    initial_value: str
    slice: SaveSlice | None
    is_resource: bool
    trainable: bool


@dataclass(frozen=True)
class ControlContext:
    """A v1 ``cond`` branch (``kind`` "cond") or loop ("while") from the graph's collections.

    ``pivot`` and ``predicate`` are tensor names; ``branch`` is 0 or 1 in a cond, None in a loop.
    """

    kind: str
    name: str
    predicate: str
    pivot: str
    branch: int | None
    values: tuple[str, ...]
    external_values: Mapping[str, str]


@dataclass(frozen=True)
class Saver:
    """The Saver that wrote the checkpoint beside a MetaGraph; names are tensors, then a node."""

    filename: str
    save: str
    restore: str
    format: str
    sharded: bool


@dataclass(frozen=True)
class SparseParts:
    """The three tensors of a sparse one, as the file has them, and what stands for no value.

    Attributes:
        absent: fills a dense tensor of the same values: ``""``, -1 or 0.
    """

    indices: str
    values: str
    shape: str
    absent: Any


@dataclass(frozen=True)
class Folded:
    """What :func:`columns.fold_columns` made of a graph.

    Attributes:
        written: the graph as the file has it.
        made: names of nodes that the file does not have.
        dense: dense tensor that was made → the sparse one of the file that it stands for.
        counted: placeholders of which only the number of examples is still asked.
        initializers: names of the nodes that fill the vocabularies which became constants.
    """

    written: Graph
    made: frozenset[str]
    dense: Mapping[str, SparseParts]
    counted: tuple[str, ...]
    initializers: tuple[str, ...]


@dataclass(frozen=True)
class Function:
    """A library function: a graph between named arguments and results.

    Attributes:
        arguments: name and dtype (or the attribute that gives it) of each argument, in order. In
            ``graph`` an argument is a node of op ``_Arg`` with its name.
        results: result name → tensor of ``graph``, in order.
    """

    name: str
    arguments: tuple[tuple[str, str], ...]
    results: Mapping[str, str]
    graph: Graph


def split_tensor(tensor: str) -> tuple[str, int]:
    """``"node:1"`` → ``("node", 1)``; ``"node"`` → ``("node", 0)``."""
    name, colon, index = tensor.rpartition(":")
    if colon and index.isdigit():
        return name, int(index)
    return tensor, 0


def tensor_name(text: str) -> str:
    """A tensor's name in full: ``"node"`` → ``"node:0"``."""
    name, index = split_tensor(text)
    return f"{name}:{index}"


@dataclass(eq=False)
class Graph:
    """A graph as read from a file, or a part of one.

    Attributes:
        nodes: by name, in the order of the file.
        tensorflow_version: of the writer; None where the file does not say (before 0.12, frozen).
        producer: the GraphDef version of the writer.
        collections: by key; a list of str (tensors and operations), :class:`VariableDef`,
            :class:`ControlContext`, :class:`Saver`, int, float, or bytes where the format is not
            one of these.
        signatures: by key, as a SavedModel has them.
        functions: the library, by name.
        saver: of the MetaGraph, or None.
        tags: of the MetaGraph that was read.
        meta_graphs: the tags of every MetaGraph in the file.
        folded: where feature columns have been folded: what was made of them.
        objects: what a SavedModel of TensorFlow 2 says of its objects, as the file has it, or None.
        evaluators: those of :mod:`.constants`, kept here so that they end with the graph.
    """

    nodes: Mapping[str, Node]
    tensorflow_version: str | None = None
    producer: int = 0
    collections: Mapping[str, list[Any]] = field(default_factory=dict)
    signatures: Mapping[str, Signature] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    saver: Saver | None = None
    tags: tuple[str, ...] = ()
    meta_graphs: tuple[tuple[str, ...], ...] = ()
    folded: Folded | None = None
    objects: bytes | None = None
    evaluators: dict[int | None, Any] = field(default_factory=dict, init=False, repr=False)

    def node(self, tensor: str) -> Node:
        """The node that makes a tensor (``"node:0"``) or has a name (``"node"``).

        Raises:
            UserError: there is none.
        """
        found = self.get(tensor)
        if found is None:
            name, _ = split_tensor(tensor)
            near = nearest(name, self.nodes)
            raise UserError(
                f"the graph has no tensor or operation {printable(tensor)!r}",
                try_=printable(near) + tensor[len(name) :] if near else "tfmigrate inspect",
            )
        return found

    def get(self, tensor: str) -> Node | None:
        """As :meth:`node`, but None where there is none."""
        return self.nodes.get(tensor) or self.nodes.get(split_tensor(tensor)[0])

    def __contains__(self, tensor: object) -> bool:
        return isinstance(tensor, str) and self.get(tensor) is not None

    @cached_property
    def _consumers(self) -> Mapping[str, list[Node]]:
        consumers: dict[str, list[Node]] = {}
        for node in self.nodes.values():
            for tensor in dict.fromkeys(node.inputs):
                consumers.setdefault(tensor, []).append(node)
        return consumers

    @cached_property
    def _node_consumers(self) -> Mapping[str, list[Node]]:
        consumers: dict[str, list[Node]] = {}
        for node in self.nodes.values():
            for name in dict.fromkeys(split_tensor(tensor)[0] for tensor in node.inputs):
                consumers.setdefault(name, []).append(node)
        return consumers

    def consumers(self, tensor: str) -> list[Node]:
        """The nodes that take a tensor (``"node:0"``) as data, in the order of the file."""
        return self._consumers.get(tensor, [])

    def node_consumers(self, name: str) -> list[Node]:
        """The nodes that take any output of a node as data, in the order of the file."""
        return self._node_consumers.get(name, [])

    def of(self, *ops: str) -> Iterator[Node]:
        """The nodes of the given operations, in the order of the file."""
        return (node for node in self.nodes.values() if node.op in ops)

    def ancestors(
        self, tensors: Iterable[str], *, stop: Collection[str] = (), control: bool = False
    ) -> dict[str, Node]:
        """The nodes that tensors (or nodes) depend on, themselves included.

        Args:
            tensors: where to start.
            stop: tensors or node names at which not to go on (they are not included).
            control: follow control inputs too.
        """
        found: dict[str, Node] = {}
        waiting = [tensor for tensor in tensors if tensor not in stop]
        while waiting:
            node = self.get(waiting.pop())
            if node is None or node.name in found or node.name in stop:
                continue
            found[node.name] = node
            waiting.extend(tensor for tensor in node.inputs if tensor not in stop)
            if control:
                waiting.extend(name for name in node.control_inputs if name not in stop)
        return found

    def descendants(self, tensors: Iterable[str]) -> dict[str, Node]:
        """The nodes that data of the given tensors (or any output of the given nodes) reaches."""
        found: dict[str, Node] = {}
        waiting: list[Node] = []
        for tensor in tensors:
            by_node = tensor in self.nodes
            waiting.extend(self.node_consumers(tensor) if by_node else self.consumers(tensor))
        while waiting:
            node = waiting.pop()
            if node.name not in found:
                found[node.name] = node
                waiting.extend(self.node_consumers(node.name))
        return found

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Node names, each after its inputs (loops' back edges aside), else in file order.

        Raises:
            UserError: nodes wait for each other in a circle that is not a loop.
        """
        missing: dict[str, int] = {}
        followers: dict[str, list[str]] = {}
        for node in self.nodes.values():
            needs = {split_tensor(tensor)[0] for tensor in node.inputs}
            needs.update(node.control_inputs)
            if node.op in ("Merge", "RefMerge"):
                needs = {name for name in needs if not self._closes_loop(name)}
            needs &= self.nodes.keys()
            missing[node.name] = len(needs)
            for name in needs:
                followers.setdefault(name, []).append(node.name)
        ready = deque(name for name, count in missing.items() if count == 0)
        order = []
        while ready:
            name = ready.popleft()
            order.append(name)
            for follower in followers.get(name, ()):
                missing[follower] -= 1
                if missing[follower] == 0:
                    ready.append(follower)
        if len(order) < len(self.nodes):
            stuck = next(name for name, count in missing.items() if count > 0)
            raise UserError(
                "operations of the graph depend on each other in a cycle; "
                f"{printable(stuck)!r} is in it or after it",
                expected="a graph that TensorFlow 1 wrote",
            )
        return tuple(order)

    def _closes_loop(self, name: str) -> bool:
        node = self.nodes.get(name)
        return node is not None and node.op in ("NextIteration", "RefNextIteration")

    def topological_order(self) -> Iterator[Node]:
        """The nodes in :attr:`order`."""
        return (self.nodes[name] for name in self.order)

    def shape(self, tensor: str) -> tuple[int | None, ...] | None:
        """What the file says about a tensor's shape: None for unknown dimensions or rank."""
        name, index = split_tensor(tensor)
        node = self.nodes.get(name)
        if node is None:
            return None
        shapes = node.attrs.get("_output_shapes")
        if isinstance(shapes, list) and index < len(shapes):
            shape = shapes[index]
        else:
            shape = node.attrs.get("shape") if node.op in _SHAPE_IS_OUTPUT else None
        # Before GraphDef version 24 a placeholder "of shape ()" is one of any shape
        # (tensorflow/core/ops/array_ops.cc).
        if node.op == "Placeholder" and shape == () and self.producer < 24:
            return None
        if node.op == "Const":
            value = node.attrs.get("value")
            return None if value is None else value.shape
        return shape if isinstance(shape, tuple) else None

    def dtype(self, tensor: str) -> str | None:
        """What the file says about a tensor's dtype, such as "float32", or None."""
        name, index = split_tensor(tensor)
        node = self.nodes.get(name)
        if node is None:
            return None
        if node.op in _FIXED_DTYPES:
            return _FIXED_DTYPES[node.op]
        for key in _DTYPE_ATTRS:
            kind = node.attrs.get(key)
            if isinstance(kind, str):
                return kind
            if isinstance(kind, list) and index < len(kind):
                return kind[index]
        return None


_SHAPE_IS_OUTPUT = ("Placeholder", "PlaceholderWithDefault", "VariableV2", "Variable")
_PREDICATES = (
    "Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual", "LogicalAnd", "LogicalOr",
    "LogicalNot", "All", "Any", "IsNan", "IsInf", "IsFinite", "InTopK", "InTopKV2", "LoopCond",
    "IsVariableInitialized", "VarIsInitializedOp",
)  # fmt: skip
_FIXED_DTYPES = dict.fromkeys(_PREDICATES, "bool") | {
    "VarHandleOp": "resource",
    "Iterator": "resource",
    "IteratorV2": "resource",
    "StringJoin": "string",
    "DecodeJpeg": "uint8",
    "ReadFile": "string",
    "Size": "int32",
    "Rank": "int32",
}
# Which attribute names an operation's output type; the first that is there wins.
_DTYPE_ATTRS = (
    "DstT", "output_type", "out_type", "dtype", "Tout", "output_types", "dtypes",
    "component_types", "Tparams", "T", "type", "out_types", "Tidx",
)  # fmt: skip

__all__ = [
    "ControlContext",
    "Folded",
    "Function",
    "Graph",
    "Node",
    "SaveSlice",
    "Saver",
    "Signature",
    "SparseParts",
    "TensorInfo",
    "VariableDef",
    "split_tensor",
    "tensor_name",
]
