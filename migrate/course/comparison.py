"""Runs the three forms of a system from the same weights on the same batches, and compares them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ..checkpoint import open_checkpoint
from ..parity import measure, worst
from ..worker import Worker
from . import catalogue
from .catalogue import System
from .data import Dataset, load
from .outcome import Comparison, DeviceOutcome, Measured, Side
from .training import FORMS, SILENCE, OnEvent, Setting, train


def compare(
    system: str,
    *,
    data: str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    seed: int = 0,
    device: str | Sequence[str] = "cpu",
    logdir: str | None = None,
    logical_cpus: int = 1,
    on_event: OnEvent | None = None,
    on_log: Callable[[str], None] | None = None,
) -> Comparison:
    """Trains a system as a TF1 session, a TF2 tape and a Keras fit, and measures how far apart.

    The session's initial weights travel as a Saver checkpoint through our own reader into the two
    modern forms; all three then see the same batches in the same order.

    Args:
        system: a name from ``tfmigrate list``.
        data: ``digits``, ``mnist`` or the path of an ``.npz`` file; the system's own by default.
        epochs: how often to go through the training data, 1 or more.
        batch_size: examples a step, 1 or more.
        learning_rate: of the optimizer, above 0.
        seed: of the initial weights.
        device: ``cpu``, ``gpu``, ``cpu:1`` …, several of them, or ``all``.
        logdir: a folder for TensorBoard's event files, or None.
        logical_cpus: how many devices to divide the CPU into, to try placement without a GPU.
        on_event: called with each epoch of each form as it ends.
        on_log: called with what TensorFlow itself had to say.

    Returns:
        A result that is true when parity holds on every device.

    Raises:
        UserError: an argument, the data or the machine does not allow it.
    """
    entry = catalogue.find(system)
    setting = Setting.of(entry, epochs, batch_size, learning_rate, seed, logdir, logical_cpus)
    start = time.perf_counter()
    with Worker("legacy") as legacy, Worker("modern") as modern:
        dataset = load(data or entry.program.data)  # while the two import TensorFlow
        setting.check(dataset)
        workers = {"legacy": legacy, "modern": modern}
        outcomes = [
            _compare_on(name, entry, dataset, setting, workers, on_event)
            for name in _devices(device, modern)
        ]
        if on_log:
            on_log(legacy.log() + modern.log())
    return Comparison(
        system=entry,
        dataset=dataset,
        setting=setting,
        devices=outcomes,
        seconds=time.perf_counter() - start,
        asked={
            "data": data,
            "epochs": epochs,
            "batch-size": batch_size,
            "learning-rate": learning_rate,
            "device": None if device == "cpu" else device,
            "seed": seed,
        },
    )


def _devices(asked: str | Sequence[str], modern: Worker) -> list[str]:
    names = [name.lower() for name in ([asked] if isinstance(asked, str) else asked)]
    if "all" in names:
        present = modern.call("doctor", timeout=SILENCE).data["devices"]
        gpus = [device for device in present if device["type"] == "GPU"]
        names = ["cpu", *(f"gpu:{number}" for number in range(len(gpus)))]
    return list(dict.fromkeys(names))


def _compare_on(
    device: str,
    system: System,
    dataset: Dataset,
    setting: Setting,
    workers: dict[str, Worker],
    on_event: OnEvent | None,
) -> DeviceOutcome:
    sides: list[Side] = []
    weights: dict[str, np.ndarray] | None = None
    with tempfile.TemporaryDirectory(prefix="tfmigrate-") as folder:
        initial = str(Path(folder, "initial.ckpt"))
        for form, (era, _) in FORMS.items():
            session = form == "session"
            side = train(
                workers[era],
                system,
                form,
                dataset,
                setting,
                device=device,
                initial=initial if session else None,
                weights=weights,
                on_event=on_event,
            )
            sides.append(side)
            if session:
                weights = _carry(initial)
    return DeviceOutcome(device, sides, _parity(sides), system.program.tolerance)


def _carry(prefix: str) -> dict[str, np.ndarray]:
    """The variables of the checkpoint that the session wrote, by name."""
    with open_checkpoint(prefix) as checkpoint:
        return {name: checkpoint.read(name) for name in checkpoint.variables}


def _parity(sides: Sequence[Side]) -> list[Measured]:
    """The session's arrays against those of the two modern forms; the worse of the two counts."""
    session, *modern = (side.arrays for side in sides)
    weights = [name for name in session if name.startswith("weight:")]
    return [
        Measured(what, worst([measure(session[name], m[name]) for m in modern for name in names]))
        for what, names in (
            ("logits, weights just moved", ["logits_before"]),
            ("logits, after training", ["logits_after"]),
            ("weights, after training", weights),
        )
    ]
