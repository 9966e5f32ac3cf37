"""Permutations of axes moved towards the outputs, until they meet others and cancel.

Code for graphics cards keeps channels before positions; the layers made from it work on channels
last, each between two permutations. Between neighboring layers these undo each other.
"""

from __future__ import annotations

from typing import Any

from ..plan import Call, Layer, Network, Value

Axes = tuple[int, ...]

_ELEMENTWISE_LAYERS = frozenset(("Activation", "Add", "Dropout", "LeakyReLU"))
_ELEMENTWISE = frozenset((
    "+", "-", "*", "/", *(
        f"keras.ops.{name}" for name in ("abs", "clip", "exp", "log", "maximum", "minimum",
        "negative", "sign", "sqrt", "square", "subtract", "multiply", "add", "power")
    ),
))  # fmt: skip
_NOT_ELEMENTWISE = ("softmax", "log_softmax")


def cancel_permutations(plan: Network) -> None:
    """Moves every permutation as far as it goes; those that undo each other are gone."""
    if not any(_axes(call) for call in plan.calls):
        return
    index, makers = 0, dict[int, Call]()
    while index < len(plan.calls):  # a step may add a call behind
        # Calls are in an order in which they run: what comes before is settled.
        while _step(plan, index, makers):
            pass
        makers.update((id(value), plan.calls[index]) for value in plan.calls[index].outputs)
        index += 1


def _step(plan: Network, index: int, makers: dict[int, Call]) -> bool:
    """Rewrites one call in place; whether more may be done with it.

    Args:
        makers: ``id`` of a value → the call before that makes it.
    """
    call = plan.calls[index]
    before = [makers.get(id(value)) for value in call.values]
    found = {axes for c in before if c is not None and (axes := _axes(c))}
    if len(found) != 1 or any(c is None or not _axes(c) for c in before):
        return False
    axes = found.pop()
    if (own := _axes(call)) is not None:
        return _join(plan, index, before[0], tuple(axes[axis] for axis in own))
    uses = plan.uses()
    if any(uses.get(id(c.outputs[0]), 0) > 1 for c in before if c is not None):
        return False
    kept = _moved(call, axes)
    if kept is None:
        return False
    arguments, keywords, layer_changes, after = kept
    sources = {id(c.outputs[0]): c.arguments[0] for c in before if c is not None}
    call.arguments = replaced(arguments, sources)
    call.keywords = keywords
    if isinstance(call.function, Layer):
        for key, value in layer_changes.items():
            call.function.arguments.pop(key, None)
            if value is not None:
                call.function.arguments[key] = value
    if after is not None:
        output = call.outputs[0]
        made = Value(_permuted_back(output.shape, after), output.dtype, output.hint)
        call.outputs = (made,)
        permute = Layer("", "Permute", {"dims": after[1:]})
        plan.calls.insert(index + 1, Call(permute, (made,), {}, (output,)))
    return False


def _axes(call: Call) -> Axes | None:
    """The order of all axes that a call of ``Permute`` makes, or None for another call."""
    if isinstance(call.function, Layer) and call.function.kind == "Permute":
        return (0, *call.function.arguments["dims"])
    return None


def _join(plan: Network, index: int, before: Call | None, axes: Axes) -> bool:
    """Two permutations in a row become one, or none."""
    assert before is not None
    call, source = plan.calls[index], before.arguments[0]
    if axes != tuple(range(len(axes))):
        call.function = Layer("", "Permute", {"dims": axes[1:]})
        call.arguments = (source,)
        return True
    gone = {id(call.outputs[0]): source}
    if any(output.value is call.outputs[0] for output in plan.outputs):
        call.function, call.arguments = Layer("", "Identity", {}), (source,)
        return False
    for other in plan.calls:
        other.arguments = replaced(other.arguments, gone)
        other.keywords = {key: replaced(value, gone) for key, value in other.keywords.items()}
    return False


def _moved(call: Call, axes: Axes) -> tuple[tuple, dict, dict, Axes | None] | None:
    """A call as it is before the permutation: arguments, keywords, changes of the layer, and the
    permutation that comes after it; None where it cannot be moved."""
    if isinstance(call.function, Layer):
        layer = call.function
        if layer.kind in _ELEMENTWISE_LAYERS:
            if layer.arguments.get("activation") in _NOT_ELEMENTWISE:
                return None
            return call.arguments, call.keywords, {}, axes
        if layer.kind == "Concatenate":
            axis = layer.arguments.get("axis", -1) % len(axes)
            new = axes[axis]
            return call.arguments, call.keywords, {"axis": _last(new, axes)}, axes
        first = axes == (0, len(axes) - 1, *range(1, len(axes) - 1))
        if layer.arguments.get("data_format") == "channels_first" and first:
            if layer.arguments.get("keepdims"):
                return call.arguments, call.keywords, {"data_format": None}, axes
            return call.arguments, call.keywords, {"data_format": None}, None
        return None
    if call.function == "keras.ops.pad":
        pairs = call.arguments[1]
        back = tuple(pairs[axes.index(axis)] for axis in range(len(axes)))
        return (call.arguments[0], back), call.keywords, {}, axes
    plain = all(isinstance(a, (Value, int, float)) for a in call.arguments)
    if call.function in _ELEMENTWISE and plain and len(call.outputs) == 1:
        return call.arguments, call.keywords, {}, axes
    return None


def _last(axis: int, axes: Axes) -> int | None:
    """An axis as people write it: nothing for the last one."""
    return None if axis == len(axes) - 1 else axis


def _permuted_back(shape: tuple[int | None, ...] | None, axes: Axes) -> Axes | None:
    if shape is None:
        return None
    return tuple(shape[axes.index(axis)] for axis in range(len(axes)))  # type: ignore[misc]


def replaced(item: Any, values: dict[int, Any]) -> Any:
    """An argument with some values in place of others, by ``id``."""
    if isinstance(item, Value):
        return values.get(id(item), item)
    if isinstance(item, (list, tuple)):
        return type(item)(replaced(part, values) for part in item)
    return item
