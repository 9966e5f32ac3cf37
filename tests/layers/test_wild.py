"""Operations as programs in the wild use them, held against what TensorFlow 1.15 computed.

The cases in ``data/wild.tar.xz`` were written by ``tests/tf115`` (family ``wild``).
"""

from pathlib import Path

import pytest
from tfmigrate.worker import Worker

from .networks import Case, assert_computes, kinds

ARCHIVE = "wild"

LAYERS = {
    "batch_tiled_variable": [
        "Parameter", "RepeatForBatch", "Activation", "Filled", "Filled", "Concatenate", "Filled",
        "Concatenate", "Concatenate", "Dense",
    ],
    "comparisons_and_selections": ["Dense", "Add", "Add", "Add", "Add", "Dense"],
    "einsum_attention": [
        "Dense", "Reshape", "Permute", "Dense", "Reshape", "Permute", "Activation", "Permute",
        "Permute", "Reshape", "Dense",
    ],
    "gelu_both_forms": ["Dense", "Dense", "Dense", "Dense"],
    "group_norm_written_out": [
        "Conv2D", "GroupNormalization", "Activation", "GlobalAveragePooling2D", "Dense",
    ],
    "last_relevant_by_gather": ["Conv1D", "Positions", "Concatenate", "Dense"],
    "masked_mean_by_lengths": [
        "Embedding", "Dense", "Dense", "Filled", "Activation", "Concatenate", "Dense",
    ],
    "masks_and_positions_of_any_length": [
        "Size", "DynamicTile", "Embedding", "Positions", "RepeatForBatch", "Embedding", "Add",
        "Dense", "Activation", "Concatenate", "Reshape", "Permute", "Reshape", "Dense",
    ],
    "mean_by_dynamic_length": ["Dense", "Positions", "Size", "Dense"],
    "mixture_density": ["Dense", "Dense"],
    "running_sums_and_segments": ["Dense", "Activation", "Concatenate", "Dense"],
    "spatial_transformer": [
        "Flatten", "Dense", "Reshape", "Parameter", "RepeatForBatch", "Reshape", "Positions",
        "Reshape", "GatherNd", "Flatten", "Dense",
    ],
    "tied_output_embedding": ["ReversibleEmbedding", "Conv1D", "Bias"],
    "top_k_and_argmax": [
        "Dense", "Permute", "Flatten", "Embedding", "Flatten", "Flatten", "Concatenate", "Dense",
    ],
    "transformer_block": [
        "Embedding", "Bias", "LayerNormalization", "Dense", "Dense", "Dense", "DotProductAttention",
        "Dense", "Add", "LayerNormalization", "Dense", "Dense",
    ],
    "unet_of_any_size": [
        "Conv2D", "Size", "MaxPooling2D", "Conv2D", "Conv2DTranspose", "Size", "Size", "Size",
        "DynamicSlice", "Concatenate", "Conv2D",
    ],
    "unknown_batch_reshapes": [
        "Conv2D", "Reshape", "Dense", "Dense", "Permute", "Activation", "Permute", "Reshape",
        "Dense",
    ],
}  # fmt: skip
"""The layers that each becomes, in order of call; what else it does is keras.ops."""


@pytest.mark.parametrize("name", LAYERS)
def test_a_program_in_the_wild_becomes_layers_that_compute_the_same(
    name: str, folder: Path, keras_worker: Worker, tmp_path: Path
) -> None:
    case = Case(folder / name)
    plan = case.plan()
    assert kinds(plan) == LAYERS[name]
    assert_computes(case, plan, keras_worker, tmp_path)


def test_every_case_of_the_archive_is_tried(folder: Path) -> None:
    assert {case.name for case in folder.iterdir()} == LAYERS.keys()
