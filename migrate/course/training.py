"""One form of a training system, trained in a worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError
from ..worker import Worker
from .catalogue import System
from .data import Dataset
from .outcome import Epoch, Side

# Form → (era, title). The session comes first: the others start from its weights.
FORMS = {
    "session": ("legacy", "TF1 session"),
    "tape": ("modern", "TF2 tape"),
    "keras": ("modern", "Keras fit"),
}

# A form that says nothing for so long (seconds) is taken for dead; an epoch of the largest system
# of the course takes well under a minute on two cores.
SILENCE = 600

OnEvent = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Setting:
    """The hyper-parameters of a run, checked.

    Attributes:
        seed: of the initial weights.
        logdir: where TensorBoard's event files go, or None.
        logical_cpus: how many devices to divide the CPU into.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    logdir: str | None = None
    logical_cpus: int = 1

    @classmethod
    def of(
        cls,
        system: System,
        epochs: int | None,
        batch_size: int | None,
        learning_rate: float | None,
        seed: int,
        logdir: str | None = None,
        logical_cpus: int = 1,
    ) -> Setting:
        """What was asked for, and the system's own where nothing was.

        Raises:
            UserError: a value is out of range.
        """
        program = system.program
        epochs = program.epochs if epochs is None else epochs
        batch_size = program.batch_size if batch_size is None else batch_size
        learning_rate = program.learning_rate if learning_rate is None else learning_rate
        for name, value in (("epochs", epochs), ("batch size", batch_size)):
            if value < 1:
                raise UserError(f"{name} is {value}", expected="1 or more")
        if not 0 < learning_rate < float("inf"):
            raise UserError(f"learning rate is {learning_rate}", expected="a finite number above 0")
        if not 0 <= seed < 2**31:
            raise UserError(f"seed is {seed}", expected="0 to 2147483647")
        return cls(epochs, batch_size, learning_rate, seed, logdir, logical_cpus)

    def logging_to(self, folder: Path) -> Setting:
        """The same, with TensorBoard logs."""
        return replace(self, logdir=str(folder))

    def check(self, dataset: Dataset) -> None:
        """Holds the batch size against the data.

        Raises:
            UserError: a batch would be larger than the training set.
        """
        if self.batch_size > len(dataset.x_train):
            raise UserError(
                f"batch size {self.batch_size:,} is more than the {len(dataset.x_train):,} "
                f"training examples of {dataset.name}"
            )


def train(
    worker: Worker,
    system: System,
    form: str,
    dataset: Dataset,
    setting: Setting,
    *,
    device: str,
    initial: str | None = None,
    trained: str | None = None,
    weights: Mapping[str, np.ndarray] | None = None,
    on_event: OnEvent | None = None,
) -> Side:
    """Trains one form.

    Args:
        form: a key of ``FORMS``.
        device: ``cpu``, ``gpu``, ``cpu:1`` …
        initial, trained: where the form saves itself before and after training, or None.
        weights: to start from, by TF1 name; drawn by the form itself where None.
        on_event: called after each epoch.

    Raises:
        UserError: the device is not there, or the process died.
    """
    epochs: list[Epoch] = []

    def listen(event: dict[str, Any]) -> None:
        epochs.append(Epoch(event["loss"], event["accuracy"], event["seconds"], event["examples"]))
        if on_event:
            on_event(event | {"form": form, "epochs": setting.epochs, "device": device})

    era, title = FORMS[form]
    arrays = dict(zip(("x_train", "y_train", "x_test", "y_test"), dataset.flat(), strict=True))
    arguments = {
        "num_inputs": arrays["x_train"].shape[1],
        "num_classes": dataset.num_classes,
        "learning_rate": setting.learning_rate,
        **system.program.arguments,
    }
    reply = worker.call(
        "train",
        {
            "form": form,
            "module": f"tfmigrate.{era}.{system.module}",
            "arguments": arguments,
            "seed": setting.seed,
            "class": system.program.tape,
            "targets": dict(system.program.targets),
            "device": device,
            "logical_cpus": setting.logical_cpus,
            "batch_size": setting.batch_size,
            "epochs": setting.epochs,
            "logdir": setting.logdir,
            "initial": initial,
            "trained": trained,
        },
        {**arrays, **{f"weight:{name}": value for name, value in (weights or {}).items()}},
        on_event=listen,
        timeout=SILENCE,
    )
    data = reply.data
    return Side(
        form,
        title,
        device,
        data["placement"],
        epochs,
        data["first_step"],
        data["settings"],
        reply.arrays,
    )
