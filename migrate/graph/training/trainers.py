"""The training part of a graph: losses, optimizers, schedules, step and clipping."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..nodes import Graph, Node, split_tensor
from ..variables import find_variables
from .accumulation import Accumulation, read_accumulation
from .clipping import Clipping
from .custom import find_custom
from .gradients import SEED, Between, Borders, between, clipping_of, unscaled
from .losses import Loss, read_loss
from .optimizers import Optimizer, find_optimizers
from .schedules import Schedule, read_schedule


@dataclass(frozen=True)
class Trainer:
    """One optimizer with what it minimizes.

    Attributes:
        ways: what each gradient goes through before it is applied, in the order of the updates.
        unscaled: whether the loss was multiplied by a constant and the gradients divided by it.
        accumulation: how gradients are added up before they are applied; the optimizer's updates
            then have what is added.
    """

    optimizer: Optimizer
    schedule: Schedule
    loss: Loss | None
    clipping: Clipping | None
    ways: tuple[Between, ...] = ()
    unscaled: bool = False
    accumulation: Accumulation | None = None


@dataclass(frozen=True)
class Training:
    """All trainers of a graph; the first is the one that :attr:`loss` and the others speak of.

    First comes the trainer of the most variables (of equals, the first in the file).
    """

    trainers: tuple[Trainer, ...]
    notes: tuple[str, ...] = ()

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


class Learned:
    """Whether tensors depend on trainable variables; remembers what it has walked."""

    def __init__(self, graph: Graph):
        trainable = [v.name for v in find_variables(graph).values() if v.trainable]
        self._reached = set(graph.descendants(trainable)) | set(trainable)

    def __call__(self, tensor: str) -> bool:
        """Whether this tensor does."""
        return split_tensor(tensor)[0] in self._reached


def find_training(graph: Graph) -> Training:
    """Read the training part; without optimizers, what it returns has no trainers."""
    learned, borders = Learned(graph), Borders(graph)
    losses: dict[str, Loss] = {}
    trainers, notes = [], []
    found = find_optimizers(graph)
    written = find_custom(graph, [name for each in found for name in each.variables])
    for each in (*found, *([written] if written is not None else ())):
        optimizer, accumulation = read_accumulation(graph, each, borders) or (each, None)
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
        trainers.append(Trainer(optimizer, schedule, loss, clipping, ways, scaled, accumulation))
    trainers.sort(key=lambda trainer: -len(trainer.optimizer.updates))
    if len(trainers) > 1:
        notes.append(f"{len(trainers)} optimizers train parts of this graph")
    return Training(tuple(trainers), tuple(notes))


_SUMS = ("AddN", "Add", "AddV2", "Sub")


def loss_tensor(graph: Graph, gradients: Iterable[str]) -> tuple[str | None, str]:
    """The tensor that gradients were taken of, or None and why.

    tf.gradients starts from ones (``gradients/Fill`` or ``gradients/grad_ys_0``) and names what it
    adds for the operation ``x`` ``gradients/x_grad/…``: the first such name is the loss's own.
    """
    behind = graph.ancestors(gradients)
    candidates: dict[str, None] = {}
    for node in behind.values():
        match = SEED.fullmatch(node.name)
        if match is None or node.op not in ("Fill", "Const", "OnesLike", "Identity"):
            continue
        users = [user for user in graph.node_consumers(node.name) if user.name in behind]
        names = dict.fromkeys(_differentiated(graph, match["scope"], user) for user in users)
        sources = [name for name in names if name is not None]
        if sources:
            found = sources[0] if len(sources) == 1 else _sum_of(graph, sources)
            if found is not None:
                candidates[f"{found}:0"] = None
    if len(candidates) == 1:
        return next(iter(candidates)), ""
    if candidates:
        return None, f"gradients of {len(candidates)} tensors are mixed ({', '.join(candidates)})"
    return None, "its gradients do not start from ones"


def _differentiated(graph: Graph, scope: str, node: Node) -> str | None:
    """``gradients/a/Mean_grad/Reshape`` → ``a/Mean``."""
    if not node.name.startswith(f"{scope}/"):
        return None
    inner = node.name[len(scope) + 1 :]
    for cut in re.finditer(r"_grad(?:_\d+)?/", inner):
        if inner[: cut.start()] in graph.nodes:
            return inner[: cut.start()]
    return None


def _sum_of(graph: Graph, names: list[str]) -> str | None:
    """The first sum of several operations: the gradient of an addition needs none itself."""
    seen, waiting = set(names[:1]), names[:1]
    while waiting:
        for user in graph.node_consumers(waiting.pop()):
            if user.name not in seen and user.op in (*_SUMS, "Identity"):
                seen.add(user.name)
                waiting.append(user.name)
    sums = [n for n in seen if graph.nodes[n].op in _SUMS and set(names) <= _terms(graph, n)]
    return min(sums, key=graph.order.index, default=None)


def _terms(graph: Graph, name: str) -> set[str]:
    """What a sum adds up, sums in it and their terms too, and the sum itself."""
    found, waiting = {name}, [name]
    while waiting:
        node = graph.nodes[waiting.pop()]
        if node.op in (*_SUMS, "Identity"):
            terms = {split_tensor(tensor)[0] for tensor in node.inputs} - found
            found |= terms
            waiting += terms
    return found
