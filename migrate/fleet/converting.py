"""``convert`` for several sources: some are skipped, the others done, and all written down."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..conversion.request import Request
from ..errors import EXIT_USER, UserError, printable
from ..worker.backends import interpreters
from ..worker.events import Event
from ..worker.memory import free_memory
from .cluster import connected
from .journal import Journal, opened
from .result import Fleet
from .rows import FAILED, WAITING, Row, differs, failed, is_there, new_row
from .running import Job, Lanes
from .sources import expanded, named, weight

_MOST = 8  # threads plan in one process: more of them than this gain little
# A worker with TensorFlow; and what it and the planning take for a checkpoint with the slots of
# Adam, as multiples of its files (15 times were measured).
_WORKER = 700 * 2**20
_TIMES = 16


def convert_many(
    sources: Iterable[str | Path],
    output: str | Path | None = None,
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    force: bool = False,
    dry_run: bool = False,
    trust: bool = False,
    on_event: Event | None = None,
    **options: Any,
) -> Fleet:
    """Converts several sources, each to a folder of its own, and goes on after a failure.

    Sources that an earlier call converted to the same folder are skipped, if their files, the
    versions of the packages and the options are the same, and every backend and export ran.

    Args:
        sources: paths as :func:`tfmigrate.convert` takes them, and patterns of glob. All files of a
            checkpoint are one source.
        output: the folder for all; may only be None for a dry run. A source's folder in it has its
            path below the folder that all sources share, with ``-`` for ``/``; a number is
            appended to a name that is in use.
        jobs: conversions at once; by default one a processor core, 8 at most. Fewer if the memory
            that is free is not enough. With a scheduler, by default one a thread of its workers.
        scheduler: the address of a Dask scheduler, such as ``tcp://host:8786``, whose workers
            convert. They have the same versions installed, and see all paths as this process does.
            A conversion whose worker is lost runs again.
        force: convert again what was converted.
        dry_run: plan, and write nothing.
        trust: as for ``convert``.
        on_event: called with ``{"total", "jobs"}``, then with the events of ``convert`` and the
            ``source`` they are about, and with ``{"row": row}`` after each source.
        options: further arguments of ``convert``, the same for all; not ``workers`` and ``room``.

    Returns:
        A result that is true where parity holds for every source.

    Raises:
        UserError: there is no source, every one is refused for the same reason, the folder cannot
            be written, or the scheduler or its workers cannot be used.
    """
    paths, tell = expanded(sources), on_event or (lambda event: None)
    if not paths:
        raise UserError("there is no source", expected="one or more checkpoints")
    requests = {path: _request(path, options) for path in paths}
    _check(list(requests.values()))
    if output is None and not dry_run:
        raise UserError("several sources need a folder for their outputs", try_="-o FOLDER")
    folder = Path(output or ".")
    with ExitStack() as stack:
        cluster = None if scheduler is None else stack.enter_context(connected(scheduler))
        journal = Journal(None) if dry_run else stack.enter_context(opened(folder))
        before, given = dict(journal.rows), {**options, "dry_run": dry_run, "trust": trust}
        rows, todo, skipped = dict[str, Row](), list[Job](), list[str]()
        for path, name in named(paths, journal.names).items():
            rows[name] = row = new_row(path, name, requests[path], {**options, "trust": trust})
            old = before.get(name)
            if old is not None and is_there(old, folder) and not force:
                if why := differs(old, row):
                    rows[name] = row | failed(f"{printable(folder / name)} {why}", EXIT_USER)
                    continue
                if not old.get("not_run"):
                    rows[name] = old
                    skipped.append(name)
                    continue
            again = force or (
                old is not None and (old["state"] == WAITING or is_there(old, folder))
            )
            todo.append(Job(path, name, again, requests[path].shares_workers, given))
        journal.rows |= {job.name: rows[job.name] for job in todo}
        if cluster is None:
            count, note = _at_once(jobs, [job.source for job in todo])
            journal.notes = [note] if note else []
            running = Lanes(folder, count, dry_run, trust, tell).run(todo)
        else:
            count = min(jobs or cluster.threads, len(todo))
            options = {"dry_run": dry_run, "trust": trust, "tell": tell}
            running = cluster.run(todo, folder, most=count, **options)
        journal.write()
        tell({"total": len(todo), "jobs": count})
        for done in stack.enter_context(closing(running)):
            name = done.job.name
            rows[name] = row = rows[name] | done.row
            old = before.get(name)
            if row["state"] == FAILED and old is not None and is_there(old, folder):
                row = old  # its output is still there
            journal.rows[name] = row
            if cluster is not None:
                journal.notes = cluster.notes
            journal.write()
            tell({"row": rows[name]})
        return Fleet(list(rows.values()), skipped, journal.notes, None if dry_run else folder)


def _request(path: Path, options: dict[str, Any]) -> Request:
    known = {field.name for field in fields(Request)} - {"source"}
    given = {name: value for name, value in options.items() if name in known}
    backends = interpreters(options.get("backends") or {})
    return Request(path, **{**given, "backends": backends, "to": tuple(options.get("to", ()))})


def _check(requests: Sequence[Request]) -> None:
    """Refuses options that suit none of the sources; those that do not suit one are its error."""
    refused = []
    for request in requests:
        try:
            request.check()
        except UserError as error:
            refused.append(error)
    if len(refused) == len(requests):
        raise refused[0]


def _at_once(asked: int | None, sources: Sequence[Path]) -> tuple[int, str | None]:
    """How many conversions run at once, and a note if memory allows fewer than wanted."""
    if not sources:
        return 0, None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    wanted = min(asked or min(cores or 1, _MOST), len(sources))
    need, free = _WORKER + _TIMES * max(map(weight, sources)), free_memory()
    fits = wanted if free is None else max(1, free // need)
    if fits >= wanted:
        return wanted, None
    return fits, (
        f"{fits} of {wanted} conversions run at once: one may need {need / 2**30:.1f} GiB of "
        f"memory, and {(free or 0) / 2**30:.1f} GiB are free."
    )
