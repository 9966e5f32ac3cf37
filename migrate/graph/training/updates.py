"""One update of a variable: what an operation that applies a gradient tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..nodes import Graph, Node
from ..variables import resolve


@dataclass(frozen=True)
class Update:
    """One variable under one optimizer.

    Attributes:
        variable: node name.
        slots: standard slot name → node name of the slot variable; "" where it is not a variable.
        gradient: the tensor applied (for sparse updates, the values).
        indices: the rows it applies to, or None for a dense update.
        node: the operation that applies it.
    """

    variable: str
    slots: Mapping[str, str]
    gradient: str
    indices: str | None
    node: str


@dataclass
class Reading:
    """What one operation tells of its optimizer."""

    class_name: str
    update: Update
    parameters: dict[str, str] = field(default_factory=dict)  # name → tensor
    flags: dict[str, bool] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)


def factors(graph: Graph, tensor: str) -> tuple[str, str] | None:
    """Both factors of the product that a tensor is."""
    node = graph.get(resolve(graph, tensor))
    if node is None or node.op != "Mul" or len(node.inputs) != 2:
        return None
    return node.inputs[0], node.inputs[1]


def made_by(graph: Graph, tensor: str, op: tuple[str, ...]) -> Node | None:
    """The operation behind a tensor if it is one of some kinds."""
    node = graph.get(resolve(graph, tensor))
    return node if node is not None and node.op in op and node.inputs else None
