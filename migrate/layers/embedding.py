"""Embeddings, partitioned ones too; gathering and one-hot vectors."""

from __future__ import annotations

import numpy as np

from ..plan import Code, Recipe, Value, concatenate
from .builder import Builder
from .dimensions import Dimension, sizes_of
from .registry import Match, operation, pattern
from .view import View


@pattern("GatherV2", "Gather", "ResourceGather", keras="Embedding, keras.ops.where")
def padded_embedding(view: View, tensor: str) -> Match | None:
    """Rows of a table whose first rows are always 0: ``tf.concat([zeros, table[1:]], 0)``."""
    node = view.graph.node(tensor)
    joined = view.node(node.inputs[0])
    if joined.op != "ConcatV2" or len(joined.inputs) != 3 or view.scalar(joined.inputs[2]) != 0:
        return None
    if view.recipe(node.inputs[1]) is not None or view.shape(tensor) is None:
        return None
    if node.op == "GatherV2" and view.scalar(node.inputs[2]) != 0:
        return None
    zeros, rest = view.static(joined.inputs[0]), view.node(joined.inputs[1])
    table = view.recipe(rest.inputs[0]) if rest.op == "StridedSlice" else None
    if zeros is None or zeros.any() or zeros.ndim != 2 or table is None or not table.sources:
        return None
    count, begin, step = len(zeros), view.static(rest.inputs[1]), view.static(rest.inputs[3])
    left = (table.shape[0] - count, *table.shape[1:])
    # Of that many rows, one after the other, the first is the one that the zeros leave.
    if begin is None or step is None or begin[0] != count or (step != 1).any():
        return None
    if rest.attrs.get("begin_mask", 0) & 1 or view.shape(joined.inputs[1]) != left:
        return None
    lookup = _lookup(node.inputs[1], table)

    def build(builder: Builder, value: Value) -> Value:
        rows = lookup.build(builder, value)
        ids = builder.op("expand_dims", value, -1, dtype=value.dtype)
        held = builder.op("greater_equal", ids, count, dtype="bool")
        return builder.op("where", held, rows, 0.0)

    return Match(lookup.inputs, build)


@pattern("GatherV2", "Gather", "ResourceGather", keras="Embedding")
def embedding(view: View, tensor: str) -> Match | None:
    """Rows of a table, looked up by index."""
    node = view.graph.node(tensor)
    table = view.recipe(node.inputs[0])
    if table is None or len(table.shape) != 2 or view.recipe(node.inputs[1]) is not None:
        return None
    if node.op == "GatherV2" and view.scalar(node.inputs[2]) != 0:
        return None
    return _lookup(node.inputs[1], table)


@pattern("DynamicStitch", "ParallelDynamicStitch", keras="Embedding")
def partitioned_embedding(view: View, tensor: str) -> Match | None:
    """``tf.nn.embedding_lookup`` in a table of several parts: strategies "div" and "mod"."""
    stitch = view.graph.node(tensor)
    count = stitch.attrs["N"]
    tables, partitions = [], set()
    for part in stitch.inputs[count:]:
        gather = view.node(part)
        while gather.op == "Reshape":
            gather = view.node(gather.inputs[0])
        if gather.op not in ("GatherV2", "Gather", "ResourceGather"):
            return None
        table = view.recipe(gather.inputs[0])
        rows = view.node(gather.inputs[1])
        if table is None or len(table.shape) != 2 or rows.op != "DynamicPartition":
            return None
        tables.append(table)
        partitions.add(rows.name)
    if len(partitions) != 1:
        return None
    rows = view.graph.nodes[partitions.pop()]
    which = view.node(rows.inputs[1])
    while which.op == "Cast":
        which = view.node(which.inputs[0])
    ids = _flat_ids(view, rows.inputs[0])
    if ids is None:
        return None
    in_turn = which.op in ("FloorMod", "Mod")  # row i is in part i % count
    whole = interleaved(tables) if in_turn else concatenate(tables, 0)
    return _lookup(ids, whole)


def _flat_ids(view: View, tensor: str) -> str | None:
    """What the numbers within the parts are computed from."""
    seen = 0
    while seen < 20:
        node = view.node(tensor)
        if node.op == "Reshape":
            return view.resolve(node.inputs[0])
        dynamic = [s for s in node.inputs if view.recipe(s) is None]
        if not dynamic:
            return None
        # Of a Select or Sub the last operand leads to the ids as well as any other.
        tensor, seen = dynamic[-1], seen + 1
    return None


def interleaved(tables: list[Recipe]) -> Recipe:
    """Row i of the whole is row i // count of part i % count."""
    count, rows = len(tables), sum(table.shape[0] for table in tables)

    def weave(*parts: np.ndarray) -> np.ndarray:
        whole = np.empty((rows, *parts[0].shape[1:]), parts[0].dtype)
        for index, part in enumerate(parts):
            whole[index::count] = part
        return whole

    shape = (rows, *tables[0].shape[1:])
    return tables[0].then(f"rows of {count} parts in turn", weave, *tables[1:], shape=shape)


def _lookup(ids: str, table: Recipe) -> Match:
    arguments = {"input_dim": table.shape[0], "output_dim": table.shape[1]}

    def build(builder: Builder, value: Value) -> Value:
        shape = None if value.shape is None else (*value.shape, table.shape[1])
        weights = {"embeddings": table}
        return builder.layer(
            "Embedding", arguments, value, weights=weights, shape=shape, dtype=table.dtype
        )

    return Match([ids], build)


@operation("GatherV2", "Gather", "ResourceGather", keras="keras.ops.take")
def gather(view: View, tensor: str) -> Match | None:
    """Elements along an axis, by index."""
    node = view.graph.node(tensor)
    axis = view.scalar(node.inputs[2]) if node.op == "GatherV2" else 0
    recipes = [view.recipe(source) for source in node.inputs[:2]]
    dynamic = [s for s, recipe in zip(node.inputs, recipes, strict=False) if recipe is None]
    if axis is None or not dynamic or node.attrs.get("batch_dims"):
        return None

    def build(builder: Builder, *values: Value) -> Value:
        parts = builder.operands(recipes, values)
        return builder.op("take", *parts, axis=axis)

    return Match(dynamic, build)


@operation("GatherNd", keras="keras.ops.take_along_axis, GatherNd (own class)")
def gather_by_coordinates(view: View, tensor: str) -> Match | None:
    """Elements by coordinates; usually the row of each example at its own index."""
    node = view.graph.node(tensor)
    shape, pairs = view.shape(node.inputs[0]), view.node(node.inputs[1])
    counted = pairs.op == "Pack" and len(pairs.inputs) == 2 and _counts_batch(view, pairs.inputs[0])
    if any(view.recipe(source) is not None for source in node.inputs):
        return None
    if not counted or shape is None or len(shape) != 3:
        return Match(
            node.inputs, lambda builder, *values: builder.layer("GatherNd", {}, list(values))
        )

    def build(builder: Builder, value: Value, places: Value) -> Value:
        column = builder.op("[]", places, Code(":, None, None"), shape=(None, 1, 1))
        row = builder.op("take_along_axis", value, column, axis=1, shape=(None, 1, shape[2]))
        return builder.op("squeeze", row, 1)

    return Match([node.inputs[0], pairs.inputs[1]], build)


def _counts_batch(view: View, tensor: str) -> bool:
    """Whether a tensor is ``tf.range(batch_size)``."""
    node = view.node(tensor)
    sizes = sizes_of(view, node.inputs[1]) if node.op == "Range" else None
    return bool(sizes) and isinstance(sizes[0], Dimension) and sizes[0].axis == 0  # type: ignore[index]


@operation("OneHot", keras="keras.ops.one_hot")
def one_hot(view: View, tensor: str) -> Match | None:
    """Integers as one-hot vectors."""
    node = view.graph.node(tensor)
    depth, on, off = (view.scalar(source) for source in node.inputs[1:4])
    axis, kind = node.attrs.get("axis", -1), view.dtype(tensor)
    if depth is None or on is None or off is None:
        return None

    def build(builder: Builder, value: Value) -> Value:
        hot = builder.op("one_hot", value, int(depth), axis=axis, dtype=kind)
        hot.dtype = kind
        builder.plan.calls[-1].keywords["dtype"] = kind
        if (on, off) == (1, 0):
            return hot
        return builder.op("+", builder.op("*", hot, on - off), off)

    return Match(node.inputs[:1], build)
