"""Loops of cells that Keras does not have, as a layer that runs a step: held against TF 1.15.

The cases in ``data/loops.tar.xz`` were written by ``tests/tf115``, families ``loops`` and
``attention``.
"""

from pathlib import Path

import pytest
from tfmigrate.emit import source as emit_source
from tfmigrate.layers import UnsupportedError
from tfmigrate.worker import Worker

from .networks import Case, assert_computes, kinds

ARCHIVE = "loops"

LAYERS = {
    "loop_attention_cell": ["Recurrence", "Dense"],
    "loop_attention_wrapper": ["GRU", "Dense", "Recurrence", "Dense"],
    "loop_block_lstm_v2": ["Recurrence", "Concatenate", "Dense"],
    "loop_contrib_cells": ["Recurrence", "Dense"],
    "loop_control_flow_v2": ["Recurrence", "Concatenate", "Dense"],
    "loop_conv_lstm": ["Recurrence", "Flatten", "Dense"],
    "loop_decoder": ["Embedding", "UpToLongest", "GRU", "Filled", "Dense", "Recurrence"],
    "loop_decoder_finished": [
        "UpToLongest", "SequenceMask", "LSTM", "LSTM", "LSTM", "LSTM", "Dense",
    ],
    "loop_decoder_memory_lengths": [
        "UpToLongest", "SequenceMask", "GRU", "Reshape", "Dense", "Recurrence", "Dense",
    ],
    "loop_frozen": ["Recurrence", "Dense"],
    "loop_gru_mirrored": ["Recurrence", "Dense"],
    "loop_highway_and_known": ["LSTM", "Dense", "GRU", "Add", "Dense"],
    "loop_last_element": ["Recurrence", "Dense"],
    "loop_layer_norm_lstm": ["Recurrence", "Dense"],
    "loop_lstm_block_fused_peephole": ["Recurrence", "Concatenate", "Dense"],
    "loop_lstm_block_peephole": ["Recurrence", "Dense"],
    "loop_lstm_projection_lengths": ["Recurrence", "Concatenate", "Dense"],
    "loop_peephole_bidirectional": [
        "Recurrence", "ReverseSequence", "Recurrence", "ReverseSequence", "Concatenate", "Dense",
    ],
    "loop_phased_lstm": ["Recurrence", "Dense"],
    "loop_positions": ["Recurrence", "Dense"],
    "loop_scan_from_first": ["Recurrence", "Dense"],
    "loop_scan_reversed": ["Activation", "Recurrence"],
    "loop_scan_time_aware": ["Concatenate", "Filled", "Recurrence", "Dense"],
    "loop_while_own_outputs": ["Dense", "Filled", "Recurrence"],
    "loop_while_tensor_array": ["SimpleRNN", "Dense"],
}  # fmt: skip
"""The layers that each becomes, in order of call."""
NO_LAYER = {
    "loop_steps_fed": r"a while loop \(it does not read whole sequences step by step\)",
    "loop_until_found": r"a while loop \(its end depends on computed values\)",
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_loop_becomes_a_layer_that_computes_the_same(
    name: str, folder: Path, keras_worker: Worker, graph_worker: Worker, tmp_path: Path
) -> None:
    case = Case(folder / name)
    plan = case.plan(graph_worker)
    assert kinds(plan) == LAYERS[name]
    assert_computes(case, plan, keras_worker, tmp_path)


def test_the_step_is_a_function_whose_layers_are_named_after_their_variables(folder: Path) -> None:
    text = emit_source(Case(folder / "loop_gru_mirrored").plan())
    step = text[text.index("def build_rnn_step") : text.index("def build_model")]
    assert step == (
        "def build_rnn_step():\n"
        '    """Builds the model of one step of rnn."""\n'
        '    x_t = keras.Input((5,), name="x_t")\n'
        '    state = keras.Input((6,), name="state")\n'
        "    x = keras.ops.concatenate([x_t, state], axis=-1)\n"
        '    update = keras.layers.Dense(6, activation="sigmoid", name="update")(x)\n'
        "    mul_1 = (1.0 - update) * state\n"
        "    x = keras.ops.concatenate([x_t, state], axis=-1)\n"
        '    x = keras.layers.Dense(6, activation="sigmoid", name="reset")(x)\n'
        "    x = keras.ops.concatenate([x_t, x * state], axis=-1)\n"
        '    x = keras.layers.Dense(6, activation="tanh", name="candidate")(x)\n'
        "    x = mul_1 + update * x\n"
        "    return keras.Model([x_t, state], x)\n\n\n"
    )


def test_layers_of_two_steps_have_names_of_their_own(folder: Path) -> None:
    plan = Case(folder / "loop_peephole_bidirectional").plan()
    layers = [layer for part in plan.layers if part.step for layer in part.step.layers]
    names = [layer.name for layer in layers if layer.name]
    assert len(set(names)) == len(names) == 8
    targets = ["/".join(weight.target.split("/")[-2:]) for weight in plan.weights]
    for one in targets:
        assert not any(one != other and one.endswith(other) for other in targets)


@pytest.mark.parametrize("name", NO_LAYER)
def test_a_loop_that_does_not_go_over_time_is_named(name: str, folder: Path) -> None:
    with pytest.raises(UnsupportedError, match=NO_LAYER[name]):
        Case(folder / name).plan()


def test_every_case_of_the_archive_is_tried(folder: Path) -> None:
    assert {case.name for case in folder.iterdir()} == LAYERS.keys() | NO_LAYER.keys()
