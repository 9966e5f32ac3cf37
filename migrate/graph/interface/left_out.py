"""Which heads, networks and states of a graph the chosen outputs leave out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from ...errors import listed, printable
from ..nodes import Graph, split_tensor
from ..sources import SHAPE_ONLY
from ..variables import find_variables
from .inference_copies import values_reach
from .loss_ends import LossEnds, is_default_name

_ABOUT_LOSS = re.compile(
    r"(?i)loss|cost|error|objective|train|optim|grad|summar|metric|accura|regular|moments|psnr"
)


def find_left_out(
    graph: Graph,
    chosen: Collection[str],
    losses: Iterable[str],
    leaves: Iterable[str],
    known: Iterable[str],
    *,
    beyond: bool = False,
) -> list[str]:
    """The tensors that a person may want besides, in the order of the file.

    Args:
        chosen: the outputs.
        losses: what is minimized.
        leaves: what nothing of a network takes.
        known: outputs of networks that were found and not taken.
        beyond: whether what is computed from the outputs counts too.
    """
    behind = _values_behind(graph, chosen)
    taken = {split_tensor(tensor)[0] for tensor in chosen}
    after = set() if beyond else values_reach(graph, taken)
    variables = find_variables(graph).values()
    unused = {
        v.name
        for v in variables
        if v.name not in behind and v.dtype.startswith(("float", "bfloat"))
    }
    known = list(known)
    found: dict[str, None] = dict.fromkeys(known)
    labels: set[str] = set()
    for loss in losses:
        ends = LossEnds(graph, loss, unused, learning=False)
        labels |= ends.labels
        found |= dict.fromkeys(ends.heads())
    labels -= behind
    of_loss = values_reach(graph, labels) | graph.ancestors(losses).keys()
    for tensor in leaves:
        node = graph.node(tensor)
        if not is_default_name(node) and not _ABOUT_LOSS.search(node.name):
            numbers = (graph.dtype(tensor) or "float32").startswith(("float", "bfloat"))
            if numbers and graph.shape(tensor) != () and node.name not in of_loss:
                found[tensor] = None
    position = {name: index for index, name in enumerate(graph.nodes)}
    names = {tensor: split_tensor(tensor)[0] for tensor in found}
    rest = [
        tensor
        for tensor, name in names.items()
        if name not in behind and (name not in after or tensor in known)
    ]
    within = {split_tensor(t)[0]: graph.ancestors([t]) for t in known}
    rest = [t for t in rest if t in known or not any(names[t] in w for w in within.values())]
    return sorted(rest, key=lambda tensor: position[names[tensor]])


def told(chosen: Collection[str], left_out: list[str]) -> str:
    """One line that names what is left out, and what takes it."""
    names = listed([printable(tensor) for tensor in left_out], 8)
    asked = printable(",".join([*chosen, *left_out]), 400)
    return f"left out: {names}; --outputs {asked} takes all"


def _values_behind(graph: Graph, tensors: Iterable[str]) -> set[str]:
    """The nodes whose values, not just shapes, some tensors are made of."""
    found: set[str] = set()
    waiting = [split_tensor(tensor)[0] for tensor in tensors]
    while waiting:
        name = waiting.pop()
        node = graph.nodes[name]
        if name not in found and node.op not in SHAPE_ONLY:
            found.add(name)
            waiting.extend(split_tensor(tensor)[0] for tensor in node.inputs)
    return found
