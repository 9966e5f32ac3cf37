"""Dropout in every spelling, found before anything else and put into one node.

Random operations and the placeholders that set their rates are not part of inference. So the
whole of a dropout, and the cond around it that ``training=`` makes, becomes a single node of op
``Dropout`` first; the rest of the converter never meets them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..graph.constants import Evaluator
from ..graph.nodes import Graph, Node
from ..graph.variables import PASSING_OPS
from ..plan import Value
from .builder import Builder
from .registry import Match, operation
from .view import View, shortest

UNKNOWN_RATE = 0.5
"""The rate where the graph leaves it to a feed: the one that papers and tutorials use most."""


@operation("Dropout", keras="Dropout")
def dropout(view: View, tensor: str) -> Match | None:
    """Dropout in any form; an identity at inference."""
    node = view.graph.node(tensor)
    rate, noise = node.attrs["rate"], node.attrs.get("noise_shape")

    def build(builder: Builder, value: Value) -> Value:
        if rate is None:
            builder.warn(
                "The dropout rate is a placeholder without a default; the model uses "
                f"{UNKNOWN_RATE}."
            )
        kind, arguments = "Dropout", {"rate": UNKNOWN_RATE if rate is None else rate}
        if noise is not None and noise[1:-1] == (1,) * (len(noise) - 2) and len(noise) in (3, 4, 5):
            kind = f"SpatialDropout{len(noise) - 2}D"
        elif noise is not None:
            arguments["noise_shape"] = (None, *noise[1:])
        return builder.layer(kind, arguments, value, shape=value.shape)

    return Match(node.inputs[:1], build)


def fold_dropout(graph: Graph) -> Graph:
    """The graph with each dropout as one node of op ``Dropout``, attributes ``rate`` and
    ``noise_shape`` (or None).

    The forms are those of tensorflow/python/ops/nn_ops.py since 0.5: ``x / keep * floor(keep +
    random)``, and since 1.13 ``x * (1 / keep) * (random >= rate)``.
    """
    random = {n.name for n in graph.of("RandomUniform")}
    if not random:
        return graph
    finder = _Finder(graph)
    found = {}
    for node in graph.of("Mul", "Select", "SelectV2"):
        match = finder.dropout(node)
        if match is not None:
            found[node.name] = _node(node, match)
    if not found:
        return graph
    folded = replace(graph, nodes={**graph.nodes, **found})
    around = {}
    for node in folded.of("Merge"):
        inside = _around(folded, node)
        if inside is not None:
            around[node.name] = inside
    return replace(folded, nodes={**folded.nodes, **around})


@dataclass(frozen=True)
class _Dropped:
    """A dropout: of which tensor, at which rate if that is known, with noise of which shape."""

    x: str
    rate: float | None
    noise_shape: tuple[int, ...] | None


def _node(node: Node, found: _Dropped) -> Node:
    attrs = {key: node.attrs[key] for key in ("T", "_output_shapes") if key in node.attrs}
    attrs |= {"rate": found.rate, "noise_shape": found.noise_shape}
    return Node(node.name, "Dropout", (found.x,), (), "", attrs)


class _Finder:
    def __init__(self, graph: Graph):
        self._graph = graph
        self._evaluator = Evaluator(graph)

    def _scalar(self, tensor: str) -> float | None:
        node = self._behind(tensor)
        # A constant counts also on the side of a cond that inference does not take.
        value = node.attrs["value"] if node.op == "Const" else self._evaluator.value(tensor)
        return float(value.reshape(-1)[0]) if value is not None and value.size == 1 else None

    def _behind(self, tensor: str) -> Node:
        node = self._graph.node(tensor)
        while node.op in PASSING_OPS:
            node = self._graph.node(node.inputs[0])
        return node

    def dropout(self, node: Node) -> _Dropped | None:
        """What a node drops values of and how, or None where it does anything else."""
        if node.op != "Mul" or len(node.inputs) != 2:
            return None
        for scaled, mask in (node.inputs, node.inputs[::-1]):
            found = self._mask(mask)
            if found is None:
                continue
            rate, noise_shape = self._rate(*found[:2]), self._noise_shape(found[2])
            scale = self._behind(scaled)
            if scale.op in ("RealDiv", "Div"):
                return _Dropped(scale.inputs[0], rate, noise_shape)
            if scale.op == "Mul":
                factors = [self._is_inverse(side) for side in scale.inputs]
                if factors.count(True) == 1:
                    return _Dropped(scale.inputs[factors.index(False)], rate, noise_shape)
        return None

    def _noise_shape(self, random: Node) -> tuple[int, ...] | None:
        """The sizes of the noise, where a constant says that it is the same along some axes."""
        sizes = self._behind(random.inputs[0])
        if sizes.op != "Const":
            return None
        found = tuple(int(size) for size in sizes.attrs["value"].reshape(-1))
        return found if 1 in found[1:] else None

    def _rate(self, tensor: str, is_keep: bool) -> float | None:
        value = self._scalar(tensor)
        if value is None:
            return None
        rate = 1 - value if is_keep else value
        rounded = shortest(np.float32(rate))
        return float(round(rounded, 6)) if 0 <= rounded < 1 else None

    def _is_inverse(self, tensor: str) -> bool:
        """Whether a tensor is ``1 / keep``: computed, or a constant of at least 1."""
        value = self._scalar(tensor)
        return value is not None or self._behind(tensor).op in ("RealDiv", "Div", "Reciprocal")

    def _mask(self, tensor: str) -> tuple[str, bool, Node] | None:
        """The tensor that sets the rate, whether it is the share that is kept, and the noise."""
        node = self._behind(tensor)
        if node.op == "Floor":
            total = self._behind(node.inputs[0])
            if total.op in ("Add", "AddV2"):
                for keep, noise in (total.inputs, total.inputs[::-1]):
                    if (random := self._random(noise)) is not None:
                        return keep, True, random
        if node.op == "Cast":
            compared = self._behind(node.inputs[0])
            if compared.op == "GreaterEqual":
                random = self._random(compared.inputs[0])
                return (compared.inputs[1], False, random) if random is not None else None
        return None

    def _random(self, tensor: str) -> Node | None:
        """``random_uniform``: the operation, times a range, plus a minimum."""
        node = self._behind(tensor)
        for _ in range(2):
            if node.op in ("Add", "AddV2", "Mul"):
                sides = [self._behind(source) for source in node.inputs]
                deeper = [s for s in sides if s.op in ("RandomUniform", "Mul")]
                node = deeper[0] if deeper else node
        return node if node.op == "RandomUniform" else None


def _around(graph: Graph, merge: Node) -> Node | None:
    """A cond of a dropout against an identity of the same tensor, as one dropout."""
    sides = []
    for source in merge.inputs:
        node = graph.node(source)
        while node.op in PASSING_OPS:
            source, node = node.inputs[0], graph.node(node.inputs[0])
        sides.append((source, node))
    drops = [node for _, node in sides if node.op == "Dropout"]
    rest = [(source, node) for source, node in sides if node.op != "Dropout"]
    if len(drops) != 1 or len(rest) != 1 or rest[0][1].op != "Switch":
        return None
    drop, (_, other) = drops[0], rest[0]
    inner = graph.node(drop.inputs[0])
    while inner.op in PASSING_OPS:
        inner = graph.node(inner.inputs[0])
    if inner.op != "Switch" or inner.inputs[0] != other.inputs[0]:
        return None
    dropped = _Dropped(other.inputs[0], drop.attrs["rate"], drop.attrs["noise_shape"])
    return _node(merge, dropped)
