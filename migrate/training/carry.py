"""From the trainers of a graph to the training part of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import listed, printable
from ..graph import (
    CUSTOM,
    Loss,
    Towers,
    Trainer,
    counted_ahead,
    find_training,
    train_operation,
    train_operations,
    uniform,
)
from ..graph.dtypes import numpy_dtype
from ..graph.nodes import Graph, Node
from ..graph.variables import find_variables
from ..plan import Plan, Unknown
from ..plan.recipe import Read, Recipe
from ..plan.training import Formula, New, Rule, TrainingPlan
from .accumulation import accumulating, carry_sums, steps_of_rounds
from .context import Context
from .custom import custom_optimizer, custom_rules, powers_of
from .layers import add_regularizers, carry_statistics, freeze, layer_of
from .objective import carry_objective
from .obstacles import not_by_optimizer, tell_obstacles
from .optimizer import Form, form_of, new_optimizer
from .rates import hyperparameters, learning_rate
from .state import account_for_step, carry_slots
from .step import count_steps

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
    chosen = _choose(context, trainers) if trainers else []
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
    members = [_member(context, trainer) for trainer in chosen]
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
        result.optimizer = New(
            "Together", {"optimizers": optimizers, "paths": _paths(context, chosen)}
        )
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
    result.losses = carry_objective(context, loss)
    for each in result.losses:
        if each.weights:
            context.notes.append(
                f"the examples are weighted by {each.weights}: pass it to fit as sample_weight"
            )
    steps = []
    for number, (trainer, member) in enumerate(zip(chosen, members, strict=True)):
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
        account_for_step(context, trainer, result)
    result.iterations = [step or 0 for step in steps]
    _warn_of_other_steps(context, chosen)
    _change_layers(context, chosen, loss)
    tell_obstacles(context, chosen, result)
    result.summary = _summary(chosen, result, steps[0], context)
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


def _choose(context: Context, trainers: Sequence[Trainer]) -> list[Trainer]:
    """The trainer of the most of the model's variables, with those that share its loss."""
    used = {name for weight in context.plan.weights for name in weight.recipe.sources}
    reach = {id(t): used & context.trained(t) for t in trainers}
    first = max(trainers, key=lambda t: len(reach[id(t)]))
    if not reach[id(first)]:
        return []
    chosen, taken = [first], set(reach[id(first)])
    for other in trainers:
        if other is first:
            continue
        same = other.loss is not None and first.loss is not None
        same = same and other.loss.tensor == first.loss.tensor  # type: ignore[union-attr]
        if same and reach[id(other)] and not reach[id(other)] & taken:
            chosen.append(other)
            taken |= reach[id(other)]
        elif not reach[id(other)] and not same and other.loss is not None:
            context.warnings.append(_of_other_loss(first, other))
        else:
            what = "the same variables" if reach[id(other)] else "other variables"
            context.notes.append(
                f"the optimizer {other.optimizer.name} ({other.optimizer.class_name}) trains "
                f"{what}; it is not carried over"
            )
    return chosen


def _of_other_loss(first: Trainer, other: Trainer) -> str:
    """What a program with two losses trains besides, as a GAN or an actor with its critic does."""
    assert other.loss is not None
    own = "" if first.loss is None else f" besides {printable(first.loss.tensor)}"
    variables = listed([printable(name) for name in other.optimizer.variables], _FEW)
    return (
        f"the program minimizes {printable(other.loss.tensor)}{own}, with the optimizer "
        f"{printable(other.optimizer.name)} ({other.optimizer.class_name}) of {variables}; that is "
        "not carried over: convert that network with --outputs into a model of its own, and train "
        "both in turn"
    )


def _member(context: Context, trainer: Trainer) -> tuple[New, Form, dict[str, Any]] | None:
    """An optimizer, its form and its hyper-parameters; None where Keras has no such class."""
    rate, constant_rate = learning_rate(context, trainer)
    if rate is not None and trainer.optimizer.class_name == CUSTOM:
        custom, own = custom_optimizer(trainer, rate)
        return accumulating(custom, trainer), own, {}
    known = hyperparameters(context, trainer) if rate is not None else None
    if rate is None or known is None:
        return None
    sparse = any(update.indices is not None for update in trainer.optimizer.updates)
    if trainer.optimizer.class_name in ("Adam", "Adagrad"):
        # Their updates of rows are those of whole arrays, in TensorFlow 1; not so in Keras.
        sparse = sparse or _trains_embedding(context, trainer)
    form = form_of(trainer.optimizer, constant_rate=constant_rate, sparse=sparse)
    if form is None:
        return None
    initial = _initial(context, trainer, form)
    made = new_optimizer(form, rate, known, trainer.clipping, initial)
    return accumulating(made, trainer), form, known


def _trains_embedding(context: Context, trainer: Trainer) -> bool:
    """Whether Keras will find rows for gradients, though TensorFlow 1 made a whole array of them.

    It did where a table was changed on the way to the lookup: by a row of zeros in front, say.
    """
    trained = context.trained(trainer)
    found = ((layer_of(context.plan, w)[0], w) for w in context.plan.weights)
    kinds = {layer.kind for layer, w in found if layer and trained & set(w.recipe.sources)}
    return "Embedding" in kinds


def _initial(context: Context, trainer: Trainer, form: Form) -> float | None:
    """The value that the accumulators of a fresh start have."""
    slot = context.variables.get(trainer.optimizer.updates[0].slots.get(form.initial or "", ""))
    if slot is None or slot.initial_value is None:
        return None
    return uniform(context.graph, slot.initial_value)


def _paths(context: Context, chosen: Sequence[Trainer]) -> list[list[str]]:
    """For each trainer, the weights that it trains."""
    return context.plan.endings(
        [
            [w.target for w in context.plan.weights if {*w.recipe.sources} & context.trained(each)]
            for each in chosen
        ]
    )


def _change_layers(context: Context, chosen: Sequence[Trainer], loss: Loss | None) -> None:
    """Regularizers, layers that are not trained, and moving statistics."""
    plan, graph = context.plan, context.graph
    keys = {node: recipe.sources for node, recipe in context.recipes.items()}
    if loss is not None:
        context.warnings += add_regularizers(plan, loss.regularization, keys)
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


def _summary(
    chosen: Sequence[Trainer], result: TrainingPlan, steps: int | None, context: Context
) -> dict[str, Any]:
    loss = chosen[0].loss
    penalties = loss.regularization if loss is not None else ()
    labels = [name for each in result.losses for name in each.labels]
    if loss is not None and not labels:
        labels = list(loss.label_inputs)
    classes = [f"{trainer.optimizer.class_name}Optimizer" for trainer in chosen]
    return {
        "loss": " + ".join(each.name for each in result.losses) or None,
        "loss_weights": [each.weight for each in result.losses],
        "labels": list(dict.fromkeys(labels)),
        "sample_weights": [each.weights for each in result.losses],
        "optimizer": {**_described(result.optimizer), "tensorflow_class": " + ".join(classes)},
        "regularization": [
            {"variable": p.variable, "kind": p.kind, "factor": p.factor} for p in penalties
        ],
        "changes": [{"when": c.when, "weight": c.weight} for c in result.changes],
        "step": steps,
        "notes": list(context.notes),
        "warnings": list(context.warnings),
    }


def _described(item: Any) -> Any:
    if isinstance(item, Formula):
        return {"class": item.name, "tensor": item.tensor}
    if isinstance(item, list):
        return [_described(part) for part in item]
    if isinstance(item, Unknown):
        return {"fed": item.tensor}
    if not isinstance(item, New):
        return item
    arguments = {key: _described(value) for key, value in item.arguments.items()}
    return {"class": (item.base or item.kind).rpartition(".")[2], **arguments}
