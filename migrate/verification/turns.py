"""The parts of a model that train in turn with it, each compared by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ..graph import Interface
from ..plan import Plan
from ..sources import Source
from ..worker import Worker
from .comparing import Allowed
from .feeding import Feeding
from .subject import Model
from .trained import Trained
from .training import train_both


def each_turn(
    interface: Interface, plan: Plan, model: Model
) -> Iterator[tuple[str, Interface, Plan]]:
    """The function of each turn beside the first, and its part of interface and plan.

    Until the next is taken, ``model`` is the model of that part, from the checkpoint on; after the
    last it is the whole model again.
    """
    assert plan.training is not None
    for turn in plan.training.turns:
        inputs = tuple(interface.inputs[number] for number in turn.inputs)
        outputs = tuple(interface.outputs[number] for number in turn.outputs)
        part = replace(
            plan,
            training=turn.training,
            inputs=[plan.inputs[number] for number in turn.inputs],
            outputs=[plan.outputs[number] for number in turn.outputs],
        )
        with model.turn(turn.function) as targets:
            part.weights = [weight for weight in plan.weights if weight.target in targets]
            yield turn.function, replace(interface, inputs=inputs, outputs=outputs), part


def train_turns(
    source: Source,
    interface: Interface,
    plan: Plan,
    model: Model,
    worker: Worker,
    steps: int,
    feeding: Feeding,
    data: str | Path | None,
    allowed: Allowed,
    *,
    timeout: float | None,
) -> dict[str, Trained]:
    """As :func:`train_both` does the first, the others: by the function that makes their model.

    Args:
        feeding: of the first.
        data: the file that it reads.

    Raises:
        UserError: as :func:`train_both` does.
    """
    assert source.graph is not None
    found = {}
    for function, own, part in each_turn(interface, plan, model):
        fed = Feeding.of(source.graph, own, part, data, feeding.seed, feeding.size)
        found[function] = train_both(
            source, own, part, model, worker, steps, fed, allowed, timeout=timeout
        )
    return found
