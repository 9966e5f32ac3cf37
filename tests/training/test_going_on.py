"""Training goes on in Keras where TensorFlow 1.15 stopped: losses, weights, state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tfmigrate.worker import Worker

from .conftest import Ask
from .converting import Case, build, plan_of, training_of

GOLDENS = [
    "train_adagrad", "train_adam", "train_adam_l2", "train_adam_unnamed", "train_momentum",
    "train_rmsprop", "train_sgd", "train_sgd_expdecay",
]  # fmt: skip
CARRIED = {  # and what is to be seen in model.py
    "train_contrib_add_sign": "optimizer=AddSign(learning_rate=0.05, alpha=0.5)",
    "train_contrib_nadam": "optimizer=NesterovAdam(",
    "train_contrib_power_sign": "optimizer=PowerSign(",
    "train_columns_adam": "optimizer=SparseAdam(",
    "train_columns_linear_ftrl": "optimizer=SparseFtrl(",
    "train_embedding_momentum": "optimizer=SparseMomentum(",
    "train_l1_and_l2": "keras.regularizers.L1L2(l1=0.001, l2=0.002)",
    "train_loop_mirrored_gru": "kernel_regularizer=keras.regularizers.L2(0.005)",
    "train_loop_peephole": 'Recurrence(build_rnn_step(), states=2, name="rnn")',
    "train_loop_scan": 'Recurrence(build_states_step(), name="states")',
    "train_momentum_exponential_decay": "optimizer=Momentum(",
    "train_top_layer_only": "trainable=False",
    "train_two_optimizers": "keras.optimizers.Ftrl(",
    "train_weighted_sigmoid": "loss=graph_loss",
}
OF_LOSS, OF_WEIGHT = 5e-6, 1e-5  # relative to the greatest loss; absolute: what is promised


def _at(path: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The array of a path, which may have the model's name in front."""
    return arrays[path] if path in arrays else arrays[path.partition("/")[2]]


def _goes_on(case: Case, worker: Worker, ask: Ask, folder: Path) -> dict[str, Any]:
    golden = case.arrays
    source, plan = plan_of(case, case.meta["outputs"])
    paths = build(source, plan, worker, folder)
    labels = golden["train_y"]
    if "sparse" in training_of(plan).summary["loss"]:
        labels = labels.argmax(-1)
    answer = ask("go_on", str(folder), list(zip(golden["train_x"], labels, strict=True)))

    expected = golden["train_losses"]
    assert np.abs(answer["losses"] - expected).max() <= OF_LOSS * np.abs(expected).max()
    targets = {fate.name: fate.targets for fate in plan.fates}
    for name, value in golden.items():
        if name.startswith("after_"):
            (target,) = targets[name.removeprefix("after_")]
            apart = np.abs(_at(paths[target], answer["weights"]) - value).max()
            assert apart <= OF_WEIGHT, (name, apart)
    for slot in training_of(plan).slots:
        (name,) = slot.names
        held = source.read(name) * np.float32(slot.scale)
        np.testing.assert_array_equal(_at(paths[slot.target], answer["optimizer"]), held)
    assert answer["fresh_step"] == 1
    return answer


@pytest.mark.parametrize("name", GOLDENS)
def test_goldens_go_on_as_tensorflow_1_did(
    name: str, goldens: Path, keras_worker: Worker, ask: Ask, tmp_path: Path
) -> None:
    _goes_on(Case(goldens / name), keras_worker, ask, tmp_path)


@pytest.mark.parametrize("name", CARRIED)
def test_cases_go_on_as_tensorflow_1_did(
    name: str,
    unpacked: Callable[[str], Path],
    keras_worker: Worker,
    ask: Ask,
    tmp_path: Path,
) -> None:
    answer = _goes_on(Case(unpacked(name)), keras_worker, ask, tmp_path)
    assert CARRIED[name] in (tmp_path / "model.py").read_text()
    if name == "train_top_layer_only":
        assert answer["trainable"] == ["top/kernel", "top/bias"]


def test_a_fused_moving_variance_is_the_kernels(ask: Ask) -> None:
    generator = np.random.default_rng(3)
    images = generator.normal(1.0, 2.0, (3, 4, 4, 2)).astype("float32")
    ours, kernel = ask("moving_variance", images, 0.9)
    np.testing.assert_allclose(ours, kernel, rtol=1e-6)


@pytest.mark.parametrize("trains", [True, False])
def test_fused_batch_normalization_in_float64_is_the_kernels(trains: bool, ask: Ask) -> None:
    images = np.random.default_rng(4).normal(1.0, 2.0, (6, 4, 3, 5)).astype("float32")
    kernel, wide = ask("fused_normalization", images, trains)
    for expected, found in zip(kernel, wide, strict=True):
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5 * np.abs(expected).max())
