"""Every packed case opens, and its case.json, golden.npz and model agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from cases import Case, packed
from tfmigrate.checkpoint import open_checkpoint
from tfmigrate.graph import read_graph

CaseOf = Callable[[str], Case]

REFUSED = "structure/shapes_contradict"  # by TensorFlow 1.15 too, so it has no golden.npz
WITH_NAN = "structure/nan_in_weight"


def test_all_cases_are_there() -> None:
    kinds = Counter(name.partition("/")[0] for name in packed())
    assert kinds == {"goldens": 22, "structure": 52, "train": 71}


@pytest.mark.parametrize("name", packed())
def test_the_graph_has_all_that_case_json_names(name: str, case_of: CaseOf) -> None:
    case = case_of(name)
    meta = case.meta
    assert meta["case"] == case.folder.name
    assert meta["written_by"] == "tensorflow 1.15.5"
    named = [meta[key] for key in ("loss", "train_op") if key in meta]
    for key in ("inputs", "outputs", "labels", "inference_feed", "train_then"):
        named += meta.get(key, ())
    if meta.get("meta", True):
        is_checkpoint = case.source.name == "model.ckpt"
        graph = read_graph(f"{case.source}.meta" if is_checkpoint else case.source)
        assert {tensor.partition(":")[0] for tensor in named} <= graph.nodes.keys()
    else:
        assert named
        assert not (case.folder / "model.ckpt.meta").exists()


@pytest.mark.parametrize("name", [name for name in packed() if name != REFUSED])
def test_the_arrays_are_those_of_case_json(name: str, case_of: CaseOf) -> None:
    case = case_of(name)
    assert case.arrays
    inputs, outputs = case.meta.get("inputs", []), case.meta.get("outputs", [])
    assert list(case.marked("in_")) == inputs
    assert list(case.marked("out_")) == outputs
    again = case.marked("in2_"), case.marked("out2_")
    assert tuple(map(list, again)) in ((inputs, outputs), ([], []))
    for key, array in case.arrays.items():
        if array.dtype.kind in "fc" and not (name == WITH_NAN and key.startswith("out")):
            assert np.isfinite(array).all(), key


@pytest.mark.parametrize("name", [n for n in packed() if n.startswith(("train/", "goldens/train"))])
def test_training_goes_on_from_the_checkpoint(name: str, case_of: CaseOf) -> None:
    case = case_of(name)
    steps = case.meta["steps_after"]
    turns = sum(steps // every for _, _, every in case.meta.get("turns", ()))
    assert case.arrays["train_losses"].shape == (steps + turns,)
    if name.startswith("train/"):
        assert all(case.marked(f"feed_{step}_") for step in range(steps))
        assert not case.marked(f"feed_{steps}_")
    else:
        assert len(case.arrays["train_x"]) == len(case.arrays["train_y"]) == steps
    with open_checkpoint(case.source) as checkpoint:
        after = case.marked("after_")
        assert {n: a.shape for n, a in after.items()}.items() <= {
            n: v.shape for n, v in checkpoint.variables.items()
        }.items()
        assert any(np.abs(checkpoint.read(n) - after[n]).max() > 1e-7 for n in after)


def test_the_case_that_tensorflow_1_refuses_has_no_answers(case_of: CaseOf) -> None:
    case = case_of(REFUSED)
    assert case.meta["expect_outcome"] == "refused"
    assert not (case.folder / "golden.npz").exists()


def test_a_nan_in_a_weight_is_a_nan_in_the_answers(case_of: CaseOf) -> None:
    answers = case_of(WITH_NAN).arrays
    assert all(np.isnan(answers[key]).any() for key in ("out_logits:0", "out2_logits:0"))
