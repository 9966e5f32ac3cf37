"""The tensor that gradients were taken of, and which tensors learn."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..nodes import Graph, Node, split_tensor
from ..variables import find_variables, variable_of
from .gradients import SEED, Borders
from .operation import changes


class Learned:
    """Whether tensors depend on trainable variables; remembers what it has walked."""

    def __init__(self, graph: Graph):
        trainable = [v.name for v in find_variables(graph).values() if v.trainable]
        self._reached = set(graph.descendants(trainable)) | set(trainable)

    def __call__(self, tensor: str) -> bool:
        """Whether this tensor does."""
        return split_tensor(tensor)[0] in self._reached


_SUMS = ("AddN", "Add", "AddV2", "Sub")


def loss_tensor(graph: Graph, gradients: Iterable[str]) -> tuple[str | None, str]:
    """The tensor that gradients were taken of, or None and why.

    tf.gradients starts from ones (``gradients/Fill`` or ``gradients/grad_ys_0``) and names what it
    adds for the operation ``x`` ``gradients/x_grad/…``: the first such name is the loss's own.
    """
    behind = graph.ancestors(gradients)
    candidates: dict[str, str] = {}
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
                candidates[f"{found}:0"] = node.name
    if len(candidates) == 1:
        return next(iter(candidates)), ""
    # A penalty on gradients has gradients of its own: the loss comes after all of these.
    for tensor in candidates:
        inner = {seed for other, seed in candidates.items() if other != tensor}
        if inner <= graph.ancestors([tensor]).keys():
            return tensor, ""
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


def written_out(graph: Graph) -> dict[str, Node]:
    """Variables that plain assignments update by gradients: node name → the assignment."""
    borders, variables = Borders(graph), find_variables(graph)
    found = {}
    for node in graph.nodes.values():
        if not changes(node) or not node.op.startswith(("Assign", "Scatter", "ResourceScatter")):
            continue
        name = variable_of(graph, node.inputs[0])
        if name is None or not variables[name].trainable or len(node.inputs) < 2:
            continue
        if any(each in borders for each in graph.ancestors(node.inputs[1:])):
            found[name] = node
    return found
