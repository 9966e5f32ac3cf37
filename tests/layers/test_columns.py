"""Feature columns and estimators, held against what TensorFlow 1.15 computed.

The cases in ``data/columns.tar.xz`` were written by ``tests/tf115`` (family ``feature_columns``).
"""

from pathlib import Path

import numpy as np
import pytest
from tfmigrate.plan import Plan
from tfmigrate.worker import Worker
from tfmigrate.worker.original import as_written

from .networks import Case, assert_computes, kinds

ARCHIVE = "columns"

PREPROCESSING = {
    "columns_crossed": {
        "CategoryEncoding", "Discretization", "Embedding", "EmbeddingBag", "Flatten",
        "HashedCross", "HashedCrossing", "StringLookup",
    },
    "columns_hash_buckets": {"Hashing", "EmbeddingBag"},
    "columns_identity": {"EmbeddingBag", "CategoryEncoding"},
    "columns_linear_model": {
        "Bias", "Discretization", "Embedding", "EmbeddingBag", "Flatten", "Hashing",
        "HashedCrossing", "StringLookup",
    },
    "columns_numeric_bucketized": {"Discretization", "Flatten"},
    "columns_shared_embedding": {"EmbeddingBag", "StringLookup"},
    "columns_sparse_placeholders": {"EmbeddingBag", "Hashing"},
    "columns_vocabulary": {
        "CategoryEncoding", "EmbeddingBag", "Hashing", "IntegerLookup", "StringLookup",
    },
    "columns_weighted": {"Bias", "EmbeddingBag", "Hashing"},
    "estimator_combined_classifier": {
        "Activation", "Bias", "Discretization", "Embedding", "EmbeddingBag", "Flatten",
        "HashedCross", "Hashing", "StringLookup",
    },
    "estimator_combined_regressor_raw": {
        "Bias", "CategoryEncoding", "Discretization", "Embedding", "EmbeddingBag", "Flatten",
        "Hashing", "HashedCrossing", "StringLookup",
    },
    "estimator_dnn_classifier": {"EmbeddingBag", "Hashing", "StringLookup"},
    "estimator_linear_classifier": {
        "Activation", "Bias", "Discretization", "Embedding", "EmbeddingBag", "Flatten",
        "HashedCross", "Hashing", "StringLookup",
    },
}  # fmt: skip
"""The layers that each becomes, beside Dense, Add and Concatenate."""


@pytest.mark.parametrize("name", PREPROCESSING)
def test_columns_become_layers_that_compute_the_same(
    name: str, folder: Path, keras_worker: Worker, tmp_path: Path
) -> None:
    case = Case(folder / name)
    plan = case.plan()

    assert {*kinds(plan)} - {"Dense", "Add", "Concatenate"} == PREPROCESSING[name]
    assert_computes(case, plan, keras_worker, tmp_path)


def layer_names(plan: Plan) -> list[str]:
    return [layer.name for layer in plan.layers if layer.name]


def test_inputs_and_layers_are_named_after_the_features(folder: Path) -> None:
    plan = Case(folder / "estimator_combined_classifier").plan()

    assert [given.name for given in plan.inputs] == ["color", "tags", "age"]
    assert [given.value.shape for given in plan.inputs] == [(None, None), (None, None), (None, 1)]
    assert {"color_lookup", "tags_hashed", "age_buckets", "tags_embedding"} <= {*layer_names(plan)}


def test_the_original_is_fed_sparse_tensors_and_as_many_empty_examples(folder: Path) -> None:
    source = Case(folder / "estimator_dnn_classifier").source
    color, tags = np.array([[b"red"], [b""]]), np.array([[b"a", b""], [b"", b"b"]])

    fed = as_written(source, {"color:0": color, "tags:0": tags})

    assert fed["input_example_tensor:0"].tolist() == [b"", b""]
    assert [fed[f"ParseExample/ParseExample:{i}"].tolist() for i in (0, 2, 4)] == [
        [[0, 0]],
        [b"red"],
        [2, 1],
    ]
    assert fed["ParseExample/ParseExample:1"].tolist() == [[0, 0], [1, 1]]


def test_buckets_that_several_crosses_take_are_made_once(folder: Path) -> None:
    plan = Case(folder / "columns_crossed").plan()

    buckets = [layer for layer in plan.layers if layer.kind == "Discretization"]
    assert len(buckets) == 2
