"""The one place a command prints through: results to stdout, all else to stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import printable
from .result import Result

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


_LONG_LIST = 1_000
_COMPACT = json.JSONEncoder(ensure_ascii=False)


@dataclass
class Sink:
    """Prints for people, or one JSON document for programs.

    Attributes:
        json: one JSON document on stdout and nothing else there.
        quiet: no tables, no notes, no progress; the exit status tells.
        verbose: notes that matter only when something is off, TensorFlow's log among them.
        color: False for none, whatever the terminal can do.
    """

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    color: bool = True
    notes: list[str] = field(default_factory=list)

    @cached_property
    def _stdout(self) -> Console:
        from .terminal import make_console

        return make_console(color=self.color)

    @cached_property
    def _stderr(self) -> Console:
        from .terminal import make_console

        return make_console(stderr=True)

    def show(self, result: Result) -> None:
        """Prints a result."""
        if self.json:
            self.document(result.to_dict())
        elif not self.quiet:
            from .terminal import render

            render(result.blocks(), self._stdout)

    def document(self, data: dict[str, Any]) -> None:
        """Prints a JSON document; infinities and NaN become strings, as JSON has none.

        Long lists have one item a line: Python indents an item in 20 times the time.
        """
        members = []
        for key, value in plain(data).items():
            if isinstance(value, list) and len(value) > _LONG_LIST:
                text = "[\n  " + ",\n  ".join(map(_COMPACT.encode, value)) + "\n ]"
            else:
                text = json.dumps(value, indent=1, ensure_ascii=False).replace("\n", "\n ")
            members.append(f" {_COMPACT.encode(key)}: {text}")
        sys.stdout.write("{\n" + ",\n".join(members) + "\n}\n")

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
    def progress(self) -> Iterator[Progress]:
        """A progress display on stderr that leaves nothing behind; invisible in a pipe."""
        from rich.progress import (
            BarColumn,
            Progress,
            SpinnerColumn,
            Task,
            TextColumn,
            TimeElapsedColumn,
        )
        from rich.text import Text

        class Words(TextColumn):
            def render(self, task: Task) -> Text:
                return Text(printable(self.text_format.format(task=task), None))

        with Progress(
            SpinnerColumn(),
            Words("{task.description}"),
            BarColumn(),
            Words("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=self._stderr,
            transient=True,
            disable=self.quiet or self.json or not self._stderr.is_terminal,
        ) as progress:
            yield progress


_AS_IT_IS = frozenset((str, int, bool, type(None)))


def plain(value: Any) -> Any:
    """A JSON-able copy: tuples become lists, paths and enumerations strings."""
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, (int, str)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return plain(value.item())
    return str(value)
