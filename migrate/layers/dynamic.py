"""Layers that are given, as inputs, the sizes that only a run knows."""

from __future__ import annotations

from collections.abc import Sequence

from ..plan import Value
from .builder import Builder
from .dimensions import Computed, Dimension, Size
from .registry import Match
from .view import View


def dynamic(view: View, tensor: str, kind: str, sizes: Sequence[Size]) -> Match | None:
    """A layer of ``emit/classes/dynamic_sizes.py`` on the first input of a tensor's node."""
    open_ = [size for size in sizes if not isinstance(size, int)]
    named = [size for size in open_ if size is not None]
    if len(named) != len(open_):
        return None
    x = view.graph.node(tensor).inputs[0]
    recipe = view.recipe(x)

    def build(builder: Builder, *values: Value) -> Value:
        given = list(values)
        array = given.pop(0) if recipe is None else builder.parameter(recipe, given[0])
        taken = [_number(builder, size, v) for size, v in zip(named, given, strict=True)]
        template = tuple(size if isinstance(size, int) else None for size in sizes)
        return builder.layer(kind, {"sizes": template}, [array, *taken], scope="")

    tensors = [s.tensor if isinstance(s, Computed) else s.measured[0] for s in named]
    return Match(tensors if recipe is not None else [x, *tensors], build)


def _number(builder: Builder, size: Dimension | Computed, value: Value) -> Value:
    """A size as a value of the model, of the tensor that has it."""
    if isinstance(size, Computed):
        return value
    axis = size.measured[1]
    return builder.layer("Size", {"axis": axis}, value, scope="", shape=(), dtype="int32")
