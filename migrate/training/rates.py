"""Learning rate and hyper-parameters: constants, schedules, and what was fed or kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..graph import FORMULAS, Schedule, Trainer, read_schedule
from ..graph.conds import as_choices
from ..graph.nodes import Graph, Node
from ..layers.formula import formula
from ..plan.training import Formula, New
from .context import Context
from .schedule import keras_schedule

_UNKNOWN_RATE = 0.001  # Keras's own default, where the graph leaves the rate to a feed


def learning_rate(context: Context, trainer: Trainer) -> tuple[float | New | Formula, bool]:
    """The rate, and whether it stays what it is."""
    schedule, step = trainer.schedule, trainer.optimizer.step
    if schedule.kind == "constant":
        return float(schedule.arguments["learning_rate"]), True
    if schedule.kind in ("placeholder", "variable"):
        return _held_rate(context, schedule), False
    if schedule.kind == "unknown" and step is not None:
        schedule = read_schedule(_with_constants(context, schedule.tensor, step), schedule.tensor)
    made = keras_schedule(schedule) or _rate_formula(context, schedule, step)
    if made is not None and schedule.step in (None, step):
        return made, False
    rate = _present_rate(context, schedule)
    if schedule.why:
        why = schedule.why
    elif made is None:
        why = f"Keras has no {schedule.kind}"
    else:
        why = f"the schedule depends on {schedule.step}, which this optimizer does not count"
    context.warnings.append(
        f"the learning rate stays at {rate:.6g}, its value at the checkpoint: {why}"
    )
    return rate, False


def _held_rate(context: Context, schedule: Schedule) -> float:
    """A rate that is fed, or kept in a variable."""
    rate = schedule.arguments.get("learning_rate")
    rate = context.value(schedule.tensor) if rate is None else rate
    if rate is not None:
        return float(rate)
    context.warnings.append(
        f"the learning rate is fed through {schedule.tensor}; {_UNKNOWN_RATE} is used instead: "
        "set model.optimizer.learning_rate"
    )
    return _UNKNOWN_RATE


def _with_constants(context: Context, tensor: str, step: str) -> Graph:
    """The graph with scalar variables as constants: a rate that is kept in one, say."""
    held = {
        name: Node(name, "Const", attrs={"value": value, "dtype": value.dtype.name})
        for name, value in context.scalars(tensor, step).items()
    }
    return replace(context.graph, nodes={**context.graph.nodes, **held})


def _rate_formula(context: Context, schedule: Schedule, step: str | None) -> Formula | None:
    if schedule.kind != "unknown" or step is None:
        return None
    fixed = context.scalars(schedule.tensor, step)
    graph = as_choices(context.graph, schedule.tensor)
    body = formula(graph, [f"{step}:0"], schedule.tensor, fixed)
    if isinstance(body, str):
        return None
    return Formula("GraphRate", schedule.tensor, body, is_loss=False)


def _present_rate(context: Context, schedule: Schedule) -> float:
    rate = context.value(schedule.tensor)
    held = None if schedule.step is None else context.recipes.get(schedule.step)
    if rate is None and schedule.kind in FORMULAS and held is not None:
        step = int(held.make(context.read).reshape(-1)[0])
        rate = FORMULAS[schedule.kind](**schedule.arguments)(step)
    return _UNKNOWN_RATE if rate is None else float(rate)


def hyperparameters(context: Context, trainer: Trainer) -> dict[str, Any]:
    """Those that are known, by the names TensorFlow 1 has for them."""
    found = dict(trainer.optimizer.hyperparameters)
    for name, tensor in trainer.optimizer.computed.items():
        if name == "learning_rate":
            continue
        value = context.value(tensor)
        if value is not None:
            found[name] = value
        else:
            context.warnings.append(
                f"{name} of the optimizer is fed through {tensor}; Keras's default is used"
            )
    return found
