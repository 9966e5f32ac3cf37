"""Questions about finished calls: which one it is, what it takes, and what it does to axes."""

from __future__ import annotations

from typing import Any

from ..plan import Call, Layer
from ..plan.network import values_in


def called_layer(call: Call) -> Layer:
    """The layer of a call that is known to have one."""
    assert isinstance(call.function, Layer)
    return call.function


def is_one_of(call: Call, *kinds: str) -> bool:
    """Whether a call is one of these layers or functions."""
    function = call.function
    return (function.kind if isinstance(function, Layer) else function) in kinds


def is_softmax(call: Call) -> bool:
    """Whether a call is the softmax along the last axis."""
    if is_one_of(call, "Activation"):
        return bool(called_layer(call).arguments.get("activation") == "softmax")
    return call.function == "keras.ops.softmax" and call.keywords.get("axis", -1) == -1


def order_of_axes(call: Call) -> tuple[int, ...] | None:
    """The order that a call puts four axes in, or None for another call."""
    if is_one_of(call, "Permute"):
        dims = called_layer(call).arguments["dims"]
        return (0, *dims) if len(dims) == 3 else None
    if call.function == "keras.ops.transpose" and len(call.arguments) == 2:
        order = tuple(call.arguments[1])
        return order if len(order) == 4 else None
    swaps = call.function == "keras.ops.swapaxes" and call.arguments[1:] in ((-1, -2), (-2, -1))
    return (0, 1, 3, 2) if swaps else None


def terms_of(call: Call) -> tuple[Any, ...]:
    """The terms of a sum or difference."""
    first = call.arguments[0]
    return tuple(first) if isinstance(first, (list, tuple)) else call.arguments


def scaled_by_number(call: Call) -> tuple[Any, float] | None:
    """The tensor that a call multiplies by a number, and the number."""
    if call.function not in ("*", "/") or len(call.arguments) != 2:
        return None
    one, other = call.arguments
    if isinstance(other, (int, float)) and (call.function == "*" or other):
        return one, other if call.function == "*" else 1 / other
    if call.function == "*" and isinstance(one, (int, float)):
        return other, one
    return None


def adds_axes(call: Call) -> bool:
    """Whether a call puts axes before those of a matrix."""
    if call.function == "[]":
        return {part.strip() for part in call.arguments[1].text.split(",")} == {"None"}
    if call.function == "keras.ops.expand_dims":
        return call.arguments[1:] in ((0,), (1,))
    sizes = called_layer(call).arguments["sizes"] if is_one_of(call, "DynamicReshape") else ()
    return set(sizes[:-2]) == {1} and set(sizes[-2:]) == {None}


def makes_column(call: Call) -> bool:
    """Whether a call makes a column of a vector."""
    if call.function == "[]":
        return call.arguments[1].text.replace(" ", "") == ":,None"
    return call.function == "keras.ops.expand_dims" and call.arguments[1:] in ((1,), (-1,))


def makes_ones(call: Call) -> bool:
    """Whether a call makes a square matrix of ones, as large as a run says."""
    if not is_one_of(call, "DynamicFull"):
        return False
    sizes, arguments = call.arguments[0], called_layer(call).arguments
    square = len(sizes) == 2 and sizes[0] is sizes[1] and arguments["sizes"] == (None, None)
    return square and arguments.get("value") == 1


def first_value(call: Call) -> Any:
    """The value that a call takes first."""
    return next(iter(values_in(call.arguments)), None)
