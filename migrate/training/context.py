"""What every part of carrying training over looks at: the graph, the plan, the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..graph import Trainer, readable
from ..graph.constants import Evaluator
from ..graph.nodes import Graph
from ..graph.variables import GraphVariable
from ..plan import Plan
from ..plan.recipe import Read, Recipe


@dataclass
class Context:
    """The things at hand.

    Attributes:
        graph: the whole of it.
        variables: of the graph, by node name.
        plan: with its layers and weights.
        recipes: node name of each variable → its value in the checkpoint's names.
        read: checkpoint name → array.
        notes: decisions that a person should know, as sentences without their full stop.
        warnings: likewise, what is not as it was in TensorFlow 1.
    """

    graph: Graph
    variables: Mapping[str, GraphVariable]
    plan: Plan
    recipes: Mapping[str, Recipe]
    read: Read
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def trained(self, trainer: Trainer) -> set[str]:
        """Variables that a trainer updates, as the checkpoint calls them."""
        nodes = (node for node in trainer.optimizer.variables if node in self.recipes)
        return {name for node in nodes for name in self.recipes[node].sources}

    def scalars(self, tensor: str, step: str | None = None) -> dict[str, np.ndarray]:
        """The variables behind a tensor that are single numbers, other than the step."""
        return {
            name: self.recipes[name].make(self.read)
            for name in self.graph.ancestors([tensor])
            if name in self.recipes and name != step and not self.recipes[name].shape
        }

    def value(self, tensor: str) -> float | None:
        """What a tensor is at the checkpoint; None where a feed decides."""
        held = {f"{name}:0": value for name, value in self.scalars(tensor).items()}
        value = Evaluator(self.graph, held).value(tensor)
        return None if value is None or value.size != 1 else readable(value.reshape(()))
