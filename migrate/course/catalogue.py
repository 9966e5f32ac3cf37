"""The systems of the course: one entry each; list, comparison and lessons follow from it."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UserError, nearest, printable
from .chapters import fashion, first_principles, life, mnist, other_data, pitfalls
from .system import System

# Letter → (title, systems).
CHAPTERS: dict[str, tuple[str, tuple[System, ...]]] = {
    "A": ("First principles", first_principles.SYSTEMS),
    "B": ("MNIST", mnist.SYSTEMS),
    "C": ("Fashion-MNIST", fashion.SYSTEMS),
    "D": ("Other data", other_data.SYSTEMS),
    "E": ("The life of a model", life.SYSTEMS),
    "F": ("Pitfalls", pitfalls.SYSTEMS),
}

SYSTEMS = {system.name: system for _, systems in CHAPTERS.values() for system in systems}


def find(name: str, also: Sequence[str] = ()) -> System:
    """The system of that name.

    Args:
        name: as the user wrote it.
        also: what else the user may have meant.

    Raises:
        UserError: there is none; the nearest name is suggested.
    """
    if name not in SYSTEMS:
        close = nearest(name, (*SYSTEMS, *also))
        raise UserError(
            f"there is no system {printable(name)!r}",
            expected=None if close else f"one of {', '.join(SYSTEMS)}",
            try_=close or "tfmigrate list",
        )
    return SYSTEMS[name]
