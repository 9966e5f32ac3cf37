"""Which CTC losses become Keras's: only those with the same rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cases import CaseOf
from tfmigrate.graph import Graph
from tfmigrate.layers.losses import CTC
from tfmigrate.sources import open_source
from tfmigrate.training.sequence_losses import with_sequence_losses


def ctc(case_of: CaseOf, op: str = "CTCLoss", **attrs: Any) -> Graph:
    """The graph of a program whose loss has other attributes."""
    graph = open_source(case_of("train/ctc_open").source).graph
    assert graph is not None
    (node,) = graph.of("CTCLoss")
    changed = replace(node, op=op, attrs={**node.attrs, **attrs})
    return replace(graph, nodes={**graph.nodes, node.name: changed})


def test_the_usual_rules_are_those_of_keras(case_of: CaseOf) -> None:
    graph, labels = with_sequence_losses(ctc(case_of))
    assert len(list(graph.of(CTC))) == len(labels) == 1


@pytest.mark.parametrize(
    ("op", "attrs"),
    [
        ("CTCLoss", {"preprocess_collapse_repeated": True}),
        ("CTCLoss", {"ctc_merge_repeated": False}),
        ("CTCLoss", {"ignore_longer_outputs_than_inputs": True}),
        ("CTCLossV2", {}),  # the blank is class 0
    ],
)
def test_other_rules_are_not_taken_for_those_of_keras(
    op: str, attrs: dict[str, Any], case_of: CaseOf
) -> None:
    graph, labels = with_sequence_losses(ctc(case_of, op, **attrs))
    assert list(graph.of(CTC)) == []
    assert labels == []
