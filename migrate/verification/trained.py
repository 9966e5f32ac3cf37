"""What both sides are after the same steps of training: differences, and whether they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..errors import listed, printable
from ..parity import Difference
from .comparing import Allowed
from .subject import Model

_LEAST_SHARE = 0.1
"""Of the greatest gradient: smaller ones are held against that, since sums that cancel leave the
rounding of their terms."""
TIMES = 10
"""So many times as far as rounding moves the original itself may both sides be apart."""


@dataclass(frozen=True)
class Trained:
    """What both sides were after the same steps.

    Attributes:
        losses: of each step, before it: the original's and the model's.
        gradients: of the first step, as they are applied, by target.
        weights: of the model after the last step, by target.
        slots: of its optimizer, likewise.
        notes: what was not compared, and why.
        lost: variables of the checkpoint that the original's steps change and that have no place
            in the model.
        counters: variables that count steps otherwise than Keras does, by name.
        named: target → the variables of the checkpoint that it is made of.
        operations: what was run of the original in each step.
        repeat: does the same steps with another model of the same weights, such as on another
            backend, whose gradients are not compared; None where it cannot be done again.
    """

    losses: tuple[tuple[float, float], ...]
    gradients: Mapping[str, Difference]
    weights: Mapping[str, Difference]
    slots: Mapping[str, Difference]
    notes: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    counters: Mapping[str, Difference] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
    operations: tuple[str, ...] = ()
    repeat: Callable[[Model], Trained] | None = field(default=None, compare=False, repr=False)

    def holds(self, allowed: Allowed) -> bool:
        """Whether nothing differs by more than is allowed."""
        return not self.wrong(allowed)

    def first_loss_holds(self, allowed: Allowed) -> bool:
        """Whether both sides agree before they are trained."""
        expected, made = self.losses[0]
        return abs(expected - made) <= allowed.limit(abs(expected))

    def gradient_holds(self, target: str, allowed: Allowed) -> bool:
        """Whether one gradient is within what is allowed."""
        greatest = max(d.scale for d in self.gradients.values())
        own = self.gradients[target]
        return own.max_abs <= allowed.limit(max(own.scale, _LEAST_SHARE * greatest))

    def wrong(self, allowed: Allowed) -> str:
        """What differs first by more than is allowed, as a clause; "" where nothing does."""
        return next(self._wrong(allowed), "")

    def _wrong(self, allowed: Allowed) -> Iterator[str]:
        scale = max(abs(expected) for expected, _ in self.losses)
        for number, (e, m) in enumerate(self.losses[:1], 1):
            if not abs(e - m) <= allowed.limit(scale):
                yield f"the loss of step {number} is {e:.6g} in TF1 and {m:.6g} in Keras"
        failing = {t: d for t, d in self.weights.items() if not allowed.holds(d)}
        if failing:
            yield f"after {len(self.losses)} steps {self._worst(failing)}"
        failing = {t: d for t, d in self.slots.items() if not allowed.holds(d)}
        if failing:
            yield f"after {len(self.losses)} steps {self._worst(failing)}"
        failing = {t: d for t, d in self.gradients.items() if not self.gradient_holds(t, allowed)}
        if failing:
            yield f"in the first step the gradient of {self._worst(failing)}"
        for number, (e, m) in enumerate(self.losses, 1):
            if not abs(e - m) <= allowed.limit(scale):
                yield f"the loss of step {number} is {e:.6g} in TF1 and {m:.6g} in Keras"
        if self.lost:
            names = listed([printable(name, 80) for name in self.lost])
            yield f"the steps change {names}, which the model does not have"
        for name in self.counters:
            yield f"{printable(name, 80)} does not count steps like Keras"

    def excused(self, moved: Mapping[str, float], allowed: Allowed) -> Trained:
        """This without the weights and slots that rounding alone moves as far.

        Args:
            moved: target → how far it moves where the original starts from rounded variables.
        """
        apart = {**self.weights, **self.slots}
        left = {
            target
            for target, d in apart.items()
            if not allowed.holds(d) and d.max_abs <= TIMES * moved.get(target, 0.0)
        }
        if not left:
            return self
        verb = "them" if len(left) > 1 else "it"
        names = listed(sorted(left))
        note = f"{names} not compared after training: rounding changes {verb} as much"
        return replace(
            self,
            weights={t: d for t, d in self.weights.items() if t not in left},
            slots={t: d for t, d in self.slots.items() if t not in left},
            notes=(*self.notes, note),
        )

    def _worst(self, found: Mapping[str, Difference]) -> str:
        def share(target: str) -> float:
            d = found[target]
            return d.max_abs / d.scale if d.scale else np.inf

        target = max(found, key=lambda t: np.nan_to_num(share(t), nan=np.inf))
        name = printable(self.named.get(target, target), 120)
        d = found[target]
        by = (
            f"{share(target):.2g} relative to its largest value"
            if d.scale
            else f"{d.max_abs:.2g}, where all values are 0"
        )
        return f"{name} differs by {by}"

    @property
    def loss_difference(self) -> float:
        """The greatest difference of a loss."""
        return max(abs(expected - made) for expected, made in self.losses)

    @property
    def of_scale(self) -> float:
        """The greatest difference of a weight or slot, of its own scale."""
        state = [*self.weights.values(), *self.slots.values()]
        return max((d.max_abs / d.scale for d in state if d.scale), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "losses": [{"original": e, "model": m} for e, m in self.losses],
            "gradients": {target: d.to_dict() for target, d in self.gradients.items()},
            "weights": {target: d.to_dict() for target, d in self.weights.items()},
            "slots": {target: d.to_dict() for target, d in self.slots.items()},
            "lost": list(self.lost),
            "counters": {name: d.to_dict() for name, d in self.counters.items()},
            "operations": list(self.operations),
            "notes": list(self.notes),
        }
