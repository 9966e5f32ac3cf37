"""Sizes that only a run knows, held against TensorFlow 1.15 at two batch sizes and lengths.

The cases in ``data/sizes.tar.xz`` were written by ``tests/tf115`` (family ``sizes``).
"""

from pathlib import Path

import pytest
from tfmigrate.emit import source
from tfmigrate.worker import Worker

from .networks import Case, assert_computes, unpack

CASES = [
    "size_dilated", "size_gathered", "size_ones", "size_pad_to_multiple", "size_ranges",
    "size_resize", "size_space_to_batch",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sizes")
    unpack("sizes", made)
    return made


@pytest.mark.parametrize("name", CASES)
def test_sizes_of_a_run_become_keras_alone(
    name: str, folder: Path, keras_worker: Worker, tmp_path: Path
) -> None:
    case = Case(folder / name)
    plan = case.plan()
    assert "tensorflow" not in source(plan)
    assert_computes(case, plan, keras_worker, tmp_path)


def test_every_case_of_the_archive_is_tried(folder: Path) -> None:
    assert sorted(each.name for each in folder.iterdir()) == CASES
