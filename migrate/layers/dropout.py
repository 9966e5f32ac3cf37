"""Dropout in every spelling, found before anything else and put into one node.

Random operations and the placeholders that set their rates are not part of inference. So the
whole of a dropout, and the cond around it that ``training=`` makes, becomes a single node of op
``Dropout`` first; the rest of the converter never meets them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import printable
from ..graph.constants import Evaluator, axes_or_sizes
from ..graph.dtypes import numpy_dtype
from ..graph.nodes import Graph, Node
from ..graph.variables import PASSING_OPS
from ..plan import Unknown, Value
from .builder import Builder
from .registry import Match, operation
from .view import View, shortest


@operation("Dropout", keras="Dropout")
def dropout(view: View, tensor: str) -> Match | None:
    """Dropout in any form; an identity at inference."""
    node = view.graph.node(tensor)
    rate, noise = node.attrs["rate"], node.attrs.get("noise_shape")
    fed = node.attrs.get("fed", "")

    def build(builder: Builder, value: Value) -> Value:
        if rate is None:
            builder.warn(_asking(fed))
        kind, arguments = "Dropout", {"rate": Unknown(fed) if rate is None else rate}
        if noise is not None and noise[1:-1] == (1,) * (len(noise) - 2) and len(noise) in (3, 4, 5):
            kind = f"SpatialDropout{len(noise) - 2}D"
        elif noise is not None:
            arguments["noise_shape"] = (None, *noise[1:])
        return builder.layer(kind, arguments, value, shape=value.shape)

    return Match(node.inputs[:1], build)


def _asking(tensor: str) -> str:
    """What to say of a rate that only a feed knows."""
    name = printable(tensor.removesuffix(":0"))
    option = f"; --feed {name}=VALUE sets it" if name else ""
    return (
        f"Training: the TF1 program feeds the dropout rate ({name or 'inside of a loop'}). It "
        f"is an argument of build_model; in model.keras dropout is off{option}."
    )


def fold_dropout(graph: Graph, feed: Mapping[str, Any] | None = None) -> Graph:
    """The graph with each dropout as one node of op ``Dropout``.

    Its attributes are ``rate``, ``noise_shape`` (each may be None), ``fed``: the placeholder that
    sets the rate where nothing else does, and ``always``: nothing in the graph turns it off.

    Args:
        feed: placeholder → what training is fed.

    The forms are those of tensorflow/python/ops/nn_ops.py since 0.5: ``x / keep * floor(keep +
    random)``, since 1.13 ``x * (1 / keep) * (random >= rate)``, and in TensorFlow 2 also
    ``where(random >= rate, x * (1 / keep), 0)``.
    """
    random = {n.name for n in graph.of("RandomUniform")}
    if not random:
        return graph
    finder = _Finder(graph, feed or {})
    found = {}
    for node in graph.of("Mul", "Select", "SelectV2"):
        match = finder.dropout(node)
        if match is not None:
            found[node.name] = _node(node, match, always=bool(match.rate) and match.constant)
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
    """A dropout: of which tensor, at which rate if that is known, with noise of which shape.

    ``fed`` is the placeholder that a rate comes from which is not known; ``constant`` says that no
    feed decides the rate.
    """

    x: str
    rate: float | None
    noise_shape: tuple[int, ...] | None
    fed: str = ""
    constant: bool = False


def _node(node: Node, found: _Dropped, *, always: bool = False) -> Node:
    attrs = {key: node.attrs[key] for key in ("T", "_output_shapes") if key in node.attrs}
    attrs |= {"rate": found.rate, "noise_shape": found.noise_shape, "fed": found.fed}
    attrs["always"] = always
    return Node(node.name, "Dropout", (found.x,), (), "", attrs)


class _Finder:
    def __init__(self, graph: Graph, feed: Mapping[str, Any]):
        self._graph, self._feed = graph, feed
        # Flags are left open: training and inference both count.
        kinds = {t: graph.dtype(t) or "" for t in feed if t in graph}
        numbers = {t: k for t, k in kinds.items() if k.startswith("float")}
        self._evaluator = Evaluator(
            graph, {t: np.asarray(feed[t], numpy_dtype(kind)) for t, kind in numbers.items()}
        )

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
        for scaled, mask in self._sides(node):
            found = self._mask(mask)
            if found is None:
                continue
            rate, noise_shape = self._rate(*found[:2]), self._noise_shape(found[2])
            fed, constant = self._fed(found[0]), not self._placeholders(found[0])
            if rate == 0 and fed:  # the default of a placeholder, which is that of inference
                rate = None
            scale = self._behind(scaled)
            if scale.op in ("RealDiv", "Div"):
                return _Dropped(scale.inputs[0], rate, noise_shape, fed, constant)
            if scale.op == "Mul":
                factors = [self._is_inverse(side) for side in scale.inputs]
                if factors.count(True) == 1:
                    x = scale.inputs[factors.index(False)]
                    return _Dropped(x, rate, noise_shape, fed, constant)
        return None

    def _sides(self, node: Node) -> list[tuple[str, str]]:
        """The scaled values and the mask, either way round for a product of both."""
        if node.op == "Mul":
            scaled, mask = node.inputs
            return [(scaled, mask), (mask, scaled)]
        mask, scaled, other = node.inputs
        return [(scaled, mask)] if self._scalar(other) == 0 else []

    def _fed(self, tensor: str) -> str:
        """The placeholder of one number behind a rate, unless it is known what it is fed."""
        fed = [
            t
            for t in self._placeholders(tensor)
            if t not in self._feed and self._graph.dtype(t) != "bool"
        ]
        return fed[0] if len(fed) == 1 else ""

    def _placeholders(self, tensor: str) -> list[str]:
        behind = self._graph.ancestors([tensor]).values()
        return [f"{node.name}:0" for node in behind if node.op.startswith("Placeholder")]

    def _noise_shape(self, random: Node) -> tuple[int, ...] | None:
        """The sizes of the noise, where a constant says that it is the same along some axes."""
        sizes = self._behind(random.inputs[0])
        if sizes.op != "Const":
            return None
        found = axes_or_sizes(sizes.attrs["value"])
        return found if found is not None and 1 in found[1:] else None

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
            node = self._behind(node.inputs[0])
        if node.op == "GreaterEqual":
            random = self._random(node.inputs[0])
            return (node.inputs[1], False, random) if random is not None else None
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
    attrs = drop.attrs
    dropped = _Dropped(other.inputs[0], attrs["rate"], attrs["noise_shape"], attrs["fed"])
    return _node(merge, dropped)
