"""Trains one side of a system, and leaves its checkpoint and TensorBoard logs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..formats.atomic import whole_folder
from ..report import Block, Heading, Notes, Paragraph, Result, Table, plain
from ..worker import Worker
from ..worker.events import Event
from . import catalogue
from .datasets import load
from .outcome import Side
from .request import Request
from .settable import applied, chosen, told
from .setting import Setting
from .strategies import REPLICAS, evenly, obstacle, odd
from .strategies import check as check_strategies
from .system import System
from .training import FORMS, train

_REPORT = "run.json"


@dataclass(frozen=True)
class Run(Result):
    """One side, trained; always true: nothing was compared."""

    system: System
    side: Side
    output: Path
    seconds: float
    settings: Mapping[str, Any]
    notes: Sequence[str] = ()

    def __bool__(self) -> bool:
        return True

    def to_dict(self) -> dict[str, Any]:
        """Epochs, settings, and where the files are."""
        return {
            "schema": 1,
            "system": self.system.name,
            "set": self.settings,
            "output": str(self.output),
            "device": self.side.device,
            "settings": self.side.settings,
            **self.side.to_dict(),
            **({"notes": list(self.notes)} if self.notes else {}),
            "seconds": self.seconds,
        }

    def blocks(self) -> list[Block]:
        """The epochs, and where the files are."""
        rows = [
            (str(number), f"{epoch.loss:#.6g}", f"{epoch.metric:.4f}")
            for number, epoch in enumerate(self.side.epochs, 1)
        ]
        last = self.side.epochs[-1]
        return [
            Heading(f"{self.system.name} · {self.side.title} · {self.side.device}"),
            *told(self.system, self.settings),
            *([Notes(list(self.notes))] if self.notes else []),
            Table((">epoch", ">loss", f">{self.side.metric}"), rows),
            Paragraph(
                f"{self.side.metric} {last.metric:.4f} · {self.seconds:.0f} s · {self.output}"
            ),
        ]


def run(
    system: str,
    form: str,
    output: str | None = None,
    *,
    case: str | None = None,
    data: str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str = "cpu",
    strategy: str | None = None,
    force: bool = False,
    on_event: Event | None = None,
    on_log: Callable[[str], None] | None = None,
) -> Run:
    """Trains one form and writes ``model.…``, ``logs/`` and ``run.json`` to a folder.

    Args:
        system: a name from ``tfmigrate list``.
        form: ``session``, ``tape``, ``keras`` … : one of the system's.
        case: which variant; the first by default.
        output: the folder; ``<system>-<form>`` in the working folder by default.
        settings: as :func:`tfmigrate.compare`.
        strategy: "mirrored" trains a Keras fit on two devices, parts of the CPU.
        force: whether a folder of an earlier run may be replaced.

    Raises:
        UserError: as :func:`tfmigrate.compare`; or the output exists.
    """
    entry = catalogue.find(system)
    case = case or next(iter(entry.training.cases), "")
    values = chosen(entry, settings or {}, [case], [entry.training])
    program = applied(entry, entry.training.case(case), values)
    if form not in program.forms:
        raise UserError(f"{system} has no form {form!r}", expected=", ".join(program.forms))
    if strategy is not None:
        check_strategies([strategy], (device,))
        if FORMS[form].kind != "keras" or FORMS[form].loop != "train":
            raise UserError(f"--strategy trains by Keras fit, not by the form {form}")
        if strategy != "mirrored":
            raise UserError(f"run trains in one process, and {strategy} needs several")
    request = Request(
        data=data,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        settings=values,
    )
    request.check(entry)
    setting = Setting.of(
        program,
        data,
        request.hyperparameter("epochs"),
        request.hyperparameter("batch_size"),
        request.hyperparameter("learning_rate"),
        seed,
    )
    if strategy is not None and (why := odd(setting.batch_size)):
        raise UserError(why)
    target = Path(output or f"{system}-{form}")
    start = time.perf_counter()
    with (
        Worker(FORMS[form].era) as worker,
        whole_folder(target, force=force, ours=_REPORT) as folder,
    ):
        dataset = load(data or program.data)
        prepared = program.prepare(dataset)
        setting.check(prepared, dataset)
        notes = []
        if strategy is not None:
            prepared, left = evenly(prepared, setting.batch_size)
            notes = [clause for clause in (left, obstacle(entry.module, program)) if clause]
        side = train(
            worker,
            entry,
            program,
            form,
            prepared,
            setting.logging_to(folder / "logs"),
            device=device,
            strategy=strategy or "",
            replicas=REPLICAS,
            trained=str(folder / "model.ckpt" if FORMS[form].kind != "keras" else folder / "model"),
            on_event=on_event,
        )
        if on_log:
            on_log(worker.log())
        result = Run(entry, side, target, time.perf_counter() - start, values, notes)
        (folder / _REPORT).write_text(json.dumps(plain(result.to_dict()), indent=1) + "\n")
    return result
