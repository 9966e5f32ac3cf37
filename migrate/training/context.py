"""What every part of carrying training over looks at: the graph, the plan, the checkpoint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..graph import Trainer, readable
from ..graph.constants import Evaluator
from ..graph.nodes import Graph
from ..graph.variables import GraphVariable
from ..plan import Plan, Weight
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

    def uses(self, node: str) -> bool:
        """Whether the model has a variable, in whatever form."""
        names = set(self.recipes[node].sources) if node in self.recipes else set()
        return any(names & set(weight.recipe.sources) for weight in self.plan.weights)

    def weight_of(self, node: str, part: Graph) -> Weight | None:
        """The weight that a variable is, where the model can compute with it as a graph does.

        It may be a transposed one, say, if what the graph computes is the same for all elements.

        Args:
            part: what is computed with it, and nothing else.
        """
        (name,) = self.recipes[node].sources
        found = [w for w in self.plan.weights if name in w.recipe.sources]
        if len(found) != 1 or not found[0].recipe.only_moves:
            return None
        size = math.prod(self.recipes[node].shape)
        whole = found[0].recipe.sources == (name,) and math.prod(found[0].recipe.shape) == size
        as_it_is = found[0].recipe.is_variable or elementwise(part)
        return found[0] if whole and as_it_is else None

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


_ELEMENTWISE = frozenset(
    (
        *("Placeholder", "Const", "Identity", "Add", "AddV2", "AddN", "Sub", "Mul", "RealDiv"),
        *("Div", "Neg", "Square", "Sqrt", "Rsqrt", "Pow", "Exp", "Log", "Abs", "Sign", "Tanh"),
        *("Maximum", "Minimum", "ClipByValue", "SquaredDifference", "Reciprocal", "Cast", "Inv"),
        *("L2Loss", "Round", "Floor", "Greater", "GreaterEqual", "Less", "LessEqual", "Sigmoid"),
        "ReadVariableOp",
    )
)


def elementwise(part: Graph) -> bool:
    """Whether a graph computes the same wherever an element lies."""
    return all(
        node.op in _ELEMENTWISE
        and (node.op != "Const" or getattr(node.attrs.get("value"), "shape", ()) == ())
        for node in part.nodes.values()
    )
