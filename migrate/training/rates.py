"""Learning rate and hyper-parameters: constants, schedules, and what was fed or kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..errors import printable
from ..graph import FORMULAS, Schedule, Trainer, read_schedule
from ..graph.conds import as_choices
from ..graph.nodes import Graph, Node
from ..layers.formula import formula
from ..plan import Unknown
from ..plan.training import Formula, New
from .context import Context
from .schedule import keras_schedule

# Optimizers whose updates divide by the learning rate: none of theirs is 0.
_DIVIDING = ("Ftrl", "AdagradDA")


Rate = float | New | Formula | Unknown


def learning_rate(context: Context, trainer: Trainer) -> tuple[Rate | None, bool]:
    """The rate, and whether it stays what it is; None where there must be one, and is none."""
    rate, constant = _learning_rate(context, trainer)
    if not isinstance(rate, Unknown):
        return rate, constant
    name = printable(rate.tensor.removesuffix(":0"))
    if trainer.optimizer.class_name in _DIVIDING:
        context.plan.warnings.append(
            f"Training is not carried over: {trainer.optimizer.class_name} divides by the "
            f"learning rate, which the TF1 program feeds ({name}); --feed {name}=VALUE sets it."
        )
        return None, constant
    context.warnings.append(
        f"the TF1 program feeds the learning rate ({name}). It is an argument of "
        "compile_model; in model.keras it is 0, so training changes nothing; --feed "
        f"{name}=VALUE sets it"
    )
    return rate, constant


def _learning_rate(context: Context, trainer: Trainer) -> tuple[Rate, bool]:
    schedule, step = trainer.schedule, trainer.optimizer.step
    if schedule.kind == "constant":
        return float(schedule.arguments["learning_rate"]), True
    if schedule.kind in ("placeholder", "variable"):
        held = _held_rate(context, schedule)
        if schedule.kind == "variable" and isinstance(held, float):
            context.notes.append(
                f"the learning rate is {held:.6g}, the value of a variable "
                f"({printable(schedule.tensor.removesuffix(':0'))}) at the checkpoint. The program "
                "can change it"
            )
        return held, False
    if schedule.kind == "unknown" and step is not None:
        schedule = read_schedule(_with_constants(context, schedule.tensor, step), schedule.tensor)
    made = keras_schedule(schedule) or _rate_formula(context, schedule, step)
    if made is not None and schedule.step in (None, step):
        rounds = 1 if trainer.accumulation is None else trainer.accumulation.steps
        # Keras asks a schedule for the rate of a step, whether it updates or only adds up.
        return made if rounds == 1 else New("ByRound", {"schedule": made, "steps": rounds}), False
    rate = _present_rate(context, schedule)
    if rate is None:
        return Unknown(_fed(context, schedule.tensor)), False
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


def _held_rate(context: Context, schedule: Schedule) -> float | Unknown:
    """A rate that is fed, or kept in a variable."""
    rate = schedule.arguments.get("learning_rate")
    rate = context.value(schedule.tensor) if rate is None else rate
    return Unknown(schedule.tensor) if rate is None else float(rate)


def _fed(context: Context, tensor: str) -> str:
    """The placeholders that a tensor depends on; of several the first."""
    behind = context.graph.ancestors([tensor]).values()
    return next((f"{n.name}:0" for n in behind if n.op.startswith("Placeholder")), tensor)


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


def _present_rate(context: Context, schedule: Schedule) -> float | None:
    rate = context.value(schedule.tensor)
    held = None if schedule.step is None else context.recipes.get(schedule.step)
    if rate is None and schedule.kind in FORMULAS and held is not None:
        step = int(held.make(context.read).reshape(-1)[0])
        rate = FORMULAS[schedule.kind](**schedule.arguments)(step)
    return None if rate is None else float(rate)


def hyperparameters(context: Context, trainer: Trainer) -> dict[str, Any] | None:
    """Those of an optimizer, by the names TensorFlow 1 has for them; None where one is not known.

    What is in the way is then a warning of the plan.
    """
    found = dict(trainer.optimizer.hyperparameters)
    for name, tensor in trainer.optimizer.computed.items():
        if name == "learning_rate":
            continue
        value = context.value(tensor)
        if value is not None:
            found[name] = value
        else:
            fed = printable(_fed(context, tensor).removesuffix(":0"))
            context.plan.warnings.append(
                f"Training is not carried over: the TF1 program feeds {name} of the optimizer "
                f"({fed}); --feed {fed}=VALUE sets it."
            )
            return None
    return found
