"""Values that both twins give: run on both sides, compared one by one."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..checkpoint import open_checkpoint
from ..worker import Worker
from .datasets import load
from .programs import Values
from .request import SILENCE, Request
from .setting import check_batch_size
from .system import System
from .values_result import Given, ValuesComparison, compared


def compare_values(
    system: System, program: Values, request: Request, workers: Mapping[str, Worker]
) -> ValuesComparison:
    """Runs ``values`` of both twins.

    Raises:
        UserError: the data or the machine does not allow it.
    """
    start = time.perf_counter()
    with calling(system, program, request, workers) as call:
        legacy, modern = call("legacy", "values"), call("modern", "values")
    return ValuesComparison(
        system,
        program,
        request,
        compared(program, legacy, modern),
        legacy,
        modern,
        call.origin,
        time.perf_counter() - start,
    )


class Call:
    """Calls functions of a system's twins with the arguments that its program specifies."""

    def __init__(
        self,
        system: System,
        program: Values,
        request: Request,
        workers: Mapping[str, Worker],
        folder: Path,
    ):
        self._system, self._program, self._request = system, program, request
        self._workers, self._folder = workers, folder
        self.origin = ""
        self._arrays: dict[str, np.ndarray] = {}
        if program.inputs:
            self._arrays = dict(program.inputs(np.random.default_rng(request.seed)))
        if program.data:
            dataset = load(request.data_of(program))
            self.origin = dataset.origin
            prepared = program.prepare(dataset)
            check_batch_size(program.arguments.get("batch_size", 1), prepared, dataset)
            self._arrays |= prepared.arrays

    def __call__(self, era: str, function: str) -> Given:
        """Runs one function on one side; on the modern one with the checkpoint's weights."""
        arguments = dict(self._program.arguments)
        own = self._folder / era
        if self._program.folder:
            own.mkdir(parents=True, exist_ok=True)
            arguments["folder"] = str(own)
        arrays = self._arrays
        if era == "modern" and self._program.checkpoint:
            arrays = arrays | self._carried(self._folder / "legacy" / self._program.checkpoint)
        reply = self._workers[era].call(
            "twin",
            {
                "module": f"tfmigrate.{era}.{self._system.module}",
                "function": function,
                "arguments": arguments,
                "graph": era == "legacy",
                "seed": self._request.seed,
                "device": self._request.device[0],
                "logical_cpus": self._request.logical_cpus,
            },
            arrays,
            timeout=SILENCE,
        )
        data = reply.data
        return Given(
            reply.arrays,
            data["texts"],
            data["order"],
            data["printed"],
            data["seconds"],
            data["settings"],
        )

    def _carried(self, prefix: Path) -> dict[str, np.ndarray]:
        with open_checkpoint(prefix) as checkpoint:
            return {f"weight:{name}": checkpoint.read(name) for name in checkpoint.variables}


@contextmanager
def calling(
    system: System, program: Values, request: Request, workers: Mapping[str, Worker]
) -> Iterator[Call]:
    """A way to call the twins; their folder is gone afterwards unless ``--logdir`` names it."""
    if request.logdir:
        yield Call(system, program, request, workers, Path(request.logdir).absolute())
        return
    with tempfile.TemporaryDirectory(prefix="tfmigrate-") as folder:
        yield Call(system, program, request, workers, Path(folder))
