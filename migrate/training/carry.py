"""From the trainers of a graph to the training part of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import listed, printable
from ..graph import (
    CUSTOM,
    Towers,
    Trainer,
    counted_ahead,
    find_training,
    train_operation,
    train_operations,
)
from ..graph.dtypes import numpy_dtype
from ..graph.nodes import Graph, Node
from ..graph.variables import find_variables
from ..plan import Plan
from ..plan.recipe import Read, Recipe
from ..plan.training import New, Rule, TrainingPlan
from .accumulation import carry_sums, steps_of_rounds
from .context import Context
from .custom import custom_rules, powers_of
from .layers import add_regularizers, carry_statistics, freeze
from .member import member_of, targets_of
from .objective import carry_objective
from .obstacles import not_by_optimizer, tell_obstacles
from .state import account_for_step, carry_slots
from .step import by_own_steps, count_steps
from .summary import summary_of
from .turns import carry_turns, own_layers, take_turns

_FEW = 2  # variables that a sentence names


def carry_training(graph: Graph, plan: Plan, recipes: Mapping[str, Recipe], read: Read) -> None:
    """Sets ``plan.training`` where the graph trains the model; adds what layers need for it.

    Args:
        graph: the whole graph.
        plan: with its layers and weights.
        recipes: node name of each variable → its value in the checkpoint's names.
        read: checkpoint name → array; asked for scalars, and for what weights are computed from.
    """
    graph = _fed(graph, plan.asked)
    training = find_training(graph)
    trainers, towers = training.trainers, training.towers
    graph = graph if towers is None else towers.graph
    context = Context(graph, find_variables(graph), plan, recipes, read)
    chosen, others = _choose(context, trainers) if trainers else ([], [])
    if not chosen:
        used = {name for weight in plan.weights for name in weight.recipe.sources}
        nodes = [node for node, recipe in recipes.items() if used & set(recipe.sources)]
        if why := not_by_optimizer(graph, nodes):
            plan.warnings.append(f"Training is not carried over: {why}.")
        elif trainers:
            plan.notes.append("The optimizers of the graph do not train this model.")
        return
    rules = list[Rule]()
    for trainer in chosen:
        if trainer.optimizer.class_name == CUSTOM:
            found = custom_rules(context, trainer)
            if isinstance(found, str):
                plan.warnings.append(
                    "Training is not carried over: the custom optimizer of the program needs "
                    f"{printable(found)}, which keras.ops does not have."
                )
                return
            rules += found
    told = len(plan.warnings)
    members = [member_of(context, trainer) for trainer in chosen]
    if None in members:
        if len(plan.warnings) > told:
            return
        lacking = chosen[members.index(None)].optimizer.class_name
        plan.warnings.append(
            f"Keras has no equivalent of TensorFlow 1's {lacking}, so training is not carried over."
        )
        return
    optimizers = [member[0] for member in members if member is not None]
    result = TrainingPlan(optimizers[0], origins=[t.optimizer.name for t in chosen])
    if len(chosen) > 1:
        paths = plan.endings(targets_of(context, chosen))
        result.optimizer = New("Together", {"optimizers": optimizers, "paths": paths})
    if towers is not None:
        context.notes.append(_of_towers(towers))
    if chosen[0].replicas == 1:
        context.notes.append("SyncReplicasOptimizer has one replica, so the model trains like it")
    elif chosen[0].replicas:
        context.warnings.append(
            f"the model trains with its own gradients, but the program with the mean of those of "
            f"{chosen[0].replicas} replicas (SyncReplicasOptimizer); the same steps need batches "
            f"{chosen[0].replicas} times as large"
        )
    result.rules = rules
    plan.training = result
    loss = chosen[0].loss
    apart = own_layers(context, chosen[0], others)
    result.losses = carry_objective(context, loss, penalized=apart)
    for each in result.losses:
        if each.weights:
            context.notes.append(
                f"the examples are weighted by {each.weights}: pass it to fit as sample_weight"
            )
    steps = []
    counting = [by_own_steps(trainer, recipes, read) for trainer in chosen]
    for number, (trainer, member) in enumerate(zip(counting, members, strict=True)):
        counted, disagreement = count_steps(trainer.optimizer, recipes, read)
        operations = train_operations(graph, [trainer.optimizer])
        if counted is not None and counted_ahead(graph, trainer.optimizer, operations):
            context.notes.append(
                f"the program increases {printable(str(trainer.optimizer.step))} during the "
                "updates, so TensorFlow 1 uses the learning rate of the next step; the optimizer's "
                "iterations are one ahead of the step"
            )
            counted += 1
        if trainer.accumulation is not None:
            counted = steps_of_rounds(context, trainer.accumulation, counted)
        steps.append(counted)
        if disagreement:
            context.warnings.append(disagreement)
        if member is not None:
            _, form, known = member
            which = number if len(chosen) > 1 else None
            carry_slots(context, trainer, form, known, result, which)
            if trainer.accumulation is not None:
                carry_sums(context, trainer.accumulation, steps[-1], result, which)
        if trainer.optimizer.class_name == CUSTOM:
            result.powers |= powers_of(context, trainer, steps[-1] or 0)
        account_for_step(context, trainer, result, number)
    result.iterations = [step or 0 for step in steps]
    turns = carry_turns(context, chosen, others, result)
    chosen_and_turns = [*chosen, *(turn.trainer for turn in turns)]
    _warn_of_other_steps(context, chosen_and_turns)
    _change_layers(context, chosen_and_turns)
    # Each of the others has a turn, or a warning of its own.
    named = train_operations(graph, [other.optimizer for other in others])
    tell_obstacles(context, chosen, result, named)
    take_turns(context, chosen, turns, result)
    result.summary = summary_of(chosen, result, steps[0], context)
    if turns:
        result.summary["turns"] = {t.turn.function: t.plan.summary for t in turns}
    plan.notes += [f"Training: {note}." for note in context.notes]
    plan.warnings += [f"Training: {warning}." for warning in context.warnings]


def _of_towers(towers: Towers) -> str:
    """What a batch of the model is, where the program has towers."""
    count = len(towers.losses)
    loss = "mean" if towers.mean else "sum"
    if towers.inputs:
        return (
            f"the program feeds {count} towers and joins their gradients; a batch of the model is "
            "the batches of all of them, one after the other and equally large, and its loss the "
            f"{loss} of theirs"
        )
    return (
        f"the program divides each batch among {count} towers and joins their gradients; the model "
        f"is one tower for the whole batch, and its loss the {loss} of theirs"
    )


def _fed(graph: Graph, feed: Mapping[str, Any]) -> Graph:
    """The graph with the numbers that a person feeds as constants."""
    fed = {}
    for tensor, value in feed.items():
        node = graph.get(tensor)
        kind = graph.dtype(tensor) or ""
        if node is not None and node.op.startswith("Placeholder") and kind.startswith("float"):
            array = np.asarray(value, numpy_dtype(kind))
            fed[node.name] = Node(node.name, "Const", attrs={"value": array, "dtype": kind})
    return replace(graph, nodes={**graph.nodes, **fed}) if fed else graph


def _warn_of_other_steps(context: Context, chosen: Sequence[Trainer]) -> None:
    """Keras trains a weight that TensorFlow 1 computed from what it trained: with other steps."""
    trained = {name for trainer in chosen for name in context.trained(trainer)}
    for weight in context.plan.weights:
        sources = trained.intersection(weight.recipe.sources)
        if sources and not weight.recipe.keeps_steps(context.read):
            context.warnings.append(
                f"{weight.target} is computed from {printable(', '.join(sorted(sources)))}, "
                "which TensorFlow 1 trained; Keras trains the computed weight, so its steps "
                "differ"
            )


def _choose(context: Context, trainers: Sequence[Trainer]) -> tuple[list[Trainer], list[Trainer]]:
    """The first trainer with those that share its loss, and those of other losses.

    It is the one whose loss takes the most inputs of the model, and then trains the most of it.
    """
    used = {name for weight in context.plan.weights for name in weight.recipe.sources}
    reach = {id(t): used & context.trained(t) for t in trainers}
    first = max(trainers, key=lambda t: (*_taken(context, t, reach[id(t)]), len(reach[id(t)])))
    if not reach[id(first)]:
        return [], []
    chosen, taken, others = [first], set(reach[id(first)]), list[Trainer]()
    for other in trainers:
        if other is first:
            continue
        same = other.loss is not None and first.loss is not None
        same = same and other.loss.tensor == first.loss.tensor  # type: ignore[union-attr]
        if same and reach[id(other)] and not reach[id(other)] & taken:
            chosen.append(other)
            taken |= reach[id(other)]
        elif not same and other.loss is not None and first.loss is not None:
            others.append(other)
        elif other.loss is None and reach[id(other)]:
            names = listed([printable(name) for name in other.optimizer.variables], _FEW)
            context.warnings.append(
                f"the optimizer {printable(other.optimizer.name)} ({other.optimizer.class_name}) "
                f"trains {names} by a loss that was not found; it is not carried over"
            )
        else:
            what = "the same variables" if reach[id(other)] else "other variables"
            context.notes.append(
                f"the optimizer {other.optimizer.name} ({other.optimizer.class_name}) trains "
                f"{what}; it is not carried over"
            )
    return chosen, others


def _taken(context: Context, trainer: Trainer, reach: set[str]) -> tuple[bool, int]:
    """Whether a trainer trains the model, and how many of its inputs its loss takes."""
    behind = {} if trainer.loss is None else context.graph.ancestors([trainer.loss.tensor])
    taken = [i for i in context.plan.inputs if i.tensor.partition(":")[0] in behind]
    return bool(reach), len(taken) if reach else 0


def _change_layers(context: Context, chosen: Sequence[Trainer]) -> None:
    """Regularizers, layers that are not trained, and moving statistics."""
    plan, graph = context.plan, context.graph
    keys = {node: recipe.sources for node, recipe in context.recipes.items()}
    losses = [trainer.loss for trainer in chosen if trainer.loss is not None]
    penalties = dict.fromkeys(p for each in losses for p in each.regularization)
    context.warnings += add_regularizers(plan, penalties, keys)
    loss = chosen[0].loss
    trained = {name for trainer in chosen for name in context.trained(trainer)}
    context.warnings += freeze(plan, trained)
    nodes = {names[0]: node for node, names in keys.items() if len(names) == 1}
    optimizer = chosen[0].optimizer
    name = train_operation(graph, optimizer) or optimizer.updates[-1].node
    applied = graph.nodes[name]
    minimized = loss.tensor if loss is not None else ""
    decisions, doubts = carry_statistics(plan, graph, nodes, applied, minimized)
    context.notes += decisions
    context.warnings += doubts
