"""Threads that convert one source after another, each with a worker that it keeps."""

from __future__ import annotations

import os
import queue
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..conversion.convert import convert
from ..conversion.result import Conversion
from ..errors import EXIT_BUG, UserError, described
from ..formats import room_beside
from ..worker import Worker
from ..worker.client import noting
from ..worker.events import Event

# TensorFlow keeps about half a MiB of a small conversion; a new worker costs 4 s.
_MOST_BY_ONE_WORKER = 100


@dataclass(frozen=True)
class Job:
    """One source to convert.

    Attributes:
        source: as :func:`~tfmigrate.conversion.convert.convert` takes it.
        name: of its folder.
        force: whether that folder may be replaced.
        shares: whether it runs in a worker that others use too.
        options: further arguments of ``convert``.
    """

    source: Path
    name: str
    force: bool
    shares: bool
    options: dict[str, Any]


@dataclass(frozen=True)
class Done:
    """How a job ended: with a result, or with an error in one line and its exit status."""

    job: Job
    seconds: float
    result: Conversion | None = None
    error: str | None = None
    status: int = 0


@dataclass
class Lanes:
    """Some threads and the jobs that wait for them.

    Attributes:
        folder: that holds the outputs.
        count: of threads.
        dry_run: nothing is written.
        trust: workers are not confined.
        tell: is told of the stages of each source.
    """

    folder: Path
    count: int
    dry_run: bool
    trust: bool
    tell: Event
    _waiting: queue.SimpleQueue[Job] = field(default_factory=queue.SimpleQueue)
    _done: queue.SimpleQueue[Done | BaseException] = field(default_factory=queue.SimpleQueue)
    _ending: threading.Event = field(default_factory=threading.Event)
    _workers: list[Worker] = field(default_factory=list)

    def run(self, jobs: Iterable[Job]) -> Iterator[Done]:
        """Yields how each job ended, in the order in which they end.

        When the caller leaves early, by Ctrl-C say, all processes are ended, and nothing incomplete
        remains.

        Raises:
            UserError: the folder cannot be written to.
        """
        listed = list(jobs)
        for job in listed:
            self._waiting.put(job)
        threads = [threading.Thread(target=self._lane) for _ in range(self.count)]
        try:
            for thread in threads:
                thread.start()
            for _ in listed:
                done = self._done.get()
                if isinstance(done, BaseException):
                    raise done
                yield done
        finally:
            self._ending.set()
            self._end(threads)

    def _end(self, threads: list[threading.Thread]) -> None:
        """Ends all processes, those too that a thread is about to start; to the end in any case."""
        try:
            while any(thread.is_alive() for thread in threads):
                for worker in list(self._workers):
                    worker.close()
                for thread in threads:
                    if thread.is_alive():
                        thread.join(0.1)
        except KeyboardInterrupt:
            self._end(threads)
            raise

    def _lane(self) -> None:
        try:
            with ExitStack() as stack:
                stack.enter_context(noting(self._workers))
                writable: tuple[Path, ...] = ()
                if not self.dry_run:
                    writable = (stack.enter_context(room_beside(self.folder / "worker")),)
                lane = _Lane(None if self.trust else writable, stack, self.count)
                while not self._ending.is_set():
                    job = self._waiting.get_nowait()
                    options = dict(job.options, on_event=self._telling(job))
                    if not self.dry_run:
                        options["output"] = self.folder / job.name
                    self._done.put(lane.run(job, options, next(iter(writable), None)))
        except queue.Empty:
            pass
        except BaseException as error:  # which the command's own thread raises again
            self._done.put(error)

    def _telling(self, job: Job) -> Event:
        return lambda event: self.tell({"source": job.name, **event})


@dataclass
class _Lane:
    """The worker of one thread: started when it is needed, replaced when it has died."""

    writable: tuple[Path, ...] | None
    stack: ExitStack
    processes: int
    worker: Worker | None = None
    made: int = 0

    def run(self, job: Job, options: dict[str, Any], room: Path | None) -> Done:
        start = time.perf_counter()

        def done(**how: Any) -> Done:
            return Done(job, time.perf_counter() - start, **how)

        try:
            if job.shares:
                worker = self._ready()
                options |= {"workers": (worker, worker), "room": room}
            return done(result=convert(job.source, force=job.force, **options))
        except Exception as error:
            message, status = described(error)
            if status == EXIT_BUG and os.environ.get("TFMIGRATE_DEBUG"):
                traceback.print_exc()
            return done(error=message, status=status)

    def _ready(self) -> Worker:
        """A worker in which nothing is left of other conversions."""
        self._forget()
        if self.worker is None or not self.worker.alive:
            environment = {"TFMIGRATE_WORKERS": str(self.processes)}
            self.worker = self.stack.enter_context(
                Worker("TensorFlow", writable=self.writable, environment=environment)
            )
            self.made = 0
        self.made += 1
        return self.worker

    def _forget(self) -> None:
        """Lets the worker forget the last conversion, or ends it."""
        if self.worker is None or not self.worker.alive:
            return
        try:
            if self.made >= _MOST_BY_ONE_WORKER:
                self.worker.close()
            else:
                self.worker.call("forget")
        except (UserError, RuntimeError):
            self.worker.close()
