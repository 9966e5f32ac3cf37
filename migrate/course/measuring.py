"""The compared quantities of two or more forms that were trained from the same weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..parity import EXACT, Difference, Tolerance, measure, worst
from .outcome import Measured, Side, step_losses
from .programs import FIRST_STEPS, Training

# In float64 all losses agree to this, or it was not rounding: float64 has 29 bits more, so what
# grows to a thousandth in float32 grows to 1e-12 there.
IN_DOUBLE = Tolerance(rtol=1e-9)

# Another backend, relative to the largest output and to each loss: the rounding of float32 in
# another order, as in the proof of a converted model. After so many steps training has enlarged it.
OF_SCALE = 2e-5
JUDGED_STEPS = 3
# A network that enlarges rounding itself may differ by so many times what one unit in the last
# place of its initial weights makes: a backend rounds in every layer, and not only there.
_TIMES = 10


def parity(
    sides: Sequence[Side],
    tolerance: Tolerance = EXACT,
    moved: Tolerance = EXACT,
    departs: float = 0.0,
) -> list[Measured]:
    """The first side's arrays against those of the others; the worst of these counts.

    Where ``tolerance`` is not exact it is for the loss of the first steps; later values are
    measured and not judged. Where TF1 and TF2 really differ, the loss of the first steps must show
    it.
    """
    exact = tolerance == EXACT and not departs
    later = EXACT if exact else None
    lines = [Measured("logits, weights just moved", arrays_apart(sides, "logits_before"), moved)]
    if departs:
        parting = losses_apart("loss, first steps: expected difference", sides, None)
        lines.append(replace(parting, named=True, least=departs))
    elif not exact:
        lines.append(losses_apart("loss, first steps", sides, tolerance))
    lines.append(Measured("logits, after training", arrays_apart(sides, "logits_after"), later))
    lines.append(Measured("weights, after training", weights_apart(sides), later))
    return lines


def departing(sides: Sequence[Side], program: Training) -> list[Measured]:
    """What Keras's own optimizer gives: equal outputs at first, and then a departure, with a name.

    It is judged before training has enlarged it, as it does rounding; then it is only measured.
    """
    kernel = program.kernel
    assert kernel
    own = f"Keras's own {kernel.name}"
    moved = arrays_apart(sides, "logits_before")
    return [
        Measured("logits, weights just moved", moved, program.moved),
        replace(losses_apart(f"loss, ten steps, {own}", sides, kernel.own, 10), named=True),
        replace(losses_apart(f"loss, first steps, {own}", sides, None), named=True),
    ]


def parity_with_kernel(sides: Sequence[Side], program: Training) -> list[Measured]:
    """The losses and the weights where Keras updates by TF1's operation."""
    assert program.kernel
    how = f"with TF1's {program.kernel.name}"
    exact = program.tolerance == EXACT
    later = EXACT if exact else None
    return [
        losses_apart(f"loss, first steps, {how}", sides, program.tolerance),
        Measured(f"loss, all epochs, {how}", _epochs_apart(sides), later),
        Measured(f"weights, after training, {how}", weights_apart(sides), later),
    ]


def parity_in_double(sides: Sequence[Side]) -> list[Measured]:
    """The losses of the same training in float64: of the first steps, and of all epochs."""
    epochs = Measured("loss, all epochs, in float64", _epochs_apart(sides), IN_DOUBLE)
    if not all(len(side.arrays["losses"]) for side in sides):  # fit told means of many steps
        return [epochs]
    return [losses_apart("loss, first steps, in float64", sides, IN_DOUBLE), epochs]


def on_backend(
    reference: Side, side: Side, moved: tuple[float, float] = (0.0, 0.0)
) -> list[Measured]:
    """Another backend: judged before training enlarges its rounding, and later only measured.

    Args:
        moved: what one unit in the last place of the initial weights makes of the outputs and of
            the first losses, where that was measured; see :func:`enlarged`.
    """
    sides = [reference, side]
    of_outputs, of_losses = (max(OF_SCALE, _TIMES * share) for share in moved)
    before = arrays_apart(sides, "logits_before")
    first, losses = f"loss, first {JUDGED_STEPS} steps", Tolerance(rtol=of_losses)
    return [
        Measured("outputs, weights just moved", before, Tolerance(atol=of_outputs * before.scale)),
        losses_apart(first, sides, losses, JUDGED_STEPS),
        losses_apart("loss, first steps", sides, None),
        Measured("outputs, after training", arrays_apart(sides, "logits_after"), None),
        Measured("weights, after training", weights_apart(sides), None),
    ]


def enlarged(side: Side, other: Side) -> tuple[float, float]:
    """How far outputs and first losses differ of two sides whose initial weights are neighbors."""
    sides = [side, other]
    losses = losses_apart("", sides, None, JUDGED_STEPS).difference
    return arrays_apart(sides, "logits_before").share, losses.max_rel


def enlarged_told(moved: tuple[float, float]) -> str:
    """The line for it."""
    return (
        f"one unit in the last place of the initial weights changes the outputs by {moved[0]:.1e} "
        f"and the first losses by {moved[1]:.1e} on TensorFlow itself: {_TIMES} times this is "
        "allowed"
    )


def weights_apart(sides: Sequence[Side]) -> Difference:
    """The trained weights of the first side against those of the others."""
    return arrays_apart(sides, *(n for n in sides[0].arrays if n.startswith("weight:")))


def arrays_apart(sides: Sequence[Side], *names: str) -> Difference:
    """The arrays of these names of the first side against those of the others."""
    first, *others = sides
    return worst([measure(first.arrays[n], side.arrays[n]) for side in others for n in names])


def _epochs_apart(sides: Sequence[Side]) -> Difference:
    first, *others = [np.array([epoch.loss for epoch in side.epochs]) for side in sides]
    return worst([measure(first, other) for other in others])


def losses_apart(
    what: str, sides: Sequence[Side], tolerance: Tolerance | None, steps: int = FIRST_STEPS
) -> Measured:
    """The losses of the first ``steps`` of the first side against those that others tell."""
    told = [other for other in sides[1:] if len(other.arrays["losses"])]
    pairs = [step_losses(sides[0], other) for other in told]
    found = [measure(a[:steps], b[:steps]) for a, b in pairs]
    return Measured(what, worst(found), tolerance)
