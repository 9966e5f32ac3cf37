"""Sizes that only a run knows, held against TensorFlow 1.15 at two batch sizes and lengths.

The cases in ``data/sizes.tar.xz`` were written by ``tests/tf115`` (family ``sizes``).
"""

from pathlib import Path

import pytest
from tfmigrate.emit import source
from tfmigrate.errors import UserError
from tfmigrate.layers.planning import find_inference, make_plan
from tfmigrate.worker import Worker

from .networks import Case, assert_computes

ARCHIVE = "sizes"

OF_OTHERS = [
    "size_dilated", "size_gathered", "size_heads_as_batch", "size_ones", "size_pad_to_multiple",
    "size_ranges", "size_resize", "size_space_to_batch",
]  # fmt: skip
OPEN = {
    "open_image": (None, None, None, 3),
    "open_rows": (None, 6),
    "open_sequence": (None, None, 2),
    "open_sizes": (1, None, None, 3),
}
"""The shape of the one input that each is to have."""


@pytest.mark.parametrize("name", OF_OTHERS)
def test_sizes_of_a_run_become_keras_alone(
    name: str, folder: Path, keras_worker: Worker, tmp_path: Path
) -> None:
    case = Case(folder / name)
    plan = case.plan()
    assert "tensorflow" not in source(plan)
    assert_computes(case, plan, keras_worker, tmp_path)


def test_a_dense_layer_and_a_normalization_of_keras_2_are_layers_again(folder: Path) -> None:
    plan = Case(folder / "size_heads_as_batch").plan()
    dense = [layer for layer in plan.layers if layer.kind == "Dense"]
    assert len(dense) == 4
    assert all("use_bias" not in layer.arguments for layer in dense)
    assert [layer.kind for layer in plan.layers][-1] == "LayerNormalization"


@pytest.mark.parametrize("name", OPEN)
def test_the_shape_of_an_input_follows_from_what_takes_it(
    name: str, folder: Path, keras_worker: Worker, graph_worker: Worker, tmp_path: Path
) -> None:
    case = Case(folder / name)
    found = find_inference(case.source, None, None, None, graph_worker, timeout=60)
    plan = make_plan(case.source, *found)
    assert [given.value.shape for given in plan.inputs] == [OPEN[name]]
    assert len(plan.notes) == 1
    assert_computes(case, plan, keras_worker, tmp_path)


def test_a_shape_that_is_asked_for_is_taken_and_one_that_contradicts_is_refused(
    folder: Path, graph_worker: Worker
) -> None:
    def found(name: str, given: str) -> tuple[int | None, ...] | None:
        source = Case(folder / name).source
        interface, _ = find_inference(source, [given], None, None, graph_worker, timeout=60)
        return interface.inputs[0].shape

    assert found("open_rows", "rows:[?,4,6]") == (None, 4, 6)
    with pytest.raises(UserError, match=r"contradicts the graph.*\[\?,\?,4\]"):
        found("size_ones", "x:[?,5]")


def test_every_case_of_the_archive_is_tried(folder: Path) -> None:
    assert sorted(each.name for each in folder.iterdir()) == sorted([*OF_OTHERS, *OPEN])
