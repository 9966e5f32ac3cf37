"""The check of a conversion's training: a few steps of the program beside as many of Keras's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import UserError, listed, printable
from ..graph import Interface, find_training
from ..graph.nodes import Graph
from ..layers.dropout import fold_dropout
from ..parity import Verdict
from ..plan import Layer, Network, Plan, Unknown
from ..plan.examples import fitting
from ..sources import Source
from ..worker import Worker, WorkerError
from .comparing import OF_SCALE, Allowed
from .feeding import Feeding
from .subject import Model
from .trained import Trained
from .training import train_both, unfed_rates
from .turns import each_turn

STEPS = 3
_MOST_STEPS = 20
_EXAMPLES = 16  # a step; fewer than verify --train takes, for this is done in every conversion


@dataclass(frozen=True)
class TrainingCheck:
    """What the check found.

    Attributes:
        verdict: whether both sides train alike, or that it was not run.
        reason: what differs, or why it was not run; a clause.
        trained: both sides after the steps, if they were run.
        beside: what the program runs besides, and was not run.
        examples: of each step.
        dropout: rates of the program and of the model, which are 0 during the check.
        turns: the checks of other losses, by the function of model.py that is trained.
    """

    verdict: Verdict
    reason: str = ""
    trained: Trained | None = None
    dropout: Mapping[str, list[float | None]] | None = None
    beside: tuple[str, ...] = ()
    examples: int = 0
    turns: Mapping[str, TrainingCheck] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """For the report's ``training.check``."""
        found: dict[str, Any] = {"verdict": self.verdict}
        if self.reason:
            found["reason"] = self.reason
        if self.trained is None:
            return found
        trained = self.trained
        found |= {
            "steps": len(trained.losses),
            "examples": self.examples,
            "operations": list(trained.operations),
            "losses": [{"original": e, "model": m} for e, m in trained.losses],
            "max_loss_difference": trained.loss_difference,
            "variables": len(trained.weights) + len(trained.slots),
            "gradients": len(trained.gradients),
            "required_tolerance": {"of_scale": trained.of_scale},
            "tolerance": {"of_scale": OF_SCALE},
            "notes": list(trained.notes),
        }
        if self.beside:
            found["not_run"] = list(self.beside)
        if self.dropout is not None:
            found["dropout_off"] = dict(self.dropout)
        if self.turns:
            found["turns"] = {function: check.to_dict() for function, check in self.turns.items()}
        return found


def check_training(
    source: Source,
    interface: Interface,
    plan: Plan,
    model: Model,
    worker: Worker,
    *,
    timeout: float | None,
) -> TrainingCheck:
    """Trains the original in ``worker`` and a copy of the model from the checkpoint on.

    Args:
        plan: with its training, which has a loss.
        model: trained by this; what was saved of it is not.

    Raises:
        JobError: Keras fails at it.
        WorkerError: a process died or hung.
    """
    found = _checked(source, interface, plan, model, worker, timeout)
    for function, own, part in each_turn(interface, plan, model):
        if found.verdict is Verdict.PASS:
            check = _checked(source, own, part, model, worker, timeout)
            reason = f"{function}: {check.reason}" if check.reason else ""
            turns = {**found.turns, function: check}
            found = replace(found, verdict=check.verdict, reason=reason, turns=turns)
    return found


def _checked(
    source: Source,
    interface: Interface,
    plan: Plan,
    model: Model,
    worker: Worker,
    timeout: float | None,
) -> TrainingCheck:
    """The check of one loss and what trains by it."""
    assert source.graph is not None
    allowed = Allowed()
    dropout = _dropout(source.graph, plan)
    missing = _missing(dropout)
    if missing:
        reason = (
            f"the program has dropout with the rate {listed(missing)}, which the model "
            "does not have"
        )
        return TrainingCheck(Verdict.FAIL, reason)
    try:
        examples = fitting(plan, _EXAMPLES)
        feeding = Feeding.of(source.graph, interface, plan, None, 0, examples)
        trained = train_both(
            source,
            interface,
            plan,
            model,
            worker,
            _steps(plan),
            feeding,
            allowed,
            timeout=timeout,
        )
    except WorkerError:
        raise
    except UserError as error:
        return TrainingCheck(Verdict.NOT_RUN, printable(error.problem, 400))
    found = dropout if any(dropout.values()) else None
    wrong = trained.wrong(allowed)
    assert plan.training is not None
    beside = tuple(plan.training.beside)
    if not wrong and (unknown := _unknown(plan, dropout)):
        return TrainingCheck(Verdict.NOT_PROVED, unknown, trained, found, beside, examples)
    return TrainingCheck(Verdict.of(not wrong), wrong, trained, found, beside, examples)


def _steps(plan: Plan) -> int:
    """Enough to reach an update, where one comes after several steps, and the step after it."""
    assert plan.training is not None
    rounds = plan.training.applied.arguments.get("gradient_accumulation_steps", 1)
    left = rounds - plan.training.iterations[plan.training.members[0]] % rounds
    return max(STEPS, min(left + 1, _MOST_STEPS))


def _unknown(plan: Plan, dropout: Mapping[str, list[float | None]]) -> str:
    """The numbers that only a feed of the program knows, as a clause; "" where there are none."""
    fed = [printable(tensor.removesuffix(":0")) for tensor in unfed_rates(plan)]
    told = [f"the learning rate ({listed(fed)})"] if fed else []
    told += ["a dropout rate"] if None in dropout["original"] else []
    return f"the TF1 program feeds {' and '.join(told)}; --feed NAME=VALUE sets it" if told else ""


def _dropout(graph: Graph, plan: Plan) -> dict[str, list[float | None]]:
    """The rates of all dropouts of the loss, and of all of the model; None where a feed says."""
    assert plan.training is not None
    by_name = {t.optimizer.name: t for t in find_training(graph).trainers}
    loss = by_name[plan.training.origins[0]].loss
    folded = fold_dropout(graph, plan.asked)
    behind = {} if loss is None else folded.ancestors([loss.tensor])
    theirs = [node.attrs["rate"] for node in behind.values() if node.op == "Dropout"]
    return {"original": theirs, "model": list(_rates(plan))}


def lost_dropout(rates: Sequence[float | None], plan: Plan) -> list[str]:
    """Rates of dropout in the graph that no dropout of the model has, in words."""
    return _missing({"original": list(rates), "model": list(_rates(plan))})


def _rates(item: Any) -> Iterator[float | None]:
    """Of each call of a layer, of those that layers wrap, and of the steps of loops."""
    if isinstance(item, Network):
        for call in item.calls:
            yield from _rates(call.function)
    elif isinstance(item, Layer):
        if "Dropout" in item.kind:
            rate = item.arguments.get("rate")
            yield None if isinstance(rate, Unknown) else rate
        for key, value in item.arguments.items():
            if key in ("dropout", "recurrent_dropout") and value:
                yield value
            else:
                yield from _rates(value)
    elif isinstance(item, (list, tuple)):
        for each in item:
            yield from _rates(each)


def _missing(dropout: Mapping[str, list[float | None]]) -> list[str]:
    """Rates of the program that no dropout of the model has; one that is fed may be any."""
    ours = Counter(
        round(rate, 5) if isinstance(rate, (int, float)) else None for rate in dropout["model"]
    )
    fed, missing = 0, []
    for rate in dropout["original"]:
        if rate is None:
            fed += 1
        elif ours[round(rate, 5)] > 0:
            ours[round(rate, 5)] -= 1
        else:
            missing.append(f"{rate:g}")
    left = sum(ours.values())
    return missing + ["from a feed"] * max(0, fed - left)
