"""Some steps of training on both sides: the original's own train operation, Keras's own step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from ..errors import UserError, printable
from ..graph import Interface
from ..plan import Plan, Unknown
from ..plan.examples import KINDS
from ..sources import Source
from ..worker import JobError, Worker, WorkerError
from .comparing import Allowed
from .feeding import Feeding
from .subject import Model
from .trained import Trained
from .training_side import Run, Side, differ, rates_of

_IN_FLOAT64 = Allowed(rtol=1e-6)
"""Numbers of the source have seven digits, such as those of a formula."""

Batch = tuple[list[np.ndarray], list[np.ndarray], dict[int, np.ndarray]]
"""Inputs, the labels of each loss, and weights by the number of the output."""


def train_both(
    source: Source,
    interface: Interface,
    plan: Plan,
    model: Model,
    worker: Worker,
    steps: int,
    feeding: Feeding,
    allowed: Allowed,
    *,
    timeout: float | None,
) -> Trained:
    """Trains the original in ``worker`` and the model, from the checkpoint on.

    Dropout is off on both sides, since no two programs draw the same numbers. Where they differ,
    the original is run again with all gradients ready before the first update: without that
    TensorFlow 1 may change a variable of which a gradient is still to be computed. Where they still
    differ, both are run in float64: what agrees there differs by rounding alone.

    Args:
        plan: with its training.
        feeding: what each step is given.
        allowed: by which it is decided whether to look further.

    Raises:
        UserError: the graph does not train this model, its training cannot be run, or it is not
            the same each time it is run.
    """
    original = Side(source, interface, plan, worker, feeding, timeout=timeout)
    batches, expected = _first_run(original, feeding, model, steps)
    model.set_rates(original.fed_rates)
    given = [_for_keras(plan, interface, original.joined(batch)) for batch in batches]
    made = [model.train(*each, gradients=not step) for step, each in enumerate(given)]
    trained = original.compare(expected, model, made)

    moved: list[dict[str, float]] = []

    def excused(found: Trained) -> Trained:
        """What rounding moves is told by runs in a fixed order: races would move it too."""
        if found.holds(allowed):
            return found
        if not moved:
            gated = _in_order(original, batches) is not None
            one, nudged = (original.run(batches, gated=gated, nudged=n) for n in (False, True))
            moved.append(original.moved(one, nudged))
        return found.excused(moved[0], allowed)

    def on(run: Run, other: Model) -> Trained:
        """Other models do not tell their gradients: rounding alone is told by those of this one."""
        other.set_rates(original.fed_rates)
        losses = [other.train(*each)[0] for each in given]
        steps = [(loss, gradients) for loss, (_, gradients) in zip(losses, made, strict=True)]
        return excused(replace(original.compare(run, other, steps), gradients={}))

    if trained.holds(allowed):
        return replace(trained, repeat=partial(on, expected))
    # Before rounding may excuse anything: updates that race move as much as rounding does.
    gated = _in_order(original, batches)
    again = trained if gated is None else original.compare(gated, model, made)
    if gated is not None and again.holds(allowed):
        note = (
            "the original agrees if its ops run in a fixed order: all gradients before the first "
            "update, and its step counter first; TensorFlow 1 does not wait for that, so its steps "
            "can differ from run to run"
        )
        return replace(again, notes=(*again.notes, note), repeat=partial(on, gated))
    found = excused(trained)
    if found.holds(allowed):
        return replace(found, repeat=partial(on, expected))
    wide = _in_float64(original, model, batches, given)
    if isinstance(wide, str):
        note = f"float64, which tells rounding from other differences, could not be run: {wide}"
        trained = replace(trained, notes=(*trained.notes, note))
    elif wide.holds(allowed) and wide.holds(_IN_FLOAT64) and trained.first_loss_holds(Allowed()):
        note = (
            "both sides were compared in float64, where rounding does not show; in float32 "
            f"{trained.wrong(allowed)}"
        )
        return replace(wide, notes=(*wide.notes, note))
    runs = [original.run(batches), original.run(batches, again=True)]
    if any(differ(expected, run, allowed) for run in runs):
        raise UserError(
            "two runs of the program's own train operation from the checkpoint differ: it draws "
            "random numbers, or its updates race",
            expected="training that is the same in each run",
        )
    return trained


def _in_order(original: Side, batches: Sequence[Mapping[str, np.ndarray]]) -> Run | None:
    """The original with no update before the last gradient; None if its graph forbids that."""
    try:
        return original.run(batches, gated=True)
    except WorkerError:
        raise
    except (UserError, JobError):
        return None


def _in_float64(
    original: Side,
    model: Model,
    batches: Sequence[Mapping[str, np.ndarray]],
    given: Sequence[Batch],
) -> Trained | str:
    """Both sides after the same steps in float64; what one of them says that cannot do that."""
    try:
        run = original.run(batches, gated=True, wide=True)
        with model.wide():
            model.set_rates(original.fed_rates)
            made = [model.train(*each, gradients=not step) for step, each in enumerate(given)]
            return original.compare(run, model, made)
    except WorkerError:
        raise
    except (UserError, JobError) as error:
        return printable(error.gist if isinstance(error, JobError) else error.problem, 200)


def _first_run(
    original: Side, feeding: Feeding, model: Model, steps: int
) -> tuple[list[Mapping[str, np.ndarray]], Run]:
    """The steps of the original, and what they were given: another kind of it if it refuses one."""
    refused: UserError | None = None
    for kind in KINDS if feeding.data is None else KINDS[:1]:
        drawn = replace(feeding, kind=kind)
        batches = [original.batch(drawn, step, model) for step in range(steps)]
        try:
            return list(batches), original.run(batches)
        except WorkerError:
            raise
        except UserError as error:
            refused = refused or error
    raise refused or AssertionError("there are kinds of examples")


def unfed_rates(plan: Plan) -> list[str]:
    """The placeholders of learning rates that nobody gave."""
    assert plan.training is not None
    trainings = [plan.training, *(turn.training for turn in plan.training.turns)]
    rates = [rate for training in trainings for rate in rates_of(training)]
    return list(dict.fromkeys(rate.tensor for rate in rates if isinstance(rate, Unknown)))


def _for_keras(plan: Plan, interface: Interface, batch: Mapping[str, np.ndarray]) -> Batch:
    """What a step of the model is given."""
    assert plan.training is not None
    losses = plan.training.losses
    labels = [batch[tensor] for loss in losses for tensor in loss.labels]
    weights = {loss.output: batch[loss.weights] for loss in losses if loss.weights is not None}
    return [batch[i.tensor] for i in interface.inputs], labels, weights
