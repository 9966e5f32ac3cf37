"""Detectors, quantized networks and idioms of the first releases, held against TensorFlow 1.15.

The cases in ``data/idioms.tar.xz`` were written by ``tests/tf115`` (family ``idioms``).
"""

from pathlib import Path

import pytest
from tfmigrate.worker import Worker

from .networks import Case, assert_computes, kinds

ARCHIVE = "idioms"

LAYERS = {
    "idiom_crops": [
        "Conv2D", "CropAndResize", "Flatten", "Dense", "CropAndResize", "Flatten", "Dense", "Add",
    ],
    "idiom_fake_quantization": [
        "Parameter", "Parameter", "Parameter", "FakeQuantization", "Scale", "Parameter",
        "Activation", "FakeQuantization", "FakeQuantization", "Flatten", "Dense",
    ],
    "idiom_moments": [
        "Conv2D", "BatchNormalizationByBatch", "Activation", "Conv2D", "BatchNormalizationByBatch",
        "Activation", "Conv2D", "BatchNormalizationByBatch", "Flatten", "Dense",
    ],
    "idiom_patches": [
        "Conv2D", "Concatenate", "Conv2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "Dense",
        "Add",
    ],
    "idiom_slice_of_batch": ["Conv2D"],
    "idiom_training_variable": [
        "Conv2D", "BatchNormalization", "Activation", "GlobalAveragePooling2D", "Dense",
    ],
    "idiom_vocabulary_files": [
        "StringLookup", "Hashing", "Embedding", "StringLookup", "Embedding", "Add", "Dense",
    ],
}  # fmt: skip
"""The layers that each becomes, in order of call; what else it does is keras.ops."""


@pytest.mark.parametrize("name", LAYERS)
def test_an_idiom_becomes_layers_that_compute_the_same(
    name: str, folder: Path, keras_worker: Worker, graph_worker: Worker, tmp_path: Path
) -> None:
    case = Case(folder / name)
    plan = case.plan(graph_worker)
    assert kinds(plan) == LAYERS[name]
    assert_computes(case, plan, keras_worker, tmp_path)


def test_every_case_of_the_archive_is_tried(folder: Path) -> None:
    assert sorted(each.name for each in folder.iterdir()) == sorted(LAYERS)
