"""Towers: copies of a network on parts of a batch, whose gradients are averaged or added up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ..constants import static_value
from ..nodes import Graph, Node, split_tensor
from ..sources import PIPELINE_OPS, is_placeholder
from ..variables import VARIABLE_OPS, resolve
from .gradients import Borders, between
from .losses import read_loss
from .minimized import Learned, loss_tensor
from .optimizers import Optimizer, scalar

_ADDING = ("AddN", "Add", "AddV2")
_PARTS = ("Split", "SplitV")
_SLICES = ("StridedSlice", "Slice")
_FACTOR = "tfmigrate_towers"  # a node of ours must not take a name of the graph


@dataclass(frozen=True)
class Towers:
    """The towers of one graph.

    Attributes:
        graph: in which the first tower takes the whole batch, and its gradients are all there are.
        losses: of each tower, the first one's first.
        mean: whether the loss of a whole batch is the mean of theirs, or the sum.
        inputs: what only the first tower is fed → what stands for it in each of the others.
        parts: what the first tower takes of a batch that is divided → the whole.
        joined: nodes that join outputs of all towers → the first tower's.
    """

    graph: Graph
    losses: tuple[str, ...]
    mean: bool
    inputs: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, str]
    joined: Mapping[str, str]

    def joins(self, graph: Graph, outputs: Sequence[str]) -> bool:
        """Whether some outputs of the whole graph are of all towers, not of the first alone."""
        behind = graph.ancestors(outputs, stop=[*self.joined, *(f"{n}:0" for n in self.joined)])
        return not any(t in self.parts for node in behind.values() for t in node.inputs)

    def whole(self, graph: Graph, tensor: str) -> str:
        """The output of all towers that comes from one of the first; that one where none does."""
        for name, part in self.joined.items():
            if split_tensor(tensor)[0] in graph.ancestors([part]):
                return f"{name}:0"
        return tensor


class _Sum(NamedTuple):
    """Gradients that are added up, and what each is multiplied by."""

    node: str
    terms: tuple[str, ...]
    factor: float


def find_towers(graph: Graph, optimizers: Sequence[Optimizer]) -> Towers | None:
    """The towers whose gradients some optimizers apply; None if there are none, or not alike."""
    borders = Borders(graph)
    averages = _Averages(graph, borders)
    sums = []
    for optimizer in optimizers:
        for update in optimizer.updates:
            way = between(graph, update, averages)
            found = averages.of(split_tensor(way.end)[0]) if way.reached and way.end else None
            if found is None:
                return None
            sums.append(found)
    if not sums or len({(len(each.terms), each.factor) for each in sums}) > 1:
        return None
    losses = [
        loss_tensor(graph, terms)[0] for terms in zip(*(each.terms for each in sums), strict=True)
    ]
    if None in losses or len(set(losses)) < len(losses):
        return None
    first, *others = map(str, losses)
    pairs = [paired(graph, first, other) for other in others]
    if any(each is None for each in pairs):
        return None
    leaves: dict[str, tuple[str, ...]] = {
        tensor: tuple(each.get(tensor, tensor) for each in pairs if each is not None)
        for each in pairs
        for tensor in each or ()
    }
    wholes = {tensor: _whole(graph, (tensor, *rest)) for tensor, rest in leaves.items()}
    fed = {tensor: rest for tensor, rest in leaves.items() if _is_fed(graph, (tensor, *rest))}
    if not all(wholes[tensor] or tensor in fed for tensor in leaves):
        return None
    parts = {tensor: whole for tensor, whole in wholes.items() if whole is not None}
    joined, merged = _merged(graph, parts, len(losses), borders)
    loss = read_loss(merged, first, Learned(merged))
    adds = loss.reduction == "sum"
    if adds and loss.regularization:
        return None  # a penalty counts once for each tower, the rest of the loss once for all
    factor = sums[0].factor * (1 if adds else len(losses))
    return Towers(
        _with_first(merged, sums, factor),
        (first, *others),
        not adds,
        fed,
        parts,
        joined,
    )


class _Averages:
    """The sums and means of several gradients."""

    def __init__(self, graph: Graph, borders: Borders):
        self._graph, self._borders = graph, borders
        self._found: dict[str, _Sum | None] = {}

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.of(name) is not None

    def of(self, name: str) -> _Sum | None:
        """The gradients that a node adds up."""
        if name not in self._found:
            self._found[name] = self._read(name)
        return self._found[name]

    def _read(self, name: str) -> _Sum | None:
        node = self._graph.nodes.get(name)
        if node is None or name in self._borders:
            return None
        terms, factor = list(_summands(self._graph, node, self._borders)), 1.0
        if node.op == "Mean":
            factor = 1 / max(len(terms), 1)
        taken = [self._gradient(tensor) for tensor in terms]
        factors = {by for _, by in filter(None, taken)}
        if len(terms) < 2 or None in taken or len(factors) > 1:
            return None
        names = tuple(tensor for tensor, _ in filter(None, taken))
        return _Sum(name, names, factor * factors.pop())

    def _gradient(self, tensor: str) -> tuple[str, float] | None:
        """A gradient of tf.gradients, and what it is multiplied by."""
        factor = 1.0
        while True:
            tensor = resolve(self._graph, tensor)
            node = self._graph.get(tensor)
            if node is None:
                return None
            if node.name in self._borders:
                return tensor, factor
            by = scalar(self._graph, node.inputs[1]) if len(node.inputs) == 2 else None
            if by is None or not by or node.op not in ("Mul", "RealDiv", "Div"):
                return None
            factor = factor * by if node.op == "Mul" else factor / by
            tensor = node.inputs[0]


def _summands(graph: Graph, node: Node, borders: Borders) -> Iterator[str]:
    """What a node adds up: its inputs, those of sums in it, or what lies along the first axis."""
    if node.op in _ADDING:
        for tensor in node.inputs:
            inner = graph.get(resolve(graph, tensor))
            if inner is not None and inner.op in _ADDING and inner.name not in borders:
                yield from _summands(graph, inner, borders)
            else:
                yield tensor
    elif node.op in ("Mean", "Sum") and not node.attrs.get("keep_dims"):
        axis = static_value(graph, node.inputs[1])
        stacked = graph.get(resolve(graph, node.inputs[0]))
        if axis is None or axis.ravel().tolist() != [0] or stacked is None:
            return
        if stacked.op == "Pack" and not stacked.attrs.get("axis"):
            yield from stacked.inputs
        elif stacked.op == "ConcatV2" and scalar(graph, stacked.inputs[-1]) == 0:
            for tensor in stacked.inputs[:-1]:
                row = graph.get(resolve(graph, tensor))
                if row is None or row.op != "ExpandDims" or scalar(graph, row.inputs[1]) != 0:
                    return
                yield row.inputs[0]


def paired(graph: Graph, first: str, second: str) -> dict[str, str] | None:
    """Where two copies of one computation take different tensors; None if they are no copies."""
    found: dict[str, str] = {}
    seen, waiting = set[tuple[str, str]](), [(first, second)]
    while waiting:
        one, two = (resolve(graph, tensor) for tensor in waiting.pop())
        if one == two or (one, two) in seen:
            continue
        seen.add((one, two))
        a, b = graph.get(one), graph.get(two)
        if a is None or b is None or a.op != b.op or len(a.inputs) != len(b.inputs):
            return None
        parts = a is b and a.op in _PARTS
        parts |= a.op in _SLICES and resolve(graph, a.inputs[0]) == resolve(graph, b.inputs[0])
        if parts or is_placeholder(a) or a.op in PIPELINE_OPS:
            if found.setdefault(one, two) != two:
                return None
            continue
        if a is b or split_tensor(one)[1] != split_tensor(two)[1] or a.op in VARIABLE_OPS:
            return None
        if a.op == "Const":
            held, other = static_value(graph, one), static_value(graph, two)
            if held is None or other is None or not np.array_equal(held, other):
                return None
        waiting += zip(a.inputs, b.inputs, strict=True)
    return found


def _whole(graph: Graph, parts: Sequence[str]) -> str | None:
    """The tensor that some tensors are all the parts of, along its first axis."""
    nodes = [graph.node(tensor) for tensor in parts]
    node = nodes[0]
    if node.op in _PARTS and all(each is node for each in nodes):
        axis, value = (0, 1) if node.op == "Split" else (2, 0)
        numbered = [split_tensor(tensor)[1] for tensor in parts]
        is_first = scalar(graph, node.inputs[axis]) == 0
        every = numbered == list(range(int(node.attrs.get("num_split", 0))))
        return node.inputs[value] if is_first and every else None
    if node.op == "StridedSlice" and len({resolve(graph, each.inputs[0]) for each in nodes}) == 1:
        ends = [[scalar(graph, tensor) for tensor in each.inputs[1:3]] for each in nodes]
        size = (graph.shape(node.inputs[0]) or (None,))[0]
        starts = [0, *(end for _, end in ends[:-1])]
        tiled = [start for start, _ in ends] == starts and ends[-1][1] in (0, size)
        return node.inputs[0] if tiled and size is not None else None
    return None


def _is_fed(graph: Graph, tensors: Sequence[str]) -> bool:
    nodes = [graph.node(tensor) for tensor in tensors]
    return all(is_placeholder(node) or node.op in PIPELINE_OPS for node in nodes)


def _merged(
    graph: Graph, parts: Mapping[str, str], count: int, borders: Borders
) -> tuple[dict[str, str], Graph]:
    """Joined outputs, and the graph where the first tower takes the whole of what was in parts."""
    joined, nodes = dict[str, str](), dict[str, Node]()
    for node in graph.nodes.values():
        inputs = tuple(parts.get(tensor, tensor) for tensor in node.inputs)
        nodes[node.name] = node if inputs == node.inputs else replace(node, inputs=inputs)
        if node.op != "ConcatV2" or len(node.inputs) != count + 1 or not parts:
            continue
        first, *others = node.inputs[:-1]
        if any(name in borders for name in graph.ancestors([first])):
            continue
        pairs = [paired(graph, first, other) for other in others]
        if all(each and each.keys() <= parts.keys() for each in pairs):
            joined[node.name] = first
    for name, first in joined.items():
        nodes[name] = replace(nodes[name], op="Identity", inputs=(first,))
    return joined, replace(graph, nodes=nodes)


def _with_first(graph: Graph, sums: Sequence[_Sum], factor: float) -> Graph:
    """The graph with the first tower's gradients, times a number, for the sums of all."""
    value = np.float32(factor)
    nodes = dict(graph.nodes)
    by = Node(_FACTOR, "Const", attrs={"value": value, "dtype": "float32", "_output_shapes": [()]})
    nodes |= {} if factor == 1 else {by.name: by}
    for each in sums:
        inputs = each.terms[:1] if factor == 1 else (each.terms[0], f"{by.name}:0")
        op = "Identity" if factor == 1 else "Mul"
        nodes[each.node] = replace(graph.nodes[each.node], op=op, inputs=inputs)
    return replace(graph, nodes=nodes)
