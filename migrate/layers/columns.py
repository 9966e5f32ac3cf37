"""Feature columns: buckets, vocabularies, hashes, crosses, lookups that combine several rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..graph.constants import axes_or_sizes
from ..plan import Layer, Recipe, Value, concatenate
from .builder import Builder
from .embedding import interleaved
from .registry import Match, operation, pattern
from .view import View

_HASH_KEY = 0xDECAFCAFFE  # tensorflow/python/ops/sparse_ops.py, _DEFAULT_HASH_KEY


@operation("Bucketize", keras="Discretization")
def bucketize(view: View, tensor: str) -> Match | None:
    """Numbers mapped to buckets."""
    node = view.graph.node(tensor)
    # Written as they were meant: they are compared as float32, in TensorFlow 1 as in Keras.
    boundaries = [float(str(np.float32(edge))) for edge in node.attrs["boundaries"]]
    if view.dtype(node.inputs[0]) not in ("float32", "int32", "int64"):
        return None

    def build(builder: Builder, value: Value) -> Value:
        if value.dtype != "float32":
            value = builder.op("cast", value, "float32", shape=value.shape, dtype="float32")
        arguments = {"bin_boundaries": boundaries}
        return _once(builder, "Discretization", arguments, value, "buckets", "int32")

    return Match(node.inputs, build)


@operation("ColumnHash", keras="Hashing")
def hashed(view: View, tensor: str) -> Match | None:
    """Strings, or integers as strings, hashed into buckets."""
    node = view.graph.node(tensor)
    count, absent = node.attrs["num_buckets"], node.attrs["absent"]

    def build(builder: Builder, value: Value) -> Value:
        if absent is None:
            return _numbers(builder, "Hashing", {"num_bins": count}, value)
        # Bucket 0 is that of the mask, and no other value's.
        arguments = {"num_bins": count + 1, "mask_value": absent}
        return builder.op("-", _numbers(builder, "Hashing", arguments, value), 1, shape=value.shape)

    return Match(node.inputs, build)


def _numbers(builder: Builder, kind: str, arguments: dict[str, Any], value: Value) -> Value:
    what = "lookup" if kind.endswith("Lookup") else "hashed"
    return _once(builder, kind, arguments, value, what, "int64")


def _once(
    builder: Builder, kind: str, arguments: dict[str, Any], value: Value, what: str, dtype: str
) -> Value:
    """What a layer without weights makes of a feature; made before where it was asked before."""
    given = next((i.name for i in builder.plan.inputs if i.value is value), None)
    scope = what if given is None else f"{given}_{what}"
    made = _made_before(builder, kind, arguments, value)
    return made or builder.layer(
        kind, arguments, value, scope=scope, shape=value.shape, dtype=dtype
    )


def _made_before(
    builder: Builder, kind: str, arguments: dict[str, Any], given: Value | list[Value]
) -> Value | None:
    for call in builder.plan.calls:
        layer = call.function if isinstance(call.function, Layer) else None
        alike = layer is not None and (layer.kind, layer.arguments) == (kind, arguments)
        if alike and call.arguments == (given,):
            return call.outputs[0]
    return None


def _column(builder: Builder, suffix: str = "") -> str | None:
    """A name after the column: the scope just around the tensor, as feature columns name them."""
    scope = builder.tensor.rpartition(":")[0].rpartition("/")[0].rpartition("/")[2]
    if any(given.name == scope for given in builder.plan.inputs):
        suffix = suffix or "_weights"  # of a linear model
    return scope.replace("_bucketized", "") + suffix if scope else None


@operation("ColumnLookup", keras="StringLookup, IntegerLookup")
def looked_up(view: View, tensor: str) -> Match | None:
    """The index of strings or integers in a vocabulary."""
    node = view.graph.node(tensor)
    words, extra, default, absent, missing = (
        node.attrs[key] for key in ("vocabulary", "extra", "default", "absent", "missing")
    )
    kind = "StringLookup" if view.dtype(node.inputs[0]) == "string" else "IntegerLookup"

    def build(builder: Builder, value: Value) -> Value:
        def chosen(condition: Value, one: Any, other: Any) -> Value:
            return builder.op("where", condition, one, other, shape=value.shape, dtype="int64")

        def compared(operator: str, left: Value, right: Any) -> Value:
            return builder.op(operator, left, right, shape=value.shape, dtype="bool")

        found = _numbers(builder, kind, {"vocabulary": list(words)}, value)
        # Place 0 is for what the vocabulary does not have.
        made = builder.op("-", found, 1, shape=value.shape, dtype="int64")
        if extra:
            behind = _numbers(builder, "Hashing", {"num_bins": extra}, value)
            behind = builder.op("+", behind, len(words), shape=value.shape, dtype="int64")
            made = chosen(compared("<", made, 0), behind, made)
        elif default != -1:
            made = chosen(compared("<", made, 0), default, made)
        # A value that is absent is not in the vocabulary either.
        found_anyway = extra or default != -1 or absent in words
        if absent is not None and (missing != -1 or found_anyway):
            made = chosen(compared("equal", value, absent), missing, made)
        return made

    return Match(node.inputs, build)


@operation("ColumnLimit", keras="keras.ops.where")
def limited(view: View, tensor: str) -> Match | None:
    """Integers, with a default for those beyond a limit."""
    node = view.graph.node(tensor)
    limit, default, absent = (node.attrs[key] for key in ("limit", "default", "absent"))

    def build(builder: Builder, value: Value) -> Value:
        def test(operator: str, number: Any) -> Value:
            return builder.op(operator, value, number, shape=value.shape, dtype="bool")

        outside = builder.op(
            "logical_or", test("<", 0), test(">=", limit), shape=value.shape, dtype="bool"
        )
        if absent is not None:
            outside = builder.op(
                "logical_and", outside, test("!=", absent), shape=value.shape, dtype="bool"
            )
        return builder.op("where", outside, default, value, shape=value.shape, dtype=value.dtype)

    return Match(node.inputs, build)


@operation("ColumnCross", keras="HashedCrossing, HashedCross (own class)")
def crossed(view: View, tensor: str) -> Match | None:
    """Combinations of features hashed into buckets."""
    node = view.graph.node(tensor)
    count, key, absents = (node.attrs[name] for name in ("num_buckets", "hash_key", "absents"))
    shapes = [view.shape(source) for source in node.inputs]
    single = all(shape is not None and shape[-1:] == (1,) for shape in shapes)

    def build(builder: Builder, *values: Value) -> Value:
        features, scope = list(values), _column(builder, "_cross")
        # Keras's own gives a shape for two features only.
        kind, arguments = "HashedCross", {"num_buckets": count, "absent": list(absents)}
        if key != _HASH_KEY:
            arguments["hash_key"] = key
        elif len(values) == 2 and single and absents == [None, None] and count:
            kind, arguments = "HashedCrossing", {"num_bins": count}
        made = _made_before(builder, kind, arguments, features)
        return made or builder.layer(
            kind, arguments, features, scope=scope, shape=view.shape(tensor), dtype="int64"
        )

    return Match(node.inputs, build)


@operation("ColumnRows", keras="Embedding, EmbeddingBag (own class)")
def combined_rows(view: View, tensor: str) -> Match | None:
    """Rows of a table, looked up by several indices per example and combined."""
    node = view.graph.node(tensor)
    weighted, combiner = node.attrs["weighted"], node.attrs["combiner"]
    dynamic = node.inputs[: 2 if weighted else 1]
    tables: list[Recipe] = []
    for source in node.inputs[len(dynamic) :]:
        table = view.recipe(source)
        if table is None or len(table.shape) != 2:
            return None
        tables.append(table)
    table = interleaved(tables) if node.attrs["in_turn"] else concatenate(tables, 0)
    rows, columns = table.shape

    def build(builder: Builder, value: Value, weights: Value | None = None) -> Value:
        shape = (value.shape[0] if value.shape else None, columns)
        arguments: dict[str, Any] = {"input_dim": rows, "output_dim": columns}
        kept = {"embeddings": table}
        scope = _column(builder)
        width = value.shape[1] if value.shape is not None and len(value.shape) == 2 else None
        if width == 1 and node.attrs["absent"] is None and not weighted:
            three = (shape[0], 1, columns)
            row = builder.layer(
                "Embedding",
                arguments,
                value,
                weights=kept,
                scope=scope,
                shape=three,
                dtype=table.dtype,
            )
            return builder.layer("Flatten", {}, row, shape=shape, dtype=table.dtype, scope="")
        arguments["combiner"] = None if combiner == "mean" else combiner
        values = (value,) if weights is None else (value, weights)
        return builder.layer(
            "EmbeddingBag",
            arguments,
            *values,
            weights=kept,
            scope=scope,
            shape=shape,
            dtype=table.dtype,
        )

    return Match(dynamic, build)


@pattern("Sum", keras="CategoryEncoding")
def indicator(view: View, tensor: str) -> Match | None:
    """One-hot vectors of one index per example."""
    node = view.graph.node(tensor)
    hot = view.produced(node.inputs[0], "OneHot")
    axes = axes_or_sizes(view.static(node.inputs[1]))
    if (
        hot is None
        or axes is None
        or node.attrs.get("keep_dims")
        or view.dtype(tensor) != "float32"
    ):
        return None
    numbers, depth = view.shape(hot.inputs[0]), view.scalar(hot.inputs[1])
    on, off = view.scalar(hot.inputs[2]), view.scalar(hot.inputs[3])
    if numbers is None or len(numbers) != 2 or numbers[1] != 1 or (on, off) != (1, 0):
        return None
    if [axis % 3 for axis in axes] != [1] or hot.attrs.get("axis", -1) != -1:
        return None

    def build(builder: Builder, value: Value) -> Value:
        arguments = {"num_tokens": int(depth), "output_mode": "one_hot"}
        shape = (value.shape[0] if value.shape else None, int(depth))
        scope = _column(builder)
        return builder.layer("CategoryEncoding", arguments, value, scope=scope, shape=shape)

    return Match(hot.inputs[:1], build) if depth and math.isfinite(depth) else None
