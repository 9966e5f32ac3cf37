"""The first code of the process: signals end it with one line, also while it still imports."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from .signals import SIGNALS, Ended


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs the command line and exits.

    Args:
        arguments: without the program's name; the process's own by default.
    """
    _on_signals(_leave)
    from .main import run

    try:
        _on_signals(_raise)
        status = run(arguments)
    except Ended as ended:  # before or after the command
        status = _say(ended)
    _on_signals(_leave)
    sys.exit(status)


def _on_signals(action: Callable[[int, FrameType | None], NoReturn]) -> None:
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup asks for that
            signal.signal(number, action)


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    raise Ended(number)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """Ends the process where there is nothing to clear: an import may hide what is raised in it."""
    os._exit(_say(Ended(number)))


def _say(ended: Ended) -> int:
    with suppress(OSError):  # a terminal that is gone
        os.write(2, f"error: {ended}\n".encode())
    return ended.status
