"""The original graph in TensorFlow 1 itself, in an interpreter that the user names."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError, printable
from .client import JobError, Reply, Worker, WorkerError
from .events import Event
from .memory import leave_memory_to_others

_SCRIPT = Path(__file__).with_name("tensorflow1.py")
_EXPECTED = "the path of a Python interpreter that has TensorFlow 1"


class ReferenceWorker(Worker):
    """A process of TensorFlow 1 that answers what an original graph is asked.

    It takes the place of the worker's session (job ``rungraph``): ``open``, ``assign``, ``run`` and
    ``values``. The graph comes from ``worker``, cut down to what is run; nothing else does.

    Args:
        python: the interpreter: a path, or a name on the PATH.
        worker: reads graph files.

    Raises:
        UserError: there is no such program.
    """

    def __init__(self, python: str | Path, worker: Worker):
        program = shutil.which(str(python))
        if program is None:
            raise UserError(f"no program {printable(python)} for --reference", expected=_EXPECTED)
        self._python, self._worker = printable(python), worker
        super().__init__("reference", writable=(), command=[program, str(_SCRIPT)])
        self._version = ""

    def version(self, timeout: float | None) -> str:
        """TensorFlow's version there, such as "1.15.5"; waits for the import the first time.

        Raises:
            UserError: there is no TensorFlow, or another than 1.
        """
        if not self._version:
            try:
                found = super().call("version", {"step": "version"}, timeout=timeout).data
            except (WorkerError, JobError, LookupError, TypeError) as error:
                problem = getattr(error, "problem", "it does not answer")
                raise UserError(
                    f"{self._python} does not run TensorFlow: {printable(problem, 240)}",
                    expected=_EXPECTED,
                ) from None
            except UserError as error:
                raise UserError(
                    f"{self._python} {printable(error.problem, 240)}", expected=_EXPECTED
                ) from None
            self._version = found["tensorflow"]
            leave_memory_to_others(self._process.pid)  # TensorFlow is imported now
        return self._version

    def call(
        self,
        job: str,
        request: Mapping[str, Any] | None = None,
        arrays: Mapping[str, np.ndarray] | None = None,
        *,
        on_event: Event | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """Runs one step of the job ``rungraph``; see :meth:`Worker.call`."""
        assert job == "rungraph"
        asked, version = dict(request or {}), self.version(timeout)
        if asked["step"] == "open":
            reply = self._worker.call(job, {**asked, "step": "graphdef"}, timeout=timeout)
            asked, arrays = {"step": "open", **reply.data}, reply.arrays
        try:
            return super().call(job, asked, arrays, on_event=on_event, timeout=timeout)
        except WorkerError:
            raise
        except UserError as error:
            told = error.problem.removeprefix("cannot ")
            if told == error.problem:
                raise
            raise UserError(
                f"TensorFlow {version} cannot {printable(told, 300)}",
                expected=f"a graph that runs in TensorFlow {version}",
            ) from None
