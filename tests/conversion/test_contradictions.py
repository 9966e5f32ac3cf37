"""Checkpoints whose variables are not those of the graph beside them: TF 1.15 restores none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cases import CaseOf
from tfmigrate.conversion.convert import convert
from tfmigrate.errors import UserError
from tfmigrate.graph import find_variables
from tfmigrate.sources import Source, open_source


def refusal(source: Source) -> str:
    with pytest.raises(UserError) as caught:
        source.refuse_contradictions()
    return str(caught.value)


def test_every_shape_that_differs_is_named_with_both(case_of: CaseOf) -> None:
    text = refusal(open_source(case_of("structure/shapes_contradict").folder))
    assert "a/kernel is [4, 7] in the graph and [4, 5] in the checkpoint" in text
    assert "a/bias is [7] in the graph and [5] in the checkpoint" in text
    assert "b/kernel is [7, 3] in the graph and [5, 3] in the checkpoint" in text
    assert "b/bias" not in text


def test_every_dtype_that_differs_is_named_with_both(case_of: CaseOf) -> None:
    text = refusal(open_source(case_of("structure/dtypes_contradict").folder))
    assert "b/kernel is float32 in the graph and float64 in the checkpoint" in text
    assert "b/bias is float32 in the graph and float64 in the checkpoint" in text


def test_nothing_is_converted_but_the_variables_alone_can_be(
    case_of: CaseOf, tmp_path: Path
) -> None:
    path = case_of("structure/shapes_contradict").folder / "model.ckpt"
    with pytest.raises(UserError, match="contradicts the graph"):
        convert(path, tmp_path / "made")
    assert not (tmp_path / "made").exists()
    report = convert(path, tmp_path / "variables", to=["npz"]).report
    assert report["outcome"] == "variables"


@pytest.mark.parametrize("name", ["partitioned", "v1_format", "saved_model_mlp", "ema_shadow"])
def test_what_belongs_together_is_accepted(name: str, case_of: CaseOf) -> None:
    folder = case_of(f"goldens/{name}").folder
    saved = folder / "saved_model"
    open_source(saved if saved.exists() else folder / "model.ckpt").refuse_contradictions()


def test_a_shape_that_the_graph_leaves_open_contradicts_nothing(case_of: CaseOf) -> None:
    source = open_source(case_of("structure/shapes_contradict").folder)
    assert source.graph is not None
    open_shapes = {"a/kernel": (4, None), "a/bias": None, "b/kernel": (None, 3)}
    for name, shape in open_shapes.items():
        node = source.graph.nodes[name]
        source.graph.nodes[name] = replace(node, attrs={**node.attrs, "shape": shape})
    assert find_variables(source.graph)["a/bias"].shape is None
    source.refuse_contradictions()
