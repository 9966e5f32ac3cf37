"""What a Dask worker does for a fleet: one conversion at a time in each of its threads."""

from __future__ import annotations

import asyncio
import os
import platform
import threading
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..errors import EXIT_USER, described
from .journal import NAME
from .rows import Row, failed, made_by
from .running import Job, Lane

_IDLE = 120.0  # seconds after which a worker is ended that no conversion asks for: a lost command

_PATIENCE = 30.0


@dataclass(frozen=True)
class Order:
    """What is the same for all jobs of one command.

    Attributes:
        command: tells commands that share a cluster from each other.
        folder: that holds the outputs; absolute.
        dry_run: nothing is written.
        trust: workers are not confined.
        expected: the :func:`facts` of the command's own machine.
    """

    command: str
    folder: Path
    dry_run: bool
    trust: bool
    expected: dict[str, str]


@dataclass
class _Lanes:
    """The lanes of one command in this process."""

    idle: list[Lane] = field(default_factory=list)
    busy: list[Lane] = field(default_factory=list)
    served: int = 0
    ended: bool = False


_commands: dict[str, _Lanes] = {}
_turn = threading.Lock()


def facts() -> dict[str, str]:
    """What has to be the same on all machines, for the rows to be those of ``--jobs``."""
    return {
        "versions": f"{made_by()}, distributed {version('distributed')}",
        "TFMIGRATE_BACKENDS": os.environ.get("TFMIGRATE_BACKENDS", ""),
    }


def sight(folder: Path, dry_run: bool) -> dict[str, str]:
    """The facts of this machine, and whether it sees the folder of the outputs.

    Args:
        folder: absolute.
        dry_run: whether the folder need not be there.
    """
    seen = dry_run or (folder / NAME).is_file()
    return {**facts(), "folder": "seen" if seen else "not seen"}


def convert_one(order: Order, job: Job) -> Row:
    """Converts one source; what that adds to its row. Stages go to the command as events."""
    from distributed import get_worker

    here = get_worker()
    if facts() != order.expected:  # this worker came when the command had looked at the others
        return failed(f"{here.address} is not like the command: {facts()}", EXIT_USER)

    def tell(event: dict[str, Any]) -> None:
        if "stage" in event:
            here.log_event(order.command, {"source": job.name, "stage": event["stage"]})

    try:
        lane = _taken(order, here.state.nthreads)
        try:
            return lane.run(job, tell)
        finally:
            _given_back(order, lane)
    except Exception as error:
        return failed(*described(error))


def _taken(order: Order, threads: int) -> Lane:
    with _turn:
        lanes = _commands.setdefault(order.command, _Lanes())
        if lanes.idle:
            lane = lanes.idle.pop()
        else:
            # Locks of folders do not reach other machines: what a lane sweeps is its machine's own.
            room = f"worker-{platform.node()}"
            lane = Lane(order.folder, order.dry_run, order.trust, threads, room=room)
            lane.__enter__()
        lanes.busy.append(lane)
        return lane


def _given_back(order: Order, lane: Lane) -> None:
    with _turn:
        lanes = _commands[order.command]
        lanes.busy.remove(lane)
        if lanes.ended:
            lane.__exit__()
            return
        lanes.idle.append(lane)
        lanes.served += 1
        timer = threading.Timer(_IDLE, _let_go, [order.command, lanes.served])
    timer.daemon = True
    timer.start()


def _let_go(command: str, served: int | None = None) -> None:
    """Ends the workers of a command that has nothing running here, nor had since a job."""
    with _turn:
        lanes = _commands.get(command)
        if lanes is not None and not lanes.busy and served in (None, lanes.served):
            for lane in lanes.idle:
                lane.__exit__()
            del _commands[command]


async def end(command: str) -> None:
    """Ends the workers of a command, those too that convert; returns when all are gone.

    It gives up on a thread that takes longer than half a minute to notice.
    """
    with _turn:
        lanes = _commands.setdefault(command, _Lanes())
        lanes.ended = True
    begin = time.monotonic()
    while lanes.busy and time.monotonic() < begin + _PATIENCE:
        for worker in [worker for lane in lanes.busy for worker in lane.workers]:
            worker.close()
        await asyncio.sleep(0.05)
    _let_go(command)
