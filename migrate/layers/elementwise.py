"""Arithmetic, comparisons and other operations element by element, as keras.ops."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from ..plan import Code, Made, Recipe, Value
from .builder import Builder
from .dimensions import Dimension, sizes_of
from .registry import Match, operation
from .view import View, shortest

_OPERATORS = {
    "Add": "+", "AddV2": "+", "BiasAdd": "+", "Sub": "-", "Mul": "*", "RealDiv": "/", "Div": "/",
    "FloorDiv": "//", "TruncateDiv": "//",
}  # fmt: skip
_BINARY = {
    "Maximum": "maximum", "Minimum": "minimum", "Pow": "power", "FloorMod": "mod",
    "Equal": "equal", "NotEqual": "not_equal", "Less": "less", "LessEqual": "less_equal",
    "Greater": "greater", "GreaterEqual": "greater_equal", "LogicalAnd": "logical_and",
    "LogicalOr": "logical_or", "Atan2": "arctan2", "DivNoNan": "divide_no_nan",
}  # fmt: skip
_UNARY = {
    "Abs": "abs", "Neg": "negative", "Exp": "exp", "Log": "log", "Log1p": "log1p", "Expm1": "expm1",
    "Sqrt": "sqrt", "Rsqrt": "rsqrt", "Square": "square", "Sign": "sign", "Floor": "floor",
    "Ceil": "ceil", "Round": "round", "Rint": "round", "Sin": "sin", "Cos": "cos", "Tan": "tan",
    "Asin": "arcsin", "Acos": "arccos", "Atan": "arctan", "Sinh": "sinh", "Cosh": "cosh",
    "Erf": "erf", "LogicalNot": "logical_not", "IsNan": "isnan", "IsInf": "isinf",
    "IsFinite": "isfinite", "ZerosLike": "zeros_like", "OnesLike": "ones_like",
    "Reciprocal": "reciprocal", "Inv": "reciprocal",
}  # fmt: skip
_FUNCTIONS = {"-": "subtract", "/": "divide", "//": "floor_divide"}
_COMMUTES = frozenset(("Add", "AddV2", "BiasAdd", "Mul"))
_KERAS_ADD = frozenset(("Add", "AddV2"))


@operation("Add", "AddV2", "BiasAdd", "Sub", keras="Bias (own class)")
def bias(view: View, tensor: str) -> Match | None:
    """A variable added to a tensor of the model."""
    node = view.graph.node(tensor)
    layout = str(node.attrs.get("data_format", "NHWC"))
    if node.op == "Sub" or (node.op == "BiasAdd" and layout.startswith("NC")):
        return None
    for x, added in (node.inputs, node.inputs[::-1]):
        recipe = view.recipe(added)
        if recipe is not None and _is_weight(recipe) and _broadcasts(view, recipe, x):
            return _with_weight(x, "Bias", {"bias": recipe})
    return None


@operation("Mul", keras="Scale (own class)")
def scale(view: View, tensor: str) -> Match | None:
    """A tensor of the model multiplied by a variable."""
    node = view.graph.node(tensor)
    for x, factor in (node.inputs, node.inputs[::-1]):
        recipe = view.recipe(factor)
        if recipe is not None and _is_weight(recipe) and _broadcasts(view, recipe, x):
            return _with_weight(x, "Scale", {"scale": recipe})
    return None


def _is_weight(recipe: Recipe) -> bool:
    return bool(recipe.sources) and recipe.dtype.startswith(("float", "bfloat"))


def _broadcasts(view: View, recipe: Recipe, x: str) -> bool:
    """Whether the result has the shape of ``x``, as far as one can tell."""
    shape = view.shape(x)
    if view.recipe(x) is not None:
        return False
    return len(recipe.shape) <= 1 or (shape is not None and len(recipe.shape) <= len(shape))


def _with_weight(x: str, kind: str, weights: dict[str, Recipe]) -> Match:
    (recipe,) = weights.values()

    def build(builder: Builder, value: Value) -> Value:
        if value.shape is None and builder.view.shape(builder.tensor) is not None:
            builder.refine(value, builder.view.shape(builder.tensor))
        return builder.layer(kind, {"shape": recipe.shape}, value, weights=weights)

    return Match([x], build)


@operation(*_OPERATORS, *_BINARY, "SquaredDifference", keras="+, -, *, /, keras.ops.maximum …")
def binary(view: View, tensor: str) -> Match | None:
    """Two tensors, or a tensor and a constant or variable, element by element."""
    node = view.graph.node(tensor)
    recipes = [view.recipe(source) for source in node.inputs]
    dynamic = [s for s, recipe in zip(node.inputs, recipes, strict=True) if recipe is None]
    if not dynamic or len(node.inputs) != 2:
        return None
    layout = str(node.attrs.get("data_format", "NHWC"))
    if node.op == "BiasAdd" and layout.startswith("NC"):
        added, rank = recipes[1], len(view.shape(tensor) or ())
        if added is None or not rank:
            return None
        recipes[1] = added.reshape(-1 if not added.shape else added.shape[0], *[1] * (rank - 2))
    integers = view.dtype(node.inputs[0]).startswith(("int", "uint"))
    # Division of integers truncates like C, which no keras.ops does; of sizes, // is the same.
    truncates = integers and node.op in ("Div", "TruncateDiv")
    if truncates and not all(_is_size(view, source) for source in node.inputs):
        return None

    def build(builder: Builder, *values: Value) -> Value:
        sides = builder.operands(recipes, values)
        if builder.view.shape(builder.tensor) is not None:
            for value in values:
                if value.shape is None and len(values) == 1:
                    builder.refine(value, builder.view.shape(builder.tensor))
        if len(values) == 1:
            sides = _plain(sides, recipes, values[0])
        function = "//" if truncates else _OPERATORS.get(node.op) or _BINARY.get(node.op)
        if node.op == "SquaredDifference":
            return builder.op("square", builder.op("subtract", *sides))
        assert function is not None
        if isinstance(sides[0], Made):  # numpy's own operators do not know symbolic tensors
            if node.op in _COMMUTES:
                sides.reverse()
            else:
                function = _FUNCTIONS.get(function, function)
        # Keras's layers compute in floats, whatever they are given.
        same = not integers and all(isinstance(s, Value) and s.shape for s in sides)
        if node.op in _KERAS_ADD and same and len({s.shape for s in sides}) == 1:
            return builder.layer("Add", {}, sides)
        return builder.op(function, *sides)

    return Match(dynamic, build)


def _is_size(view: View, tensor: str) -> bool:
    """Whether a number is that of elements along an axis, or of a constant that is not negative."""
    sizes = sizes_of(view, tensor) or [None]
    return all(isinstance(n, Dimension) or (isinstance(n, int) and n >= 0) for n in sizes)


def _plain(sides: list[Any], recipes: list[Recipe | None], value: Value) -> list[Any]:
    """The sides of an operation, an array of one number as that number where shapes allow it."""
    found = []
    for side, recipe in zip(sides, recipes, strict=True):
        if isinstance(side, Made) and recipe is not None and value.shape is not None:
            sizes = zip(recipe.shape[::-1], value.shape[::-1], strict=False)
            array = recipe.make(lambda name: np.empty(0))
            within = len(recipe.shape) <= len(value.shape)
            same = bool((array == array.reshape(-1)[:1]).all())
            if within and array.size and same and all(a in (1, b) for a, b in sizes):
                found.append(shortest(array.reshape(-1)[0]))
                continue
        found.append(side)
    return found


@operation(*_UNARY, keras="keras.ops.exp …")
def unary(view: View, tensor: str) -> Match | None:
    """One tensor, element by element."""
    node = view.graph.node(tensor)
    function = _UNARY[node.op]
    return Match(
        node.inputs[:1], lambda builder, value: builder.op(function, value, shape=value.shape)
    )


@operation("AddN", keras="Add")
def add_many(view: View, tensor: str) -> Match | None:
    """The sum of several tensors."""
    node = view.graph.node(tensor)
    if any(view.recipe(source) is not None for source in node.inputs):
        return None
    if not view.dtype(tensor).startswith("float"):
        return None

    def build(builder: Builder, *values: Value) -> Value:
        if view.shape(tensor) == ():  # Keras's layer wants a batch
            return reduce(lambda left, right: builder.op("+", left, right), values)
        return builder.layer("Add", {}, list(values), shape=values[0].shape)

    return Match(node.inputs, build)


@operation("Cast", keras="keras.ops.cast")
def cast(view: View, tensor: str) -> Match | None:
    """A conversion to another dtype."""
    node = view.graph.node(tensor)
    kind = node.attrs.get("DstT", "float32")
    if kind.startswith(("string", "q")):
        return None
    return Match(
        node.inputs[:1],
        lambda builder, value: builder.op("cast", value, kind, shape=value.shape, dtype=kind),
    )


@operation("Select", "SelectV2", keras="keras.ops.where")
def select(view: View, tensor: str) -> Match | None:
    """Elements of one of two tensors, chosen by a boolean tensor."""
    node = view.graph.node(tensor)
    recipes = [view.recipe(source) for source in node.inputs]
    dynamic = [s for s, recipe in zip(node.inputs, recipes, strict=True) if recipe is None]
    ranks = [view.shape(source) for source in node.inputs[:2]]
    if not dynamic:
        return None
    # Select (v1) takes a vector condition to choose rows; where() would broadcast it as columns.
    rows = (
        node.op == "Select" and ranks[0] is not None and ranks[1] is not None
        and len(ranks[0]) == 1 < len(ranks[1])
    )  # fmt: skip

    def build(builder: Builder, *values: Value) -> Value:
        parts = builder.operands(recipes, values)
        if rows and isinstance(parts[0], Value):
            columns = ", ".join(["None"] * (len(ranks[1] or ()) - 1))
            parts[0] = builder.op("[]", parts[0], Code(f":, {columns}"), dtype="bool")
        return builder.op("where", *parts)

    return Match(dynamic, build)


@operation("ClipByValue", keras="keras.ops.clip")
def clip(view: View, tensor: str) -> Match | None:
    """Values clipped to two bounds."""
    node = view.graph.node(tensor)
    low, high = view.scalar(node.inputs[1]), view.scalar(node.inputs[2])
    if low is None or high is None:
        return None
    return Match(node.inputs[:1], lambda builder, value: builder.op("clip", value, low, high))
