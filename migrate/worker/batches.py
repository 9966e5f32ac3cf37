"""Weights on their way to a worker: many small ones at once, a large one alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

_BYTES = 64 << 20


def batches(items: Iterable[tuple[str, np.ndarray]]) -> Iterator[dict[str, np.ndarray]]:
    """Arrays in groups of at most 64 MiB or one array, each made when it is needed."""
    group: dict[str, np.ndarray] = {}
    size = 0
    for name, array in items:
        if group and size + array.nbytes > _BYTES:
            yield group
            group, size = {}, 0
        group[name] = array
        size += array.nbytes
    if group:
        yield group
