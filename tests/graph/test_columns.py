"""Damaged feature columns: they stay as they are, and never bring the command down."""

from dataclasses import replace

import pytest
from tfmigrate.graph.examples.columns import fold_columns
from tfmigrate.graph.nodes import Graph, Node


def graph_of(*nodes: Node) -> Graph:
    return Graph({node.name: node for node in nodes})


HASHED = (
    Node("x", "Placeholder", attrs={"dtype": "string", "shape": (None, 1)}),
    Node("hash", "StringToHashBucketFast", ("x:0",), attrs={"num_buckets": 10}),
)


def test_hashes_of_a_dense_feature_are_folded_under_their_own_name() -> None:
    folded = fold_columns(graph_of(*HASHED))

    assert folded.nodes["hash"].op == "ColumnHash"
    assert folded.nodes["hash"].inputs == ("x:0",)
    assert folded.folded is not None
    assert folded.folded.written.nodes["hash"].op == "StringToHashBucketFast"


@pytest.mark.parametrize(
    "damaged",
    [
        replace(HASHED[1], inputs=()),
        replace(HASHED[1], inputs=("nowhere:0",)),
        replace(HASHED[1], attrs={}),
        replace(HASHED[1], inputs=("hash:0",)),
        Node("hash", "SparseToDense", ("x:0", "x:0", "hash:0", "x:0")),
        Node("hash", "SparseCross", ("x:0",), attrs={"hashed_output": True, "sparse_types": 7}),
        Node("hash", "ParseExample", ("x:0",), attrs={"sparse_types": ["string"]}),
        Node("hash", "SparseSegmentMean", ("hash:0", "hash:0", "hash:0")),
    ],
    ids=lambda node: f"{node.op}{node.inputs}",
)
def test_a_damaged_graph_stays_as_it_is(damaged: Node) -> None:
    graph = graph_of(HASHED[0], damaged)

    assert fold_columns(graph) is graph
