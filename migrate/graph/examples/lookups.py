"""Lookups of ``embedding_lookup_sparse``: which rows of which tables, and how they combine."""

from __future__ import annotations

from ..nodes import Graph, Node
from ..variables import resolve
from .looking import GATHERS, node_of, reshaped

COMBINERS = {
    "SparseSegmentMean": "mean",
    "SparseSegmentSum": "sum",
    "SparseSegmentSqrtN": "sqrtn",
}
DIVISIONS = ("RealDiv", "Div")

Tables = tuple[tuple[str, ...], bool]
"""The tables that rows are taken from, and whether these have the rows in turn."""


def combined(graph: Graph, node: Node) -> tuple[str, Tables, str, str | None] | None:
    """Of ``embedding_lookup_sparse``: combiner, tables, numbers of rows, weights."""
    if node.op in COMBINERS:
        rows, places = node.inputs[:2]
        unique = node_of(graph, places)
        if unique.op != "Unique":  # TensorFlow 2 looks up in a table of one part at once
            return COMBINERS[node.op], ((rows,), False), places, None
        if not _looks_up(graph, rows, unique):
            return None
        return COMBINERS[node.op], _tables(graph, rows), unique.inputs[0], None
    if node.op in DIVISIONS:
        whole = node_of(graph, node.inputs[0])
        below, combiner = node_of(graph, node.inputs[1]), "mean"
        if below.op == "Sqrt":
            below, combiner = node_of(graph, below.inputs[0]), "sqrtn"
        found = combined(graph, whole) if whole.op == "SegmentSum" else None
        if found is None or below.op != "SegmentSum":
            return None
        return combiner, found[1], found[2], found[3]
    if node.op != "SegmentSum":
        return None
    product = node_of(graph, node.inputs[0])
    if product.op != "Mul":
        return None
    gather, factor = (node_of(graph, t) for t in product.inputs)
    if gather.op not in GATHERS:
        return None
    unique = node_of(graph, gather.inputs[1])
    if unique.op != "Unique" or not _looks_up(graph, gather.inputs[0], unique):
        return None
    weights = factor.inputs[0] if factor.op == "Reshape" else product.inputs[1]
    return "sum", _tables(graph, gather.inputs[0]), unique.inputs[0], weights


def _looks_up(graph: Graph, rows: str, unique: Node) -> bool:
    """Whether a tensor is the rows of tables that the different numbers name."""
    node = reshaped(graph, rows)
    if node.op in GATHERS:
        return resolve(graph, node.inputs[1]) == f"{unique.name}:0"
    stitches = ("DynamicStitch", "ParallelDynamicStitch")
    return node.op in stitches and unique.name in graph.ancestors([rows])


def _tables(graph: Graph, rows: str) -> Tables:
    """The tables that rows are taken from, and whether these have the rows in turn."""
    node = reshaped(graph, rows)
    if node.op in GATHERS:
        return node.inputs[:1], False
    tables, in_turn = [], False
    for part in node.inputs[node.attrs["N"] :]:
        gather = reshaped(graph, part)
        split = node_of(graph, gather.inputs[1]) if gather.op in GATHERS else gather
        if split.op != "DynamicPartition":
            return (), False
        which = node_of(graph, split.inputs[1])
        while which.op == "Cast":
            which = node_of(graph, which.inputs[0])
        in_turn = which.op in ("FloorMod", "Mod")
        tables.append(gather.inputs[0])
    return tuple(tables), in_turn
