"""Dropout in every spelling, found before anything else and put into one node.

Random operations and the placeholders that set their rates are not part of inference. So the
whole of a dropout, and the cond around it that ``training=`` makes, becomes a single node of op
``Dropout`` first; the rest of the converter never meets them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

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
    """Dropout of any spelling; an identity in inference."""
    node = view.graph.node(tensor)
    rate = node.attrs["rate"]

    def build(builder: Builder, value: Value) -> Value:
        if rate is None:
            builder.note(
                f"The graph leaves the rate of dropout to a feed; {UNKNOWN_RATE} stands in for it."
            )
        return builder.layer(
            "Dropout", {"rate": UNKNOWN_RATE if rate is None else rate}, value, shape=value.shape
        )

    return Match(node.inputs[:1], build)


def fold_dropout(graph: Graph, feeds: Mapping[str, Any] | None = None) -> Graph:
    """The graph with each dropout as one node of op ``Dropout``, attribute ``rate`` (or None).

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
            x, rate = match
            found[node.name] = _node(node, x, rate)
    if not found:
        return graph
    folded = replace(graph, nodes={**graph.nodes, **found})
    around = {}
    for node in folded.of("Merge"):
        inside = _around(folded, node)
        if inside is not None:
            around[node.name] = inside
    return replace(folded, nodes={**folded.nodes, **around})


def _node(node: Node, x: str, rate: float | None) -> Node:
    attrs = {key: node.attrs[key] for key in ("T", "_output_shapes") if key in node.attrs}
    return Node(node.name, "Dropout", (x,), (), "", {**attrs, "rate": rate})


class _Finder:
    def __init__(self, graph: Graph):
        self._graph = graph
        self._evaluator = Evaluator(graph)

    def _scalar(self, tensor: str) -> float | None:
        value = self._evaluator.value(tensor)
        return float(value.reshape(-1)[0]) if value is not None and value.size == 1 else None

    def _behind(self, tensor: str) -> Node:
        node = self._graph.node(tensor)
        while node.op in PASSING_OPS:
            node = self._graph.node(node.inputs[0])
        return node

    def dropout(self, node: Node) -> tuple[str, float | None] | None:
        """What a node drops values of, and the rate, where it is known."""
        if node.op != "Mul" or len(node.inputs) != 2:
            return None
        for scaled, mask in (node.inputs, node.inputs[::-1]):
            keep = self._mask(mask)
            if keep is None:
                continue
            scale = self._behind(scaled)
            if scale.op in ("RealDiv", "Div"):
                return scale.inputs[0], self._rate(keep[0], keep[1])
            if scale.op == "Mul":
                factors = [self._is_inverse(side) for side in scale.inputs]
                if factors.count(True) == 1:
                    return scale.inputs[factors.index(False)], self._rate(keep[0], keep[1])
        return None

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

    def _mask(self, tensor: str) -> tuple[str, bool] | None:
        """The tensor that sets the rate, and whether it is the share that is kept."""
        node = self._behind(tensor)
        if node.op == "Floor":
            total = self._behind(node.inputs[0])
            if total.op in ("Add", "AddV2"):
                for keep, random in (total.inputs, total.inputs[::-1]):
                    if self._is_random(random):
                        return keep, True
        if node.op == "Cast":
            compared = self._behind(node.inputs[0])
            if compared.op == "GreaterEqual" and self._is_random(compared.inputs[0]):
                return compared.inputs[1], False
        return None

    def _is_random(self, tensor: str) -> bool:
        """``random_uniform``: the operation, times a range, plus a minimum."""
        node = self._behind(tensor)
        for _ in range(2):
            if node.op in ("Add", "AddV2", "Mul"):
                sides = [self._behind(source) for source in node.inputs]
                deeper = [s for s in sides if s.op in ("RandomUniform", "Mul")]
                node = deeper[0] if deeper else node
        return node.op == "RandomUniform"


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
    return _node(merge, other.inputs[0], drop.attrs["rate"])
