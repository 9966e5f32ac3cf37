"""Losses that a program minimizes in turn with the first, each with an optimizer of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import listed, printable
from ..graph import CUSTOM, Loss, Trainer, changes, train_operations
from ..graph.nodes import split_tensor
from ..graph.variables import PASSING_OPS, resolve, variable_of
from ..plan import Plan
from ..plan.names import identifier, snake
from ..plan.training import Formula, New, OutputLoss, TrainingPlan, Turn
from .accumulation import carry_sums, steps_of_rounds
from .context import Context
from .member import member_of, targets_of
from .objective import carry_objective
from .obstacles import tell_obstacles
from .optimizer import Form
from .state import account_for_step, carry_slots
from .step import by_own_steps, count_steps
from .summary import summary_of

_FEW = 2  # variables that a sentence names
_NUMBERS = ("second", "third", "fourth")

Penalty = tuple[str, str, float]
"""Variable, kind, factor."""


@dataclass(frozen=True)
class Carried:
    """A turn, and the trainer that it is of."""

    trainer: Trainer
    turn: Turn

    @property
    def plan(self) -> TrainingPlan:
        """Its training."""
        return self.turn.training


def carry_turns(
    context: Context, chosen: Sequence[Trainer], others: Sequence[Trainer], first: TrainingPlan
) -> list[Carried]:
    """The turns of other losses; what is not carried over is warned of.

    Args:
        chosen: the trainers of the first loss.
        others: those of other losses.
        first: the training of the first loss, to which slots, steps and fates of others are added.
    """
    if not others:
        return []
    found, graph = list[Carried](), context.graph
    made: Carried | str
    run = train_operations(graph, [trainer.optimizer for trainer in chosen])
    run += [op for other in others for op in train_operations(graph, [other.optimizer])]
    shared = _shared_step(context, [chosen[0], *others])
    every = _every(context, [chosen[0], *others])
    for other in others:
        made = shared
        if not made and first.losses:
            made = _carry(context, chosen, other, first, found, run, every)
        if isinstance(made, str):
            context.warnings.append(_left_out(context, chosen[0], other, made))
        else:
            found.append(made)
    return found


def own_layers(context: Context, first: Trainer, others: Sequence[Trainer]) -> list[str] | None:
    """The layers whose penalties the first loss has; None where those are all that others have."""
    mine = _penalties(context.plan, context, first.loss)
    if not others or mine == set(_every(context, [first, *others])):
        return None
    return _layers_of(context, mine)


def _every(context: Context, trainers: Sequence[Trainer]) -> list[Penalty]:
    """The penalties of all losses on what the model has."""
    return [p for t in trainers for p in _penalties(context.plan, context, t.loss)]


def take_turns(
    context: Context, chosen: Sequence[Trainer], turns: Sequence[Carried], first: TrainingPlan
) -> None:
    """Lets the optimizer of the model hold those of all turns."""
    if not turns:
        return
    trainers = [chosen[0], *(each.trainer for each in turns)]
    shared = bool(_state(chosen[0]) & _state(turns[0].trainer))
    own = [] if shared else [each.plan.optimizer for each in turns]
    optimizers = [first.optimizer, *own]
    targets = targets_of(context, trainers)
    paths = [[context.plan.path_ending(target) for target in group] for group in targets]
    first.slots = [replace(slot, member=slot.member or 0) for slot in first.slots]
    for number, training in enumerate([first, *(each.plan for each in turns)]):
        given = {"optimizers": optimizers, "paths": paths}
        training.optimizer = New("InTurn", {**given, "turn": number} if number else given)
        training.iterations = first.iterations
    first.turns = [each.turn for each in turns]


def _carry(
    context: Context,
    chosen: Sequence[Trainer],
    trainer: Trainer,
    first: TrainingPlan,
    before: Sequence[Carried],
    run: Sequence[str],
    every: Sequence[Penalty],
) -> Carried | str:
    """One turn, or why there is none, as a clause.

    Args:
        run: what the program runs for the steps of all losses.
        every: the penalties of all losses.
    """
    loss, plan = trainer.loss, context.plan
    assert loss is not None
    trainers = [chosen[0], *(each.trainer for each in before)]
    if why := _prevented(context, chosen, trainer, trainers):
        return why
    shared = bool(_state(trainer) & _state(chosen[0]))
    outputs = _outputs(context, loss)
    if not outputs:
        return ""
    inputs = _inputs(context, trainer, outputs)
    view = replace(
        plan, inputs=[plan.inputs[i] for i in inputs], outputs=[plan.outputs[i] for i in outputs]
    )
    part = replace(context, plan=view, notes=[], warnings=[])
    penalized = _penalties(view, context, loss)
    if len(penalized) != len(loss.regularization):
        return "it has penalties on weights of another network"
    if len({p[:2] for p in every}) != len(set(every)):
        return "its penalties on the same weights have other factors than those of another loss"
    apart = None if penalized == _behind(view, context, every) else _layers_of(context, penalized)
    losses = carry_objective(part, loss, penalized=apart)
    if not losses:
        return part.warnings[0].partition(": ")[2] or part.warnings[0]
    for number, output in zip(outputs, view.outputs, strict=True):
        plan.outputs[number] = output  # what only the loss takes may be in a layer behind it
    told = len(plan.warnings)
    member = member_of(part, trainer)
    if member is None:
        del plan.warnings[told:]  # they speak of all training
        return f"Keras has no equivalent of its {trainer.optimizer.class_name}"
    optimizer, form, known = member
    if shared and (optimizer != first.optimizer or first.rules):
        return "it shares an optimizer with another loss, but not its arguments"
    name = _name(chosen[0], trainer, [each.turn.name for each in before])
    result = TrainingPlan(
        _named(optimizer, name),
        origins=[trainer.optimizer.name],
        losses=[replace(each, new=_named_loss(each, name)) for each in losses],
    )
    tell_obstacles(part, [trainer], result, run, changeable=False)
    if result.causes:
        return "; ".join(result.causes)
    place = 0 if shared else len(before) + 1
    steps = _carry_state(part, trainer, (form, known), result, place)
    for each in losses:
        if each.weights:
            part.notes.append(f"the examples are weighted by {each.weights}: its sample_weight")
    known_slots = {(slot.target, slot.attribute) for slot in first.slots}
    first.slots += [s for s in result.slots if (s.target, s.attribute) not in known_slots]
    first.targets = {**result.targets, **first.targets}
    first.reasons |= result.reasons
    if not shared:
        first.iterations.append(steps or 0)
    result.summary = summary_of([trainer], result, steps, part)
    context.notes.append(
        f"the program minimizes {printable(loss.tensor)} too, with "
        f"{'the same optimizer' if shared else 'an optimizer of its own'}: "
        f"{name}_trainer(model) returns a model of the same layers that trains with it"
    )
    context.notes += [f"{name}_trainer: {note}" for note in part.notes]
    context.warnings += [f"{name}_trainer: {warning}" for warning in part.warnings]
    return Carried(trainer, Turn(name, result, tuple(inputs), tuple(outputs)))


def _prevented(
    context: Context, chosen: Sequence[Trainer], trainer: Trainer, before: Sequence[Trainer]
) -> str:
    """Why a trainer cannot have a turn after some others, as a clause; "" if nothing says so."""
    if len(chosen) > 1 or CUSTOM in (t.optimizer.class_name for t in (*chosen, trainer)):
        return "in turn, model.py has optimizers of tf.train, and one for each loss"
    pairs = [(trainer, other) for other in before] + [(chosen[0], other) for other in before[1:]]
    if len({bool(_state(one) & _state(other)) for one, other in pairs}) > 1:
        return "some losses share an optimizer, and others do not"
    graph = context.graph
    own = set(train_operations(graph, [trainer.optimizer]))
    if any(own & set(train_operations(graph, [other.optimizer])) for other in before):
        return "one train operation updates what both losses train, in the same step"
    if len(before) > len(_NUMBERS):
        return f"model.py has {len(_NUMBERS) + 1} turns at most"
    return ""


def _carry_state(
    part: Context,
    trainer: Trainer,
    made: tuple[Form, Mapping[str, Any]],
    result: TrainingPlan,
    place: int,
) -> int | None:
    """Adds slots and fates of one optimizer to its plan; gives its steps so far.

    Args:
        made: the form of the optimizer, and its hyper-parameters.
        place: its number among all.
    """
    trainer = by_own_steps(trainer, part.recipes, part.read)
    steps, disagreement = count_steps(trainer.optimizer, part.recipes, part.read)
    if disagreement:
        part.warnings.append(disagreement)
    if trainer.accumulation is not None:
        steps = steps_of_rounds(part, trainer.accumulation, steps)
    carry_slots(part, trainer, *made, result, place)
    if trainer.accumulation is not None:
        carry_sums(part, trainer.accumulation, steps, result, place)
    account_for_step(part, trainer, result, place)
    return steps


def _state(trainer: Trainer) -> set[str]:
    """The variables of an optimizer: slots, and powers of beta."""
    slots = {slot for update in trainer.optimizer.updates for slot in update.slots.values()}
    return {*slots, *trainer.optimizer.shared.values()} - {""}


def _shared_step(context: Context, trainers: Sequence[Trainer]) -> str:
    """That a learning rate goes by the steps of several trainers, as a clause; "" if none does."""
    graph = context.graph
    counted = [
        {variable_of(graph, node.inputs[0]) for node in behind.values() if changes(node)}
        for behind in (
            graph.ancestors(train_operations(graph, [t.optimizer]), control=True) for t in trainers
        )
    ]
    for trainer in trainers:
        step = trainer.schedule.step
        if step is not None and sum(step in each for each in counted) != 1:
            return (
                f"the learning rate of {printable(trainer.optimizer.name)} goes by "
                f"{printable(step)}, which its own train operation does not increase, or another "
                "one increases too"
            )
    return ""


def _outputs(context: Context, loss: Loss) -> list[int]:
    """The outputs of the model that a loss takes."""
    ends = [output.tensor for output in context.plan.outputs]
    reached = context.graph.ancestors([loss.tensor], stop=ends)
    taken = {t for node in reached.values() for t in node.inputs} | {loss.tensor}
    return [number for number, end in enumerate(ends) if end in taken]


def _inputs(context: Context, trainer: Trainer, outputs: Sequence[int]) -> list[int]:
    """The inputs of the model that a step of the program is fed."""
    ends = [context.plan.outputs[number].tensor for number in outputs]
    ends += train_operations(context.graph, [trainer.optimizer])
    ends += [trainer.loss.tensor] if trainer.loss is not None else []
    behind = context.graph.ancestors(ends, control=True)
    inputs = context.plan.inputs
    return [n for n, i in enumerate(inputs) if i.tensor.partition(":")[0] in behind]


def _penalties(view: Plan, context: Context, loss: Loss | None) -> set[Penalty]:
    """The penalties of a loss on what a part of the model has."""
    given = loss.regularization if loss is not None else ()
    return _behind(view, context, [(p.variable, p.kind, p.factor) for p in given])


def _behind(view: Plan, context: Context, every: Iterable[Penalty]) -> set[Penalty]:
    """Those of some penalties that are on what a part of the model has."""
    behind = context.graph.ancestors([output.tensor for output in view.outputs])
    return {penalty for penalty in every if penalty[0] in behind}


def _layers_of(context: Context, penalized: Iterable[Penalty]) -> list[str]:
    """The layers that have these penalties, in the order of the model."""
    names = {n for p in penalized for n in context.recipes[p[0]].sources}
    weights = (w for w in context.plan.weights if names & set(w.recipe.sources))
    return list(dict.fromkeys(w.target.partition("/")[0] for w in weights))


def _name(first: Trainer, other: Trainer, taken: Sequence[str]) -> str:
    """What a turn trains, by the scope of its variables; else a number."""
    scopes = [{v.split("/")[0] for v in t.optimizer.variables} for t in (first, other)]
    own = scopes[1] - scopes[0]
    if len(own) == 1:
        (scope,) = own
        functions = [f"{name}_trainer" for name in taken]
        return identifier(f"{snake(scope)}_trainer", functions).removesuffix("_trainer")
    return _NUMBERS[len(taken)]


def _named_loss(loss: OutputLoss, name: str) -> New | Formula:
    """A loss whose function or class has the name of its turn."""
    made = loss.new
    if not isinstance(made, Formula):
        return made
    title = "".join(word.capitalize() for word in name.split("_"))
    if made.outputs:
        return replace(made, name=f"{title}Trainer", function=f"{name}_loss")
    number = made.name.rpartition("_")[2]
    suffix = f"_{number}" if number.isdigit() else ""
    return replace(made, name=f"{title}Loss{suffix}" if made.weights else f"{name}_loss{suffix}")


def _named(optimizer: New, name: str) -> New:
    """An optimizer whose schedule has the name of its turn, where model.py defines it."""
    title = "".join(word.capitalize() for word in name.split("_"))

    def renamed(item: object) -> object:
        if isinstance(item, Formula):
            return replace(item, name=f"{title}Rate")
        return _named(item, name) if isinstance(item, New) else item

    return replace(optimizer, arguments={k: renamed(v) for k, v in optimizer.arguments.items()})


def _ends(context: Context, losses: Sequence[Loss | None]) -> list[str]:
    """What these losses take of networks: outputs of the model, and what takes a weight last."""
    graph, found = context.graph, {o.tensor: None for o in context.plan.outputs}
    for loss in losses:
        waiting, seen = [] if loss is None else [loss.tensor], set[str]()
        while waiting:
            tensor = waiting.pop()
            node = graph.get(tensor)
            if tensor in found or tensor in seen or node is None:
                continue
            seen.add(tensor)
            weights = {split_tensor(resolve(graph, t))[0] for t in node.inputs}
            computes = node.op not in PASSING_OPS and graph.shape(tensor) not in (None, ())
            if computes and context.variables.keys() & weights:
                found[tensor] = None
            else:
                waiting += node.inputs
    return list(found)


def _left_out(context: Context, first: Trainer, other: Trainer, why: str) -> str:
    """What a program with two losses trains besides, as a GAN or an actor with its critic does."""
    assert other.loss is not None
    own = "" if first.loss is None else f" besides {printable(first.loss.tensor)}"
    variables = listed([printable(name) for name in other.optimizer.variables], _FEW)
    told = (
        f"the program minimizes {printable(other.loss.tensor)}{own}, with the optimizer "
        f"{printable(other.optimizer.name)} ({other.optimizer.class_name}) of {variables}; that is "
        "not carried over: "
    )
    ends = _ends(context, (first.loss, other.loss))
    if len(ends) > len(context.plan.outputs):
        more = f"--outputs {','.join(map(printable, ends))} makes a model of both"
        return f"{told}{why}; {more}" if why and "--outputs" not in why else f"{told}{more}"
    return told + (why or "the loss does not depend on an output of the model")
