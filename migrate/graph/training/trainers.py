"""The training part of a graph: losses, optimizers, schedules, step and clipping."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..nodes import Graph
from .accumulation import Accumulation, read_accumulation
from .clipping import Clipping
from .custom import find_custom
from .gradients import Between, Borders, between, clipping_of, unscaled
from .losses import Loss, read_loss
from .minimized import Learned, loss_tensor, written_out
from .optimizers import Optimizer, find_optimizers
from .replicas import read_replicas
from .schedules import Schedule, read_schedule
from .towers import Towers, find_towers


@dataclass(frozen=True)
class Trainer:
    """One optimizer with what it minimizes.

    Attributes:
        ways: what each gradient goes through before it is applied, in the order of the updates.
        unscaled: whether the loss was multiplied by a constant and the gradients divided by it.
        accumulation: how gradients are added up before they are applied; the optimizer's updates
            then have what is added.
        replicas: of how many replicas gradients are averaged; 0 without SyncReplicasOptimizer.
    """

    optimizer: Optimizer
    schedule: Schedule
    loss: Loss | None
    clipping: Clipping | None
    ways: tuple[Between, ...] = ()
    unscaled: bool = False
    accumulation: Accumulation | None = None
    replicas: int = 0


@dataclass(frozen=True)
class Training:
    """All trainers of a graph; the first is the one that :attr:`loss` and the others speak of.

    First comes the trainer of the most variables (of equals, the first in the file). Where there
    are towers, the trainers are those of their graph, and minimize the loss of the first.

    Attributes:
        unread: without a trainer, the loss whose gradients assignments add to variables in a way
            that is not understood, and the node names of these.
    """

    trainers: tuple[Trainer, ...]
    notes: tuple[str, ...] = ()
    towers: Towers | None = None
    unread: tuple[Loss, tuple[str, ...]] | None = None

    @property
    def minimized(self) -> list[tuple[Loss, tuple[str, ...]]]:
        """Each loss that is known, with the node names of the variables that are trained by it."""
        found = [(t.loss, t.optimizer.variables) for t in self.trainers if t.loss is not None]
        return [self.unread] if self.unread is not None else found

    @property
    def loss(self) -> Loss | None:
        """The loss of the first trainer."""
        return self.trainers[0].loss if self.trainers else None

    @property
    def optimizers(self) -> tuple[Optimizer, ...]:
        """The optimizers of all trainers."""
        return tuple(trainer.optimizer for trainer in self.trainers)

    @property
    def schedule(self) -> Schedule | None:
        """The learning rate of the first trainer."""
        return self.trainers[0].schedule if self.trainers else None

    @property
    def clipping(self) -> Clipping | None:
        """The clipping of the first trainer."""
        return self.trainers[0].clipping if self.trainers else None

    @property
    def step(self) -> str | None:
        """Node name of the step variable that the first trainer counts in."""
        return self.trainers[0].optimizer.step if self.trainers else None


def find_training(graph: Graph) -> Training:
    """Read the training part; without optimizers, what it returns has no trainers."""
    found = find_optimizers(graph)
    towers = find_towers(graph, found)
    graph = graph if towers is None else towers.graph
    learned, borders = Learned(graph), Borders(graph)
    losses: dict[str, Loss] = {}
    trainers, notes = [], []
    written = find_custom(graph, [name for each in found for name in each.variables])
    for each in (*found, *([written] if written is not None else ())):
        optimizer, accumulation = read_accumulation(graph, each, borders) or (each, None)
        optimizer, replicas = read_replicas(graph, optimizer) or (optimizer, 0)
        tensor, why = loss_tensor(graph, [update.gradient for update in optimizer.updates])
        ways = tuple(between(graph, update, borders) for update in optimizer.updates)
        if accumulation is not None:
            ways = tuple(
                replace(way, factor=way.factor * accumulation.scales[update.variable])
                for way, update in zip(ways, optimizer.updates, strict=True)
            )
        before = None if tensor is None else unscaled(graph, tensor, ways)
        tensor = before or tensor
        if tensor is not None and tensor not in losses:
            losses[tensor] = read_loss(graph, tensor, learned)
        loss = None if tensor is None else losses[tensor]
        if loss is None:
            notes.append(f"the loss that {optimizer.name} minimizes was not found: {why}")
        schedule = (
            Schedule("unknown", "", why="its update has no learning rate")
            if optimizer.learning_rate is None
            else read_schedule(graph, optimizer.learning_rate)
        )
        clipping = clipping_of(ways) if accumulation is None else accumulation.clipping
        scaled = before is not None
        trainers.append(
            Trainer(optimizer, schedule, loss, clipping, ways, scaled, accumulation, replicas)
        )
    trainers.sort(key=lambda trainer: -len(trainer.optimizer.updates))
    if len(trainers) > 1:
        notes.append(f"{len(trainers)} optimizers train parts of this graph")
    unread = None if trainers else _unread(graph, learned)
    return Training(tuple(trainers), tuple(notes), towers, unread)


def _unread(graph: Graph, learned: Learned) -> tuple[Loss, tuple[str, ...]] | None:
    """The loss of assignments that no optimizer was read from, and the variables they change."""
    assigned = written_out(graph)
    tensor, _ = loss_tensor(graph, [t for node in assigned.values() for t in node.inputs[1:]])
    return None if tensor is None else (read_loss(graph, tensor, learned), tuple(assigned))
