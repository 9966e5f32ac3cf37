"""The command's end of a worker: starts the process, hands it jobs, waits, reports how it died."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

import numpy as np

from ..errors import UserError
from . import channel
from .events import Event

# What both sides of every comparison run under. Values a user has set win over these defaults.
_DEFAULTS = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "1",  # oneDNN on and off are not bit-equal: pinned, and reported
}
# These are not a matter of taste: without them the two eras do not live in one installation.
_REQUIRED = {
    "TF_USE_LEGACY_KERAS": "1",  # tf.compat.v1.layers and rnn_cell work only with tf-keras
    "KERAS_BACKEND": "tensorflow",
}


# -P: the folder we were started from is not searched for modules; a user's keras.py, or the folders
# of a checkout, must not be taken for the libraries.
_PYTHON = (sys.executable, "-P", "-m")

# What C++, Python and TensorFlow say when memory is refused to them.
_NO_MEMORY = ("bad_alloc", "MemoryError", "Cannot allocate memory", "out of memory", "OOM when")


# Information, warnings and stack frames of TensorFlow's log, which say nothing about a death.
_CHATTER = re.compile(
    r"[IW]\d{4} |WARNING|@ |\*\*\* |To enable the following|\d{4}-\d\d-\d\d .*: [IW] "
)


_noted: ContextVar[list[Worker] | None] = ContextVar("noted", default=None)


@contextlib.contextmanager
def noting(workers: list[Worker]) -> Iterator[None]:
    """Appends each worker that this thread starts to a list, so that another can end them."""
    token = _noted.set(workers)
    try:
        yield
    finally:
        _noted.reset(token)


@dataclass(frozen=True)
class Reply:
    """What a job gave back: a JSON-like dictionary, and arrays by name."""

    data: dict[str, Any]
    arrays: dict[str, np.ndarray]


class WorkerError(UserError):
    """The worker died, hung or ran out of memory; the message says which and while doing what."""


class JobError(RuntimeError):
    """A job raised something that is no refusal: its trace is the message.

    Attributes:
        job: the job that raised it.
        gist: the last line of the trace: the exception and what it says.
    """

    def __init__(self, name: str, job: str, trace: str):
        super().__init__(f"in the {name} process, {job}:\n{trace}")
        self.job = job
        lines = [line.strip() for line in trace.splitlines() if line.strip()]
        self.gist = next(
            (n for n in reversed(lines) if re.match(r"[\w.]+(Error|Exception)", n)), ""
        )


class Worker:
    """A process of its own that imports TensorFlow and runs jobs, one at a time.

    Threads that call it wait for their turn. Starting it returns at once; TensorFlow is being
    imported while the caller goes on. Use as a context manager: on the way out, also by an
    exception or Ctrl-C, the process is gone.

    Args:
        name: for messages: "legacy", "modern", "graph".
        environment: added to the process's environment.
        memory_limit: bytes of address space the worker may take, or None.
        writable: folders in which it may write, if it is to be confined: see
            :func:`tfmigrate.worker.confine.confine`.
        command: of the process; by default this interpreter with the jobs in ``main.py``.
    """

    def __init__(
        self,
        name: str = "worker",
        *,
        environment: Mapping[str, str] | None = None,
        memory_limit: int | None = None,
        writable: Sequence[Path] | None = None,
        command: Sequence[str] | None = None,
    ):
        self.name = name
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 lives as long as the worker
        env = {**_DEFAULTS, **os.environ, **_REQUIRED, **(environment or {})}
        if memory_limit is not None:
            env["TFMIGRATE_WORKER_MEMORY"] = str(memory_limit)
        self._room, program = None, list(command or [*_PYTHON, f"{__package__}.main"])
        if writable is not None:
            self._room = tempfile.TemporaryDirectory(
                prefix="tfmigrate-worker-", ignore_cleanup_errors=True
            )
            env["TMPDIR"] = self._room.name
            places = [self._room.name, *map(str, writable)]
            confined = [*_PYTHON, f"{__package__}.confine", *places, "--"]
            program = [*confined, *program] if command else [*program, *places]
        self._process = subprocess.Popen(
            program,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=env,
            start_new_session=True,  # Ctrl-C reaches the command alone, which then ends the worker
        )
        if (noted := _noted.get()) is not None:
            noted.append(self)
        self._turn, self._closing = threading.Lock(), threading.Lock()
        self._frames: queue.Queue = queue.Queue()
        self._garbled = False
        self._reader = threading.Thread(target=self._pump, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def call(
        self,
        job: str,
        request: Mapping[str, Any] | None = None,
        arrays: Mapping[str, np.ndarray] | None = None,
        *,
        on_event: Event | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """Runs one job and waits for its reply.

        Args:
            job: the name of a module in the worker's jobs.
            request: JSON-like arguments.
            arrays: array arguments.
            on_event: called with each progress message the job emits.
            timeout: seconds without any message after which the worker is ended.

        Raises:
            UserError: the job refused its input.
            WorkerError: the process aborted, ran out of memory, hung or failed.
        """
        try:
            with self._turn:
                channel.send(
                    cast(BinaryIO, self._process.stdin),
                    {"job": job, "request": dict(request or {})},
                    arrays,
                )
                return self._wait(job, on_event, timeout)
        except (BrokenPipeError, ValueError) as error:
            if isinstance(error, ValueError) and not self._log.closed:
                raise
            raise self._death(job) from None
        except KeyboardInterrupt:
            # It may be writing: what its caller now clears away must not appear again.
            self.close()
            raise

    def _wait(self, job: str, on_event: Event | None, timeout: float | None) -> Reply:
        while True:
            try:
                frame = self._frames.get(timeout=timeout)
            except queue.Empty:
                self.close()
                raise WorkerError(
                    f"the {self.name} process did not respond for {timeout:g} s during {job}",
                    try_="a larger --timeout",
                ) from None
            if frame is None:
                raise self._death(job)
            message, reply_arrays = frame
            kind = message["kind"]
            if kind == "event":
                if on_event is not None:
                    on_event(message["data"])
            elif kind == "reply":
                return Reply(message["data"], reply_arrays)
            elif kind == "refused":
                raise UserError(
                    message["problem"], expected=message["expected"], try_=message["try"]
                )
            else:
                raise JobError(self.name, job, message["trace"])

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return not self._log.closed and self._process.poll() is None

    def log(self) -> str:
        """What TensorFlow and Python wrote to the worker's stderr so far; not after closing."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def close(self) -> None:
        """Ends the process and everything it started, at once; any thread may do it."""
        with self._closing:
            if not self._log.closed:
                self._close()

    def _close(self) -> None:
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._log.close()
        if self._room is not None:
            self._room.cleanup()

    def _pump(self) -> None:
        try:
            while True:
                self._frames.put(channel.receive(cast(BinaryIO, self._process.stdout)))
        except (EOFError, ValueError, OSError) as error:
            self._garbled = isinstance(error, ValueError) and not self._log.closed
            self._frames.put(None)

    def _death(self, job: str) -> WorkerError:
        if self._log.closed:
            return WorkerError(f"the {self.name} process was ended during {job}")
        if self._garbled:
            return WorkerError(
                f"the {self.name} process wrote something else than the answer to {job} on its "
                "output"
            )
        deadline = time.monotonic() + 5
        while self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        status = self._process.poll()
        if status is not None and status < 0:
            how = f"was terminated by {signal.Signals(-status).name}"
        else:
            how = f"ended with status {status}"
        lines = [line.strip() for line in self.log().splitlines() if line.strip()]
        lines = [line for line in lines if not _CHATTER.match(line)]
        if any(word in line for line in lines[-5:] for word in _NO_MEMORY):
            return WorkerError(
                f"the {self.name} process ran out of memory during {job}",
                try_="a machine with more memory, or fewer programs at the same time",
            )
        last = f" ({lines[-1][:200]})" if lines else ""
        return WorkerError(
            f"the {self.name} process {how} during {job}{last}", try_="-v to see its whole log"
        )
