"""What is needed to go on training: loss, optimizer, its state, and how a report tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .network import Network
from .recipe import Read, Recipe


@dataclass(frozen=True)
class New:
    """An object that the generated source makes.

    Attributes:
        kind: a dotted name of Keras, or a class of :mod:`tfmigrate.emit.classes` or
            :mod:`tfmigrate.optimizers`.
        arguments: literals, lists of them, or further objects, by name.
        base: the class that the source derives ``kind`` from, if it defines that itself.
    """

    kind: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    base: str = ""


@dataclass(frozen=True)
class Formula:
    """A loss or a schedule that no class gives: computed as the graph computes it.

    Attributes:
        name: of the function or class that the generated source defines.
        tensor: of the graph; data.
        body: a network of functions and operators alone, of labels and output or of the step.
        is_loss: a function of labels and output, else a schedule.
        dtypes: of what a loss is given: labels, output and, if there are any, weights. Keras makes
            floats of integers.
        weights: the tensor that stands as ``sample_weight``, or None; data.
        outputs: how many outputs a loss takes together: it is the model's own then, and takes
            labels, inputs of the model, these outputs and weights, in this order. 0 where it is of
            one output.
        inputs: of the model that it takes: name of the argument, number of the input, or None for
            the only one.
        held: weights of the model that it takes: name of the argument, target.
        function: the name of the function of a loss that is the model's own.
        penalties: the layers whose penalties such a model adds; None for all.
    """

    name: str
    tensor: str
    body: Network
    is_loss: bool
    dtypes: tuple[str, ...] = ()
    weights: str | None = None
    outputs: int = 0
    inputs: tuple[tuple[str, int | None], ...] = ()
    held: tuple[tuple[str, str], ...] = ()
    function: str = "graph_loss"
    penalties: tuple[str, ...] | None = None

    @property
    def labels(self) -> int:
        """How many labels a loss of several outputs takes."""
        return len(self.dtypes) - self.outputs - len(self.inputs) - len(self.held)


@dataclass(frozen=True)
class Change:
    """What a step does to one gradient or weight around the optimizer's update.

    Attributes:
        when: "gradients" (of gradient and weight, before clipping), or of the weight alone
            "before" or "after" the update.
        body: a network of functions and operators alone.
        weight: the weight's target.
        held: what a change of a gradient takes besides: an array of the weight's own → how it is
            made, or noise ("normal" …) → None.
    """

    when: str
    body: Network
    weight: str
    held: Mapping[str, Recipe | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """How a custom optimizer of the program updates one weight.

    Attributes:
        body: a network of functions and operators alone: from gradient, weight, learning rate and
            slots to the new weight and the new slots.
        weight: the weight's target.
        slots: their names.
        powers: of betas, which the body takes before the slots.
    """

    body: Network
    weight: str
    slots: tuple[str, ...]
    powers: tuple[str, ...] = ()


@dataclass(frozen=True)
class SparseLabels:
    """Labels that a program feeds as a SparseTensor: Keras is given rows, padded with -1.

    Attributes:
        values: tensor of the labels; the rows, (batch, longest), go by its name.
        indices: tensor of the places of the values, (number, 2).
        lengths: tensor with the number of steps of each sequence, of which its labels are fewer.
    """

    values: str
    indices: str
    lengths: str

    def fed(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Tensor → what a program feeds for these rows."""
        places = np.argwhere(rows >= 0)
        return {self.values: rows[rows >= 0], self.indices: places}


@dataclass(frozen=True)
class OutputLoss:
    """The loss of one output, or of all together.

    Attributes:
        new: the loss object, or function.
        weight: a factor over it, or None.
        output: number of the model's output.
        name: for the report; "sparse" is in it where labels are class numbers.
        labels: tensors that a program feeds as labels.
        comment: what surprises about it, or "".
        weights: the tensor that a program feeds as weights of examples, or None.
        sparse: those of the labels that a program feeds as SparseTensors.
    """

    new: New | Formula
    weight: float | None
    output: int
    name: str
    labels: tuple[str, ...] = ()
    comment: str = ""
    weights: str | None = None
    sparse: tuple[SparseLabels, ...] = ()


@dataclass(frozen=True)
class Slot:
    """One variable of the optimizer's state.

    Attributes:
        weight: the model's weight it belongs to, as a target (``dense/kernel``).
        attribute: of the optimizer: a list with one variable for each trainable weight.
        recipe: how the weight is made of the source's variables; the slot is made alike.
        sources: variable that the recipe reads → the slot that stands for it.
        scale: a factor: Keras keeps some accumulators in other units.
        member: the number of its optimizer, where there are several.
    """

    weight: str
    attribute: str
    recipe: Recipe
    sources: Mapping[str, Recipe]
    scale: float = 1.0
    member: int | None = None

    @property
    def target(self) -> str:
        """A name for it, until the saved model gives it its path."""
        number = f"{self.member}/" if self.member else ""
        return f"optimizer/{number}{self.attribute.strip('_')}/{self.weight}"

    @property
    def names(self) -> tuple[str, ...]:
        """The variables of the source that are read."""
        return tuple(name for recipe in self.sources.values() for name in recipe.sources)

    def make(self, read: Read) -> np.ndarray:
        """The slot's values, in the weight's shape."""
        array = self.recipe.make(lambda name: self.sources[name].make(read), slots=True)
        return array if self.scale == 1.0 else array * np.asarray(self.scale, array.dtype)


@dataclass
class TrainingPlan:
    """The part of a plan that ``compile_model`` and the optimizer's state come from.

    Attributes:
        optimizer: what the model is compiled with.
        origins: the name scope in the graph of each optimizer that it is made of.
        losses: at most one for each output; none where the form of the loss is not known.
        iterations: updates done so far, by each optimizer.
        slots: the optimizer's state.
        targets: other variables of the source that went into the optimizer → target.
        reasons: variables of the source that did not → why.
        summary: what the report says of all this.
        operations: of the graph: what the program runs for one step.
        causes: what a step of the program does and Keras's does not, as clauses.
        doubts: likewise, of what a few steps of both show if it has any effect.
        beside: likewise, of what the program runs besides its train operation.
        hints: what may be the cause where the two differ, likewise.
        changes: what a step does to gradients and weights around the updates.
        rules: the updates of a custom optimizer.
        powers: of betas that these take → beta, the power now, and the step now.
        kept: variables that the program's step changes and nothing in it depends on.
        proved: whether some steps of both were compared, and agree.
        turns: other losses, which the program minimizes in turn with this. Slots, iterations,
            targets and reasons are those of all.
    """

    optimizer: New
    origins: list[str] = field(default_factory=list)
    losses: list[OutputLoss] = field(default_factory=list)
    iterations: list[int] = field(default_factory=lambda: [0])
    slots: list[Slot] = field(default_factory=list)
    targets: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    operations: list[str] = field(default_factory=list)
    causes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    powers: dict[str, tuple[float, float, int]] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    proved: bool = True
    turns: list[Turn] = field(default_factory=list)

    @property
    def applied(self) -> New:
        """The optimizer that one step applies: one of several, where they take turns."""
        if self.optimizer.kind == "InTurn":
            return self.optimizer.arguments["optimizers"][self.members[0]]
        return self.optimizer

    @property
    def members(self) -> list[int]:
        """The numbers of the optimizers that one step applies, among those of ``iterations``."""
        if self.optimizer.kind == "InTurn":
            single = len(self.optimizer.arguments["optimizers"]) == 1
            return [0 if single else self.optimizer.arguments.get("turn", 0)]
        return list(range(len(self.iterations)))

    @property
    def kinds(self) -> list[str]:
        """The classes of all objects, and of what formulas call, each once."""
        objects = [item for item in self._items() if isinstance(item, New)]
        names = [name for item in objects for name in (item.kind, item.base)]
        bodies = [f.body for f in self.formulas] + [change.body for change in self.changes]
        bodies += [rule.body for rule in self.rules]
        called = [kind for body in bodies for kind in body.kinds]
        mixed = ["ChangedSteps"] if self.changes else []
        return list(dict.fromkeys([*filter(None, names), *called, *mixed]))

    @property
    def formulas(self) -> list[Formula]:
        """The formulas that the source defines."""
        return [item for item in self._items() if isinstance(item, Formula)]

    @property
    def own_optimizer(self) -> New | None:
        """The optimizer whose class the source defines, if there is one."""
        items = (item for item in self._items() if isinstance(item, New))
        return next((item for item in items if item.base), None)

    @property
    def own_model(self) -> Formula | None:
        """The loss that takes all outputs together, if there is one: the model computes it."""
        own = (loss.new for loss in self.losses)
        return next((new for new in own if isinstance(new, Formula) and new.outputs), None)

    def _items(self) -> list[New | Formula]:
        found: list[New | Formula] = []
        waiting: list[Any] = [self.optimizer, *(loss.new for loss in self.losses)]
        waiting += [loss.new for turn in self.turns for loss in turn.training.losses]
        while waiting:
            item = waiting.pop()
            if isinstance(item, (New, Formula)):
                found.append(item)
            if isinstance(item, New):
                waiting.extend(item.arguments.values())
            elif isinstance(item, list):
                waiting.extend(item)
        return found


@dataclass(frozen=True)
class Turn:
    """A loss that a program minimizes in turn with the first, with an optimizer of its own.

    Attributes:
        name: what it trains, as a part of names in the source.
        training: its own loss, optimizer and slots; the numbers of inputs and outputs in it are
            those of its part of the model.
        inputs: numbers of the model's inputs that its part takes.
        outputs: numbers of the model's outputs that its part has.
    """

    name: str
    training: TrainingPlan
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def function(self) -> str:
        """The function of the source that makes the model of its part."""
        return f"{self.name}_trainer"


OWN_OPTIMIZER = "GraphOptimizer"
"""The class of an optimizer whose steps also change gradients or weights."""

OWN_MODEL = "GraphModel"
"""The class of a model that computes its loss itself."""

SUMS = "_accumulated_gradients"
"""The attribute of an optimizer that lists the sums of gradients not yet applied."""


def step_target(member: int | None) -> str:
    """Target of the step counter of an optimizer, until the saved model gives it its path."""
    return f"optimizer/{member}/iteration" if member else "optimizer/iteration"
