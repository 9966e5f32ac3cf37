"""Some steps of training on both sides: the original's own train operation, Keras's own step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import UserError, printable
from ..graph import InputTensor, Interface, find_training
from ..graph.training import Trainer
from ..original import Original
from ..parity import Difference
from ..plan import Plan
from ..plan.examples import random_inputs
from ..sources import Source
from ..worker import Worker
from .comparing import Allowed, difference
from .subject import Model

_BATCH = 32


@dataclass(frozen=True)
class Trained:
    """What both sides were after the same steps.

    Attributes:
        losses: of each step, before it: the original's and the model's.
        weights: of the model after the last step, by target.
        slots: of its optimizer, likewise.
    """

    losses: tuple[tuple[float, float], ...]
    weights: Mapping[str, Difference]
    slots: Mapping[str, Difference]

    def holds(self, allowed: Allowed) -> bool:
        """Whether losses, weights and slots are within what is allowed."""
        scale = max(abs(expected) for expected, _ in self.losses)
        losses = all(abs(e - m) <= allowed.limit(scale) for e, m in self.losses)
        return losses and all(map(allowed.holds, [*self.weights.values(), *self.slots.values()]))

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "losses": [{"original": e, "model": m} for e, m in self.losses],
            "weights": {target: d.to_dict() for target, d in self.weights.items()},
            "slots": {target: d.to_dict() for target, d in self.slots.items()},
        }


def train_both(
    source: Source,
    interface: Interface,
    plan: Plan,
    model: Model,
    worker: Worker,
    steps: int,
    *,
    seed: int,
    timeout: float | None,
) -> Trained:
    """Trains the original in ``worker`` and the model, from the checkpoint on.

    Dropout is off on both sides, since no two programs draw the same numbers.

    Args:
        plan: with its training.
        seed: of the random batches.

    Raises:
        UserError: the graph does not train this model, or its training cannot be run.
    """
    graph = source.graph
    assert graph is not None
    trainer = _trainer(source, plan)
    assert trainer.loss is not None
    labels = [_input(graph, tensor) for tensor in trainer.loss.label_inputs]
    operation = trainer.optimizer.name
    fed = {t: True if value is False else value for t, value in interface.fed.items()}
    whole = replace(
        interface,
        inputs=(*interface.inputs, *labels),
        outputs=(trainer.loss.tensor, operation),
        fed=fed,
    )
    original = Original(source, whole, worker, timeout=timeout)
    original.open()
    losses = []
    for step in range(steps):
        batch = random_inputs(plan, _BATCH, seed + step)
        batch |= _random_labels(trainer, labels, plan, seed + step)
        # The loss is read by itself first: beside the update it might be that of either side of it.
        expected = float(original.run(batch, [trainer.loss.tensor])[trainer.loss.tensor])
        original.run(batch, [operation])
        made = model.train(
            [batch[i.tensor] for i in interface.inputs], [batch[i.tensor] for i in labels]
        )
        losses.append((expected, made))
    return Trained(tuple(losses), *_state(source, plan, original, model))


def _trainer(source: Source, plan: Plan) -> Trainer:
    """The one that updates the weights of the plan."""
    graph = source.graph
    assert graph is not None
    held = {name for weight in plan.weights for name in weight.recipe.sources}
    names = {n for n, recipe in source.recipes().items() if held.intersection(recipe.sources)}
    found = [
        (sum(update.variable in names for update in trainer.optimizer.updates), trainer)
        for trainer in find_training(graph).trainers
        if trainer.loss is not None and trainer.optimizer.name in graph
    ]
    count, trainer = max(found, key=lambda pair: pair[0], default=(0, None))
    if not count or trainer is None or plan.training is None:
        raise UserError(
            f"the graph of {printable(source.path)} does not train this model",
            expected="a graph with a loss and an optimizer for --train",
        )
    return trainer


def _input(graph: Any, tensor: str) -> InputTensor:
    return InputTensor(tensor, graph.shape(tensor), graph.dtype(tensor) or "float32")


def _random_labels(
    trainer: Trainer, labels: Sequence[InputTensor], plan: Plan, seed: int
) -> dict[str, np.ndarray]:
    """Class numbers for integers, one of them for a softmax, 0 and 1 for a sigmoid, else normal."""
    generator = np.random.default_rng((seed, 1))
    assert trainer.loss is not None
    classes = (plan.outputs[0].value.shape or (None,))[-1] or 2
    made = {}
    for label in labels:
        sizes = [_BATCH if size is None else size for size in label.shape or (None, classes)]
        if label.dtype.startswith(("int", "uint")):
            made[label.tensor] = generator.integers(0, classes, sizes).astype(label.dtype)
        elif "softmax" in trainer.loss.kind and len(sizes) > 1:
            chosen = generator.integers(0, sizes[-1], sizes[:-1])
            made[label.tensor] = np.eye(sizes[-1])[chosen].astype(label.dtype)
        elif "sigmoid" in trainer.loss.kind or "binary" in trainer.loss.kind:
            made[label.tensor] = generator.integers(0, 2, sizes).astype(label.dtype)
        else:
            made[label.tensor] = generator.standard_normal(sizes).astype(label.dtype)
    return made


def _state(
    source: Source, plan: Plan, original: Original, model: Model
) -> tuple[dict[str, Difference], dict[str, Difference]]:
    """Weights and slots of both sides, by target."""
    assert plan.training is not None
    recipes = source.recipes()
    nodes = {recipe.text: name for name, recipe in recipes.items() if recipe.is_variable}
    after = original.values(list(nodes.values()))

    def read(name: str) -> np.ndarray:
        # What the training does not touch is as the checkpoint has it.
        return after[nodes[name]] if nodes.get(name) in after else source.read(name)

    held = model.weights([weight.target for weight in plan.weights])
    weights = {w.target: difference(w.recipe.make(read), held[w.target]) for w in plan.weights}
    slots = {slot.target: slot for slot in plan.training.slots}
    places = {target: (s.member, s.attribute, s.weight) for target, s in slots.items()}
    state = model.slots(places) if places else {}
    return weights, {t: difference(slot.make(read), state[t]) for t, slot in slots.items()}
