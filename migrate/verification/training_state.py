"""Gradients, weights and slots of an original and its model, compared after steps of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..graph import Trainer
from ..graph.nodes import SaveSlice
from ..graph.variables import find_variables
from ..parity import Difference
from ..plan import Plan, constant
from ..plan.recipe import Read
from ..sources import Source
from ..training.layers import STATISTICS
from ..training.state import movable
from .comparing import difference
from .subject import Model

_ROUNDING = 1e-6
"""Of the greatest gradient: what is smaller is rounding alone, as of a bias before batch
normalization; an optimizer that divides by it enlarges it as it likes."""
_SMALL = 1e-5
"""Of the greatest gradient: what is smaller, and whose two sides have fewer than three digits in
common, is rounding as well."""
_FEW_DIGITS = 1e-3


class Gradients:
    """What both sides apply to each weight: after clipping, before the optimizer.

    Where gradients are accumulated, what they add up.
    """

    def __init__(self, source: Source, plan: Plan, trainers: Sequence[Trainer]):
        assert source.graph is not None
        self._recipes, self._plan, self._read = source.recipes(), plan, source.read
        self._variables = find_variables(source.graph)
        self._shapes = {v.name: v.shape for v in source.variables()}
        updates = [u for trainer in trainers for u in trainer.optimizer.updates]
        self._updates = [u for u in updates if u.variable in self._recipes]
        added = (t.accumulation.scales for t in trainers if t.accumulation is not None)
        self._scales = {name: scale for scales in added for name, scale in scales.items()}

    @property
    def tensors(self) -> list[str]:
        """The tensors of the original that they are read from."""
        names = [t for u in self._updates for t in (u.gradient, u.indices) if t is not None]
        return list(dict.fromkeys(names))

    def compare(
        self, found: Mapping[str, np.ndarray], made: Mapping[str, np.ndarray], notes: list[str]
    ) -> dict[str, Difference]:
        """By target.

        Args:
            found: tensor of the original → value.
            made: by the model, by target.
            notes: told what cannot be compared.
        """
        applied: dict[str, np.ndarray] = {}
        for update in self._updates:
            recipe, gradient = self._recipes[update.variable], found[update.gradient]
            if update.indices is not None:
                rows = np.zeros(recipe.shape, gradient.dtype)
                np.add.at(rows, found[update.indices], gradient)
                gradient = rows
            if (scale := self._scales.get(update.variable, 1.0)) != 1.0:
                gradient = gradient * gradient.dtype.type(scale)
            (name,) = recipe.sources
            part = self._variables[update.variable].slice
            if part is None:
                applied[name] = gradient
                continue
            whole = applied.setdefault(name, np.zeros(self._shapes[name], gradient.dtype))
            whole[_place(part)] = gradient
        standing = {name: constant(array) for name, array in applied.items()}
        result, left = {}, []
        for weight in self._plan.weights:
            own = made.get(weight.target)
            if not set(weight.recipe.sources) & applied.keys():
                if own is not None and own.any():  # on this side only
                    result[weight.target] = difference(np.zeros_like(own), own)
            elif movable(weight, standing, self._read):
                expected = weight.recipe.make(lambda name: applied[name], slots=True)
                own = np.zeros_like(expected) if own is None else own
                result[weight.target] = difference(expected, own)
            elif own is not None:
                left.append(weight.target)
        if left:
            notes.append(
                f"gradients of {', '.join(left)} are not compared: each is computed from variables"
            )
        return result


def compare_state(
    source: Source,
    plan: Plan,
    read: Read,
    model: Model,
    noise: Sequence[str],
    notes: list[str],
) -> tuple[dict[str, Difference], dict[str, Difference]]:
    """Weights and slots of both sides, by target; without those that only rounding moved."""
    assert plan.training is not None
    held = model.weights([weight.target for weight in plan.weights])
    weights, kept = {}, []
    for weight in plan.weights:
        expected, made = weight.recipe.make(read), held[weight.target]
        found, before = difference(expected, made), weight.recipe.make(source.read)
        if found.max_abs and _stayed(weight.target, expected, before):
            kept.append(weight.target)
        elif weight.target not in noise:
            # What has come near to 0 is as exact as it was when it was larger.
            scale = max(found.scale, float(np.abs(before).max(initial=0)))
            weights[weight.target] = replace(found, scale=scale)
    if kept:
        notes.append(
            f"{', '.join(kept)} not compared: the train op does not update moving statistics, and "
            "Keras does"
        )
    slots = {slot.target: slot for slot in plan.training.slots if slot.weight not in noise}
    places = {target: (s.member, s.attribute, s.weight) for target, s in slots.items()}
    state = model.slots(places) if places else {}
    return weights, {t: difference(slot.make(read), state[t]) for t, slot in slots.items()}


def values_after(source: Source, now: Mapping[str, np.ndarray]) -> Read:
    """What a variable of the checkpoint is now; what training does not touch is as it was."""
    assert source.graph is not None
    variables = find_variables(source.graph)
    nodes: dict[str, list[str]] = {}
    for node, recipe in source.recipes().items():
        for name in recipe.sources:
            nodes.setdefault(name, []).append(node)

    def read(name: str) -> np.ndarray:
        parts = [node for node in nodes.get(name, ()) if node in now]
        if not parts:
            return source.read(name)
        slices = [variables[node].slice for node in parts]
        if len(parts) == 1 and slices[0] is None:
            return now[parts[0]]
        whole = np.array(source.read(name))
        for node, part in zip(parts, slices, strict=True):
            if part is None:
                return now[node]
            whole[_place(part)] = now[node]
        return whole

    return read


def _place(part: SaveSlice) -> tuple[slice, ...]:
    """Where a part lies in the whole."""
    ends = zip(part.offset, part.shape, strict=True)
    return tuple(slice(start, start + size) for start, size in ends)


def _stayed(target: str, after: np.ndarray, before: np.ndarray) -> bool:
    """Whether a moving statistic is what it was."""
    after = after.astype(before.dtype)
    return target.rpartition("/")[2] in STATISTICS and after.tobytes() == before.tobytes()


def rounding_alone(gradients: Mapping[str, Difference]) -> list[str]:
    """The targets whose gradient is rounding alone, on either side."""
    greatest = max((d.scale for d in gradients.values()), default=0.0)
    return [
        target
        for target, d in gradients.items()
        if d.scale + d.max_abs <= _ROUNDING * greatest
        or (d.scale + d.max_abs <= _SMALL * greatest and d.max_abs > _FEW_DIGITS * d.scale)
    ]
