"""Some steps of training on both sides: the original's own train operation, Keras's own step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import UserError, listed, printable
from ..graph import Graph, Interface, Trainer, find_training, refuse_forbidden, train_operation
from ..graph.nodes import SaveSlice
from ..graph.variables import VARIABLE_OPS, find_variables
from ..parity import Difference
from ..plan import Plan, constant
from ..plan.recipe import Read
from ..plan.training import New
from ..sources import Source
from ..training.layers import STATISTICS
from ..training.state import movable
from ..worker import Worker
from ..worker.original import Original
from .comparing import Allowed, difference
from .feeding import Feeding, dropped_constants, switches
from .subject import Model

_LEAST_SHARE = 0.1
"""Of the greatest gradient: smaller ones are held against that, since sums that cancel leave the
rounding of their terms."""
_ROUNDING = 1e-6
"""Of the greatest gradient: what is smaller is rounding alone, as of a bias before batch
normalization; an optimizer that divides by it enlarges it as it likes."""


@dataclass(frozen=True)
class Trained:
    """What both sides were after the same steps.

    Attributes:
        losses: of each step, before it: the original's and the model's.
        gradients: of the first step, as they are applied, by target.
        weights: of the model after the last step, by target.
        slots: of its optimizer, likewise.
        notes: what was not compared, and why.
    """

    losses: tuple[tuple[float, float], ...]
    gradients: Mapping[str, Difference]
    weights: Mapping[str, Difference]
    slots: Mapping[str, Difference]
    notes: tuple[str, ...] = ()

    def holds(self, allowed: Allowed) -> bool:
        """Whether losses, gradients, weights and slots are within what is allowed."""
        scale = max(abs(expected) for expected, _ in self.losses)
        losses = all(abs(e - m) <= allowed.limit(scale) for e, m in self.losses)
        gradients = all(self.gradient_holds(target, allowed) for target in self.gradients)
        state = [*self.weights.values(), *self.slots.values()]
        return losses and gradients and all(map(allowed.holds, state))

    def gradient_holds(self, target: str, allowed: Allowed) -> bool:
        """Whether one gradient is within what is allowed."""
        greatest = max(d.scale for d in self.gradients.values())
        own = self.gradients[target]
        return own.max_abs <= allowed.limit(max(own.scale, _LEAST_SHARE * greatest))

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "losses": [{"original": e, "model": m} for e, m in self.losses],
            "gradients": {target: d.to_dict() for target, d in self.gradients.items()},
            "weights": {target: d.to_dict() for target, d in self.weights.items()},
            "slots": {target: d.to_dict() for target, d in self.slots.items()},
            "notes": list(self.notes),
        }


def train_both(
    source: Source,
    interface: Interface,
    plan: Plan,
    model: Model,
    worker: Worker,
    steps: int,
    feeding: Feeding,
    *,
    trust: bool,
    timeout: float | None,
) -> Trained:
    """Trains the original in ``worker`` and the model, from the checkpoint on.

    Dropout is off on both sides, since no two programs draw the same numbers.

    Args:
        plan: with its training.
        feeding: what each step is given.

    Raises:
        UserError: the graph does not train this model, or its training cannot be run.
    """
    graph, training = source.graph, plan.training
    assert graph is not None
    assert training is not None
    trainers = _trainers(source, plan)
    loss = trainers[0].loss
    assert loss is not None
    operations = [name for trainer in trainers for name in _operations(graph, trainer)]
    fetched = [loss.tensor, *operations]
    given = [i.tensor for i in (*feeding.inputs, *feeding.others)]
    rates = {
        trainer.schedule.tensor: rate
        for trainer, rate in zip(trainers, _rates(training.optimizer), strict=True)
        if trainer.schedule.kind == "placeholder" and isinstance(rate, float)
    }
    whole = replace(
        interface,
        inputs=(*feeding.inputs, *feeding.others),
        outputs=tuple(fetched),
        fed=switches(graph, interface, fetched, given, rates),
    )
    constants = dropped_constants(graph, fetched)
    if not trust:
        refuse_forbidden(graph, whole)
    _refuse_missing(source, graph, fetched)
    original = Original(source, whole, worker, constants=constants, timeout=timeout)
    original.open()
    steered = any(
        n.op.startswith("Assign") for n in graph.ancestors([loss.tensor], control=True).values()
    )
    fed_rates = [
        float(np.asarray(interface.fed[t])) if t in interface.fed else None
        for t in (trainer.schedule.tensor for trainer in trainers)
    ]
    model.set_rates(fed_rates)
    losses, compared, notes = [], dict[str, Difference](), list[str]()
    for step in range(steps):
        batch = feeding.batch(step, model.predict)
        wanted = list(operations)
        if steered:  # reading the loss already changes moving statistics
            wanted.append(loss.tensor)
        else:
            # By itself: beside the update it might be that of either side of it.
            expected = _scalar(original.run(batch, [loss.tensor])[loss.tensor])
        if not step:
            if not steered and _scalar(original.run(batch, [loss.tensor])[loss.tensor]) != expected:
                raise UserError(
                    f"{printable(loss.tensor)} differs from run to run: the original draws "
                    "random numbers outside of dropout, which a model cannot reproduce",
                    expected="a loss without randomness, for --train",
                )
            gradients = _Gradients(source, plan, trainers)
            made = model.gradients(*_for_keras(plan, interface, batch))
            # In the same run as the update: gradients may wait for updates of moving statistics.
            wanted += gradients.tensors
        found = original.run(batch, wanted)
        if steered:
            expected = _scalar(found[loss.tensor])
        if not step:
            compared = gradients.compare(found, made, notes)
        losses.append((expected, model.train(*_for_keras(plan, interface, batch))))
    noise = _noise(compared)
    if noise:
        notes.append(
            f"{', '.join(noise)} not compared after training: the gradient is only rounding error"
        )
    weights, slots = _state(source, plan, original, model, noise, notes)
    return Trained(tuple(losses), compared, weights, slots, tuple(notes))


def _trainers(source: Source, plan: Plan) -> list[Trainer]:
    """Those whose optimizers the plan carries over."""
    assert source.graph is not None
    assert plan.training is not None
    by_name = {t.optimizer.name: t for t in find_training(source.graph).trainers}
    found = [by_name[name] for name in plan.training.origins]
    if found[0].loss is None or not plan.training.losses:
        raise UserError(
            "Keras has no equivalent of the loss in the graph of "
            f"{printable(source.path)}, so training cannot be compared",
            expected="a report whose training has a loss",
        )
    return found


def _operations(graph: Graph, trainer: Trainer) -> list[str]:
    """The train operation; without one, its updates and what its optimizer counts with."""
    name = train_operation(graph, trainer.optimizer)
    if name is not None:
        return [name]
    name = trainer.optimizer.name
    counters = [n for n in graph.nodes if n.startswith(f"{name}/Assign")]
    return [*(update.node for update in trainer.optimizer.updates), *counters]


def _rates(optimizer: New) -> list[Any]:
    """The learning rate of each optimizer."""
    inner = optimizer.arguments.get("optimizers", [optimizer])
    return [each.arguments.get("learning_rate") for each in inner]


def _refuse_missing(source: Source, graph: Graph, fetched: Sequence[str]) -> None:
    """Refuses a training whose variables are not all in the checkpoint.

    Raises:
        UserError: naming them.
    """
    behind, held = graph.ancestors(fetched, control=True), source.recipes()
    missing = [n.name for n in behind.values() if n.op in VARIABLE_OPS and n.name not in held]
    if missing:
        names = listed([printable(name) for name in missing])
        raise UserError(
            f"training needs variables that the checkpoint does not contain: {names}",
            expected="a checkpoint with the state of the optimizer, for --train",
        )


def _scalar(array: np.ndarray) -> float:
    return float(array.reshape(-1)[0])


def _noise(gradients: Mapping[str, Difference]) -> list[str]:
    """The targets whose gradient is rounding alone, on either side."""
    greatest = max((d.scale for d in gradients.values()), default=0.0)
    return [
        target for target, d in gradients.items() if d.scale + d.max_abs <= _ROUNDING * greatest
    ]


def _for_keras(
    plan: Plan, interface: Interface, batch: Mapping[str, np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray], dict[int, np.ndarray]]:
    """Inputs, the labels of each loss, and weights by the number of the output."""
    assert plan.training is not None
    losses = plan.training.losses
    labels = [batch[tensor] for loss in losses for tensor in loss.labels]
    weights = {loss.output: batch[loss.weights] for loss in losses if loss.weights is not None}
    return [batch[i.tensor] for i in interface.inputs], labels, weights


class _Gradients:
    """What both sides apply to each weight: after clipping, before the optimizer."""

    def __init__(self, source: Source, plan: Plan, trainers: Sequence[Trainer]):
        assert source.graph is not None
        self._recipes, self._plan, self._read = source.recipes(), plan, source.read
        self._variables = find_variables(source.graph)
        self._shapes = {v.name: v.shape for v in source.variables()}
        updates = [u for trainer in trainers for u in trainer.optimizer.updates]
        self._updates = [u for u in updates if u.variable in self._recipes]

    @property
    def tensors(self) -> list[str]:
        """The tensors of the original that they are read from."""
        names = [t for u in self._updates for t in (u.gradient, u.indices) if t is not None]
        return list(dict.fromkeys(names))

    def compare(
        self, found: Mapping[str, np.ndarray], made: Mapping[str, np.ndarray], notes: list[str]
    ) -> dict[str, Difference]:
        """By target.

        Args:
            found: tensor of the original → value.
            made: by the model, by target.
            notes: told what cannot be compared.
        """
        applied: dict[str, np.ndarray] = {}
        for update in self._updates:
            recipe, gradient = self._recipes[update.variable], found[update.gradient]
            if update.indices is not None:
                rows = np.zeros(recipe.shape, gradient.dtype)
                np.add.at(rows, found[update.indices], gradient)
                gradient = rows
            (name,) = recipe.sources
            part = self._variables[update.variable].slice
            if part is None:
                applied[name] = gradient
                continue
            whole = applied.setdefault(name, np.zeros(self._shapes[name], gradient.dtype))
            whole[_place(part)] = gradient
        standing = {name: constant(array) for name, array in applied.items()}
        result, left = {}, []
        for weight in self._plan.weights:
            if weight.target not in made or not set(weight.recipe.sources) & applied.keys():
                continue
            if movable(weight, standing, self._read):
                expected = weight.recipe.make(lambda name: applied[name], slots=True)
                result[weight.target] = difference(expected, made[weight.target])
            else:
                left.append(weight.target)
        if left:
            notes.append(
                f"gradients of {', '.join(left)} are not compared: each is computed from variables"
            )
        return result


def _state(
    source: Source,
    plan: Plan,
    original: Original,
    model: Model,
    noise: Sequence[str],
    notes: list[str],
) -> tuple[dict[str, Difference], dict[str, Difference]]:
    """Weights and slots of both sides, by target; without those that only rounding moved."""
    assert plan.training is not None
    read = _after(source, original)
    held = model.weights([weight.target for weight in plan.weights])
    weights, kept = {}, []
    for weight in plan.weights:
        expected, made = weight.recipe.make(read), held[weight.target]
        found, before = difference(expected, made), weight.recipe.make(source.read)
        if found.max_abs and _stayed(weight.target, expected, before):
            kept.append(weight.target)
        elif weight.target not in noise:
            # What has come near to 0 is as exact as it was when it was larger.
            scale = max(found.scale, float(np.abs(before).max(initial=0)))
            weights[weight.target] = replace(found, scale=scale)
    if kept:
        notes.append(
            f"{', '.join(kept)} not compared: the train op does not update moving statistics, and "
            "Keras does"
        )
    slots = {slot.target: slot for slot in plan.training.slots if slot.weight not in noise}
    places = {target: (s.member, s.attribute, s.weight) for target, s in slots.items()}
    state = model.slots(places) if places else {}
    return weights, {t: difference(slot.make(read), state[t]) for t, slot in slots.items()}


def _after(source: Source, original: Original) -> Read:
    """What a variable of the checkpoint is now; what training does not touch is as it was."""
    assert source.graph is not None
    variables = find_variables(source.graph)
    nodes: dict[str, list[str]] = {}
    for node, recipe in source.recipes().items():
        for name in recipe.sources:
            nodes.setdefault(name, []).append(node)
    now = original.values([node for parts in nodes.values() for node in parts])

    def read(name: str) -> np.ndarray:
        parts = [node for node in nodes.get(name, ()) if node in now]
        if not parts:
            return source.read(name)
        slices = [variables[node].slice for node in parts]
        if len(parts) == 1 and slices[0] is None:
            return now[parts[0]]
        whole = np.array(source.read(name))
        for node, part in zip(parts, slices, strict=True):
            if part is None:
                return now[node]
            whole[_place(part)] = now[node]
        return whole

    return read


def _place(part: SaveSlice) -> tuple[slice, ...]:
    """Where a part lies in the whole."""
    ends = zip(part.offset, part.shape, strict=True)
    return tuple(slice(start, start + size) for start, size in ends)


def _stayed(target: str, after: np.ndarray, before: np.ndarray) -> bool:
    """Whether a moving statistic is what it was."""
    return target.rpartition("/")[2] in STATISTICS and after.tobytes() == before.tobytes()
