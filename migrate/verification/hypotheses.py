"""What may be wrong with a layer whose output differs: guesses, each of which can be tested.

First what the plan of the conversion says and the model does not hold; then the mistakes that are
made again and again on this way, whether or not a plan is there.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..plan import Code, Layer, Made
from ..training.layers import STATISTICS

# Defaults of Keras and of TensorFlow 1's layers, slim and contrib; the least of fused kernels.
_EPSILONS = (1e-3, 1e-5, 1.001e-5, 1e-12, 1e-6, 1e-8, 1e-7, 1e-4, 2e-5)
_SLOPES = (0.2, 0.3, 0.01, 0.1)
_SLOPE_KEYS = ("negative_slope", "alpha")
_ACTIVATIONS = ("linear", "relu", "tanh", "sigmoid", "elu", "softmax", "relu6", "softplus")
_GATES = {"LSTM": 4, "GRU": 3}
_CAUSES = {
    "epsilon": "epsilon", "padding": "padding", "negative_slope": "slope", "alpha": "slope",
    "activation": "activation", "dtype": "precision",
}  # fmt: skip


@dataclass(frozen=True)
class Hypothesis:
    """One guess.

    Attributes:
        cause: "epsilon", "gate order", "transposed kernel", "statistics", "padding", "slope",
            "activation", "precision", "weights", or the name of an argument.
        text: what is put right, in words: "epsilon 1.001e-05 instead of 0.001".
        config: what to put into the layer's configuration.
        weights: ``layer/variable`` → what to put in its place.
    """

    cause: str
    text: str
    config: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)


def hypotheses(
    described: Mapping[str, Any],
    held: Mapping[str, np.ndarray],
    planned: Layer | None,
    intended: Mapping[str, np.ndarray],
) -> Iterator[Hypothesis]:
    """Guesses about one layer, the likeliest first.

    Args:
        described: ``name``, ``class`` and ``config`` of the layer in the model.
        held: its variables there, by target.
        planned: the layer that the conversion would make, or None.
        intended: the values that the conversion would give the variables, by target.
    """
    named = list(_by_plan(described, planned)) + list(_by_weights(described, held, intended))
    yield from named
    if len(named) > 1:
        yield Hypothesis(
            " and ".join(dict.fromkeys(h.cause for h in named)),
            "; ".join(h.text for h in named),
            {key: value for h in named for key, value in h.config.items()},
            {key: value for h in named for key, value in h.weights.items()},
        )
    yield from _by_configuration(described["config"])
    yield from _by_order(described, held)


def _by_plan(described: Mapping[str, Any], planned: Layer | None) -> Iterator[Hypothesis]:
    config = described["config"]
    if planned is None or planned.kind != described["class"]:
        return
    for key, value in planned.arguments.items():
        if key not in config or isinstance(value, (Code, Layer, Made, dict)):
            continue
        wanted = _as_configured(value, config[key])
        if wanted != config[key]:
            yield Hypothesis(_CAUSES.get(key, key), _told(key, wanted, config[key]), {key: wanted})


def _as_configured(value: Any, beside: Any) -> Any:
    """A planned argument as Keras writes it down: one stride for both directions as a pair."""
    if isinstance(value, (tuple, list)):
        return [_as_configured(part, None) for part in value]
    if isinstance(beside, list) and isinstance(value, int):
        return [value] * len(beside)
    if isinstance(beside, dict) and isinstance(value, str):  # a dtype policy, an initializer
        return beside
    return value


def _told(key: str, wanted: Any, held: Any) -> str:
    return f"{key} {wanted!r} instead of {held!r}"


def _by_weights(
    described: Mapping[str, Any], held: Mapping[str, np.ndarray], intended: Mapping[str, np.ndarray]
) -> Iterator[Hypothesis]:
    for target, wanted in intended.items():
        value = held.get(target)
        if value is None or value.shape != wanted.shape or value.tobytes() == wanted.tobytes():
            continue
        cause, text = _what_happened(described["class"], target, value, wanted)
        yield Hypothesis(cause, text, weights={target: wanted})


def _what_happened(
    kind: str, target: str, value: np.ndarray, wanted: np.ndarray
) -> tuple[str, str]:
    name = target.rpartition("/")[2]
    if name in STATISTICS:
        if np.all(value == (1 if name == "moving_variance" else 0)):
            return "statistics", f"{name} of the checkpoint instead of its initial value"
        return "statistics", f"{name} of the checkpoint"
    for axes in _swaps(value.shape):
        if np.array_equal(np.transpose(value, axes), wanted):
            return "transposed kernel", f"{name} transposed, axes {list(axes)}"
    if kind in _GATES:
        for order in _orders(_GATES[kind]):
            if np.array_equal(_reordered(value, order), wanted):
                return "gate order", f"the gates of {name} in the order {list(order)}"
    for narrow in ("float16", "bfloat16"):
        if np.array_equal(_narrowed(wanted, narrow), value):
            return "precision", f"{name} with the values of the checkpoint, not rounded to {narrow}"
    count = int(np.count_nonzero(value != wanted))
    return "weights", (
        f"{name} with the values of the checkpoint, which differ in {count:,} of "
        f"{value.size:,} elements"
    )


def _narrowed(array: np.ndarray, dtype: str) -> np.ndarray:
    import ml_dtypes

    with np.errstate(over="ignore"):
        return array.astype(getattr(ml_dtypes, dtype, dtype)).astype(array.dtype)


def _by_configuration(config: Mapping[str, Any]) -> Iterator[Hypothesis]:
    if isinstance(config.get("epsilon"), float):
        for value in _EPSILONS:
            if value != config["epsilon"]:
                yield Hypothesis(
                    "epsilon", _told("epsilon", value, config["epsilon"]), {"epsilon": value}
                )
    for key in _SLOPE_KEYS:
        if isinstance(config.get(key), float):
            for value in _SLOPES:
                if value != config[key]:
                    yield Hypothesis("slope", _told(key, value, config[key]), {key: value})
    if config.get("padding") in ("same", "valid"):
        other = "valid" if config["padding"] == "same" else "same"
        yield Hypothesis("padding", _told("padding", other, config["padding"]), {"padding": other})
    if isinstance(config.get("activation"), str):
        for name in _ACTIVATIONS:
            if name != config["activation"]:
                text = _told("activation", name, config["activation"])
                yield Hypothesis("activation", text, {"activation": name})


def _by_order(described: Mapping[str, Any], held: Mapping[str, np.ndarray]) -> Iterator[Hypothesis]:
    """Statistics exchanged, square kernels transposed, gates in another order."""
    by_name = {target.rpartition("/")[2]: target for target in held}
    if all(name in by_name for name in STATISTICS):
        mean, variance = (by_name[name] for name in STATISTICS)
        exchanged = {mean: held[variance], variance: held[mean]}
        yield Hypothesis("statistics", "mean and variance exchanged", weights=exchanged)
    for target, value in held.items():
        for axes in _swaps(value.shape):
            name = target.rpartition("/")[2]
            turned = {target: np.ascontiguousarray(np.transpose(value, axes))}
            yield Hypothesis(
                "transposed kernel", f"{name} transposed, axes {list(axes)}", weights=turned
            )
    if described["class"] in _GATES:
        for order in _orders(_GATES[described["class"]]):
            gates = {target: _reordered(value, order) for target, value in held.items()}
            yield Hypothesis("gate order", f"the gates in the order {list(order)}", weights=gates)


def _swaps(shape: Sequence[int]) -> list[tuple[int, ...]]:
    """The exchanges of two axes that leave a shape as it is."""
    found = []
    for one, other in itertools.combinations(range(len(shape)), 2):
        if shape[one] == shape[other] > 1:
            axes = list(range(len(shape)))
            axes[one], axes[other] = other, one
            found.append(tuple(axes))
    return found


def _orders(gates: int) -> list[tuple[int, ...]]:
    return list(itertools.permutations(range(gates)))[1:]


def _reordered(value: np.ndarray, order: Sequence[int]) -> np.ndarray:
    if value.shape[-1] % len(order):
        return value
    parts = np.split(value, len(order), axis=-1)
    return np.concatenate([parts[index] for index in order], axis=-1)
