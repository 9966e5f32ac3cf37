"""Activations that a program composes of arithmetic, where Keras has them whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..graph.constants import axes_or_sizes
from ..graph.nodes import Node
from ..plan import Code, Value
from .activations import activation, leaky
from .builder import Builder
from .registry import Match, pattern
from .view import View, shortest

_SUMS = ("Add", "AddV2")
_QUOTIENTS = ("RealDiv", "Div")
_ROUNDING = 1e-6  # relative: a constant as float32, or with the digits that programs write
# The constants of tensorflow/python/ops/nn_ops.py (gelu) and of BERT's and GPT-2's programs.
_GELU_SLOPE, _GELU_CUBE = math.sqrt(2 / math.pi), 0.044715


@pattern("Mul", *_QUOTIENTS, keras="keras.activations.gelu")
def gelu(view: View, tensor: str) -> Match | None:
    """``x / 2 * (1 + erf(x / sqrt(2)))``, or its approximation by tanh."""
    found = _factors(view, tensor)
    if found is None or not _is(found[0], 0.5) or len(found[1]) != 2:
        return None
    for x, gate in (found[1], found[1][::-1]):
        inner = _plus(view, gate, 1)
        node = None if inner is None else view.produced(inner, "Erf", "Tanh")
        if node is None:
            continue
        if node.op == "Erf" and _is_multiple(view, node.inputs[0], x, math.sqrt(0.5)):
            return activation(x, "gelu")
        if node.op == "Tanh" and _is_cubic(view, node.inputs[0], x):
            return Match([x], _approximate)
    return None


def _approximate(builder: Builder, value: Value) -> Value:
    return builder.op("keras.activations.gelu", value, approximate=True, shape=value.shape)


def _is_cubic(view: View, tensor: str, x: str) -> bool:
    """Whether a tensor is ``sqrt(2 / pi) * (x + 0.044715 x³)``."""
    found = _factors(view, tensor)
    if found is None or not _is(found[0], _GELU_SLOPE):
        return False
    if len(found[1]) == 2 and x in found[1]:  # x * (1 + 0.044715 x²)
        rest = found[1][1 - found[1].index(x)]
        squares = _plus(view, rest, 1)
        return squares is not None and _is_multiple(view, squares, x, _GELU_CUBE, 2)
    total = view.produced(found[1][0], *_SUMS) if len(found[1]) == 1 else None
    return total is not None and any(
        view.resolve(same) == x and _is_multiple(view, cube, x, _GELU_CUBE, 3)
        for same, cube in (total.inputs, total.inputs[::-1])
    )


def _is_multiple(view: View, tensor: str, x: str, number: float, power: int = 1) -> bool:
    """Whether a tensor is a number times a power of x."""
    found = _factors(view, tensor)
    return found is not None and _is(found[0], number) and found[1] == [x] * power


def _is(number: float, expected: float) -> bool:
    return math.isclose(number, expected, rel_tol=_ROUNDING)


def _factors(view: View, tensor: str) -> tuple[float, list[str]] | None:
    """A tensor as a number times tensors: products that serve nothing else are taken apart."""
    if not view.dtype(tensor).startswith(("float", "bfloat")):
        return None
    number, found = 1.0, list[str]()
    waiting = [(view.resolve(tensor), True)]
    while waiting:
        at, outermost = waiting.pop()
        if (constant := view.scalar(at)) is not None:
            number *= constant
            continue
        node = view.graph.node(at)
        if at in view.inputs or not (outermost or view.uses(at) <= 1):
            found.append(at)
        elif node.op == "Mul":
            waiting += [(view.resolve(source), False) for source in node.inputs]
        elif node.op in _QUOTIENTS and view.scalar(node.inputs[1]):
            number /= view.scalar(node.inputs[1])
            waiting.append((view.resolve(node.inputs[0]), False))
        elif node.op == "Neg":
            number = -number
            waiting.append((view.resolve(node.inputs[0]), False))
        elif node.op == "Square":
            found += [view.resolve(node.inputs[0])] * 2
        elif node.op == "Pow" and view.scalar(node.inputs[1]) in (2, 3):
            found += [view.resolve(node.inputs[0])] * int(view.scalar(node.inputs[1]))
        else:
            found.append(at)
    return (number, found) if math.isfinite(number) else None


def _plus(view: View, tensor: str, number: float) -> str | None:
    """The tensor to which a sum adds a number, or None for anything else."""
    total = view.produced(tensor, *_SUMS)
    for source, added in (total.inputs, total.inputs[::-1]) if total is not None else ():
        if view.scalar(added) == number:
            return view.resolve(source)
    return None


@pattern("Mul", *_QUOTIENTS, keras="Activation('hard_silu')")
def hard_swish(view: View, tensor: str) -> Match | None:
    """``x * relu6(x + 3) / 6``."""
    found = _factors(view, tensor)
    if found is None or not _is(found[0], 1 / 6) or len(found[1]) != 2:
        return None
    for x, gate in (found[1], found[1][::-1]):
        if _shifted_relu6(view, gate) == x:
            return activation(x, "hard_silu")
    return None


@pattern("Mul", *_QUOTIENTS, keras="Activation('hard_sigmoid')")
def hard_sigmoid(view: View, tensor: str) -> Match | None:
    """``relu6(x + 3) / 6``, which is the hard sigmoid of Keras 3."""
    found = _factors(view, tensor)
    if found is None or not _is(found[0], 1 / 6) or len(found[1]) != 1:
        return None
    x = _shifted_relu6(view, found[1][0])
    return None if x is None else activation(x, "hard_sigmoid")


def _shifted_relu6(view: View, tensor: str) -> str | None:
    """The x of ``relu6(x + 3)``, or of ``minimum(maximum(x + 3, 0), 6)``."""
    relu = view.produced(tensor, "Relu6")
    inner = relu.inputs[0] if relu is not None else _between(view, tensor, 0, 6)
    return None if inner is None else _plus(view, inner, 3)


def _between(view: View, tensor: str, low: float, high: float) -> str | None:
    """What is clipped to two bounds, one way or another."""
    node = view.produced(tensor, "ClipByValue")
    if node is not None:
        bounds = [view.scalar(source) for source in node.inputs[1:]]
        return node.inputs[0] if bounds == [low, high] else None
    for outer, inner, ends in (
        ("Minimum", "Maximum", (high, low)),
        ("Maximum", "Minimum", (low, high)),
    ):
        node = view.produced(tensor, outer)
        first = None if node is None else _beside(view, node, ends[0])
        node = None if first is None else view.produced(first, inner)
        if node is not None:
            return _beside(view, node, ends[1])
    return None


def _beside(view: View, node: Node, number: float) -> str | None:
    """The other input of an operation that takes a number."""
    for source, other in (node.inputs, node.inputs[::-1]):
        if view.scalar(other) == number:
            return source
    return None


@pattern("ClipByValue", "Minimum", "Maximum", keras="Activation (with an own function)")
def hard_sigmoid_of_keras_2(view: View, tensor: str) -> Match | None:
    """``clip(0.2 x + 0.5, 0, 1)``, the hard sigmoid of Theano and Keras 2."""
    clipped = _clipped(view, tensor)
    shifted = None if clipped is None else _plus(view, clipped, 0.5)
    found = None if shifted is None else _factors(view, shifted)
    if found is None or not _is(found[0], 0.2) or len(found[1]) != 1:
        return None
    (x,) = found[1]

    def build(builder: Builder, value: Value) -> Value:
        given = {"activation": Code("hard_sigmoid")}
        return builder.layer("Activation", given, value, shape=value.shape)

    return Match([x], build)


def _clipped(view: View, tensor: str) -> str | None:
    """What is clipped to 0 and 1, whoever takes the result."""
    node = view.graph.node(tensor)
    if node.op == "ClipByValue":
        bounds = [view.scalar(source) for source in node.inputs[1:]]
        return node.inputs[0] if bounds == [0, 1] else None
    inner, ends = ("Maximum", (1, 0)) if node.op == "Minimum" else ("Minimum", (0, 1))
    first = _beside(view, node, ends[0])
    node_inside = None if first is None else view.produced(first, inner)
    return None if node_inside is None else _beside(view, node_inside, ends[1])


@pattern(*_SUMS, "Sub", keras="LeakyReLU")
def leaky_relu_by_parts(view: View, tensor: str) -> Match | None:
    """``(1 + a) / 2 * x + (1 - a) / 2 * |x|``, and ``relu(x) - a * relu(-x)``."""
    node = view.graph.node(tensor)
    sides = [_factors(view, source) for source in node.inputs]
    if any(side is None or len(side[1]) != 1 for side in sides):
        return None
    signs = (1, -1 if node.op == "Sub" else 1)
    parts = [(sign * side[0], side[1][0]) for sign, side in zip(signs, sides, strict=True) if side]
    for (first, one), (second, other) in (parts, parts[::-1]):
        absolute = view.produced(other, "Abs")
        of_same = absolute is not None and view.resolve(absolute.inputs[0]) == one
        if of_same and _is(first + second, 1) and 0 <= first - second < 1:
            return leaky(one, shortest(np.float32(first - second)))
        positive, negative = view.produced(one, "Relu"), view.produced(other, "Relu")
        if positive is None or negative is None or not _is(first, 1) or not -1 < second <= 0:
            continue
        x = view.resolve(positive.inputs[0])
        if _is_multiple(view, negative.inputs[0], x, -1):
            return leaky(x, shortest(np.float32(-second)))
    return None


@pattern(*_QUOTIENTS, keras="Activation('softmax'), keras.ops.softmax")
def softmax(view: View, tensor: str) -> Match | None:
    """``exp(x - max(x)) / sum(exp(x - max(x)))`` along one axis."""
    node = view.graph.node(tensor)
    exponential, total = view.node(node.inputs[0]), view.produced(node.inputs[1], "Sum")
    if exponential.op != "Exp" or total is None or view.uses(node.inputs[0]) != 2:
        return None
    if view.node(total.inputs[0]) is not exponential:
        return None
    shifted = view.produced(exponential.inputs[0], "Sub")
    largest = None if shifted is None else view.produced(shifted.inputs[1], "Max")
    if shifted is None or largest is None:
        return None
    x = view.resolve(shifted.inputs[0])
    shape, axes = view.shape(x), [_axis_kept(view, each) for each in (largest, total)]
    if view.resolve(largest.inputs[0]) != x or shape is None or None in axes:
        return None
    axis, other = (int(a or 0) % len(shape) for a in axes)
    if axis != other:
        return None
    if axis == len(shape) - 1:
        return activation(x, "softmax")
    return Match([x], lambda builder, value: builder.op("softmax", value, axis=axis))


def _axis_kept(view: View, node: Node) -> int | None:
    """The one axis of a reduction that keeps its dimensions."""
    axes = axes_or_sizes(view.static(node.inputs[1]))
    keeps = node.attrs.get("keep_dims") or node.attrs.get("keepdims")
    return axes[0] if keeps and axes is not None and len(axes) == 1 else None


@pattern(*_SUMS, "Squeeze", keras="keras.ops.logsumexp")
def logsumexp(view: View, tensor: str) -> Match | None:
    """``log(sum(exp(x - max(x)))) + max(x)``, as tf.reduce_logsumexp composes it."""
    node = view.graph.node(tensor)
    if node.op == "Squeeze":
        total = view.produced(node.inputs[0], *_SUMS)
        return None if total is None else _logsumexp(view, total.inputs, tensor)
    return _logsumexp(view, node.inputs, tensor)


def _logsumexp(view: View, sides: Sequence[str], tensor: str) -> Match | None:
    for one, other in (sides, sides[::-1]):
        logarithm = view.produced(one, "Log")
        total = None if logarithm is None else view.produced(logarithm.inputs[0], "Sum")
        exponential = None if total is None else view.produced(total.inputs[0], "Exp")
        shifted = None if exponential is None else view.produced(exponential.inputs[0], "Sub")
        if total is None or shifted is None:
            continue
        x, largest = view.resolve(shifted.inputs[0]), view.resolve(shifted.inputs[1])
        again = view.resolve(other)
        while view.graph.node(again).op in ("Reshape", "Squeeze") and again != largest:
            again = view.resolve(view.graph.node(again).inputs[0])
        maximum = _finite(view, largest)
        shape, axes = view.shape(x), axes_or_sizes(view.static(total.inputs[1]))
        if again != largest or maximum is None or view.resolve(maximum.inputs[0]) != x:
            continue
        of_maximum = axes_or_sizes(view.static(maximum.inputs[1]))
        if shape is None or not axes or of_maximum is None:
            continue
        found = sorted(axis % len(shape) for axis in axes)
        after = view.shape(tensor)
        if sorted(axis % len(shape) for axis in of_maximum) != found or after is None:
            continue
        if len(after) not in (len(shape), len(shape) - len(found)):
            continue
        given: dict[str, Any] = {"axis": axes[0] if len(axes) == 1 else tuple(axes)}
        if len(after) == len(shape):
            given["keepdims"] = True
        return Match([x], partial(_apply_logsumexp, given))
    return None


def _apply_logsumexp(given: dict[str, Any], builder: Builder, value: Value) -> Value:
    return builder.op("logsumexp", value, **given)


def _finite(view: View, tensor: str) -> Node | None:
    """The maximum in ``where(is_finite(max), max, 0)``, or the maximum itself."""
    node = view.graph.node(tensor)
    if node.op in ("Select", "SelectV2"):
        checked = view.node(node.inputs[0])
        same = checked.op == "IsFinite" and view.node(checked.inputs[0]).op == "Max"
        node = view.node(node.inputs[1]) if same else node
    return node if node.op == "Max" else None
