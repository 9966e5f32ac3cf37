"""Whether outputs that agree prove anything: finite values that vary, made by weights."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..plan import Network, values_in

_MOST_INFINITE = 0.5  # of an output: masks put -inf into some of the logits, not into most


def no_evidence(outputs: Mapping[str, np.ndarray]) -> str | None:
    """Why these outputs of the original prove nothing, or None where they do.

    An output of floats has to vary, and between examples too where it has one row for each. Class
    numbers, words and single numbers may be the same for all, unless there is nothing else.

    Args:
        outputs: tensor → array.
    """
    varied = False
    for tensor, array in outputs.items():
        floats = array.dtype.kind in "fcV"
        values = array.astype(np.float64) if array.dtype.kind in "fV" else array
        finite = np.isfinite(values) if floats else np.ones(array.shape, bool)
        if floats and np.isnan(values).any():
            return f"{tensor} contains NaN"
        if floats and array.size and np.mean(~finite) > _MOST_INFINITE:
            return f"{tensor} is infinite"
        kept = values[finite] if floats else array.reshape(-1)
        varies = kept.size > 1 and bool((kept != kept[0]).any())
        varied |= varies
        if not floats or array.size < 2:
            continue
        if not varies:
            return f"{tensor} has the same value everywhere"
        if array.ndim > 1 and len(array) > 1 and _rows_are_equal(values):
            return f"{tensor} is the same for every example"
    if not varied:
        return f"{', '.join(outputs)} is the same for every example"
    return None


def _rows_are_equal(values: np.ndarray) -> bool:
    return all(np.array_equal(row, values[0], equal_nan=True) for row in values[1:])


def without_weights(network: Network) -> list[str]:
    """The outputs, as tensors of the graph, that no weight of the model takes part in."""
    layers = {weight.target.partition("/")[0] for weight in network.weights}
    weighted: set[int] = set()
    for call in network.calls:
        name = getattr(call.function, "name", None)
        taken = values_in((call.arguments, call.keywords))
        if name in layers or any(id(value) in weighted for value in taken):
            weighted |= {id(value) for value in call.outputs}
    return [output.tensor for output in network.outputs if id(output.value) not in weighted]
