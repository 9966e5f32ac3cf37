"""Layers that are given, as inputs, the sizes that only a run knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..plan import Code, Value
from .builder import Builder
from .dimensions import Computed, Dimension, Size
from .registry import Match
from .view import View

Arguments = Mapping[str, Any]


def dynamic(
    view: View,
    tensor: str,
    kind: str,
    sizes: Sequence[Size],
    arguments: Arguments | None = None,
    *,
    at: int = 0,
) -> Match | None:
    """A layer of ``emit/classes/dynamic_sizes.py`` on an input of a tensor's node."""
    x = view.graph.node(tensor).inputs[at]
    recipe = view.recipe(x)
    tensors = measured(sizes)
    if tensors is None:
        return None

    def build(builder: Builder, *values: Value) -> Value:
        given = list(values)
        array = given.pop(0) if recipe is None else builder.parameter(recipe, given[0])
        options = {"sizes": template(sizes), **(arguments or {})}
        return builder.layer(kind, options, [array, *numbers(builder, sizes, given)], scope="")

    return Match(tensors if recipe is not None else [x, *tensors], build)


def made_of_sizes(
    view: View, tensor: str, kind: str, sizes: Sequence[Size], arguments: Arguments
) -> Match | None:
    """A layer of ``emit/classes/dynamic_sizes.py`` that is given sizes alone."""
    tensors = measured(sizes)
    if not tensors:
        return None

    def build(builder: Builder, *values: Value) -> Value:
        options = {"sizes": template(sizes), **arguments}
        return builder.layer(kind, options, numbers(builder, sizes, values), scope="")

    return Match(tensors, build)


def template(sizes: Sequence[Size]) -> tuple[int | None, ...]:
    """The sizes that are known; None where a layer is given them."""
    return tuple(size if isinstance(size, int) else None for size in sizes)


def measured(sizes: Sequence[Size]) -> list[str] | None:
    """The tensors of which sizes are taken that only a run knows; None where one has none."""
    open_ = [size for size in sizes if not isinstance(size, int)]
    if None in open_:
        return None
    return [s.tensor if isinstance(s, Computed) else s.measured[0] for s in open_ if s is not None]


def numbers(builder: Builder, sizes: Sequence[Size], values: Sequence[Value]) -> list[Value]:
    """Sizes that only a run knows as values of the model, of the tensors of :func:`measured`."""
    open_ = [size for size in sizes if isinstance(size, (Computed, Dimension))]
    return [_number(builder, size, value) for size, value in zip(open_, values, strict=True)]


def _number(builder: Builder, size: Dimension | Computed, value: Value) -> Value:
    if isinstance(size, Dimension):
        return builder.size(value, size.measured[1])
    if size.at is None:
        return value
    return builder.op("[]", value, Code(str(size.at)), shape=(), dtype=value.dtype)
