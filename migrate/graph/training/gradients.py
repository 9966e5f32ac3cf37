"""Where tf.gradients ends and what stands between there and the operation that applies it."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass

from ..nodes import Graph, Node
from ..variables import VARIABLE_OPS, resolve
from .clipping import Clipped, Clipping, clipped
from .optimizers import scalar
from .updates import Update

SEED = re.compile(r"(?P<scope>(?:.*/)?[^/]*gradients[^/]*)/(?:Fill|grad_ys_\d+|ones_like)")
"""The operation that tf.gradients starts from, and its scope."""

# What numbers pass unchanged, or what only sizes and places are worked out with.
_PLAIN = frozenset(
    (
        *("Const", "Identity", "Reshape", "ExpandDims", "Squeeze", "Cast", "StopGradient"),
        *("PreventGradient", "CheckNumerics", "Shape", "ShapeN", "Size", "Rank", "Pack", "Range"),
        *("StridedSlice", "Slice", "Fill", "ZerosLike", "OnesLike", "Unique", "Snapshot"),
        *("UnsortedSegmentSum", "ReadVariableOp", "NoOp", "Unpack", "VariableShape"),
    )
)


class Borders:
    """What tf.gradients made: everything in the scopes that it starts from."""

    def __init__(self, graph: Graph):
        scopes = (SEED.fullmatch(name) for name in graph.nodes)
        found = dict.fromkeys(match["scope"] + "/" for match in scopes if match is not None)
        self._scopes = tuple(found)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self._scopes) and name.startswith(self._scopes)


@dataclass(frozen=True)
class Between:
    """What one gradient goes through, the last operation first.

    Attributes:
        clips: clippings, which Keras may have as well.
        factor: a constant that the gradient is multiplied by before anything else; 1.0 mostly.
        others: operations beyond these, each once, by kind → the first of its nodes.
        variables: that enter there.
        reached: whether all this leads back to what tf.gradients made.
        end: where it does, with nothing but clippings and the factor on the way; else "".
    """

    clips: tuple[Clipped, ...]
    factor: float
    others: dict[str, str]
    variables: tuple[str, ...]
    reached: bool
    end: str = ""


def between(graph: Graph, update: Update, borders: Container[object]) -> Between:
    """What stands between the gradient of an update and its application.

    Args:
        borders: names of nodes; what lies behind them is left out.
    """
    clips: list[Clipped] = []
    tensor, factor = update.gradient, 1.0
    while True:
        node = _through(graph, tensor, borders)
        if node is None or node.name in borders:
            end = "" if node is None else f"{node.name}:0"
            return Between(tuple(clips), factor, {}, (), node is not None, end)
        clip = clipped(graph, node) if factor == 1.0 else None
        scaled = _scaled(graph, node)
        if clip is not None:
            clips.append(clip)
            tensor = clip.inner
        elif scaled is not None:
            tensor, factor = scaled[0], factor * scaled[1]
        else:
            break
    if factor != 1.0:  # which is not the first thing that happens to the gradient
        others, variables, reached = _rest(graph, update.gradient, borders)
        return Between((), 1.0, others, variables, reached)
    others, variables, reached = _rest(graph, tensor, borders)
    return Between(tuple(clips), 1.0, others, variables, reached)


def _through(graph: Graph, tensor: str, borders: Container[object]) -> Node | None:
    """The node behind what passes numbers on; sums over the same rows of a table among them."""
    while True:
        node = graph.get(resolve(graph, tensor))
        if node is None or node.name in borders or node.op not in ("UnsortedSegmentSum", "Cast"):
            return node
        tensor = node.inputs[0]


def _scaled(graph: Graph, node: Node) -> tuple[str, float] | None:
    """The tensor that a node multiplies by a constant, and the constant."""
    if node.op not in ("Mul", "RealDiv", "Div") or len(node.inputs) != 2:
        return None
    by = scalar(graph, node.inputs[1])
    if node.op != "Mul":
        return None if not by else (node.inputs[0], 1 / by)
    if by is not None:
        return node.inputs[0], by
    by = scalar(graph, node.inputs[0])
    return None if by is None else (node.inputs[1], by)


def _rest(
    graph: Graph, tensor: str, borders: Container[object]
) -> tuple[dict[str, str], tuple[str, ...], bool]:
    others: dict[str, str] = {}
    variables: dict[str, None] = {}
    reached, seen, waiting = False, set[str](), [tensor]
    while waiting:
        node = graph.get(waiting.pop(0))
        if node is None or node.name in seen:
            continue
        seen.add(node.name)
        if node.name in borders:
            reached = True
            continue
        if node.op in VARIABLE_OPS:
            variables[node.name] = None
            continue
        if node.op not in _PLAIN:
            others.setdefault(node.op, node.name)
        waiting += node.inputs
    return others, tuple(variables), reached


def clipping_of(ways: Sequence[Between]) -> Clipping | None:
    """The clipping that all gradients of an optimizer share, and Keras's optimizers know."""
    found = {way.clips for way in ways if len(way.clips) == 1}
    kinds = {clip.clipping for clips in found for clip in clips}
    if len(kinds) != 1 or any(len(way.clips) != 1 for way in ways):
        return None
    (clipping,) = kinds
    norms = {clips[0].norms for clips in found}
    if clipping.kind == "global_norm" and {len(n) for n in norms} != {len(ways)}:
        return None  # the norm of other gradients than these
    return clipping


def unscaled(graph: Graph, loss: str, ways: Sequence[Between]) -> str | None:
    """The loss before a constant that the gradients are divided by again; None without one."""
    node = graph.get(resolve(graph, loss))
    scaled = None if node is None else _scaled(graph, node)
    factors = {way.factor for way in ways}
    if scaled is None or len(factors) != 1 or abs(scaled[1] * factors.pop() - 1) > 1e-6:
        return None
    return resolve(graph, scaled[0])


def drawn(ops: Collection[str]) -> list[str]:
    """Those of some kinds of operations that draw random numbers."""
    return [op for op in ops if re.search(r"Random|TruncatedNormal|Multinomial", op)]
