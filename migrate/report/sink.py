"""The one place a command prints through: results to stdout, all else to stderr."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import printable
from .document import as_json
from .result import Result

if TYPE_CHECKING:
    from rich.console import Console

    from .live import Live


@dataclass
class Sink:
    """Prints for people, or one JSON document for programs.

    Attributes:
        json: one JSON document on stdout and nothing else there.
        quiet: no tables, no notes, no progress; the exit status tells.
        verbose: notes that matter only when something is off, TensorFlow's log among them.
        color: False for none, whatever the terminal can do.
        page: also write each result as a page to this file.
    """

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    color: bool = True
    page: Path | None = None
    notes: list[str] = field(default_factory=list)

    @cached_property
    def _stdout(self) -> Console:
        from .terminal import make_console

        return make_console(color=self.color)

    @cached_property
    def _stderr(self) -> Console:
        from .terminal import make_console

        return make_console(stderr=True)

    def write_page(self, path: str) -> None:
        """Writes what is shown as a page too.

        Raises:
            UserError: it cannot be written there, which is known before any work.
        """
        from .saving import check_place

        self.page = check_place(path, [".html"])

    def show(self, result: Result) -> None:
        """Prints a result, and writes its page where one is wanted."""
        if self.page is not None:
            from .saving import save_text

            made = f"To repeat it: {shlex.join(['tfmigrate', *sys.argv[1:]])}"
            save_text(self.page, result.to_html([made]))
        if self.json:
            sys.stdout.write(as_json(result.to_dict()))
        elif not self.quiet:
            from .terminal import render

            render(result.blocks(), self._stdout)
            if self._stderr.is_terminal:
                self._say_what_is_next(result)

    def _say_what_is_next(self, result: Result) -> None:
        if self.page is not None:
            self.note(f"wrote {self.page}")
        if step := result.next_step():
            self.note(f"next: {step}")

    def note(self, text: str) -> None:
        """A hint on stderr."""
        if not self.quiet and not self.json:
            from rich.text import Text

            self._stderr.print(Text(printable(text, None), style="dim"))

    def detail(self, text: str) -> None:
        """What only ``-v`` shows, on stderr."""
        if self.verbose:
            for line in text.splitlines():
                self._stderr.print(printable(line, None), soft_wrap=True)

    @contextmanager
    def progress(self) -> Iterator[Live]:
        """A display on stderr that leaves nothing behind; shown only where things may move."""
        from .live import Live, may_move

        off = self.quiet or self.json or not may_move(self._stderr)
        with Live(self._stderr, disable=off) as live:
            yield live
