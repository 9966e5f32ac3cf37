"""Some steps of training on both sides: the original's own train operation, Keras's own step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import UserError, listed, printable
from ..graph import Graph, Interface, Trainer, find_training, gates
from ..graph.variables import VARIABLE_OPS
from ..parity import Difference
from ..plan import Plan, Unknown
from ..plan.examples import KINDS
from ..plan.recipe import Read
from ..plan.training import SUMS, New
from ..sources import Source
from ..worker import Worker, WorkerError
from ..worker.original import Original
from .comparing import Allowed, difference
from .feeding import Feeding, dropped_constants, switches
from .subject import Model
from .trained import Trained
from .training_state import Gradients, compare_state, rounding_alone, values_after

_TRIED_RATE = 0.001  # of both sides, to find differences where only a feed knows the rate
_NUDGE = 2e-7
"""Of each number of a variable: about what rounding it costs."""
_OF_POWER = 1e-4
"""Of a power of beta: what float32 products may cost it."""


def train_both(
    source: Source,
    interface: Interface,
    plan: Plan,
    model: Model,
    worker: Worker,
    steps: int,
    feeding: Feeding,
    allowed: Allowed,
    *,
    timeout: float | None,
) -> Trained:
    """Trains the original in ``worker`` and the model, from the checkpoint on.

    Dropout is off on both sides, since no two programs draw the same numbers. Where they differ,
    the original is run again with all gradients ready before the first update: without that
    TensorFlow 1 may change a variable of which a gradient is still to be computed.

    Args:
        plan: with its training.
        feeding: what each step is given.
        allowed: by which it is decided whether to look further.

    Raises:
        UserError: the graph does not train this model, its training cannot be run, or it is not
            the same each time it is run.
    """
    original = _Side(source, interface, plan, worker, feeding, timeout=timeout)
    batches, expected = _first_run(original, feeding, model, steps)
    model.set_rates(original.fed_rates)
    given = [_for_keras(plan, interface, batch) for batch in batches]
    made = [model.train(*each, gradients=not step) for step, each in enumerate(given)]
    trained = original.compare(expected, model, made)
    if trained.holds(allowed):
        return trained
    nudged = original.run(batches, nudged=True)
    excused = trained.excused(original.moved(expected, nudged), allowed)
    if excused.holds(allowed):
        return excused
    gated = original.run(batches, gated=True)
    again = original.compare(gated, model, made)
    if again.holds(allowed):
        note = (
            "the original agrees if its ops run in a fixed order: all gradients before the first "
            "update, and its step counter first; TensorFlow 1 does not wait for that, so its steps "
            "can differ from run to run"
        )
        return replace(again, notes=(*again.notes, note))
    runs = [original.run(batches), original.run(batches, again=True)]
    if any(_differ(expected, run, allowed) for run in runs):
        raise UserError(
            "two runs of the program's own train operation from the checkpoint differ: it draws "
            "random numbers, or its updates race",
            expected="training that is the same in each run",
        )
    return trained


def _first_run(
    original: _Side, feeding: Feeding, model: Model, steps: int
) -> tuple[list[Mapping[str, np.ndarray]], _Run]:
    """The steps of the original, and what they were given: another kind of it if it refuses one."""
    refused: UserError | None = None
    for kind in KINDS if feeding.data is None else KINDS[:1]:
        drawn = replace(feeding, kind=kind)
        batches = [drawn.batch(step, model.predict) for step in range(steps)]
        try:
            return list(batches), original.run(batches)
        except WorkerError:
            raise
        except UserError as error:
            refused = refused or error
    raise refused or AssertionError("there are kinds of examples")


@dataclass(frozen=True)
class _Run:
    """What steps of the original made: losses, tensors of the first step, values by node."""

    losses: list[float]
    first: Mapping[str, np.ndarray]
    values: Mapping[str, np.ndarray]


def _differ(one: _Run, other: _Run, allowed: Allowed) -> bool:
    pairs = [(np.asarray(one.losses), np.asarray(other.losses))]
    pairs += [(value, other.values[name]) for name, value in one.values.items()]
    return not all(allowed.holds(difference(a, b)) for a, b in pairs if a.dtype.kind in "fiu")


class _Side:
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
        self._trainers = _trainers(source, plan)
        loss = self._trainers[0].loss
        assert loss is not None
        self._loss, self._operations = loss.tensor, list(plan.training.operations)
        fetched = [loss.tensor, *self._operations]
        given = [i.tensor for i in (*feeding.inputs, *feeding.others)]
        carried = [
            _TRIED_RATE if isinstance(rate, Unknown) else rate
            for rate in _rates(plan.training.optimizer)
        ]
        rates = {
            trainer.schedule.tensor: rate
            for trainer, rate in zip(self._trainers, carried, strict=True)
            if trainer.schedule.kind == "placeholder" and isinstance(rate, float)
        }
        self._whole = replace(
            interface,
            inputs=(*feeding.inputs, *feeding.others),
            outputs=tuple(fetched),
            fed=switches(graph, interface, fetched, given, rates),
        )
        self._constants = dropped_constants(graph, fetched)
        _refuse_missing(source, graph, fetched)
        behind = graph.ancestors([loss.tensor], control=True).values()
        self._steered = any(n.op.startswith("Assign") for n in behind)
        self.fed_rates = [
            None if (fed := interface.fed.get(t, rates.get(t))) is None else float(np.asarray(fed))
            for t in (trainer.schedule.tensor for trainer in self._trainers)
        ]
        self._gradients = Gradients(source, plan, self._trainers)
        self._last: Original | None = None

    def run(
        self,
        batches: Sequence[Mapping[str, np.ndarray]],
        *,
        gated: bool = False,
        nudged: bool = False,
        again: bool = False,
    ) -> _Run:
        """Some steps from the checkpoint.

        Args:
            gated: no update comes before the last gradient.
            nudged: every variable starts a little off, as rounding might leave it.
            again: in the session of the last run, where random numbers go on.

        Raises:
            UserError: TensorFlow refuses them, or their losses are no numbers to compare.
        """
        original = self._last if again else None
        if original is None:
            original = self._last = self._opened(gated)
        if nudged or again:
            original.assign(self._values(_NUDGE if nudged else 0.0))
        losses, first = list[float](), dict[str, np.ndarray]()
        for step, batch in enumerate(batches):
            # Gradients in the same run as the update: they may wait for moving statistics.
            wanted = [*self._operations, *([] if step else self._gradients.tensors)]
            if self._steered:  # reading the loss already changes moving statistics
                wanted.append(self._loss)
            else:
                # By itself: beside the update it might be that of either side of it.
                losses.append(_scalar(original.run(batch, [self._loss])[self._loss]))
                if not step and losses != [_scalar(original.run(batch, [self._loss])[self._loss])]:
                    self._refuse_chance(losses[0])
            found = original.run(batch, wanted)
            if self._steered:
                losses.append(_scalar(found[self._loss]))
            if not step:
                first = found
        if not np.isfinite(losses).all():
            raise UserError(
                f"the loss {printable(self._loss)} is {losses} on these inputs",
                expected="inputs on which it is finite",
                try_="--data for verify --train",
            )
        return _Run(losses, first, original.values(list(self._source.recipes())))

    def _opened(self, gated: bool) -> Original:
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
        original.open()
        return original

    def _values(self, nudge: float) -> Iterator[tuple[str, np.ndarray]]:
        """Variables as the checkpoint has them, each number a part of itself off."""
        generator = np.random.default_rng(0)
        for node, recipe in self._source.recipes().items():
            array = recipe.make(self._source.read)
            if array.dtype.kind == "f" and nudge:
                signs = generator.choice((-nudge, nudge), array.shape)
                array = (array * (1 + signs)).astype(array.dtype)
            yield node, array

    def moved(self, one: _Run, other: _Run) -> dict[str, float]:
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
            f"{printable(self._loss)} differs from run to run: the original draws random "
            "numbers outside of dropout, which a model cannot reproduce",
            expected="a loss without randomness, for --train",
        )

    def compare(
        self, run: _Run, model: Model, made: Sequence[tuple[float, dict[str, np.ndarray]]]
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
        for number, (trainer, done) in enumerate(zip(self._trainers, plan.iterations, strict=True)):
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
            if before.dtype != object and before.tobytes() != now.tobytes():
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
        done = self._plan.training.iterations
        for trainer, number in zip(self._trainers, done, strict=True):
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
                if abs(now - expected) > _OF_POWER * abs(expected):
                    found[name] = difference(np.array(expected), np.array(now))
        return found


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
    if any(t.accumulation is not None and t.accumulation.counter is None for t in found):
        raise UserError(
            "the program adds gradients up by other operations than it applies them with, and "
            "decides itself when it runs each",
            expected="a train operation that does all of a step, for --train",
        )
    return found


def _rates(optimizer: New) -> list[Any]:
    """The learning rate of each optimizer."""
    inner = optimizer.arguments.get("optimizers", [optimizer])
    return [each.arguments.get("learning_rate") for each in inner]


def unfed_rates(plan: Plan) -> list[str]:
    """The placeholders of learning rates that nobody gave."""
    assert plan.training is not None
    rates = _rates(plan.training.optimizer)
    return list(dict.fromkeys(rate.tensor for rate in rates if isinstance(rate, Unknown)))


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


def _for_keras(
    plan: Plan, interface: Interface, batch: Mapping[str, np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray], dict[int, np.ndarray]]:
    """Inputs, the labels of each loss, and weights by the number of the output."""
    assert plan.training is not None
    losses = plan.training.losses
    labels = [batch[tensor] for loss in losses for tensor in loss.labels]
    weights = {loss.output: batch[loss.weights] for loss in losses if loss.weights is not None}
    return [batch[i.tensor] for i in interface.inputs], labels, weights
