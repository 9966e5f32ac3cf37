"""Threads that convert one source after another, each with a worker that it keeps."""

from __future__ import annotations

import os
import queue
import threading
import time
import traceback
from collections.abc import Generator, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ..conversion.convert import convert
from ..errors import EXIT_BUG, UserError, described
from ..formats import room_beside
from ..worker import Worker
from ..worker.client import noting
from ..worker.events import Event
from .rows import Row, converted, failed

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
    """How a job ended: what that adds to the row of its source."""

    job: Job
    row: Row


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

    def run(self, jobs: Iterable[Job]) -> Generator[Done, None, None]:
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
            with Lane(self.folder, self.dry_run, self.trust, self.count, self._workers) as lane:
                while not self._ending.is_set():
                    job = self._waiting.get_nowait()
                    self._done.put(Done(job, lane.run(job, self._telling(job))))
        except queue.Empty:
            pass
        except BaseException as error:  # which the command's own thread raises again
            self._done.put(error)

    def _telling(self, job: Job) -> Event:
        return lambda event: self.tell({"source": job.name, **event})


@dataclass
class Lane:
    """Converts one source after another, by a worker that it starts and replaces when it needs to.

    Attributes:
        folder: that holds the outputs.
        dry_run: nothing is written.
        trust: workers are not confined.
        processes: that share the memory of this machine.
        workers: all that it starts, for others to end.
        room: the name of the folder, in that of the outputs, where its worker writes.
    """

    folder: Path
    dry_run: bool
    trust: bool
    processes: int
    workers: list[Worker] = field(default_factory=list)
    room: str = "worker"
    _stack: ExitStack = field(default_factory=ExitStack)
    _place: Path | None = None
    _worker: Worker | None = None
    _made: int = 0

    def __enter__(self) -> Self:
        if not self.dry_run:
            self._place = self._stack.enter_context(room_beside(self.folder / self.room))
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def run(self, job: Job, tell: Event) -> Row:
        """Converts one source; what that adds to its row."""
        start = time.perf_counter()
        options = dict(job.options, on_event=tell, force=job.force)
        if not self.dry_run:
            options["output"] = self.folder / job.name
        try:
            with noting(self.workers):
                if job.shares:
                    worker = self._ready()
                    options |= {"workers": (worker, worker), "room": self._place}
                how = converted(convert(job.source, **options))
        except Exception as error:
            message, status = described(error)
            if status == EXIT_BUG and os.environ.get("TFMIGRATE_DEBUG"):
                traceback.print_exc()
            how = failed(message, status)
        return how | {"seconds": time.perf_counter() - start}

    def _ready(self) -> Worker:
        """A worker in which nothing is left of other conversions."""
        self._forget()
        if self._worker is None or not self._worker.alive:
            place = () if self._place is None else (self._place,)
            environment = {"TFMIGRATE_WORKERS": str(self.processes)}
            self._worker = self._stack.enter_context(
                Worker(
                    "TensorFlow", writable=None if self.trust else place, environment=environment
                )
            )
            self._made = 0
        self._made += 1
        return self._worker

    def _forget(self) -> None:
        """Lets the worker forget the last conversion, or ends it."""
        if self._worker is None or not self._worker.alive:
            return
        try:
            if self._made >= _MOST_BY_ONE_WORKER:
                self._worker.close()
            else:
                self._worker.call("forget")
        except (UserError, RuntimeError):
            self._worker.close()
