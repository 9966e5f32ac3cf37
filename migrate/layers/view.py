"""The inference part of a graph as handlers see it: reads passed through, weights as recipes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..graph.constants import (
    GUESSED_SIZES,
    Evaluator,
    assumed_values,
    axes_or_sizes,
    partial_value,
)
from ..graph.kernels import can_compute
from ..graph.nodes import Graph, Node, split_tensor
from ..graph.variables import PASSING_OPS, VARIABLE_OPS
from ..plan import Recipe, constant

PASSING = frozenset(PASSING_OPS)
"""Operations whose only output is their first input."""

_MOVING = PASSING | {
    "ConcatV2", "Concat", "ExpandDims", "GatherV2", "Gather", "Pack", "Reshape", "ReverseV2",
    "Slice", "Split", "SplitV", "Squeeze", "StridedSlice", "Transpose", "Unpack",
}  # fmt: skip
_PERMUTING = PASSING | {"ExpandDims", "Reshape", "Squeeze", "Transpose"}
_SOURCES = ("Const", *VARIABLE_OPS)


class View:
    """What handlers ask about a graph.

    Args:
        graph: the part that computes ``outputs``: feeds folded, conds decided.
        inputs: tensors that become the model's inputs.
        outputs: tensors that become its outputs.
        variables: name of a variable's node → recipe of its value, in the checkpoint's names.
        made: name of a node that the graph did not have when it was read → its tensors, and the
            tensors of the graph as read that they stand for.
        held: variables, as the checkpoint calls them, that the model keeps as values of its own:
            nothing that depends on them is a recipe.

    Attributes:
        known_sizes: those that :mod:`.dimensions` has found, kept here to end with the view.
    """

    def __init__(
        self,
        graph: Graph,
        inputs: Sequence[str],
        outputs: Sequence[str],
        variables: Mapping[str, Recipe],
        made: Mapping[str, Mapping[str, str]] | None = None,
        held: Collection[str] = (),
    ):
        self.graph, self.variables, self.made = graph, variables, made or {}
        self.held = frozenset(held)
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        # A weight of a frozen graph is a constant there, and none here.
        frozen = (n for n in variables if n in graph.nodes and graph.nodes[n].op == "Const")
        self._evaluator = Evaluator(graph, opaque=[f"{name}:0" for name in frozen])
        self.known_sizes: Any = None
        self._recipes: dict[str, Recipe | None] = {}
        self._digests: dict[str, str] = {}

    guesses = GUESSED_SIZES
    """What :meth:`assumed` takes open sizes for."""

    def holding(self, names: Collection[str]) -> View:
        """The same view with some variables held."""
        return View(self.graph, self.inputs, self.outputs, self.variables, self.made, names)

    def held_variable(self, tensor: str) -> Recipe | None:
        """The variable behind a tensor if it is one that is held, as it is, else None."""
        found = self.variables.get(split_tensor(self.resolve(tensor))[0]) if self.held else None
        return found if found is not None and self.held.intersection(found.sources) else None

    def resolve(self, tensor: str) -> str:
        """The tensor that this one merely repeats, reads of variables among them."""
        while tensor not in self.inputs:
            node = self.graph.get(tensor)
            if node is None or node.op not in PASSING or not node.inputs:
                break
            tensor = node.inputs[0]
        return tensor

    def original(self, tensor: str) -> str | None:
        """The tensor of the graph as read that has the same value, or None."""
        folded = self.graph.folded
        if folded is not None and split_tensor(tensor)[0] in folded.made:
            return None
        made = self.made.get(split_tensor(tensor)[0])
        return tensor if made is None else made.get(tensor)

    def node(self, tensor: str) -> Node:
        """The node behind a tensor, identities passed through."""
        return self.graph.node(self.resolve(tensor))

    def produced(self, tensor: str, *ops: str) -> Node | None:
        """The node behind a tensor if it is one of these operations and nothing else needs it."""
        resolved = self.resolve(tensor)
        if resolved in self.inputs:
            return None
        node = self.graph.node(resolved)
        return node if node.op in ops and self.uses(resolved) <= 1 else None

    def static(self, tensor: str) -> np.ndarray | None:
        """The value a tensor has in every run of the model, or None."""
        if tensor in self.inputs:
            return None
        return self._evaluator.value(tensor)

    def scalar(self, tensor: str) -> Any:
        """The one number of a static tensor as a Python number, or None."""
        value = self.static(tensor)
        return shortest(value.reshape(-1)[0]) if value is not None and value.size == 1 else None

    def sizes(self, tensor: str) -> tuple[int | None, ...] | None:
        """A vector computed from shapes and constants, None where a run decides."""
        value = self.static(tensor)
        if value is not None:
            return axes_or_sizes(value)
        return partial_value(self.graph, tensor)

    def assumed(self, tensor: str) -> list[np.ndarray | None]:
        """Its value where that is static, else what it would be for two guesses at open sizes."""
        value = self.static(tensor)
        return assumed_values(self.graph, tensor) if value is None else [value, value]

    def shape(self, tensor: str) -> tuple[int | None, ...] | None:
        """A tensor's shape where the graph says it."""
        if (variable := self.held_variable(tensor)) is not None:
            return variable.shape
        recorded = self.graph.shape(tensor)
        return self.graph.shape(self.resolve(tensor)) if recorded is None else recorded

    def dtype(self, tensor: str) -> str:
        """A tensor's dtype; float32 where the graph does not say."""
        if (variable := self.held_variable(tensor)) is not None:
            return variable.dtype
        return self.graph.dtype(self.resolve(tensor)) or "float32"

    def uses(self, tensor: str) -> int:
        """How often the model takes a tensor: by operations, and as an output."""
        return self._uses.get(self.resolve(tensor), 0)

    @cached_property
    def _uses(self) -> dict[str, int]:
        count: dict[str, int] = {}
        seen: set[str] = set()
        waiting = [self.resolve(tensor) for tensor in self.outputs]
        for tensor in waiting:
            count[tensor] = count.get(tensor, 0) + 1
        while waiting:
            tensor = waiting.pop()
            node = self.graph.get(tensor)
            if tensor in self.inputs or node is None or node.name in seen:
                continue
            seen.add(node.name)
            for source in node.inputs:
                resolved = self.resolve(source)
                # A shape is known without the tensor's numbers.
                if node.op not in ("Shape", "Rank", "Size"):
                    count[resolved] = count.get(resolved, 0) + 1
                waiting.append(resolved)
        return count

    def recipe(self, tensor: str) -> Recipe | None:
        """How to make a tensor that depends on variables and constants alone, else None."""
        tensor = self.resolve(tensor)
        if tensor not in self._recipes:
            made = self._make_recipe(tensor)
            is_held = made is not None and not self.held.isdisjoint(made.sources)
            self._recipes[tensor] = None if is_held else made
        return self._recipes[tensor]

    def _make_recipe(self, tensor: str) -> Recipe | None:
        if tensor in self.inputs:
            return None
        name = split_tensor(tensor)[0]
        if name in self.variables:
            return self.variables[name]
        value = self.static(tensor)
        if value is not None:
            return constant(value, f"constant {tensor}")
        if name not in self._computable:
            return None
        nodes = self.graph.ancestors([tensor])
        sources = [n for n in nodes if n in self.variables]
        kinds = {n.op for n in nodes.values() if n.op not in _SOURCES}
        if not sources or not all(can_compute(op) or op in PASSING for op in kinds):
            return None

        def compute(*arrays: np.ndarray) -> np.ndarray:
            fed = {f"{n}:0": a for n, a in zip(sources, arrays, strict=True)}
            made = Evaluator(self.graph, fed).value(tensor)
            if made is None:
                raise ValueError(f"{tensor} could not be evaluated")
            return made

        parents = tuple(self.variables[n] for n in sources)
        shape = self.shape(tensor)
        if shape is None or None in shape:
            try:
                shape = compute(*(np.zeros(p.shape, np.float32) for p in parents)).shape
            except ValueError:
                return None
        fixed, moves = tuple(size or 0 for size in shape), kinds <= _MOVING
        permutes = kinds <= _PERMUTING and len(sources) == 1
        return Recipe(
            f"value of {tensor}",
            fixed,
            parents[0].dtype,
            parents,
            compute,
            moves,
            permutes and math.prod(fixed) == math.prod(parents[0].shape),
            self._digest(tensor),
            () if moves else self._begins_with(nodes),
        )

    def _begins_with(self, nodes: Mapping[str, Node]) -> tuple[Recipe, ...]:
        """The arrays that the first operations which change numbers take of the variables."""
        taken = {
            self.resolve(source)
            for node in nodes.values()
            if node.op not in (*_MOVING, *_SOURCES)
            for source in node.inputs
        }
        found = [recipe for tensor in taken if (recipe := self.recipe(tensor)) is not None]
        return tuple(recipe for recipe in found if recipe.sources and recipe.only_moves)

    def _digest(self, tensor: str) -> str:
        """Equal for tensors that are computed alike from the same variables and constants."""
        waiting = [self.resolve(tensor)]
        while waiting:
            at = waiting[-1]
            name, index = split_tensor(at)
            if at in self._digests:
                waiting.pop()
                continue
            value = None if name in self.variables else self.static(at)
            if name in self.variables:
                parts = [repr(self.variables[name].key)]
            elif value is not None:
                once = tuple(slice(None if step else 1) for step in value.strides)  # not a repeat
                held = value[once]
                numbers = held.tobytes() if held.dtype.kind != "O" else repr(held.tolist())
                parts = [value.dtype.name, str(value.shape), str(numbers)]
            else:
                node = self.graph.nodes[name]
                sources = [self.resolve(source) for source in node.inputs]
                missing = [source for source in sources if source not in self._digests]
                if missing:
                    waiting += missing
                    continue
                told = sorted((k, repr(v)) for k, v in node.attrs.items() if k[0] != "_")
                parts = [node.op, str(index), repr(told)]
                parts += [self._digests[source] for source in sources]
            waiting.pop()
            self._digests[at] = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        return self._digests[self.resolve(tensor)]

    @cached_property
    def _computable(self) -> set[str]:
        """Names of nodes that depend on variables and constants alone."""
        known = set(self.variables)
        for node in self.graph.topological_order():
            if node.op == "Const":
                known.add(node.name)
            elif node.inputs and not node.op.startswith(("Random", "Truncated", "Multinomial")):
                sources = (split_tensor(tensor)[0] for tensor in node.inputs)
                if f"{node.name}:0" not in self.inputs and all(s in known for s in sources):
                    known.add(node.name)
        return known


def shortest(number: Any) -> Any:
    """A numpy number as the Python number a person would have written: float32 0.1 → 0.1.

    An element of an array of strings becomes text; bytes that are none are kept as surrogates.
    """
    if isinstance(number, np.floating):
        return float(str(number))
    if isinstance(number, bytes):
        return number.decode(errors="surrogateescape")
    return number.item() if isinstance(number, np.generic) else number
