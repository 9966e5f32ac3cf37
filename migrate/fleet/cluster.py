"""The jobs of a fleet, handed to a Dask scheduler: its workers convert, this process keeps book."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import EXIT_USER, UserError, listed, printable
from ..worker.events import Event
from .remote import Order, convert_one, end, facts, sight
from .rows import failed
from .running import Done, Job

_CONNECT = 4.0  # seconds
_PATHS = ("map", "like", "reference")
_PROGRAMS = ("backends", "exports")


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """A scheduler that is there, with workers.

    Raises:
        UserError: Dask is not installed, nothing answers at the address, or no worker is there.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UserError(
            "--scheduler needs distributed, which is not installed",
            try_="pip install 'tfmigrate[fleet]', here and on the workers",
        ) from None
    told = printable(address)
    with ExitStack() as stack:
        stack.enter_context(_silence())
        _probe(address)
        client = Client(address, timeout=_CONNECT, set_as_default=False, name="tfmigrate")
        stack.enter_context(client)
        threads = sum(client.nthreads().values())
        if not threads:
            raise UserError(
                f"the Dask scheduler at {told} has no workers",
                try_=f"dask worker {told} --nthreads 1 --nworkers 4 on each machine",
            )
        yield Cluster(client, told, threads)


def _probe(address: str) -> None:
    """Asks who is there: of a stranger's answer, or none, a client would make no error, or late.

    Raises:
        UserError: it is no scheduler.
    """
    from distributed import Security, rpc

    async def ask() -> str:
        arguments = Security().get_connection_args("client")
        async with rpc(address, connection_args=arguments, timeout=_CONNECT) as other:
            found = await asyncio.wait_for(other.identity(), _CONNECT)
            return str(found["type"])

    try:
        with ThreadPoolExecutor(1) as pool:  # a notebook's thread has a loop already
            kind = pool.submit(asyncio.run, ask()).result()
        why = f"a {kind} does" if kind != "Scheduler" else ""
    except (OSError, ValueError) as error:
        why = " ".join(str(error).split()) or "nothing came back"
    except Exception:  # a stranger's bytes may be read as anything, a size among them
        why = "what came back is not Dask's"
    if why:
        raise UserError(
            f"no Dask scheduler answers at {printable(address)}: {printable(why, 200)}",
            expected="an address such as tcp://host:8786",
            try_="dask scheduler, which prints its address",
        )


@contextmanager
def _silence() -> Iterator[None]:
    """Without what Dask tells besides: each try to connect; versions, which we compare."""
    names = [n for n in logging.root.manager.loggerDict if n.partition(".")[0] == "distributed"]
    levels = {log: log.level for log in map(logging.getLogger, names)}
    for log in levels:
        log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Mismatched versions")
            yield
    finally:
        for log, level in levels.items():
            log.setLevel(level)


@dataclass
class Cluster:
    """A scheduler and its workers, for one command.

    Attributes:
        client: of Dask.
        address: of the scheduler, for messages.
        threads: that its workers have.
        lost: name of a job → the workers that were lost while they ran it.
    """

    client: Any
    address: str
    threads: int
    lost: dict[str, list[str]] = field(default_factory=dict)

    def run(
        self,
        jobs: Sequence[Job],
        folder: Path,
        *,
        dry_run: bool,
        trust: bool,
        most: int,
        tell: Event,
    ) -> Generator[Done, None, None]:
        """Yields how each job ended, in the order in which they end.

        When the caller leaves early, by Ctrl-C say, the workers end what they run, and nothing
        incomplete remains.

        Args:
            folder: that holds the outputs.
            dry_run: nothing is written.
            trust: TensorFlow is not confined.
            most: jobs at once.
            tell: is told of the stages of each source.

        Raises:
            UserError: the workers do not have the same versions or do not see the folder, or the
                scheduler is lost.
        """
        from distributed import as_completed

        if not jobs:
            return
        command = f"tfmigrate-{secrets.token_hex(8)}"
        order = Order(command, folder.absolute(), dry_run, trust, facts())
        self._look(order)
        keys = {f"{command}-{number}": job for number, job in enumerate(jobs)}
        waiting, futures = iter(list(keys)), dict[str, Any]()

        def submitted(key: str) -> Any:
            task = _for_a_worker(keys[key], order.folder)
            futures[key] = self.client.submit(convert_one, order, task, key=key, pure=False)
            return futures[key]

        self.client.subscribe_topic(command, lambda event: tell(event[1]))
        self.client.subscribe_topic("all", lambda event: self._note(keys, event[1]))
        try:
            first = [submitted(key) for key in islice(waiting, most)]
            running = as_completed(first, loop=self.client.loop)
            for future in running:
                row = self._row(future)
                futures.pop(future.key).release()  # which is not computed again
                yield Done(keys[future.key], row)
                if (key := next(waiting, None)) is not None:
                    running.add(submitted(key))
        finally:
            self._end(order, list(futures.values()))

    @property
    def notes(self) -> list[str]:
        """A sentence if jobs ran again, because their worker was lost."""
        if not self.lost:
            return []
        workers = list(dict.fromkeys(worker for each in self.lost.values() for worker in each))
        what = "the worker" if len(workers) == 1 else f"{len(workers)} workers:"
        return [
            f"Dask lost {what} {listed(workers)}. What they converted ran again: "
            f"{listed(list(self.lost))}."
        ]

    def _look(self, order: Order) -> None:
        """Compares all workers with this process, before any work."""
        wanted = {**order.expected, "folder": "seen"}
        try:
            found = self.client.run(sight, order.folder, order.dry_run, on_error="return")
        except Exception:
            raise self._gone() from None
        for worker, seen in found.items():
            if isinstance(seen, Exception):
                raise UserError(
                    f"the Dask worker {worker} cannot run tfmigrate: {type(seen).__name__}: "
                    f"{printable(seen)}",
                    expected=order.expected["versions"],
                    try_="pip install 'tfmigrate[fleet]' in the environment of each worker",
                )
            for what in (name for name in wanted if seen[name] != wanted[name]):
                if what == "folder":
                    raise UserError(
                        f"the Dask worker {worker} does not see {printable(order.folder)}",
                        expected="a folder that all workers have under this path",
                        try_="-o with a folder of a shared file system",
                    )
                raise UserError(
                    f"{what} of the Dask worker {worker}: {printable(seen[what]) or 'none'}",
                    expected=wanted[what] or "none, as here",
                    try_="the same environment on all machines",
                )

    def _row(self, future: Any) -> dict[str, Any]:
        from distributed import KilledWorker

        try:
            return dict(future.result())
        except KilledWorker:
            return failed(
                "Dask lost each worker that converted it; try fewer threads for each worker, or "
                "machines with more memory",
                EXIT_USER,
            )
        except Exception as error:  # among them that the future was canceled
            if future.status == "error":
                return failed(f"{type(error).__name__}: {error}", EXIT_USER)
            raise self._gone() from None

    def _gone(self) -> UserError:
        return UserError(
            f"the Dask scheduler at {self.address} was lost",
            try_="the same command again, which continues",
        )

    def _note(self, keys: Mapping[str, Job], event: Mapping[str, Any]) -> None:
        """Notes what a lost worker ran."""
        if event.get("action") == "remove-worker":
            lost = {*event.get("processing-tasks", ()), *event.get("lost-computed-tasks", ())}
            for key in lost & keys.keys():
                self.lost.setdefault(keys[key].name, []).append(str(event.get("worker")))

    def _end(self, order: Order, futures: list[Any]) -> None:
        with suppress(Exception):  # a scheduler that is lost has nothing to end
            self.client.cancel(futures, force=True)
            self.client.unsubscribe_topic(order.command)
            self.client.unsubscribe_topic("all")
            self.client.run(end, order.command, on_error="ignore")
        for left in order.folder.glob(".worker-*.partial"):  # of workers that were killed
            shutil.rmtree(left, ignore_errors=True)


def _for_a_worker(job: Job, folder: Path) -> Job:
    """The job with paths that do not depend on a working folder, and that may run twice."""
    options: dict[str, Any] = dict(job.options)
    for name in _PATHS:
        if options.get(name) is not None:
            options[name] = _absolute(options[name])
    for name in _PROGRAMS:
        if options.get(name):
            options[name] = {key: path and _absolute(path) for key, path in options[name].items()}
    code, colon, function = (options.get("model") or "").rpartition(":")
    if colon:
        options["model"] = f"{os.path.abspath(code)}:{function}"
    # A worker that is lost may have written the folder; nobody else writes there meanwhile.
    force = job.force or not os.path.lexists(folder / job.name)
    return replace(job, source=job.source.absolute(), force=force, options=options)


def _absolute(path: Any) -> str:
    """An existing file's absolute path; the name of a program on the PATH stays."""
    return os.path.abspath(path) if os.path.exists(path) else os.fspath(path)
