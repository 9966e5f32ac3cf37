"""What a long job says of itself while it runs: ``{"stage", "total"}``, then ``{"bytes"}`` done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Event = Callable[[dict[str, Any]], None]


def stage(tell: Event, name: str, total: int | None = None) -> Callable[[int], None]:
    """Tells that a stage begins; gives the function that is told of its bytes as they are done.

    Args:
        total: bytes, or None where the stage does not count them.
    """
    tell({"stage": name, "total": total})
    return lambda count: tell({"bytes": count})
