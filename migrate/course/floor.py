"""The matrix products of an epoch by themselves, by numpy: the time that every form takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

_TURNS = 9


def seconds_of_products(
    weights: Sequence[np.ndarray], examples: np.ndarray, batch_size: int
) -> float | None:
    """Seconds of an epoch of the products of a network of dense layers, the least of some.

    A layer takes three in a step: forward, for the gradient of its weights, and for that of its
    input, which the first layer does not need.

    Args:
        weights: of the network, in its order: matrices (inputs, units), and vectors.
        examples: what it is trained on, (number, inputs); their values do not matter.

    Returns:
        None for another network: with convolutions, embeddings, or layers beside each other.
    """
    kernels = [w for w in weights if w.ndim != 1]
    widths = [int(np.prod(examples.shape[1:])), *(k.shape[-1] for k in kernels)]
    shapes = list(pairwise(widths))
    if not kernels or [k.shape for k in kernels] != shapes:
        return None
    random = np.random.default_rng(0)
    kernels = [random.random(shape).astype(weights[0].dtype) for shape in shapes]
    values = [random.random((batch_size, width)).astype(weights[0].dtype) for width in widths]
    batches = [len(examples[i : i + batch_size]) for i in range(0, len(examples), batch_size)]
    return min(_epoch(kernels, values, batches) for _ in range(_TURNS))


def _epoch(
    kernels: Sequence[np.ndarray], values: Sequence[np.ndarray], batches: Sequence[int]
) -> float:
    begun = time.perf_counter()
    for count in batches:
        for number, kernel in enumerate(kernels):
            given, made = values[number][:count], values[number + 1][:count]
            np.dot(given, kernel)
            np.dot(given.T, made)
            if number:
                np.dot(made, kernel.T)
    return time.perf_counter() - begun
