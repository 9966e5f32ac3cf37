"""The arguments of ``tfmigrate compare``, and the command that repeats a comparison."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..worker import Worker
from .programs import Program, Training, Values
from .system import System

# A form that says nothing for so long (seconds) is taken for dead; an epoch of the largest system
# of the course takes well under a minute on two cores.
SILENCE = 600


@dataclass(frozen=True)
class Request:
    """None stands for the system's own; the fields are described at :func:`tfmigrate.compare`."""

    case: Sequence[str] = ()
    data: str | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    seed: int = 0
    device: Sequence[str] = ("cpu",)
    logdir: str | None = None
    logical_cpus: int = 1
    backends: Mapping[str, str | Path | None] = field(default_factory=dict)
    strategies: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def command(self, system: System) -> str:
        """What repeats it."""
        parts = ["tfmigrate compare", system.name]
        for name in ("case", "data", "epochs", "batch_size", "learning_rate", "device", "seed"):
            value = getattr(self, name)
            if name == "device" and tuple(value) == ("cpu",):
                continue
            for one in [value] if isinstance(value, (str, int, float)) else value or ():
                parts.append(f"--{name.replace('_', '-')} {shlex.quote(str(one))}")
        parts += [f"--set {part}" for part in self.told_settings]
        for name, python in self.backends.items():
            parts.append(f"--backend {name}")
            parts += [f"--python {name}={shlex.quote(str(python))}"] if python else []
        parts += [f"--strategy {name}" for name in self.strategies]
        return " ".join(parts)

    def check(self, system: System) -> None:
        """Checks the arguments against the system.

        Raises:
            UserError: an option has no effect on any program of the system.
        """
        trained = [p for p in system.programs if isinstance(p, Training)]
        for name in ("epochs", "batch_size", "learning_rate"):
            if getattr(self, name) is not None and not trained:
                raise UserError(
                    f"--{name.replace('_', '-')} has no effect on {system.name}, which does "
                    "not train epoch by epoch"
                )
        if self.data is not None and not any(p.data for p in system.programs):
            raise UserError(f"--data has no effect on {system.name}, which uses no dataset")
        if (
            self.logdir is not None
            and not trained
            and not any(isinstance(p, Values) and p.folder for p in system.programs)
        ):
            raise UserError(f"--logdir has no effect on {system.name}, which writes no files")
        names = [name for program in trained for name in program.cases]
        unknown = [name for name in self.case if name not in names]
        if unknown:
            raise UserError(
                f"{system.name} has no case {unknown[0]!r}", expected=", ".join(names) or "none"
            )

        if self.learning_rate is not None and not any("learning_rate" in p.passes for p in trained):
            raise UserError(f"--learning-rate has no effect on {system.name}, which has schedules")
        for name in ("epochs", "batch_size", "learning_rate"):
            if getattr(self, name) is not None and name in self.settings:
                raise UserError(f"{name} is given twice: --{name.replace('_', '-')} and --set")

    def devices(self, worker: Worker) -> list[str]:
        """Each device once, ``all`` replaced by what TensorFlow sees."""
        names = [name.lower() for name in self.device]
        if "all" in names:
            present = worker.call("doctor", timeout=SILENCE).data["devices"]
            gpus = [device for device in present if device["type"] == "GPU"]
            names = ["cpu", *(f"gpu:{number}" for number in range(len(gpus)))]
        return list(dict.fromkeys(names))

    def data_of(self, program: Program) -> str:
        """The dataset, or where it is."""
        return self.data or program.data or ""

    @property
    def told_settings(self) -> list[str]:
        """``NAME=VALUE``, of each setting."""
        return [f"{name}={as_text(value)}" for name, value in self.settings.items()]

    def hyperparameter(self, name: str) -> Any:
        """Epochs, batch size or learning rate, by its option or by ``--set``; None by neither."""
        return self.settings.get(name, getattr(self, name))


def as_text(value: Any) -> str:
    """A value as ``--set`` takes it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    short = f"{value:g}"
    if isinstance(value, bool) or float(short) != value:
        return repr(value).lower()
    return short
