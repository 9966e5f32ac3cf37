"""The worker's end: reads jobs from stdin, runs them, answers on stdout.

Its command line may name a folder for temporary files, and the folders of the output: then it may
write nowhere else.

A job is a module in this package with ``run(request, arrays, emit) -> (data, arrays)``, listed in
``JOBS``. ``emit(data)`` sends a progress message. A job refuses bad input with ``UserError``.
"""

from __future__ import annotations

import gc
import importlib
import os
import resource
import sys
import traceback
from typing import Any

from ..errors import UserError
from . import channel, confine
from .memory import leave_memory_to_others

JOBS = {
    "doctor": "doctor",
    "usermodel": "usermodel",
    "train": "train",
    "twin": "twin",
    "build": "build",
    "rungraph": "rungraph",
    "lift": "lift",
    "model": "model",
    "forget": "forget",
}


def main() -> None:
    """Serves jobs until stdin ends."""
    temporary = sys.argv[1] if len(sys.argv) > 1 else None
    if temporary is not None:
        confine.confine(temporary, sys.argv[2:])
    confine.end_with_the_command(temporary)
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
    leave_memory_to_others(os.getpid(), int(os.environ.get("TFMIGRATE_WORKERS", "1")))
    while True:
        try:
            message, arrays = channel.receive(sys.stdin.buffer)
        except EOFError:
            confine.tidy(temporary)
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


if __name__ == "__main__":
    main()
