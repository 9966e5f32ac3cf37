"""The warnings of a veteran: each on a checkpoint that has the fault, and not without it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tfmigrate.inspection import inspect

NETWORK = {"a/kernel": (4, 3), "a/bias": (3,), "b/kernel": (3, 2), "b/bias": (2,)}


def ramp(*shape, start=0.5):
    """Numbers that are all different, none of them zero."""
    return (np.arange(np.prod(shape, dtype=int)) * 0.01 + start).reshape(shape).astype(np.float32)


def network(scope="", suffix="", start=0.5, shapes=NETWORK):
    """Weights of different values; ``suffix`` numbers the layers of a second copy."""
    return {
        f"{scope}{layer}{suffix}/{part}": ramp(*shape, start=start + at)
        for at, (name, shape) in enumerate(shapes.items())
        for layer, part in [name.split("/")]
    }


def adam(arrays, power=0.999**21, moved=()):
    """The same with Adam's slots; those of weights not in ``moved`` are still zero."""
    slots = {
        f"{name}/{slot}": ramp(*array.shape) if name in moved else np.zeros_like(array)
        for name, array in arrays.items()
        for slot in ("Adam", "Adam_1")
    }
    return arrays | slots | {"beta1_power": np.float32(0), "beta2_power": np.float32(power)}


def found(path, **options):
    return {finding.kind: finding for finding in inspect(path, **options).findings}


def test_nothing_to_warn_about(write):
    result = inspect(write("model.ckpt", network()))
    assert result.findings == []
    assert result


def test_nan_and_infinity(write):
    arrays = network()
    arrays["a/kernel"][1, 2] = np.nan
    arrays["b/bias"][0] = -np.inf
    result = inspect(write("model.ckpt", arrays))
    assert not result
    assert [f.text for f in result.findings] == ["1 NaN and 1 Inf in 2 variables: a/kernel, b/bias"]


STATISTICS = {"bn/beta": ramp(3), "bn/gamma": ramp(3, start=2)}


@pytest.mark.parametrize(
    ("arrays", "kind"),
    [
        (
            STATISTICS
            | {"bn/moving_mean": ramp(3, start=4), "bn/moving_variance": ramp(3, start=6)},
            None,
        ),
        (
            STATISTICS | {"bn/moving_mean": np.zeros(3), "bn/moving_variance": np.ones(3)},
            "never_updated",
        ),
        (STATISTICS, "missing_statistics"),
        ({"conv/BatchNorm/beta": ramp(3)}, "missing_statistics"),
        ({"LayerNorm/beta": ramp(3), "LayerNorm/gamma": ramp(3, start=2)}, None),
    ],
)
def test_batch_norm(write, arrays, kind):
    kinds = set(found(write("model.ckpt", arrays)))
    assert kinds == ({kind} if kind else set())


def test_dead_and_constant_weights(write):
    arrays = network() | {"dead": np.zeros((2, 2), "f4"), "flat": np.full((2, 2), 3, "f4")}
    findings = found(write("model.ckpt", arrays))
    assert findings["dead"].variables == ("dead",)
    assert findings["constant"].text == "all elements are 3: flat"


def test_a_weight_that_no_gradient_reached(write):
    weights = network()
    moved = [name for name in weights if name != "b/kernel"]
    findings = found(write("model.ckpt", adam(weights, moved=moved)))
    assert findings["no_gradient"].variables == ("b/kernel",)


def test_an_optimizer_that_has_made_no_step(write):
    findings = found(write("model.ckpt", adam(network(), power=0.999)))
    assert "has made no step" in findings["no_gradient"].text


def test_a_second_network_with_equal_values(write):
    findings = found(write("model.ckpt", network("main/") | network("target/")))
    assert "4 weights stored twice, with equal values" in findings["duplicate"].text


@pytest.mark.parametrize("second", [{"suffix": "_1"}, {"scope": "target/"}])
def test_a_second_network_with_other_values(write, second):
    first = network("main/" if "scope" in second else "")
    findings = found(write("model.ckpt", first | network(start=7, **second)))
    assert "twice, with different values: 4 weights" in findings["duplicate"].text


def test_layers_of_equal_shape_are_no_second_network(write):
    layers = {f"dense{n}/kernel": ramp(3, 3, start=i) for i, n in enumerate(["", "_1", "_2"])}
    assert "duplicate" not in found(write("model.ckpt", layers | {"out/kernel": ramp(3, 2)}))


@pytest.mark.parametrize(
    ("name", "step", "power", "warned"),
    [
        ("model.ckpt-20", 20, 0.999**21, False),
        ("model.ckpt", 20, 0.999**21, False),
        ("model.ckpt", 25, 0.999**21, True),
        ("model.ckpt-3", 20, 0.999**21, True),
        ("model.ckpt-19", 20, 0.999**21, False),  # saved before the step was counted
        ("model.ckpt-200000", 200_000, 0.0, False),  # the power has run out
    ],
)
def test_steps(write, name, step, power, warned):
    weights = network()
    arrays = adam(weights, power=power, moved=weights) | {"global_step": np.int64(step)}
    assert ("steps" in found(write(name, arrays))) == warned


@pytest.mark.parametrize("steps", [1, 20, 1_000, 50_000, 87_000])
def test_the_step_in_a_power_multiplied_up_in_float32(write, steps):
    power = beta = np.float32(0.999)
    for _ in range(steps):
        power = np.float32(power * beta)
    result = inspect(write("model.ckpt", {"w": ramp(2), "beta2_power": power}))
    assert [step.value for step in result.steps] == [pytest.approx(steps, abs=1)]


def test_what_an_interrupted_save_leaves(write):
    path = write("model.ckpt-5", network())
    Path("model.ckpt-9.index.tempstate123").touch()
    Path("model.ckpt-9.data-00000-of-00001").touch()
    assert found(path)["files"].text == (
        "an interrupted save left model.ckpt-9.data-00000-of-00001, "
        "model.ckpt-9.index.tempstate123 next to it; the latest step may be missing"
    )


def test_large_tensors_are_looked_at_only_when_asked(write, monkeypatch):
    monkeypatch.setattr("tfmigrate.inspection.inspecting.CHEAP_BYTES", 64)
    arrays = network()
    arrays["a/kernel"][0] = np.nan
    path = write("model.ckpt", arrays)
    cheap = inspect(path)
    assert (cheap.findings, cheap.unread) == ([], 1)
    assert "values of 1 variable were not read" in str(cheap)
    assert set(found(path, stats=True)) == {"nan"}


def test_a_graph_with_variables_that_are_not_here(goldens, tmp_path):
    from tfmigrate.checkpoint import open_checkpoint, write_bundle

    with open_checkpoint(goldens / "train_adam") as checkpoint:
        arrays = {name: checkpoint.read(name) for name in ("w0", "b0", "b1", "w0/Adam")}
        arrays["b1"] = arrays["b1"][:2]
        meta = checkpoint.meta.read_bytes()
    write_bundle(tmp_path / "model.ckpt", [*arrays.items(), ("extra", ramp(2))])
    (tmp_path / "model.ckpt.meta").write_bytes(meta)
    texts = [finding.text for finding in inspect(tmp_path / "model.ckpt").findings]
    assert "1 of the graph's 4 trainable variables is not in the checkpoint: w1" in texts
    assert "the checkpoint has 1 variable that the graph does not have: extra" in texts
    assert any(
        text.startswith("the checkpoint lacks 5 optimizer slots of the graph") for text in texts
    )
    assert any("b1 is [2] here and [5] there" in text for text in texts)
