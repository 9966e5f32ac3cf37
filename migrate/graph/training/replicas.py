"""SyncReplicasOptimizer: gradients go through accumulators that replicas share."""

from __future__ import annotations

import re
from dataclasses import replace

from ..nodes import Graph
from ..variables import resolve
from .optimizers import Optimizer, scalar

_TAKES = re.compile(r"(?:Resource)?AccumulatorTakeGradient")
_GIVES = re.compile(r"(?:Resource)?AccumulatorApplyGradient")


def read_replicas(graph: Graph, optimizer: Optimizer) -> tuple[Optimizer, int] | None:
    """An optimizer as one replica has it, and of how many it takes the mean; None without them."""
    given: dict[str, list[str]] = {}
    for node in graph.nodes.values():
        if _GIVES.fullmatch(node.op) and len(node.inputs) == 3:  # accumulator, step, gradient
            given.setdefault(resolve(graph, node.inputs[0]), []).append(node.inputs[2])
    updates, counts = [], set[int]()
    for update in optimizer.updates if given else ():
        taken = graph.node(resolve(graph, update.gradient))
        gradients = given.get(resolve(graph, taken.inputs[0])) if taken.inputs else None
        number = scalar(graph, taken.inputs[1]) if len(taken.inputs) == 2 else None
        if not _TAKES.fullmatch(taken.op) or gradients is None or number is None:
            return None
        updates.append(replace(update, gradient=gradients[0]))
        counts.add(int(number))
    if len(counts) != 1:
        return None
    return replace(optimizer, updates=tuple(updates)), counts.pop()
