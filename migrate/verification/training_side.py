"""The original in a training comparison: its own train operation, run as often as need be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import UserError, listed, printable
from ..graph import InputTensor, Interface, Towers, Trainer, find_training, gates, static_value
from ..graph.variables import VARIABLE_OPS, find_variables
from ..parity import Difference
from ..plan import Plan, Unknown
from ..plan.recipe import Read
from ..plan.training import SUMS, TrainingPlan
from ..sources import Source
from ..worker import Worker
from ..worker.original import Original
from .comparing import Allowed, difference
from .feeding import Feeding, dropped_constants, switches
from .subject import Model
from .trained import Trained
from .training_state import Gradients, compare_state, rounding_alone, values_after

_TRIED_RATE = 0.001  # of both sides, to find differences where only a feed knows the rate
_NUDGE = 2e-7
"""Of each number of a variable: about what rounding it costs."""
_VANISHED = 1e-30
"""A power of beta that float32 no longer tells from 0 beside 1, and soon not at all."""
_OF_POWER = 1e-4
"""Of a power of beta: what float32 products may cost it."""


@dataclass(frozen=True)
class Run:
    """What steps of the original made: losses, tensors of the first step, values by node."""

    losses: list[float]
    first: Mapping[str, np.ndarray]
    values: Mapping[str, np.ndarray]


def differ(one: Run, other: Run, allowed: Allowed) -> bool:
    """Whether two runs differ by more than is allowed."""
    pairs = [(np.asarray(one.losses), np.asarray(other.losses))]
    pairs += [(value, other.values[name]) for name, value in one.values.items()]
    return not all(allowed.holds(difference(a, b)) for a, b in pairs if a.dtype.kind in "fiu")


class Side:
    """The original, which can be trained from the checkpoint on as often as need be."""

    def __init__(
        self,
        source: Source,
        interface: Interface,
        plan: Plan,
        worker: Worker,
        feeding: Feeding,
        *,
        timeout: float | None,
    ):
        assert source.graph is not None
        assert plan.training is not None
        self._source, self._plan, graph = source, plan, source.graph
        self._worker, self._timeout = worker, timeout
        self._trainers, self._towers = _trainers(source, plan)
        loss = self._trainers[0].loss
        assert loss is not None
        self._losses = [loss.tensor] if self._towers is None else list(self._towers.losses)
        self._operations = list(plan.training.operations)
        fetched = [*self._losses, *self._operations]
        parts = {} if self._towers is None else self._towers.parts
        inputs = (*feeding.inputs, *feeding.others)
        inputs = tuple(replace(i, tensor=parts.get(i.tensor, i.tensor)) for i in inputs)
        own = {} if self._towers is None else self._towers.inputs
        inputs += tuple(replace(i, tensor=t) for i in inputs for t in own.get(i.tensor, ()))
        self._sparse = [s for each in plan.training.losses for s in each.sparse]
        inputs += tuple(InputTensor(s.indices, (None, 2), "int64") for s in self._sparse)
        given = [i.tensor for i in inputs]
        carried = [
            _TRIED_RATE if isinstance(rate, Unknown) else rate for rate in rates_of(plan.training)
        ]
        rates = {
            trainer.schedule.tensor: rate
            for trainer, rate in zip(self._trainers, carried, strict=True)
            if trainer.schedule.kind == "placeholder" and isinstance(rate, float)
        }
        self._whole = replace(
            interface,
            inputs=inputs,
            outputs=tuple(fetched),
            fed=switches(graph, interface, fetched, given, rates),
        )
        self._constants = dropped_constants(graph, fetched)
        self._fresh = self._fresh_state(fetched)
        behind = graph.ancestors(self._losses, control=True).values()
        self._steered = any(n.op.startswith("Assign") for n in behind)
        self.fed_rates: list[float | None] = [None] * len(plan.training.iterations)
        for number, trainer in zip(plan.training.members, self._trainers, strict=True):
            tensor = trainer.schedule.tensor
            fed = interface.fed.get(tensor, rates.get(tensor))
            self.fed_rates[number] = None if fed is None else float(np.asarray(fed))
        self._gradients = Gradients(source, plan, self._trainers)
        self._last: Original | None = None

    def run(
        self,
        batches: Sequence[Mapping[str, np.ndarray]],
        *,
        gated: bool = False,
        nudged: bool = False,
        again: bool = False,
        wide: bool = False,
    ) -> Run:
        """Some steps from the checkpoint.

        Args:
            wide: in float64.
            gated: no update comes before the last gradient.
            nudged: every variable starts a little off, as rounding might leave it.
            again: in the session of the last run, where random numbers go on.

        Raises:
            UserError: TensorFlow refuses them, or their losses are no numbers to compare.
        """
        original = self._last if again else None
        if original is None:
            original = self._last = self._opened(gated, wide)
        if nudged or again:
            original.assign(self._values(_NUDGE if nudged else 0.0))
            original.assign(self._fresh.items())
        losses, first = list[float](), dict[str, np.ndarray]()
        for step, given in enumerate(batches):
            batch = {i.tensor: given[i.tensor] for i in self._whole.inputs if i.tensor in given}
            for sparse in self._sparse:
                batch |= sparse.fed(given[sparse.values])
            # Gradients in the same run as the update: they may wait for moving statistics.
            wanted = [*self._operations, *([] if step else self._gradients.tensors)]
            if self._steered:  # reading the loss already changes moving statistics
                wanted += self._losses
            else:
                # By itself: beside the update it might be that of either side of it.
                losses.append(self._whole_loss(original.run(batch, self._losses)))
                if not step and losses != [self._whole_loss(original.run(batch, self._losses))]:
                    self._refuse_chance(losses[0])
            found = original.run(batch, wanted)
            if self._steered:
                losses.append(self._whole_loss(found))
            if not step:
                first = found
        if not np.isfinite(losses).all():
            raise UserError(
                f"the loss {printable(self._losses[0])} is {losses} on these inputs",
                expected="inputs on which it is finite",
                try_="--data for verify --train",
            )
        return Run(losses, first, original.values(list(self._source.recipes())))

    def batch(self, feeding: Feeding, step: int, model: Model) -> dict[str, np.ndarray]:
        """What a step is given, by tensor; to each tower what is its own."""
        if self._towers is None:
            return feeding.batch(step, model.predict)
        if not self._towers.inputs:
            parts, count = self._towers.parts, len(self._towers.losses)
            sizes = [(self._towers.graph.shape(t) or (None,))[0] for t in parts.values()]
            size = next(filter(None, sizes), -(-feeding.size // count) * count)
            free = [replace(i, batch=None) if i.tensor in parts else i for i in feeding.plan.inputs]
            whole = replace(feeding, size=size, plan=replace(feeding.plan, inputs=free))
            given = whole.batch(step, model.predict)
            return given | {parts[t]: array for t, array in given.items() if t in parts}
        count, made = len(self._towers.losses), dict[str, np.ndarray]()
        for number in range(count):
            for tensor, array in feeding.batch(step * count + number, model.predict).items():
                names = (tensor, *self._towers.inputs.get(tensor, [tensor] * (count - 1)))
                made[names[number]] = array
        return made

    def joined(self, batch: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """A batch with what all towers are given as that of the first."""
        own = {} if self._towers is None else self._towers.inputs
        whole = {t: np.concatenate([batch[n] for n in (t, *others)]) for t, others in own.items()}
        return {**batch, **whole}

    def _whole_loss(self, found: Mapping[str, np.ndarray]) -> float:
        # What is minimized is the sum, where a program does not reduce its loss.
        losses = [float(found[tensor].sum()) for tensor in self._losses]
        if len(losses) == 1:
            return losses[0]
        assert self._towers is not None
        return float(np.mean(losses) if self._towers.mean else np.sum(losses))

    def _opened(self, gated: bool, wide: bool) -> Original:
        assert self._source.graph is not None
        optimizers = [trainer.optimizer for trainer in self._trainers]
        original = Original(
            self._source,
            self._whole,
            self._worker,
            constants=self._constants,
            gates=gates(self._source.graph, optimizers, self._operations) if gated else None,
            timeout=self._timeout,
        )
        original.open(wide=wide)
        original.assign(self._fresh.items())
        if wide:
            original.assign(self._powers().items())
        return original

    def _powers(self) -> dict[str, np.ndarray]:
        """Powers of beta as Keras computes them; in float32 TensorFlow 1 rounds each step's."""
        assert self._plan.training is not None
        found = {}
        for trainer, done in zip(self._trainers, _done(self._plan.training), strict=True):
            for key, node in trainer.optimizer.shared.items():
                beta = trainer.optimizer.hyperparameters.get(key.removesuffix("_power"))
                if beta is not None and trainer.accumulation is None:
                    found[node] = np.float64(np.float32(beta)) ** np.array(done + 1)
        return found

    def _fresh_state(self, fetched: Sequence[str]) -> dict[str, np.ndarray]:
        """The first values of an optimizer's variables that the checkpoint does not contain.

        Raises:
            UserError: other variables are not there, or their first values are drawn.
        """
        assert self._source.graph is not None
        graph, held = self._source.graph, self._source.recipes()
        variables, own = find_variables(graph), set[str]()
        for optimizer in (trainer.optimizer for trainer in self._trainers):
            own |= {slot for update in optimizer.updates for slot in update.slots.values()}
            own |= {*optimizer.shared.values(), *filter(None, [optimizer.step])}
        behind = graph.ancestors(fetched, control=True)
        missing = [n.name for n in behind.values() if n.op in VARIABLE_OPS and n.name not in held]
        first = {
            name: static_value(graph, tensor)
            for name in missing
            if name in own and (tensor := variables[name].initial_value) is not None
        }
        if lost := [name for name in missing if first.get(name) is None]:
            raise UserError(
                "training needs variables that the checkpoint does not contain: "
                f"{listed([printable(name) for name in lost])}",
                expected="a checkpoint with the state of the optimizer, for --train",
            )
        return {name: value for name, value in first.items() if value is not None}

    def _values(self, nudge: float) -> Iterator[tuple[str, np.ndarray]]:
        """Variables as the checkpoint has them, each number a part of itself off."""
        generator = np.random.default_rng(0)
        for node, recipe in self._source.recipes().items():
            array = recipe.make(self._source.read)
            if array.dtype.kind == "f" and nudge:
                signs = generator.choice((-nudge, nudge), array.shape)
                array = (array * (1 + signs)).astype(array.dtype)
            yield node, array

    def moved(self, one: Run, other: Run) -> dict[str, float]:
        """How far apart two runs of the original are, by target."""
        assert self._plan.training is not None
        reads = [values_after(self._source, run.values) for run in (one, other)]
        made: list[tuple[str, Callable[[Read], np.ndarray]]]
        made = [(w.target, w.recipe.make) for w in self._plan.weights]
        made += [(s.target, s.make) for s in self._plan.training.slots]
        return {t: difference(*(make(read) for read in reads)).max_abs for t, make in made}

    def _refuse_chance(self, loss: float) -> None:
        if np.isnan(loss):
            return
        raise UserError(
            f"{printable(self._losses[0])} differs from run to run: the original draws random "
            "numbers outside of dropout, which a model cannot reproduce",
            expected="a loss without randomness, for --train",
        )

    def compare(
        self, run: Run, model: Model, made: Sequence[tuple[float, dict[str, np.ndarray]]]
    ) -> Trained:
        """Both sides after the same steps."""
        plan, source, notes = self._plan, self._source, list[str]()
        assert plan.training is not None
        compared = self._gradients.compare(run.first, made[0][1], notes)
        noise = rounding_alone(compared)
        if noise:
            notes.append(
                f"{', '.join(noise)} not compared after training: the gradient is only "
                "rounding error"
            )
        read = values_after(source, run.values)
        weights, slots = compare_state(source, plan, read, model, noise, notes)
        slots = {t: d for t, d in slots.items() if t not in self._left_over(len(made))}
        named = {w.target: ", ".join(w.recipe.sources) for w in plan.weights}
        named |= {s.target: ", ".join(s.names) for s in plan.training.slots}
        counters = self._counters(read, len(made))
        return Trained(
            losses=tuple(zip(run.losses, [loss for loss, _ in made], strict=True)),
            gradients=compared,
            weights=weights,
            slots=slots,
            notes=tuple(notes),
            lost=self._lost(read),
            counters=counters,
            named=named,
            operations=tuple(self._operations),
        )

    def _left_over(self, steps: int) -> set[str]:
        """Sums that the original has applied after some steps, but not yet set to 0."""
        assert self._plan.training is not None
        plan, found = self._plan.training, set[str]()
        for number, trainer in zip(plan.members, self._trainers, strict=True):
            done = plan.iterations[number]
            way = trainer.accumulation
            if way is not None and not way.fresh and (done + steps) % way.steps == 0:
                slots = (s for s in plan.slots if s.attribute == SUMS)
                found |= {s.target for s in slots if s.member in (None, number)}
        return found

    def _lost(self, read: Read) -> tuple[str, ...]:
        """Variables that changed, and for which nothing stands in the model."""
        training = self._plan.training
        assert training is not None
        known = {name for weight in self._plan.weights for name in weight.recipe.sources}
        known |= {name for slot in training.slots for name in slot.names}
        known |= {*training.targets, *training.reasons, *training.kept}
        for trainer in self._trainers:
            nodes = [trainer.optimizer.step, *trainer.optimizer.shared.values()]
            nodes += [] if trainer.accumulation is None else sorted(trainer.accumulation.variables)
            held = self._source.recipes()
            known |= {n for node in nodes if node in held for n in held[node].sources}
        found = []
        for variable in self._source.variables():
            if variable.name in known or self._source.roles[variable.name] == "step":
                continue
            before, now = self._source.read(variable.name), read(variable.name)
            if before.dtype != object and before.tobytes() != now.astype(before.dtype).tobytes():
                found.append(variable.name)
        return tuple(found)

    def _counters(self, read: Read, steps: int) -> dict[str, Difference]:
        """Step variables and powers of beta that are not where as many steps of Keras lead."""
        held, found = self._source.recipes(), dict[str, Difference]()

        def both(node: str | None) -> tuple[str, float, float] | None:
            if node is None or node not in held or held[node].shape:
                return None
            (name,) = held[node].sources
            return name, _scalar(self._source.read(name)), _scalar(read(name))

        assert self._plan.training is not None
        for trainer, number in zip(self._trainers, _done(self._plan.training), strict=True):
            updates = steps
            if trainer.accumulation is not None:
                updates = trainer.accumulation.updates(number, number + steps)
            if (values := both(trainer.optimizer.step)) is not None:
                name, before, now = values
                if now != before + updates:
                    found[name] = difference(np.array(before + updates), np.array(now))
            for key, node in trainer.optimizer.shared.items():
                beta = trainer.optimizer.hyperparameters.get(key.removesuffix("_power"))
                if beta is None or (values := both(node)) is None:
                    continue
                name, before, now = values
                expected = before * float(beta) ** updates
                vanished = abs(before) <= _VANISHED  # a correction by 1 - power is by 1
                if not vanished and abs(now - expected) > _OF_POWER * abs(expected):
                    found[name] = difference(np.array(expected), np.array(now))
        return found


def _trainers(source: Source, plan: Plan) -> tuple[list[Trainer], Towers | None]:
    """Those whose optimizers the plan carries over, and the towers that they train."""
    assert source.graph is not None
    assert plan.training is not None
    training = find_training(source.graph)
    by_name = {t.optimizer.name: t for t in training.trainers}
    found = [by_name[name] for name in plan.training.origins]
    if found[0].loss is None or not plan.training.losses:
        raise UserError(
            "Keras has no equivalent of the loss in the graph of "
            f"{printable(source.path)}, so training cannot be compared",
            expected="a report whose training has a loss",
        )
    if any(t.accumulation is not None and t.accumulation.counter is None for t in found):
        raise UserError(
            "the program adds gradients up by other operations than it applies them with, and "
            "decides itself when it runs each",
            expected="a train operation that does all of a step, for --train",
        )
    if any(trainer.replicas for trainer in found):
        raise UserError(
            "the program's train operation waits for replicas that run beside it "
            "(SyncReplicasOptimizer)",
            expected="a train operation that runs by itself, for --train",
        )
    return found, training.towers


def _done(training: TrainingPlan) -> list[int]:
    """The steps so far of each optimizer that a step applies."""
    return [training.iterations[number] for number in training.members]


def rates_of(training: TrainingPlan) -> list[Any]:
    """The learning rate of each optimizer that a step applies."""
    inner = training.applied.arguments.get("optimizers", [training.applied])
    return [each.arguments.get("learning_rate") for each in inner]


def _scalar(array: np.ndarray) -> float:
    return float(array.reshape(-1)[0])
