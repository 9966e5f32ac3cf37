"""Warnings from names, shapes and the statistics that were read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .. import errors
from ..checkpoint import Role, Variable
from .statistics import Statistics
from .steps import Step, steps_text
from .wording import counted, listed, shown

Read = Callable[[str], np.ndarray]


@dataclass(frozen=True)
class Finding:
    """One warning.

    Attributes:
        kind: for programs: "nan", "never_updated", "missing_statistics", "dead", "constant",
            "no_gradient", "duplicate", "absent", "foreign", "reshaped", "steps" or "files".
        text: one line, names made safe.
        variables: the names it is about, all of them.
    """

    kind: str
    text: str
    variables: tuple[str, ...] = ()


def not_numbers(figures: Mapping[str, Statistics]) -> Iterator[Finding]:
    """Tensors with NaN or Inf in them."""
    bad = [name for name, f in figures.items() if f.nans or f.infinities]
    if bad:
        nans = sum(figures[name].nans for name in bad)
        infinities = sum(figures[name].infinities for name in bad)
        what = " and ".join(
            f"{count:,} {word}" for count, word in ((nans, "NaN"), (infinities, "Inf")) if count
        )
        yield Finding(
            "nan", f"{what} in {counted(len(bad), 'variable')}: {listed(bad)}", tuple(bad)
        )


_BATCH_NORM = re.compile(r"(?i)batch_?norm|(?:^|[/_\d])bn(?:$|[/_\d])")
_MEAN = re.compile(r"(?i)(?:moving|running|pop|population)_?(?:mean|avg|average)")
_VARIANCE = re.compile(r"(?i)(?:moving|running|pop|population)_?var(?:iance)?")


def batch_norm(
    variables: Mapping[str, Variable], figures: Mapping[str, Statistics]
) -> Iterator[Finding]:
    """Batch-norm statistics that were never updated, or do not exist."""
    scopes: dict[str, dict[str, str]] = defaultdict(dict)
    for name in variables:
        scope, _, last = name.rpartition("/")
        if _MEAN.fullmatch(last):
            scopes[scope]["mean"] = name
        elif _VARIANCE.fullmatch(last):
            scopes[scope]["variance"] = name
        elif last in ("beta", "gamma"):
            scopes[scope][last] = name
    untouched, bare = [], []
    for scope, parts in scopes.items():
        if "mean" in parts and "variance" in parts:
            mean, variance = figures.get(parts["mean"]), figures.get(parts["variance"])
            if mean and variance and _all(mean, 0.0) and _all(variance, 1.0):
                untouched.append(scope)
        elif _BATCH_NORM.search(scope) and "beta" in parts and "layernorm" not in scope.lower():
            bare.append(scope)
    if untouched:
        yield Finding(
            "never_updated",
            f"batch-norm statistics were never updated (mean 0, variance 1): {listed(untouched)}; "
            "training probably did not run the UPDATE_OPS",
            tuple(untouched),
        )
    if bare:
        yield Finding(
            "missing_statistics",
            f"batch norm without moving mean and variance: {listed(bare)}; inference "
            "cannot normalize as in training",
            tuple(bare),
        )


def _all(figures: Statistics, value: float) -> bool:
    return figures.count > 0 and figures.minimum == figures.maximum == value and not figures.nans


def untrained(
    variables: Mapping[str, Variable],
    roles: Mapping[str, Role],
    figures: Mapping[str, Statistics],
    steps: Sequence[Step],
) -> Iterator[Finding]:
    """Weights that no gradient has reached, dead ones and constant ones."""
    slots: dict[str, list[Statistics | None]] = defaultdict(list)
    for name, role in roles.items():
        if role.kind == "slot" and role.of and variables[name].size > 1:
            slots[role.of].append(figures.get(name))
    still = [name for name, found in slots.items() if all(f and f.constant for f in found)]
    if slots and len(still) == len(slots):
        if not any(step.value for step in steps):
            text = "the optimizer has made no step: all its slots have their initial values"
            yield Finding("no_gradient", text, tuple(still))
    elif still:
        yield Finding(
            "no_gradient",
            f"no gradient ever reached {counted(len(still), 'weight')}, whose optimizer "
            f"slots still have their initial values: {listed(still)}",
            tuple(still),
        )
    told = set(still)
    weights = [
        name
        for name, role in roles.items()
        if role.kind == "weight" and name in figures and figures[name].constant and name not in told
    ]
    dead = [name for name in weights if figures[name].maximum == 0]
    if dead:
        text = f"all zero: {listed(dead)}"
        if all(len(variables[name].shape) < 2 for name in dead):
            text += "; if these are biases, no training step has changed them"
        yield Finding("dead", text, tuple(dead))
    constant = [name for name in weights if figures[name].maximum != 0]
    if constant:
        value = figures[constant[0]].maximum
        same = all(figures[name].maximum == value for name in constant)
        what = f"all elements are {value:g}" if same else "all elements have one value"
        yield Finding("constant", f"{what}: {listed(constant)}", tuple(constant))


_COPY = re.compile(r"(.+)_(\d+)")


def duplicates(
    variables: Mapping[str, Variable],
    roles: Mapping[str, Role],
    figures: Mapping[str, Statistics],
    read: Read,
) -> Iterator[Finding]:
    """A network that is in here twice: by equal values, else by names and shapes throughout."""
    weights = [name for name, role in roles.items() if role.kind == "weight"]
    equal = _equal_values(weights, variables, figures, read)
    if equal:
        pairs = errors.listed([f"{shown(b)} = {shown(a)}" for a, b in equal], 2)
        yield Finding(
            "duplicate",
            f"{counted(len(equal), 'weight')} stored twice, with equal values: {pairs}; a "
            "copy of the network, a target network, or tied weights",
            tuple(name for pair in equal for name in pair),
        )
        return
    twins = _twins(weights, variables) or _twin_scopes(weights, variables)
    if twins:
        first, second = next(iter(twins.items()))
        yield Finding(
            "duplicate",
            "the source seems to contain the network twice, with different values: "
            f"{len(twins):,} weights have a counterpart of the same shape ({shown(first)} "
            f"and {shown(second)}); one of the two may be out of date",
            tuple(name for pair in twins.items() for name in pair),
        )


def _equal_values(
    weights: Sequence[str],
    variables: Mapping[str, Variable],
    figures: Mapping[str, Statistics],
    read: Read,
) -> list[tuple[str, str]]:
    alike: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for name in weights:
        f = figures.get(name)
        if f is not None and f.count > 1 and f.minimum < f.maximum:
            key = variables[name].shape, variables[name].dtype, f.minimum, f.maximum, f.mean
            alike[key].append(name)
    pairs = []
    for names in alike.values():
        if len(names) > 1:
            first = read(names[0])
            pairs += [
                (names[0], other) for other in names[1:] if np.array_equal(first, read(other))
            ]
    return pairs


def _twins(weights: Sequence[str], variables: Mapping[str, Variable]) -> dict[str, str]:
    """``dense_layer_1`` and ``dense_layer_1_1``: TF1 numbers the names of a graph built twice.

    Layers of one network are numbered the same way, so this counts only where it holds for all
    weights, of two layers or more.
    """
    known = set(weights)
    twins: dict[str, str] = {}
    for name in weights:
        parts = name.split("/")
        for at, part in enumerate(parts):
            match = _COPY.fullmatch(part)
            if not match or match[2] != "1":
                continue
            first = "/".join((*parts[:at], match[1], *parts[at + 1 :]))
            if first in known and variables[first].shape == variables[name].shape:
                twins.setdefault(first, name)
                break
    covered = twins.keys() | set(twins.values())
    layers = {name.rpartition("/")[0] or name for name in twins}
    whole = len(covered) == 2 * len(twins) == len(weights) and len(layers) > 1
    return twins if whole else {}


def _twin_scopes(weights: Sequence[str], variables: Mapping[str, Variable]) -> dict[str, str]:
    """``main/…`` and ``target/…``: two outermost scopes that hold all weights, in equal shapes."""
    scopes: dict[str, dict[str, str]] = defaultdict(dict)
    for name in weights:
        scope, _, rest = name.partition("/")
        scopes[scope][rest] = name
    if len(scopes) != 2:
        return {}
    one, two = scopes.values()
    same = one.keys() == two.keys() and len({rest.rpartition("/")[0] for rest in one}) > 1
    if not same or any(variables[one[r]].shape != variables[two[r]].shape for r in one):
        return {}
    return {name: two[rest] for rest, name in one.items()}


def step_disagreements(steps: Sequence[Step]) -> Iterator[Finding]:
    """Step variables, beta powers and the file name that do not say the same.

    The file name may be one off: loops that save after step i call it i or i + 1.
    """
    said = [step for step in steps if step.value is not None]
    counted_steps = {step.value for step in said if step.kind != "file_name"}
    if len(counted_steps) < 2:
        apart = [abs((a.value or 0) - (b.value or 0)) for a in said for b in said]
        if max(apart, default=0) <= 1:
            return
    words = steps_text(said)
    if len(counted_steps) < 2:
        words += "; the number in the file name may not be the step"
    elif 0 in counted_steps and sum(step.kind == "beta_power" for step in said) > 1:
        words += "; an optimizer at step 0 has never run"
    yield Finding("steps", f"steps disagree: {words}", tuple(s.origin for s in said))
