"""Random examples, the same for a seed, of the kinds and sizes a model's inputs take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .network import Call, Layer, Network, Value

EXAMPLES = 64
_FEWEST = 4
_ACTIVATIONS = 32 << 20  # bytes of all values of a network for all examples, if these are few
_OPEN_SIZE = 8  # of a dimension that the model leaves open: time steps, mostly
_OPEN_IMAGE_SIZE = 64
_FIRST_ROWS = 2
KINDS = ("telling", "whole", "plain")
"""The kinds of examples that are tried in turn."""

_PARTS = ("keras.ops.split", "keras.ops.unstack", "keras.ops.cast", "keras.ops.reshape",
    "keras.ops.expand_dims")  # fmt: skip
_WITH_LENGTHS = ("CRFLogLikelihood", "Recurrence", "ReverseSequence", "SequenceMask",
    "UpToLongest")  # fmt: skip
_LARGE = 1_000  # a factor of 1 - x that keeps scores out of a softmax
_HUGE = 1e6  # a factor of x itself that can have no other purpose
_HASHING = ("Hashing", "StringLookup", "IntegerLookup", "HashedCross", "HashedCrossing",
    "Discretization")  # fmt: skip
_ANY_INTEGER = 10  # one more than the largest, where nothing is known about them


def random_inputs(
    plan: Network,
    examples: int = EXAMPLES,
    seed: int = 0,
    bounds: Mapping[str, int] | None = None,
    *,
    kind: str = "telling",
) -> dict[str, np.ndarray]:
    """One array for each input of a plan, by tensor.

    Floats are normal; integers are smaller than the tables they are looked up in, or than 10;
    strings are such integers, written out. Masks are ones, then zeros. Where a feature is looked up
    in a vocabulary, or sorted into buckets, half of its values are words of that, or near its
    boundaries.

    Args:
        examples: the batch size, where the graph does not fix one.
        bounds: input tensor → one more than the largest integer it may hold, where known.
        kind: of :data:`KINDS`, for graphs that refuse others. "telling" is as above; of "whole"
            floats are whole numbers too; of "plain" integers are 0 or 1, and no word is empty.
    """
    generator = np.random.default_rng(seed)
    made = {}
    for given in plan.inputs:
        if _is_mask(plan, given.value):
            sizes = _sizes(given.value, given.batch or examples)
            made[given.tensor] = _mask(generator, sizes).astype(given.value.dtype)
            continue
        bound = (bounds or {}).get(given.tensor)
        limits = (0, bound) if bound else integer_bounds(plan, given.value)
        sizes, dtype = _sizes(given.value, given.batch or examples), given.value.dtype
        values = _telling_values(plan, given.value)
        if kind == "whole" and dtype.startswith("float"):
            limits, values = integer_bounds(plan, given.value, floats=True) or (0, _ANY_INTEGER), []
        elif kind == "plain":
            limits, values = (0, 2) if dtype.startswith("int") else limits, []
        made[given.tensor] = _telling(generator, _random(generator, sizes, dtype, limits), values)
    return made


def fitting(plan: Network, most: int = EXAMPLES) -> int:
    """How many examples a network is run on: as many as have 32 MiB of activations, 4 at least.

    A few floats that agree prove much, a few class numbers little: where a network has no output of
    floats, it is run on all of them.

    Args:
        most: the number for a small network.
    """
    if not any(output.value.dtype.startswith("float") for output in plan.outputs):
        return most
    values = [given.value for given in plan.inputs]
    values += [value for call in plan.calls for value in call.outputs]
    return max(min(most, _FEWEST), min(most, _ACTIVATIONS // max(1, sum(map(_bytes, values)))))


def _bytes(value: Value) -> int:
    """About as many as one example has of a value."""
    return math.prod(_sizes(value, 1)) * (8 if value.dtype.endswith("64") else 4)


def number_of(given: Mapping[str, np.ndarray]) -> int:
    """How many examples some arrays are: the first one's, which may be a single number."""
    first = next(iter(given.values()), None)
    return len(first) if first is not None and first.ndim else 1


def _telling(generator: np.random.Generator, array: np.ndarray, values: list[Any]) -> np.ndarray:
    """Half of an array's values replaced by those that a vocabulary or boundaries tell apart."""
    if not values:
        return array
    words = array.dtype.kind == "S"
    chosen = np.array([str(v).encode() for v in values] if words else values)
    picked = chosen[generator.integers(0, len(chosen), array.shape)]
    if array.dtype.kind == "f":
        spread = float(np.ptp(chosen)) or 1.0
        picked = picked + generator.normal(0, spread / (2 * len(chosen)), array.shape)
    result = np.where(generator.random(array.shape) < 0.5, picked, array)
    return result if words else result.astype(array.dtype)


def _telling_values(plan: Network, value: Value) -> list[Any]:
    """The words and boundaries that an input, or a part of it, meets first."""
    reached = {id(value)}
    found: dict[Any, None] = {}
    for call in plan.calls:
        if not any(id(v) in reached for v in call.values):
            continue
        layer = call.function if isinstance(call.function, Layer) else None
        for key in ("vocabulary", "bin_boundaries", "mask_value"):
            given = layer.arguments.get(key, []) if layer is not None else []
            found |= dict.fromkeys(given if isinstance(given, list) else [given])
        if call.function == "[]" or call.function in _PARTS:
            reached.update(id(v) for v in call.outputs)
    return list(found)


def _is_mask(plan: Network, value: Value) -> bool:
    """Whether an input says which positions count: its complement, or it, is added to scores.

    That is ``1 - x`` of an integer, ``(1 - x) * -10000`` or ``x * 1e30``. Other numbers than 0 and
    1 would make scores so large that rounding decides.
    """
    whole = value.dtype.startswith(("int", "uint"))
    least = {id(value): _HUGE}  # value → the factor that tells
    for call in plan.calls:
        before = [least[id(v)] for v in call.values if id(v) in least]
        if not before:
            continue
        after = min(before)
        factors = [abs(a) for a in call.arguments if isinstance(a, (int, float))]
        if call.function == "-" and call.arguments[0] == 1:
            if whole:
                return True
            after = _LARGE
        if call.function == "*" and max(factors, default=0) >= after:
            return True
        layer = call.function if isinstance(call.function, Layer) else None
        shaped = layer is not None and layer.kind in ("Reshape", "DynamicReshape")
        if shaped or call.function in (*_PARTS, "[]", "-", "*"):
            least.update((id(v), after) for v in call.outputs)
    return False


def _mask(generator: np.random.Generator, sizes: list[int]) -> np.ndarray:
    """Ones, then zeros, along the last axis: some of each, if it is long enough."""
    last = sizes[-1] if sizes else 1
    ones = generator.integers(1, max(2, last), [*sizes[:-1], 1])
    return np.broadcast_to(np.arange(last) < ones, sizes)


def _sizes(value: Value, examples: int) -> list[int]:
    shape = value.shape or ()
    size = _OPEN_IMAGE_SIZE if len(shape) == 4 else _OPEN_SIZE
    open_ = [examples, *[size] * len(shape)]
    return [open_[axis] if known is None else known for axis, known in enumerate(shape)]


def _random(
    generator: np.random.Generator, sizes: list[int], dtype: str, bounds: tuple[int, int] | None
) -> np.ndarray:
    if dtype == "bool":
        return generator.integers(0, 2, sizes).astype(bool)
    if bounds is None and not dtype.startswith(("int", "uint", "string")):
        return generator.standard_normal(sizes).astype(dtype)
    whole = generator.integers(*(bounds or (0, _ANY_INTEGER)), sizes)
    return whole.astype(bytes if dtype == "string" else dtype)


def integer_bounds(plan: Network, value: Value, *, floats: bool = False) -> tuple[int, int] | None:
    """The least integer an input may hold and one more than the largest, where that is known."""
    reached = {id(value): 0}  # what was added to the input on the way
    found: list[tuple[int, int]] = []
    for call in plan.calls:
        added = next((reached[id(v)] for v in call.values if id(v) in reached), None)
        if added is None:
            continue
        limits = _limits(call, reached)
        if limits is not None:
            found.append((limits[0] - added, limits[1] - added))
        else:
            kinds = ("int", "uint", "float") if floats else ("int", "uint")
            whole = [v for v in call.outputs if v.dtype.startswith(kinds)]
            reached.update((id(v), added + _added(call)) for v in whole)
    if not found:
        return None
    low = max(low for low, _ in found)
    return low, max(min(high for _, high in found), low + 1)


def _added(call: Call) -> int:
    """What a call adds to an integer; 0 where it does anything else."""
    number = call.arguments[-1]
    if not isinstance(number, int) or call.function not in ("+", "-"):
        return 0
    return number if call.function == "+" else -number


def _limits(call: Call, reached: Mapping[int, int]) -> tuple[int, int] | None:
    layer = call.function if isinstance(call.function, Layer) else None
    if layer is not None and layer.kind in ("Embedding", "EmbeddingBag"):
        numbers = id(call.values[0]) in reached  # and not the weights of a bag
        return (0, int(layer.arguments["input_dim"])) if numbers else None
    if layer is not None and layer.kind == "CategoryEncoding":
        return 0, int(layer.arguments["num_tokens"])
    if layer is not None and layer.kind in _HASHING:
        return 0, _ANY_INTEGER
    if layer is not None and layer.step is not None and id(call.values[0]) in reached:
        first = 1 if layer.arguments.get("numbered") else 0
        return integer_bounds(layer.step, layer.step.inputs[first].value)
    if layer is not None and layer.kind in _WITH_LENGTHS:
        sequence, lengths = call.values[0], call.keywords.get("lengths", call.values[-1])
        steps = sequence.shape[1] if sequence.shape else None
        return (1, (steps or _OPEN_SIZE) + 1) if id(lengths) in reached else None
    if call.function == "keras.ops.one_hot":
        return 0, int(call.arguments[1])
    if call.function == "keras.ops.segment_sum" and id(call.values[-1]) in reached:
        return 0, int(call.keywords["num_segments"])
    if layer is not None and layer.kind == "DynamicSegmentSum":
        return (0, _FIRST_ROWS) if id(call.values[1]) in reached else None
    looks_up = call.function in ("keras.ops.take", "keras.ops.take_along_axis")
    if (looks_up or (layer and layer.kind == "GatherNd")) and id(call.values[-1]) in reached:
        table, axis = call.values[0].shape, call.keywords.get("axis", 0)
        rows = table[axis] if table is not None and len(call.values) > 1 else None
        # Of a table of unknown length the first rows are sure to be there.
        return 0, rows or _FIRST_ROWS
    return None
