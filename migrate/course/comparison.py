"""Runs the three forms of a system from the same weights on the same batches, and compares them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..checkpoint import open_checkpoint
from ..errors import UserError
from ..parity import measure, worst
from ..worker import Worker
from . import catalogue
from .catalogue import System
from .data import Dataset, load
from .outcome import Comparison, DeviceOutcome, Epoch, Measured, Side

FORMS = {"session": "TF1 session", "tape": "TF2 tape", "keras": "Keras fit"}

# A form that says nothing for so long is taken for dead; an epoch of the largest system of the
# course takes well under a minute on two cores.
_TIMEOUT = 600

OnEvent = Callable[[dict[str, Any]], None]


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
    request = _check(entry, epochs, batch_size, learning_rate, seed)
    start = time.perf_counter()
    with Worker("legacy") as legacy, Worker("modern") as modern:
        dataset = load(data or entry.data)  # while the two import TensorFlow
        if request["batch_size"] > len(dataset.x_train):
            raise UserError(
                f"batch size {request['batch_size']:,} is more than the "
                f"{len(dataset.x_train):,} training examples of {dataset.name}"
            )
        devices = _devices(device, modern)
        outcomes = [
            _compare_on(
                name,
                entry,
                dataset,
                request | {"logdir": logdir, "logical_cpus": logical_cpus},
                (legacy, modern),
                on_event or (lambda event: None),
            )
            for name in devices
        ]
        if on_log:
            on_log(legacy.log() + modern.log())
    return Comparison(
        system=entry,
        dataset=dataset.name,
        origin=dataset.origin,
        sizes=(_features(dataset), *entry.layers, dataset.num_classes),
        examples=(len(dataset.x_train), len(dataset.x_test)),
        request=request,
        devices=outcomes,
        seconds=time.perf_counter() - start,
        asked={
            "data": data,
            "epochs": epochs,
            "batch-size": batch_size,
            "learning-rate": learning_rate,
            "device": None if device == "cpu" else device,
        },
    )


def _features(dataset: Dataset) -> int:
    return int(np.prod(dataset.x_train.shape[1:], dtype=np.int64))


def _check(
    entry: System,
    epochs: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    seed: int,
) -> dict[str, Any]:
    """The hyper-parameters, the system's own where none is given."""
    epochs = entry.epochs if epochs is None else epochs
    batch_size = entry.batch_size if batch_size is None else batch_size
    learning_rate = entry.learning_rate if learning_rate is None else learning_rate
    for name, value in (("epochs", epochs), ("batch size", batch_size)):
        if value < 1:
            raise UserError(f"{name} is {value}", expected="1 or more")
    if not 0 < learning_rate < float("inf"):
        raise UserError(f"learning rate is {learning_rate}", expected="a finite number above 0")
    if not 0 <= seed < 2**31:
        raise UserError(f"seed is {seed}", expected="0 to 2147483647")
    return {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
    }


def _devices(asked: str | Sequence[str], modern: Worker) -> list[str]:
    names = [asked] if isinstance(asked, str) else list(asked)
    names = [name.lower() for name in names]
    if "all" in names:
        present = modern.call("doctor", timeout=_TIMEOUT).data["devices"]
        gpus = [d for d in present if d["type"] == "GPU"]
        names = ["cpu", *(f"gpu:{number}" for number in range(len(gpus)))]
    return list(dict.fromkeys(names))


def _compare_on(
    device: str,
    entry: System,
    dataset: Dataset,
    request: dict[str, Any],
    workers: tuple[Worker, Worker],
    on_event: OnEvent,
) -> DeviceOutcome:
    legacy, modern = workers
    arrays = dict(zip(("x_train", "y_train", "x_test", "y_test"), dataset.flat(), strict=True))
    arguments = {
        "num_inputs": arrays["x_train"].shape[1],
        "num_hidden": entry.layers[0],
        "num_classes": dataset.num_classes,
        "learning_rate": request["learning_rate"],
    }
    job = {
        **{k: request[k] for k in ("epochs", "batch_size", "logical_cpus", "logdir")},
        "device": device,
        "class": entry.tape,
        "targets": entry.targets,
    }
    with tempfile.TemporaryDirectory(prefix="tfmigrate-") as folder:
        initial, trained = str(Path(folder, "initial.ckpt")), str(Path(folder, "trained.ckpt"))
        finished = {}
        weights: dict[str, np.ndarray] = {}
        for form in FORMS:
            session = form == "session"
            era = "legacy" if session else "modern"
            finished[form] = _train(
                legacy if session else modern,
                form,
                {
                    **job,
                    "form": form,
                    "module": f"tfmigrate.{era}.{entry.module}",
                    "arguments": arguments | ({"seed": request["seed"]} if session else {}),
                    "initial": initial if session else None,
                    "trained": trained if session else None,
                },
                {**arrays, **{f"weight:{name}": value for name, value in weights.items()}},
                on_event,
            )
            if session:
                weights = _carry(initial)
    sides, results = zip(*finished.values(), strict=True)
    return DeviceOutcome(
        device=device,
        settings=results[0]["settings"] | results[1]["settings"],
        sides=list(sides),
        parity=_parity(sides),
        tolerance=entry.tolerance,
    )


def _train(
    worker: Worker,
    form: str,
    request: dict[str, Any],
    arrays: dict[str, np.ndarray],
    on_event: OnEvent,
) -> tuple[Side, dict[str, Any]]:
    epochs: list[Epoch] = []

    def listen(event: dict[str, Any]) -> None:
        if "epoch" in event:
            epochs.append(
                Epoch(event["loss"], event["accuracy"], event["seconds"], event["examples"])
            )
            on_event(
                event | {"form": form, "epochs": request["epochs"], "device": request["device"]}
            )

    reply = worker.call("train", request, arrays, on_event=listen, timeout=_TIMEOUT)
    side = Side(form, FORMS[form], epochs, reply.data["first_step"], reply.arrays)
    return side, reply.data


def _carry(prefix: str) -> dict[str, np.ndarray]:
    """The variables of the checkpoint the session wrote, by name."""
    with open_checkpoint(prefix) as checkpoint:
        return {name: checkpoint.read(name) for name in checkpoint.variables}


def _parity(sides: Sequence[Side]) -> list[Measured]:
    """The session's arrays against those of the two modern forms; the worse of the two counts."""
    session, *modern = (side.arrays for side in sides)
    weights = [name for name in session if name.startswith("weight:")]
    return [
        Measured(
            "logits, weights just moved",
            worst([measure(session["logits_before"], m["logits_before"]) for m in modern]),
        ),
        Measured(
            "logits, after training",
            worst([measure(session["logits_after"], m["logits_after"]) for m in modern]),
        ),
        Measured(
            "weights, after training",
            worst([measure(session[name], m[name]) for m in modern for name in weights]),
        ),
    ]
