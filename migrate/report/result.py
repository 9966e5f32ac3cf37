"""What a command or a call of the Python API gives back: true or false, and able to show itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from .blocks import Block


class Result(ABC):
    """True when parity holds; prints as tables; shows as HTML in a notebook."""

    @abstractmethod
    def blocks(self) -> list[Block]:
        """For people: what to show, in order."""

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

    def _repr_html_(self) -> str:
        from .html import render

        return render(self.blocks())
