"""The training part of a graph carried over to a plan: everything ``compile_model`` needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from .graph.constants import Evaluator
from .graph.losses import Loss, uniform
from .graph.nodes import Graph, Node
from .graph.optimizers import readable
from .graph.schedules import FORMULAS, Schedule, read_schedule
from .graph.training import Trainer, Training, find_training
from .graph.variables import find_variables
from .layers.formula import formula
from .plan import Plan, Weight
from .plan.recipe import Read, Recipe
from .plan.training import STEP_TARGET, Formula, New, OutputLoss, Slot, TrainingPlan
from .plan.training_layers import add_regularizers, carry_statistics, freeze
from .plan.training_loss import carry_losses
from .plan.training_optimizer import Form, form_of, new_optimizer
from .plan.training_schedule import keras_schedule
from .plan.training_step import count_steps, step_source

_UNKNOWN_RATE = 0.001  # Keras's own default, where the graph leaves the rate to a feed


def carry_training(graph: Graph, plan: Plan, recipes: Mapping[str, Recipe], read: Read) -> None:
    """Sets ``plan.training`` where the graph trains the model; adds what layers need for it.

    Args:
        graph: the whole graph.
        plan: with its layers and weights.
        recipes: node name of each variable → its value in the checkpoint's names.
        read: checkpoint name → array; asked for scalars only.
    """
    training = find_training(graph)
    if training.trainers:
        _Carrying(graph, plan, recipes, read).carry(training)


class _Carrying:
    def __init__(self, graph: Graph, plan: Plan, recipes: Mapping[str, Recipe], read: Read) -> None:
        self.graph, self.plan, self.recipes, self.read = graph, plan, recipes, read
        self.variables = find_variables(graph)
        self.used = {name for weight in plan.weights for name in weight.recipe.sources}
        self.notes: list[str] = []

    def carry(self, training: Training) -> None:
        """Plans for the trainer of the most of the model's variables."""
        reach = {id(t): len(self.used & self._trained(t)) for t in training.trainers}
        trainer = max(training.trainers, key=lambda t: reach[id(t)])
        if not reach[id(trainer)]:
            self.plan.notes.append("The optimizers of the graph do not train this model.")
            return
        optimizer = trainer.optimizer
        for other in training.trainers:
            if other is not trainer:
                what = "other variables" if not reach[id(other)] else "variables of it as well"
                self.notes.append(
                    f"the optimizer {other.optimizer.name} ({other.optimizer.class_name}) trains "
                    f"{what} and is not carried over"
                )
        rate, constant_rate = self._learning_rate(trainer)
        sparse = any(update.indices is not None for update in optimizer.updates)
        form = form_of(optimizer, constant_rate=constant_rate, sparse=sparse)
        if form is None:
            self.plan.notes.append(
                f"Keras has no {optimizer.class_name} as TensorFlow 1's, so training is not "
                "carried over."
            )
            return
        hyperparameters = self._hyperparameters(trainer)
        made = new_optimizer(
            form, rate, hyperparameters, trainer.clipping, self._initial(trainer, form)
        )
        result = TrainingPlan(made)
        self.plan.training = result
        result.losses = self._losses(trainer)
        steps, disagreement = count_steps(optimizer, self.recipes, self.read)
        result.iterations = steps or 0
        if disagreement:
            self.notes.append(disagreement)
        self._slots(trainer, form, hyperparameters, result)
        self._account_for_step(trainer, result)
        keys = {node: recipe.sources for node, recipe in self.recipes.items()}
        if trainer.loss is not None:
            self.notes += add_regularizers(self.plan, trainer.loss.regularization, keys)
        self.notes += freeze(self.plan, self._trained(trainer))
        nodes = {names[0]: node for node, names in keys.items() if len(names) == 1}
        last = self.graph.nodes[optimizer.updates[-1].node]
        self.notes += carry_statistics(self.plan, self.graph, nodes, last)
        result.summary = _summary(trainer, result, steps, self.notes)
        self.plan.notes += [f"Training: {note}." for note in self.notes]

    def _trained(self, trainer: Trainer) -> set[str]:
        """Variables that a trainer updates, as the checkpoint calls them."""
        nodes = (node for node in trainer.optimizer.variables if node in self.recipes)
        return {name for node in nodes for name in self.recipes[node].sources}

    def _value(self, tensor: str) -> float | None:
        """What a tensor is with the checkpoint's scalars; None where a feed decides."""
        behind = self.graph.ancestors([tensor])
        held = {
            f"{name}:0": self.recipes[name].make(self.read)
            for name in behind
            if name in self.recipes and not self.recipes[name].shape
        }
        value = Evaluator(self.graph, held).value(tensor)
        return None if value is None or value.size != 1 else readable(value.reshape(()))

    def _learning_rate(self, trainer: Trainer) -> tuple[float | New | Formula, bool]:
        """The rate, and whether it stays what it is."""
        schedule, step = trainer.schedule, trainer.optimizer.step
        if schedule.kind == "constant":
            return float(schedule.arguments["learning_rate"]), True
        if schedule.kind in ("placeholder", "variable"):
            rate = schedule.arguments.get("learning_rate")
            rate = self._value(schedule.tensor) if rate is None else rate
            if rate is None:
                self.notes.append(
                    f"the learning rate is fed as {schedule.tensor}; {_UNKNOWN_RATE} stands in for "
                    "it, and model.optimizer.learning_rate sets another"
                )
            return float(_UNKNOWN_RATE if rate is None else rate), False
        if schedule.kind == "unknown" and step is not None:
            schedule = read_schedule(self._fixed(schedule.tensor, step), schedule.tensor)
        made = keras_schedule(schedule) or self._rate_formula(schedule, step)
        if made is not None and schedule.step in (None, step):
            return made, False
        rate = self._present_rate(schedule)
        why = schedule.why or (
            f"{schedule.step}, which it follows, is not counted by this optimizer"
            if made is not None
            else f"there is no {schedule.kind} in Keras"
        )
        self.notes.append(
            f"the learning rate stays at {rate:.6g}, what it is at the checkpoint: {why}"
        )
        return rate, False

    def _scalars(self, tensor: str, step: str) -> dict[str, np.ndarray]:
        """The variables behind a tensor that are numbers, other than the step."""
        return {
            name: self.recipes[name].make(self.read)
            for name in self.graph.ancestors([tensor])
            if name in self.recipes and name != step and not self.recipes[name].shape
        }

    def _fixed(self, tensor: str, step: str) -> Graph:
        """The graph with these variables as constants: a rate that is kept in one, say."""
        held = {
            name: Node(name, "Const", attrs={"value": value, "dtype": value.dtype.name})
            for name, value in self._scalars(tensor, step).items()
        }
        return replace(self.graph, nodes={**self.graph.nodes, **held})

    def _rate_formula(self, schedule: Schedule, step: str | None) -> Formula | None:
        if schedule.kind != "unknown" or step is None:
            return None
        fixed = self._scalars(schedule.tensor, step)
        body = formula(self.graph, [f"{step}:0"], schedule.tensor, fixed)
        return None if body is None else Formula("GraphRate", schedule.tensor, body, is_loss=False)

    def _loss_formula(self, loss: Loss) -> OutputLoss | None:
        """The loss computed from labels and an output.

        Penalties are 0 where the variables they look at are: layers have them already.
        """
        penalized = {p.variable for p in loss.regularization}
        for index, output in enumerate(self.plan.outputs):
            behind = self.graph.ancestors([loss.tensor], stop=[output.tensor])
            variables = {name for name in behind if name in self.variables}
            labels = [f"{n.name}:0" for n in behind.values() if n.op.startswith("Placeholder")]
            if len(labels) != 1 or not variables <= penalized:
                continue
            fixed = {name: np.zeros(self.recipes[name].shape, np.float32) for name in variables}
            body = formula(self.graph, [labels[0], output.tensor], loss.tensor, fixed)
            if body is not None:
                made = Formula("graph_loss", loss.tensor, body, is_loss=True)
                return OutputLoss(made, None, index, made.name, tuple(labels))
        return None

    def _present_rate(self, schedule: Schedule) -> float:
        rate = self._value(schedule.tensor)
        held = None if schedule.step is None else self.recipes.get(schedule.step)
        if rate is None and schedule.kind in FORMULAS and held is not None:
            step = held.make(self.read)
            rate = FORMULAS[schedule.kind](**schedule.arguments)(int(step.reshape(-1)[0]))
        return _UNKNOWN_RATE if rate is None else float(rate)

    def _hyperparameters(self, trainer: Trainer) -> dict[str, Any]:
        found = dict(trainer.optimizer.hyperparameters)
        for name, tensor in trainer.optimizer.computed.items():
            if name == "learning_rate":
                continue
            value = self._value(tensor)
            if value is not None:
                found[name] = value
            else:
                self.notes.append(
                    f"{name} of the optimizer is fed as {tensor}; Keras's default is taken"
                )
        return found

    def _initial(self, trainer: Trainer, form: Form) -> float | None:
        """The value that the accumulators of a fresh start have."""
        node = trainer.optimizer.updates[0].slots.get(form.initial or "")
        tensor = self.variables[node].initial_value if node in self.variables else None
        return None if tensor is None else uniform(self.graph, tensor)

    def _losses(self, trainer: Trainer) -> list[OutputLoss]:
        if trainer.loss is None:
            self.notes.append("the loss was not found; compile_model names none")
            return []
        losses = carry_losses(self.graph, trainer.loss, self.plan)
        if not isinstance(losses, str):
            return losses
        found = self._loss_formula(trainer.loss)
        if found is not None:
            return [found]
        self.notes.append(f"compile_model names no loss: {losses}")
        return []

    def _slots(
        self, trainer: Trainer, form: Form, hyperparameters: Mapping[str, Any], result: TrainingPlan
    ) -> None:
        scale = 1.0
        if form.negated_rate:
            scale = -float(np.float32(trainer.schedule.arguments["learning_rate"]))
        trained, fresh = self._trained(trainer), list[str]()
        kinds = dict.fromkeys(slot for update in trainer.optimizer.updates for slot in update.slots)
        for slot in kinds:
            standing = self._standing(trainer, slot)
            names = {name for recipe in standing.values() for name in recipe.sources}
            if slot == "momentum" and not hyperparameters.get("momentum", 1):
                reason = "the optimizer's momentum is 0, so nothing depends on it"
                result.reasons |= dict.fromkeys(names, reason)
                continue
            reason = "state of an optimizer for a variable that the model does not have"
            result.reasons |= dict.fromkeys(names, reason)
            for weight in self.plan.weights:
                sources = set(weight.recipe.sources) & trained
                if not sources:
                    continue
                if not sources <= set(standing):
                    fresh.append(weight.target)
                    continue
                if not self._movable(weight, standing):
                    self.notes.append(
                        f"the {slot} of {weight.target} starts anew: the weight is computed from "
                        "several variables"
                    )
                    continue
                kept = {name: standing[name] for name in weight.recipe.sources}
                result.slots.append(
                    Slot(weight.target, form.slots[slot], weight.recipe, kept, scale)
                )
        if fresh:
            self.notes.append("the optimizer starts anew: the checkpoint does not hold its state")
        for made in result.slots:
            for name in made.names:
                result.reasons.pop(name, None)

    def _standing(self, trainer: Trainer, slot: str) -> dict[str, Recipe]:
        """Trained variable, as the checkpoint calls it → its slot; parts joined."""
        parts: dict[str, list[tuple[str, Recipe]]] = {}
        for update in trainer.optimizer.updates:
            node = update.slots.get(slot, "")
            if update.variable in self.recipes and node in self.recipes:
                for name in self.recipes[update.variable].sources:
                    parts.setdefault(name, []).append((update.variable, self.recipes[node]))
        return {name: self._joined(name, listed) for name, listed in parts.items()}

    def _joined(self, name: str, parts: list[tuple[str, Recipe]]) -> Recipe:
        slices = [self.variables[node].slice for node, _ in parts]
        if len(parts) == 1 or None in slices:
            return parts[0][1]
        whole = slices[0].full_shape  # type: ignore[union-attr]

        def join(*arrays: np.ndarray) -> np.ndarray:
            joined = np.zeros(whole, arrays[0].dtype)
            for part, array in zip(slices, arrays, strict=True):
                assert part is not None
                ends = zip(part.offset, part.shape, strict=True)
                joined[tuple(slice(start, start + size) for start, size in ends)] = array
            return joined

        recipes = tuple(recipe for _, recipe in parts)
        return Recipe(f"{name} joined", tuple(whole), recipes[0].dtype, recipes, join)

    def _movable(self, weight: Weight, standing: Mapping[str, Recipe]) -> bool:
        """Whether a slot can be made as its weight is: from slots alone, in the same shape."""
        recipe = weight.recipe
        if not set(recipe.sources) <= set(standing):
            return False
        probe = Slot(weight.target, "", recipe, standing)
        shapes = {name: self._shape(standing[name]) for name in recipe.sources}
        made = probe.recipe.make(
            lambda name: np.broadcast_to(np.float32(), shapes[name]), slots=True
        )
        return made.shape == recipe.shape and not _constants(recipe)

    def _shape(self, recipe: Recipe) -> tuple[int, ...]:
        return recipe.shape

    def _account_for_step(self, trainer: Trainer, result: TrainingPlan) -> None:
        """Fates of the step variable and the powers of beta."""
        chosen = step_source(trainer.optimizer, self.recipes)
        if chosen is not None:
            result.targets[chosen] = STEP_TARGET
        for node in trainer.optimizer.shared.values():
            for name in self.recipes[node].sources if node in self.recipes else ():
                if name != chosen:
                    result.reasons[name] = "Keras works it out from the optimizer's iterations"


def _constants(recipe: Recipe) -> bool:
    """Whether constants of the graph are among what a recipe is made of."""
    leaf = recipe.function is not None and not recipe.parents
    return leaf or any(_constants(parent) for parent in recipe.parents)


def _summary(
    trainer: Trainer,
    result: TrainingPlan,
    steps: int | None,
    notes: list[str],
) -> dict[str, Any]:
    loss = trainer.loss
    penalties = loss.regularization if loss is not None else ()
    labels = [name for each in result.losses for name in each.labels]
    if loss is not None and not labels:
        labels = list(loss.label_inputs)
    return {
        "loss": " + ".join(each.name for each in result.losses) or None,
        "loss_weights": [each.weight for each in result.losses],
        "labels": list(dict.fromkeys(labels)),
        "optimizer": {
            **_described(result.optimizer),
            "tensorflow_class": f"{trainer.optimizer.class_name}Optimizer",
        },
        "regularization": [
            {"variable": p.variable, "kind": p.kind, "factor": p.factor} for p in penalties
        ],
        "step": steps,
        "notes": list(notes),
    }


def _described(new: New) -> dict[str, Any]:
    arguments = {
        key: _described(value)
        if isinstance(value, New)
        else {"class": value.name, "tensor": value.tensor}
        if isinstance(value, Formula)
        else value
        for key, value in new.arguments.items()
    }
    return {"class": new.kind.rpartition(".")[2], **arguments}
