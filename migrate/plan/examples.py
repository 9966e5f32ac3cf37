"""Random examples, the same for a seed, of the kinds and sizes a model's inputs take."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .model import Call, Layer, Plan, Value

EXAMPLES = 64
_OPEN_SIZE = 8  # of a dimension that the model leaves open: time steps, mostly
_OPEN_IMAGE_SIZE = 64


def random_inputs(
    plan: Plan,
    examples: int = EXAMPLES,
    seed: int = 0,
    bounds: Mapping[str, int] | None = None,
) -> dict[str, np.ndarray]:
    """One array for each input of a plan, by tensor.

    Floats are normal; integers are smaller than the tables they are looked up in, or than 10;
    strings are such integers, written out.

    Args:
        examples: the batch size, where the graph does not fix one.
        bounds: input tensor → one more than the largest integer it may hold, where known.
    """
    generator = np.random.default_rng(seed)
    return {
        given.tensor: _random(generator, _sizes(given.value, examples), given.value.dtype, bound)
        for given in plan.inputs
        for bound in [(bounds or {}).get(given.tensor) or _bound(plan, given.value)]
    }


def _sizes(value: Value, examples: int) -> list[int]:
    shape = value.shape or ()
    size = _OPEN_IMAGE_SIZE if len(shape) == 4 else _OPEN_SIZE
    open_ = [examples, *[size] * len(shape)]
    return [open_[axis] if known is None else known for axis, known in enumerate(shape)]


def _random(generator: np.random.Generator, sizes: list[int], dtype: str, bound: int) -> np.ndarray:
    if dtype == "bool":
        return generator.integers(0, 2, sizes).astype(bool)
    if dtype.startswith(("int", "uint")):
        return generator.integers(0, bound, sizes).astype(dtype)
    if dtype == "string":
        return generator.integers(0, bound, sizes).astype(bytes)
    return generator.standard_normal(sizes).astype(dtype)


def _bound(plan: Plan, value: Value) -> int:
    """One more than the largest integer an input may hold."""
    reached = {id(value)}
    bound = 10
    for call in plan.calls:
        if not any(id(taken) in reached for taken in call.values):
            continue
        limit = _limit(call)
        if limit is not None:
            bound = min(bound, limit) if len(reached) > 1 else limit
        else:
            reached.update(id(v) for v in call.outputs if v.dtype.startswith(("int", "uint")))
    return bound


def _limit(call: Call) -> int | None:
    if isinstance(call.function, Layer) and call.function.kind == "Embedding":
        return int(call.function.arguments["input_dim"])
    if call.function == "keras.ops.one_hot":
        return int(call.arguments[1])
    return None
