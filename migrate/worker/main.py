"""The worker's end: reads jobs from stdin, runs them, answers on stdout.

A job is a module in this package with ``run(request, arrays, emit) -> (data, arrays)``, listed in
``JOBS``. ``emit(data)`` sends a progress message. A job refuses bad input with ``UserError``.
"""

from __future__ import annotations

import gc
import importlib
import os
import resource
import select
import sys
import threading
import traceback
from typing import Any

from ..errors import UserError
from . import channel

JOBS = {
    "doctor": "doctor",
    "usermodel": "usermodel",
    "train": "train",
    "twin": "twin",
    "build": "build",
    "rungraph": "rungraph",
    "lift": "lift",
    "model": "model",
}


def main() -> None:
    """Serves jobs until stdin ends."""
    threading.Thread(target=_end_with_the_command, daemon=True).start()
    # Whatever a library prints must not end up between two frames.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    if limit := os.environ.get("TFMIGRATE_WORKER_MEMORY"):
        resource.setrlimit(resource.RLIMIT_AS, (int(limit), int(limit)))
    gc.disable()  # it makes a million objects that stay: looking for garbage costs a fifth
    import tensorflow  # noqa: F401  the caller is still preparing its first job

    gc.freeze()
    gc.enable()
    _leave_memory_to_others()
    while True:
        try:
            message, arrays = channel.receive(sys.stdin.buffer)
        except EOFError:
            return

        def emit(data: dict[str, Any]) -> None:
            channel.send(replies, {"kind": "event", "data": data})

        try:
            job = importlib.import_module(f".{JOBS[message['job']]}", __package__)
            data, reply_arrays = job.run(message["request"], arrays, emit)
            channel.send(replies, {"kind": "reply", "data": data}, reply_arrays)
        except UserError as error:
            channel.send(
                replies,
                {
                    "kind": "refused",
                    "problem": error.problem,
                    "expected": error.expected,
                    "try": error.try_,
                },
            )
        except Exception:
            channel.send(replies, {"kind": "failed", "trace": traceback.format_exc()})


def _end_with_the_command() -> None:
    """Ends the process, in the midst of a job too, when the command at the other end is gone."""
    command = select.poll()
    command.register(0, 0)  # only that it hangs up
    command.poll()
    os._exit(0)


def _leave_memory_to_others() -> None:
    """Limits what this process may still take to nine tenths of what is free now.

    Without a limit a graph that eats memory takes other processes with it. Data counts, not
    address space, of which TensorFlow reserves much more than it uses (setrlimit(2), proc(5)).
    """
    try:
        taken, free = (
            _kilobytes("/proc/self/status", "VmData"),
            _kilobytes("/proc/meminfo", "MemAvailable"),
        )
    except (OSError, ValueError):
        return  # not Linux
    limit = 1024 * (taken + free * 9 // 10)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def _kilobytes(path: str, key: str) -> int:
    with open(path, encoding="ascii", errors="replace") as lines:
        found = next((line for line in lines if line.startswith(f"{key}:")), "")
    return int(found.split()[1]) if found else int("")


if __name__ == "__main__":
    main()
