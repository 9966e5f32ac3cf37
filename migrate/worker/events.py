"""What a long job says of itself while it runs: ``{"stage", "total"}``, then ``{"bytes"}`` done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

Event = Callable[[dict[str, Any]], None]


def stage(tell: Event, name: str, total: int | None = None) -> Callable[[int], None]:
    """Tells that a stage begins; gives the function that is told of its bytes as they are done.

    Args:
        total: bytes, or None where the stage does not count them.
    """
    tell({"stage": name, "total": total})
    return lambda count: tell({"bytes": count})


def counted(
    items: Iterable[tuple[str, np.ndarray]], progress: Callable[[int], None]
) -> Iterator[tuple[str, np.ndarray]]:
    """The same named arrays; ``progress`` is told of the bytes of each as it is taken."""
    for name, array in items:
        progress(array.nbytes)
        yield name, array
