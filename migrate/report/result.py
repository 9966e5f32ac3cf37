"""What a command or a call of the Python API gives back: true or false, and able to show itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import UserError
from .blocks import Block


class Result(ABC):
    """True when parity holds; prints as tables; shows as HTML in a notebook."""

    @abstractmethod
    def blocks(self) -> list[Block]:
        """For people: what to show, in order."""

    def appendix(self) -> list[Block]:
        """For people: what only a page has room for, such as the source."""
        return []

    def next_step(self) -> str:
        """A command that people run next; "" where there is none."""
        return ""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """For programs: the JSON document, ``"schema": 1`` included."""

    @abstractmethod
    def __bool__(self) -> bool: ...

    def __str__(self) -> str:
        import io

        from rich.console import Console

        from .terminal import render

        text = io.StringIO()
        render(
            self.blocks(), Console(file=text, width=120, markup=False, emoji=False, no_color=True)
        )
        return text.getvalue().rstrip()

    def to_rows(self) -> list[dict[str, Any]]:
        """The result as rows of a table, each a dictionary with the same keys.

        Raises:
            UserError: it is not a table.
        """
        raise UserError("this result is not a table", try_="to_dict()")

    def to_frame(self) -> Any:
        """The rows as a ``pandas.DataFrame``.

        Raises:
            UserError: pandas is not installed, or the result is not a table.
        """
        try:
            import pandas
        except ImportError:
            raise UserError(
                "to_frame() needs pandas, which is not installed",
                try_="pip install pandas, or to_rows() for a list of dictionaries",
            ) from None
        return pandas.DataFrame(self.to_rows())

    def _repr_html_(self) -> str:
        from .html import fragment

        return fragment(self.blocks())

    def to_html(self, made: Sequence[str] = ()) -> str:
        """The result as one HTML document, which loads nothing from anywhere.

        Args:
            made: lines for its foot, below the versions and the time.
        """
        from .html import page
        from .surroundings import surroundings

        return page(self.blocks(), self.appendix(), [surroundings(), *made])

    def save(self, path: str | Path) -> Path:
        """Writes the result as a page (``.html``) or as a JSON document (``.json``).

        Raises:
            UserError: the ending is another, or the file cannot be written. A page that tfmigrate
                wrote is replaced, and nothing else.
        """
        from .document import as_json
        from .saving import check_place, save_text

        path = check_place(path)
        save_text(path, self.to_html() if path.suffix == ".html" else as_json(self.to_dict()))
        return path
