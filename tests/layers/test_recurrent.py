"""Recurrent networks of TensorFlow 1.15 as Keras layers, held against what 1.15 computed.

The cases in ``data`` were written by ``tests/tf115`` (families ``rnn`` and ``cells``).
"""

from pathlib import Path

import numpy as np
import pytest
from tfmigrate.graph.interface.interface import find_interface
from tfmigrate.layers.planning import inference_part, make_plan
from tfmigrate.plan import Plan
from tfmigrate.sources import Source, open_source
from tfmigrate.worker import Worker
from tfmigrate.worker.original import complete_shapes

from .networks import Case, assert_computes, kinds, unpack

KINDS = {
    "bidirectional_lstm_concat": ["Embedding", "SequenceMask", "Bidirectional(LSTM)", "Dense"],
    "cell_gru_block": ["GRU", "Dense"],
    "cell_gru_cudnn_compatible": ["GRU", "Dense"],
    "cell_keras_masking": ["Embedding", "LSTM", "Dense"],
    "cell_learned_start": ["Parameter", "RepeatForBatch", "GRU", "Dense"],
    "cell_lstm_joined_state": ["LSTM", "LSTM", "Dense", "Concatenate"],
    "cell_output_projection": ["SimpleRNN", "Dense"],
    "cell_peephole_projection": ["Recurrence", "Dense"],
    "cell_residual_stack": ["SequenceMask", "LSTM", "Add", "LSTM", "Add"],
    "cell_static_lengths": ["SequenceMask", "LSTM", "Concatenate", "Dense"],
    "cell_static_projection": ["GRU", "Dense"],
    "gru_control_flow_v2": ["GRU", "Concatenate", "Dense"],
    "lstm_frozen_loop": ["Conv1D", "LSTM", "Dense"],
}
"""The layers that each becomes, in order of call."""


@pytest.fixture
def unpacked(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    name = request.param
    unpack(name, tmp_path)
    return Case(tmp_path / name)


@pytest.mark.parametrize(
    ("unpacked", "expected"), KINDS.items(), indirect=["unpacked"], ids=list(KINDS)
)
def test_a_network_becomes_the_layers_a_person_would_write(
    unpacked: Case,
    expected: list[str],
    keras_worker: Worker,
    graph_worker: Worker,
    tmp_path: Path,
) -> None:
    plan = unpacked.plan(graph_worker)
    assert kinds(plan) == expected
    assert_computes(unpacked, plan, keras_worker, tmp_path)


@pytest.mark.parametrize("unpacked", ["cell_backwards_time_major"], indirect=True)
def test_a_layer_over_a_reversed_sequence_goes_backwards(
    unpacked: Case, keras_worker: Worker, tmp_path: Path
) -> None:
    plan = unpacked.plan()
    recurrent = {layer.name: layer for layer in plan.layers if layer.kind == "LSTM"}
    assert [layer.arguments.get("go_backwards") for layer in recurrent.values()].count(True) == 1
    assert_computes(unpacked, plan, keras_worker, tmp_path)


@pytest.mark.parametrize("unpacked", ["cell_lstm_joined_state"], indirect=True)
def test_gates_are_reordered_and_the_forget_bias_is_added(unpacked: Case) -> None:
    plan = unpacked.plan()
    read = unpacked.source.read
    made = {weight.target: weight.recipe for weight in plan.weights}
    name = plan.layers[0].name
    kernel_name = made[f"{name}/lstm_cell/kernel"].sources[0]
    i, j, f, o = np.split(read(kernel_name), 4, axis=1)
    whole = np.concatenate([i, f, j, o], axis=1)
    np.testing.assert_array_equal(made[f"{name}/lstm_cell/kernel"].make(read), whole[:3])
    np.testing.assert_array_equal(made[f"{name}/lstm_cell/recurrent_kernel"].make(read), whole[3:])
    bias = made[f"{name}/lstm_cell/bias"]
    i, j, f, o = np.split(read(bias.sources[0]), 4)
    np.testing.assert_array_equal(bias.make(read), np.concatenate([i, f + 1, j, o]))


@pytest.mark.parametrize("unpacked", ["cell_lstm_joined_state"], indirect=True)
def test_slots_are_reordered_and_nothing_is_added_to_them(unpacked: Case) -> None:
    plan = unpacked.plan()
    bias = next(w.recipe for w in plan.weights if w.target.endswith("lstm_cell/bias"))
    slot = np.arange(np.prod(bias.shape), dtype=np.float32)
    i, j, f, o = np.split(slot, 4)
    made = bias.make(lambda name: slot, slots=True)
    np.testing.assert_array_equal(made, np.concatenate([i, f, j, o]))


def test_the_golden_loop_is_two_layers(goldens: Path, keras_worker: Worker, tmp_path: Path) -> None:
    case = Case(goldens / "lstm_dynamic")
    plan = case.plan()
    assert kinds(plan) == ["LSTM", "Dense"]
    assert_computes(case, plan, keras_worker, tmp_path)


def test_17000_nodes_over_168_steps_are_one_layer(shared: Path) -> None:
    plan = planned(open_source(shared / "corpus" / "alfredholmes__shortterm_rnn"))
    assert kinds(plan) == ["LSTM", "Dense"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gsurma__text_predictor", ["Embedding", "LSTM", "LSTM", "Dense"]),
        (
            "skully-coder__COVID-19_TLSTM/model",
            ["Reshape", "Concatenate", "Filled", "Recurrence", "Dense", "Dropout", "Dense"],
        ),
        (
            "skully-coder__COVID-19_TLSTM/model_48feature",
            ["Reshape", "Concatenate", "Filled", "Recurrence", "Dense", "Dropout", "Dense"],
        ),
        (
            "zaneoliver6__char-rnn-lstm-receipts/frozen_model.pb",
            ["Embedding", "LSTM", "LSTM", "Dense"],
        ),
    ],
)
def test_networks_that_people_committed_are_folded(
    name: str, expected: list[str], shared: Path, graph_worker: Worker
) -> None:
    plan = planned(open_source(shared / "corpus" / name), graph_worker)
    assert kinds(plan) == expected


def planned(source: Source, worker: Worker | None = None) -> Plan:
    assert source.graph is not None
    interface = find_interface(source.graph, saved=source.recipes().keys())
    if worker is not None:
        complete_shapes(source, interface, worker, 60)
    return make_plan(source, interface, inference_part(source, interface))
