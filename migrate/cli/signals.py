"""The signals that ask a command to end, and the exception that they become."""

from __future__ import annotations

import signal

SIGNALS = {
    signal.SIGINT: "interrupted",
    signal.SIGTERM: "ended by SIGTERM",
    signal.SIGHUP: "ended by SIGHUP, because the terminal closed",
}


class Ended(KeyboardInterrupt):
    """A signal asks the command to end: everything that is half done is cleared on the way out.

    Attributes:
        status: the exit status, 128 and the number of the signal.
    """

    def __init__(self, number: int):
        super().__init__(f"{SIGNALS[signal.Signals(number)]}; no partial output remains")
        self.status = 128 + number


def interruption_behind(error: BaseException) -> KeyboardInterrupt | None:
    """The interruption in whose course an error came up: a file that cannot be closed then, say."""
    context = error.__context__
    while context is not None and not isinstance(context, KeyboardInterrupt):
        context = context.__context__
    return context
