"""Models that were broken on purpose: the first tensor that differs and the cause are named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tfmigrate.errors import UserError
from tfmigrate.verification import verify
from tfmigrate.verification.verifying import _models_errors
from tfmigrate.worker import JobError, Worker

pytestmark = pytest.mark.xdist_group("verification")

Workers = tuple[Worker, Worker]
Converted = Callable[[str], tuple[Path, Path]]
BrokenModel = Callable[[str], tuple[Path, Any]]


def test_what_was_converted_verifies_layer_by_layer(converted: Converted, workers: Workers) -> None:
    source, folder = converted("slim_cnn_bn")
    result = verify(source, folder, workers=workers)
    assert result
    assert result.first is None
    assert not result.causes
    compared = {d.pair.layer: d.pair.tensor for d in result.layers}
    assert compared["conv1"] == "conv1/Conv2D:0"
    assert compared["logits"] == "logits/BiasAdd:0"
    assert len(compared) == 9
    assert result.wide is not None
    assert result.wide.rounding


def epsilon(model: Any) -> None:
    model.configure("conv1_BatchNorm", epsilon=1e-5)


def statistics_reset(model: Any) -> None:
    model.reweigh("layers/batch_normalization/vars/2", np.ones_like)
    model.reweigh("layers/batch_normalization/vars/1", np.zeros_like)


def statistics_exchanged(model: Any) -> None:
    kept: list[np.ndarray] = []
    mean, variance = (f"layers/batch_normalization_1/vars/{index}" for index in (2, 3))
    model.reweigh(mean, lambda a: kept.append(a.copy()) or a)
    model.reweigh(variance, lambda a: kept.append(a.copy()) or kept[0])
    model.reweigh(mean, lambda a: kept[1])


def padding(model: Any) -> None:
    model.configure("conv2d", padding="valid")


def kernel_transposed(model: Any) -> None:
    model.reweigh("layers/conv2d/vars/0", lambda a: np.swapaxes(a, 0, 1))


def slope(model: Any) -> None:
    model.configure("dense_5_leaky_relu", negative_slope=0.3)


def gates(model: Any) -> None:
    for index in range(3):
        model.reweigh(
            f"layers/lstm/cell/vars/{index}",
            lambda a: np.concatenate([np.split(a, 4, -1)[i] for i in (0, 2, 1, 3)], -1),
        )


def half_precision(model: Any) -> None:
    model.reweigh("layers/dense_2/vars/0", lambda a: a.astype("float16").astype("float32"))


@pytest.mark.parametrize(
    ("name", "fault", "layer", "tensor", "cause"),
    [
        ("slim_cnn_bn", epsilon, "conv1_BatchNorm",
         "conv1/BatchNorm/cond/FusedBatchNormV3_1:0", "epsilon"),
        ("slim_cnn_bn", statistics_reset, "conv1_BatchNorm",
         "conv1/BatchNorm/cond/FusedBatchNormV3_1:0", "statistics"),
        ("resnet_block", statistics_exchanged, "batch_normalization_1",
         "batch_normalization_1/cond/FusedBatchNormV3_1:0", "statistics"),
        ("resnet_block", kernel_transposed, "conv2d", "conv2d/Conv2D:0", "transposed kernel"),
        ("resnet_block", padding, "conv2d", "conv2d/Conv2D:0", "padding"),
        ("layers_mlp_activations", slope, "dense_5_leaky_relu", "dense_5/LeakyRelu:0", "slope"),
        ("layers_mlp_activations", half_precision, "dense_2", "dense_2/Selu:0", "precision"),
        ("lstm_dynamic", gates, "rnn", "head/BiasAdd:0", "gate order"),
    ],
)  # fmt: skip
def test_the_layer_and_the_cause_are_named(
    name: str, fault: Callable[[Any], None], layer: str, tensor: str, cause: str,
    broken: BrokenModel, workers: Workers,
) -> None:  # fmt: skip
    source, model = broken(name)
    fault(model)
    result = verify(source, model.folder, workers=workers)
    assert not result
    assert result.first is not None
    assert result.first.pair.tensor == tensor
    assert [(found.layer, found.cause) for found in result.causes] == [(layer, cause)]
    # The cause was tested: with it put right, nothing is left of the difference.
    assert result.causes[0].outputs <= 2e-5 * max(d.scale for d in result.outputs.values())
    assert result.causes[0].before > result.causes[0].after
    assert cause in str(result)


def test_every_fault_is_found_not_the_first_alone(broken: BrokenModel, workers: Workers) -> None:
    source, model = broken("slim_cnn_bn")
    epsilon(model)
    model.configure("conv2", activation="tanh")
    result = verify(source, model.folder, workers=workers)
    assert [(c.layer, c.cause) for c in result.causes] == [
        ("conv1_BatchNorm", "epsilon"),
        ("conv2", "activation"),
    ]


def test_without_a_known_cause_the_tensor_is_still_named(
    broken: BrokenModel, workers: Workers
) -> None:
    source, model = broken("lstm_dynamic")
    model.configure("rnn", go_backwards=True, recurrent_activation="hard_sigmoid")
    result = verify(source, model.folder, workers=workers)
    assert not result
    assert result.first is not None
    assert result.first.pair.tensor == "head/BiasAdd:0"
    assert not result.wide.rounding


def test_a_search_that_takes_too_long_stops_and_says_so(
    broken: BrokenModel, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, model = broken("slim_cnn_bn")
    epsilon(model)
    monkeypatch.setattr("tfmigrate.verification.layers._SECONDS", -1)
    result = verify(source, model.folder, workers=workers)
    assert (result.causes, result.stopped) == ((), True)
    assert result.first is not None
    assert "Testing causes took too long and stopped before all were tried." in str(result)


def test_golden_inputs_give_the_same_verdict_as_random_ones(
    converted: Converted, workers: Workers, goldens: Path, tmp_path: Path
) -> None:
    source, folder = converted("slim_cnn_bn")
    golden = np.load(goldens / "slim_cnn_bn" / "golden.npz")
    named = {k.removeprefix("in_"): golden[k] for k in golden.files if k.startswith("in_")}
    np.savez(tmp_path / "data.npz", **named)
    result = verify(source, folder, data=tmp_path / "data.npz", workers=workers)
    assert result
    assert result.examples == len(next(iter(named.values())))
    np.savez(tmp_path / "other.npz", y=np.zeros(3))
    with pytest.raises(UserError, match=r"other\.npz has no array images:0"):
        verify(source, folder, data=tmp_path / "other.npz", workers=workers)


def test_examples_that_are_all_the_same_prove_nothing(
    converted: Converted, workers: Workers, tmp_path: Path
) -> None:
    source, folder = converted("slim_cnn_bn")
    np.savez(tmp_path / "data.npz", images=np.zeros((4, 16, 16, 3), "float32"))
    result = verify(source, folder, data=tmp_path / "data.npz", workers=workers)
    assert not result
    assert result.verdict == "not proved"
    assert "is the same for every example; try other examples with --data" in str(result)
    assert (result.exit_status(), result.exit_status(allow_unproved=True)) == (3, 0)


def test_a_tolerance_decides(converted: Converted, workers: Workers) -> None:
    source, folder = converted("slim_cnn_bn")
    assert not verify(source, folder, tolerance=(0.0, 0.0), workers=workers)
    assert verify(source, folder, tolerance=(1e-4, 0.0), workers=workers)


def test_the_document_is_json(broken: BrokenModel, workers: Workers) -> None:
    source, model = broken("slim_cnn_bn")
    epsilon(model)
    document = json.loads(json.dumps(verify(source, model.folder, workers=workers).to_dict()))
    assert document["schema"] == 1
    assert document["verdict"] == "fail"
    assert document["first"]["layer"] == "conv1_BatchNorm"
    assert document["causes"][0]["max_abs_outputs_after"] < 1e-4


@pytest.mark.parametrize(
    ("model", "message"),
    [("nowhere", "there is no"), (__file__, "defines no build_model")],
)
def test_what_is_no_model_is_refused(
    model: str, message: str, converted: Converted, workers: Workers
) -> None:
    source, _ = converted("slim_cnn_bn")
    with pytest.raises(UserError, match=message):
        verify(source, model, workers=workers)


def test_a_model_of_another_graph_is_refused(converted: Converted, workers: Workers) -> None:
    source, _ = converted("slim_cnn_bn")
    _, folder = converted("lstm_dynamic")
    with pytest.raises(UserError):
        verify(source, folder, workers=workers)


def test_model_py_is_verified_as_what_it_builds(converted: Converted, workers: Workers) -> None:
    source, folder = converted("slim_cnn_bn")
    assert verify(source, folder / "model.py", workers=workers)


@pytest.mark.parametrize(
    "name", ["train_adam", "train_momentum", "train_sgd_expdecay", "train_rmsprop", "train_adam_l2"]
)
def test_training_goes_on_alike(name: str, converted: Converted, workers: Workers) -> None:
    source, folder = converted(name)
    result = verify(source, folder, train=5, workers=workers)
    assert result
    assert result.trained is not None
    assert len(result.trained.losses) == 5
    assert len({expected for expected, _ in result.trained.losses}) == 5
    assert set(result.trained.weights) >= {"dense/kernel", "dense/bias"}
    assert bool(result.trained.slots) == (name != "train_sgd_expdecay")
    assert result.to_dict()["training"]["losses"][0].keys() == {"original", "model"}


def test_another_optimizer_state_is_seen_in_training(broken: BrokenModel, workers: Workers) -> None:
    source, model = broken("train_adam")
    model.reweigh("optimizer/vars/2", np.zeros_like)
    result = verify(source, model.folder, train=3, workers=workers)
    assert not result
    assert all(result.allowed.holds(d) for d in result.outputs.values())
    assert result.trained is not None
    assert not result.trained.holds(result.allowed)


def test_what_keras_raises_is_a_fault_of_the_model(monkeypatch):
    monkeypatch.delenv("TFMIGRATE_DEBUG", raising=False)
    error = JobError("model", "model", "Traceback …\nValueError: 9 features, not 4")
    with (
        pytest.raises(UserError, match=r"m\.keras cannot be run: ValueError: 9 features, not 4;"),
        _models_errors("m.keras"),
    ):
        raise error
    with pytest.raises(JobError), _models_errors("m.keras"):
        raise JobError("graph", "rungraph", "KeyError: 'ours'")
