"""Attention of several heads, and sequences kept as rows, held against TensorFlow 1.15.

The cases in ``data/attention_heads.tar.xz`` were written by ``tests/tf115`` (family
``attention_heads``).
"""

from pathlib import Path

import pytest
from tfmigrate.emit import source
from tfmigrate.plan import Layer
from tfmigrate.worker import Worker

from .networks import Case, assert_computes, kinds

ARCHIVE = "attention_heads"

_BLOCK = ["Dense", "Dense", "Dense", "DotProductAttention", "Dense", "Add"]
_GPT = ["Dense", "DotProductAttention", "Dense", "Add"]
_ROWS = [*_BLOCK, "LayerNormalization", "Dense", "Dense", "Add"]
_SPLIT = ["Dense", "Reshape", "Permute"]
LAYERS = {
    "heads_by_einsum": _BLOCK * 2,
    "heads_by_reshape": _BLOCK * 2,
    "heads_causal": _GPT * 2,
    "heads_in_rows": ["Embedding", "Dense", "Add", "PositionEmbedding", *_ROWS * 2, "Dense"],
    "heads_not_attention": [
        *_SPLIT, *_SPLIT, "Activation", *_SPLIT, "Permute", "Reshape", "Dense", "Reshape",
        "Activation", "Reshape",
    ],
    "heads_with_dropout": [*_BLOCK[:-1], "Dropout"],
}  # fmt: skip
"""The layers that each becomes, in order of call."""


@pytest.mark.parametrize("name", LAYERS)
def test_attention_becomes_one_layer_that_computes_the_same(
    name: str, folder: Path, keras_worker: Worker, tmp_path: Path
) -> None:
    case = Case(folder / name)
    plan = case.plan()
    assert kinds(plan) == LAYERS[name]
    assert_computes(case, plan, keras_worker, tmp_path)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("heads_by_einsum", [{}, {"scale": 0.3}]),
        ("heads_by_reshape", [{}, {}]),
        ("heads_causal", [{"causal": True}] * 2),
        ("heads_with_dropout", [{"dropout": 0.1}]),
    ],
)
def test_the_layer_has_the_mask_the_scale_and_the_dropout_of_the_graph(
    name: str, arguments: list[dict[str, object]], folder: Path
) -> None:
    layers = [y for y in Case(folder / name).plan().layers if y.kind == "DotProductAttention"]
    assert [y.arguments for y in layers] == [{"num_heads": 3, **each} for each in arguments]


def test_the_dropout_of_weights_is_the_argument_for_all_dropout(folder: Path) -> None:
    text = source(Case(folder / "heads_with_dropout").plan())
    assert "dropout=dropout_rate" in text
    assert "Dropout(dropout_rate)" in text


def test_no_sequence_is_made_rows(folder: Path) -> None:
    plan = Case(folder / "heads_in_rows").plan()
    functions = [call.function for call in plan.calls if not isinstance(call.function, Layer)]
    assert functions == ["keras.ops.one_hot", "+", "[]"]


def test_every_case_of_the_archive_is_tried(folder: Path) -> None:
    assert sorted(each.name for each in folder.iterdir()) == sorted(LAYERS)
