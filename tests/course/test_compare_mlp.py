"""compare mlp and run: four forms in step, on the device they are told, and what people see."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tfmigrate
from tfmigrate.checkpoint import open_checkpoint
from tfmigrate.cli.main import run
from tfmigrate.course import datasets as data
from tfmigrate.errors import UserError

pytestmark = pytest.mark.xdist_group("compare")

SIDES = ("session", "tape", "keras", "fused")


@pytest.fixture(scope="module")
def events():
    return []


@pytest.fixture(scope="module")
def comparison(events):
    """Three epochs on digits, on each of two CPU devices."""
    return tfmigrate.compare(
        "mlp", epochs=3, device=["cpu:0", "cpu:1"], logical_cpus=2, on_event=events.append
    )


def test_the_four_forms_are_bit_identical(comparison):
    assert comparison
    for outcome in comparison.devices:
        assert outcome.identical
        assert {line.difference.max_ulp for line in outcome.parity} == {0}
        session, *others = outcome.sides
        for side in others:
            assert [e.loss for e in side.epochs] == [e.loss for e in session.epochs]
            for name, array in session.arrays.items():
                np.testing.assert_array_equal(side.arrays[name], array)


def test_it_is_a_table_of_epochs(comparison, monkeypatch):
    rows = comparison.to_rows()
    assert len(rows) == 2 * 4 * 3
    session = comparison.devices[0].sides[0]
    first = {**rows[0], "seconds": None}
    assert first == {
        "device": "cpu:0",
        "case": "",
        "form": "TF1 session",
        "epoch": 1,
        "loss": session.epochs[0].loss,
        "accuracy": session.epochs[0].metric,
        "seconds": None,
        "examples": session.epochs[0].examples,
    }
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=lambda rows: rows))
    assert comparison.to_frame() == rows
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UserError, match=r"to_frame\(\) needs pandas.*try pip install pandas, or"):
        comparison.to_frame()


def test_each_form_ran_where_it_was_told(comparison):
    for outcome, device in zip(comparison.devices, ["CPU:0", "CPU:1"], strict=True):
        assert [side.placement for side in outcome.sides] == [device] * 4


def test_the_logits_are_what_numpy_makes_of_the_weights(comparison):
    arrays = comparison.devices[0].sides[0].arrays
    w0, b0, w1, b1 = (arrays[f"weight:{n}"].astype("f8") for n in ("w0", "b0", "w1", "b1"))
    x = data.load("digits").flat()[2].astype("f8")
    expected = np.maximum(x @ w0 + b0, 0) @ w1 + b1
    scale = np.abs(expected).max()
    np.testing.assert_allclose(arrays["logits_after"], expected, rtol=0, atol=1e-5 * scale)


def test_training_trains(comparison):
    losses = [epoch.loss for epoch in comparison.devices[0].sides[0].epochs]
    assert losses == sorted(losses, reverse=True)
    assert comparison.steps == 36


def test_every_epoch_of_every_form_is_told_as_it_ends(comparison, events):
    told = [(e["device"], e["form"], e["epoch"], e["epochs"]) for e in events]
    assert told == [
        (device, form, epoch, 3)
        for device in ("cpu:0", "cpu:1")
        for form in SIDES
        for epoch in (1, 2, 3)
    ]


def test_what_people_see(comparison):
    """The whole output; times and speeds, which no run repeats, are masked."""
    masked = re.sub(r"[\d.]+ ms|[\d.]+ s\b", "#", str(comparison))
    # The share of the products is there if the machine has nothing else to do.
    masked = re.sub(r"(?m) +$", "", re.sub(r"(?m) +(\d+%|products) *$", "", masked))
    masked = re.sub(r"(?m)[\d,]+ +\d+\.\d\d$", "# #", masked)
    lines = [re.sub(r" +", " ", line) for line in masked.splitlines()]
    assert lines[0].endswith("plain gradient descent · 203,530 parameters")
    assert "digits: 1,437 train, 360 test · batch 128 · learning rate 0.001 · 36 steps" in lines[1]
    assert re.fullmatch(
        r"cpu:0 · TensorFlow 2\.21\.\d, Keras 3\.\d+\.\d+ · oneDNN on, TF32 off, "
        r"deterministic ops on, \d+ threads",
        lines[2],
    )
    for line in (
        " TF1 session TF2 tape Keras fit fused epoch",
        "epoch loss accuracy loss accuracy loss accuracy loss accuracy difference",
        "logits, weights just moved 0 0 0 100.00% exact",
        "logits, after training 0 0 0 100.00% exact",
        "weights, after training 0 0 0 100.00% exact",
        "time first step per epoch (spread) examples/s against the session",
        "TF1 session # # (# … #) # #",
        " cpu:0 cpu:1",
    ):
        assert line in lines, line
    assert lines[-1] == (
        "PASS 4 forms bit-identical over 36 steps · worst 0 ULP · # · tfmigrate compare mlp "
        "--epochs 3 --device cpu:0 --device cpu:1 --seed 0"
    )


def test_a_notebook_shows_it_as_html(comparison):
    page = comparison._repr_html_()
    assert page.count("<table") == 7
    assert "PASS" in page


def test_a_difference_in_one_bit_fails_the_comparison(comparison):
    from dataclasses import replace

    from tfmigrate.course.measuring import parity

    outcome = comparison.devices[0]
    tape = outcome.sides[1]
    logits = tape.arrays["logits_after"].copy()
    logits[0, 0] = np.nextafter(logits[0, 0], np.float32(np.inf))
    sides = [
        outcome.sides[0],
        replace(tape, arrays=tape.arrays | {"logits_after": logits}),
        outcome.sides[2],
    ]
    broken = replace(outcome, sides=sides, parity=parity(sides))
    failed = replace(comparison, devices=[broken])
    assert not failed
    text = str(failed)
    assert "FAIL" in text
    assert "1 ULP" in text
    assert "smallest tolerance that passes is atol" in text


def test_a_loss_that_differs_fails_the_comparison(comparison):
    from dataclasses import replace

    outcome = comparison.devices[0]
    first, *rest = outcome.sides[2].epochs
    keras = replace(outcome.sides[2], epochs=[replace(first, loss=first.loss + 1e-3), *rest])
    broken = replace(outcome, sides=[*outcome.sides[:2], keras])
    assert not replace(comparison, devices=[broken])


def test_the_command_line_gives_one_json_document_and_logs_for_tensorboard(tmp_path, capfd):
    logs = tmp_path / "logs"
    assert run(["compare", "mlp", "--epochs", "2", "--json", "--logdir", str(logs)]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    report = json.loads(out)
    assert (report["schema"], report["verdict"], report["steps"]) == (1, "pass", 24)
    (device,) = report["devices"]
    assert device["settings"]["tf32"] is False
    assert [side["form"] for side in device["sides"]] == list(SIDES)
    losses = [epoch["loss"] for epoch in device["sides"][0]["epochs"]]
    for form in SIDES:
        assert scalars(logs / "cpu" / form, "loss") == pytest.approx(losses, rel=1e-6)
    # Three histograms a weight, of the start and of each epoch; numpy counts the same numbers.
    bins = {form: histograms(logs / "cpu" / form, "w0") for form in SIDES}
    for form in SIDES:
        assert [counts.sum() for _, counts in bins[form]] == [784 * 256] * 3
        for (edges, counts), (others, expected) in zip(bins[form], bins["session"], strict=True):
            np.testing.assert_array_equal(edges, others)
            np.testing.assert_array_equal(counts, expected)
    edges, counts = bins["session"][0]
    normal = np.random.default_rng(0).normal(size=784 * 256)
    np.testing.assert_allclose(counts, np.histogram(normal, edges)[0], rtol=0.2, atol=400)


def histograms(folder, tag):
    """The edges and counts of the histograms that TensorBoard reads, step by step."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util import tensor_util

    tensors = EventAccumulator(str(folder)).Reload().Tensors(tag)
    rows = [tensor_util.make_ndarray(each.tensor_proto) for each in tensors]
    return [(np.append(row[:, 0], row[-1, 1]), row[:, 2]) for row in rows]


def scalars(folder, tag):
    """The values TensorBoard itself reads from a log folder."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util import tensor_util

    log = EventAccumulator(str(folder)).Reload()
    if tag in log.Tags()["scalars"]:
        return [event.value for event in log.Scalars(tag)]
    return [float(tensor_util.make_ndarray(e.tensor_proto)) for e in log.Tensors(tag)]


def test_a_device_that_is_not_there_is_named_with_those_that_are(capfd):
    assert run(["compare", "mlp", "--device", "gpu:9"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert re.match(r"error: there is no device gpu:9: TensorFlow sees CPU:0.*\n$", err)


def test_a_batch_larger_than_the_data_is_refused(capfd):
    assert run(["compare", "mlp", "--batch-size", "2000"]) == 2
    assert capfd.readouterr().err == (
        "error: batch size 2,000 is more than the 1,437 training examples of digits\n"
    )


def test_interrupting_leaves_nothing_behind(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "tfmigrate", "compare", "mlp", "--epochs", "100000"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("tfmigrate-*/*/initial.ckpt.index")):
            assert time.monotonic() < deadline, "training never began"
            time.sleep(0.1)
        workers = subprocess.run(
            ["ps", "--ppid", str(process.pid), "-o", "pid="], capture_output=True, text=True
        ).stdout.split()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.strip() == "error: interrupted; no partial output remains"
    assert out == ""
    assert list(tmp_path.iterdir()) == []
    assert len(workers) == 2
    for worker in workers:
        assert not Path("/proc", worker).exists()


@pytest.mark.parametrize(
    ("side", "file"), [("legacy", "model.ckpt.index"), ("modern", "model.keras")]
)
def test_one_side_alone_leaves_its_checkpoint(side, file, tmp_path, capfd):
    output = tmp_path / "out"
    assert run(["run", side, "mlp", "-o", str(output), "--epochs", "1"]) == 0
    assert "accuracy" in capfd.readouterr().out
    assert (output / file).is_file()
    report = json.loads((output / "run.json").read_text())
    assert len(report["epochs"]) == 1
    if side == "legacy":
        with open_checkpoint(output) as checkpoint:  # through its relative `checkpoint` file
            assert set(checkpoint.variables) == {"w0", "b0", "w1", "b1"}
    before = sorted(output.rglob("*"))
    assert run(["run", side, "mlp", "-o", str(output), "--epochs", "1"]) == 2
    assert "already exists; try --force to replace it, or another -o" in capfd.readouterr().err
    assert sorted(output.rglob("*")) == before
