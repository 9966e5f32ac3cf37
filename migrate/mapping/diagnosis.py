"""Why two shapes differ, and which variable was probably meant."""

from __future__ import annotations

import difflib
import itertools
import math
from collections.abc import Iterable, Mapping

Shape = tuple[int, ...]

_MAX_POOL, _MAX_NAME = 200, 200  # compared at most, so that a thousand mismatches take a second

# Words that say the same of a variable, TF1's many and Keras's one.
_LEAVES = {
    "kernel": {"kernel", "weights", "weight", "w", "matrix"},
    "bias": {"bias", "biases", "b"},
    "gamma": {"gamma", "scale"},
    "beta": {"beta", "offset"},
    "moving_mean": {"moving_mean"},
    "moving_variance": {"moving_variance"},
    "embeddings": {"embeddings", "embedding"},
    "depthwise_kernel": {"depthwise_kernel", "depthwise_weights"},
    "pointwise_kernel": {"pointwise_kernel", "pointwise_weights"},
}
_ROLE = {word: role for role, words in _LEAVES.items() for word in words}


def role(name: str) -> str | None:
    """What a variable is to its layer, in Keras's word, by the end of its name."""
    leaf = name.rpartition("/")[2].lower()
    return _ROLE.get(leaf) or _ROLE.get(leaf.rstrip("0123456789_"))


def likely_cause(have: Shape, want: Shape) -> str | None:
    """The reason why a tensor of the checkpoint does not fit its variable, and a remedy; None if
    unknown."""
    if have == want:
        return None
    if len(have) == len(want) and sorted(have) == sorted(want):
        left = list(range(len(have)))
        order = [left.pop(next(i for i, a in enumerate(left) if have[a] == n)) for n in want]
        return f"transposed: steps = [{{ transpose = {order} }}]"
    if math.prod(have) == math.prod(want):
        return (
            f"the same number of elements in another shape: steps = [{{ reshape = {list(want)} }}]"
        )
    if len(have) == len(want):
        differing = [i for i, (a, b) in enumerate(zip(have, want, strict=True)) if a != b]
        if differing == [len(have) - 1]:
            return (
                f"different number of classes or units: {have[-1]} in the checkpoint, "
                f"{want[-1]} in the model"
            )
        if len(differing) == 1:
            axis = differing[0]
            where = "input features" if axis == len(have) - 2 else f"positions along axis {axis}"
            return (
                f"different number of {where}: {have[axis]} in the checkpoint, "
                f"{want[axis]} in the model"
            )
    return None


def why_unset(path: str, shape: Shape, unused: Mapping[str, Shape], taken: Iterable[str]) -> str:
    """Why no tensor of the checkpoint reaches a model variable."""
    kind = role(path)
    siblings = {p for p in taken if p.rpartition("/")[0] == path.rpartition("/")[0]}
    if siblings and not any(s == shape for s in unused.values()):
        if kind == "bias":
            return "the checkpoint has no bias for it: use_bias=False in the model?"
        if kind in ("gamma", "beta"):
            option = "scale" if kind == "gamma" else "center"
            return f"the checkpoint has no {kind} for it: {option}=False in the model?"
        if kind in ("moving_mean", "moving_variance"):
            return "the checkpoint was saved without moving statistics (trainable variables only?)"
    leaf = path.rpartition("/")[2]
    if len(shape) == 2 and leaf in ("kernel", "recurrent_kernel"):
        for name, have in unused.items():
            if len(have) == 2 and have[1] == shape[1] and have[0] > shape[0] and not shape[1] % 4:
                return (
                    f"an LSTM? {name} {list(have)} contains kernel and recurrent_kernel: "
                    'steps = [{ gates = "lstm" }, { split = … }]'
                )
    return "no checkpoint variable is mapped to it"


def candidates(
    name: str, shape: Shape | None, others: Mapping[str, Shape], limit: int = 3
) -> tuple[str, ...]:
    """The others that were probably meant: of that shape (None: any), then of a near name."""

    same = [other for other, other_shape in others.items() if other_shape == shape]
    pool = [*same, *itertools.islice((o for o in others if others[o] != shape), _MAX_POOL)]
    matcher = difflib.SequenceMatcher(None, b=name[:_MAX_NAME])
    meaning = role(name)
    scores = {}
    for other in pool[:_MAX_POOL]:
        matcher.set_seq1(other[:_MAX_NAME])
        alike = matcher.quick_ratio()
        if others[other] == shape or alike > 0.6:
            scores[other] = (others[other] == shape, role(other) == meaning is not None, alike)
    return tuple(sorted(scores, key=lambda other: scores[other], reverse=True)[:limit])
