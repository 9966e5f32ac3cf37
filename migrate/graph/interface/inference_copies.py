"""Which tensor to take where the one that the loss takes belongs to training alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from ..constants import Evaluator, static_value
from ..nodes import Graph, Node, split_tensor
from ..sources import SHAPE_ONLY, is_placeholder
from ..variables import find_variables, resolve
from .loss_ends import is_default_name

_NOISE = (
    "RandomStandardNormal", "TruncatedNormal", "ParameterizedTruncatedNormal", "Multinomial",
    "RandomGamma", "RandomPoissonV2",
)  # fmt: skip


def values_reach(graph: Graph, names: Iterable[str], *, learning: bool = False) -> set[str]:
    """The nodes whose values (not just shapes) depend on some nodes, these included.

    Args:
        learning: not through StopGradient: what lies behind it learns nothing there.
    """
    seen = set(names)
    waiting = list(seen)
    barriers = (*SHAPE_ONLY, "StopGradient") if learning else SHAPE_ONLY
    while waiting:
        for user in graph.node_consumers(waiting.pop()):
            if user.name not in seen and user.op not in barriers:
                seen.add(user.name)
                waiting.append(user.name)
    return seen


def before_chance(graph: Graph, output: str, weights: Collection[str]) -> str:
    """The last tensor that is the same in every run, where chance enters on the way to an output.

    A variational autoencoder samples around a mean that it has learned: that mean. A loss over
    sampled classes compares them with an embedding: that embedding.

    Args:
        weights: node names of the variables that count.
    """
    behind = graph.ancestors([output])
    samplers = [n for n in behind.values() if n.op.endswith("CandidateSampler")]
    noise = _noise(graph, behind)
    if not samplers and not noise:
        return output
    # What a sampler is given are labels: they belong to the loss too.
    given = graph.ancestors([tensor for node in samplers for tensor in node.inputs])
    labels = [n for n in given.values() if is_placeholder(n)]
    by_chance = values_reach(graph, [n.name for n in (*samplers, *noise, *labels)])
    if split_tensor(output)[0] not in by_chance:
        return output
    found = _entering_chance(graph, behind, by_chance, weights)
    means = [tensor for tensor, user in found if user.op in ("Add", "AddV2")]
    return means[0] if means else found[-1][0] if found else output


def _entering_chance(
    graph: Graph, behind: Mapping[str, Node], by_chance: set[str], weights: Collection[str]
) -> list[tuple[str, Node]]:
    """The tensors of the network that meet chance, in order, each with the node that takes it."""
    learned = values_reach(graph, weights)
    from_data = values_reach(graph, [n.name for n in behind.values() if is_placeholder(n)])
    return [
        (tensor, behind[name])
        for name in graph.order
        if name in behind and name in by_chance
        for tensor in behind[name].inputs
        if (source := split_tensor(tensor)[0]) in learned
        and source in from_data
        and source not in by_chance
    ]


def beside_chance(graph: Graph, output: str, found: str, weights: Collection[str]) -> list[str]:
    """What else meets chance between ``found``, of :func:`before_chance`, and the output.

    The deviation beside a mean, as the program names it: ``log_std`` of which exp is taken.
    """
    behind = graph.ancestors([output])
    by_chance = values_reach(graph, [n.name for n in _noise(graph, behind)])
    own = graph.ancestors([found])
    names: dict[str, None] = {}
    for tensor, _ in _entering_chance(graph, behind, by_chance, weights):
        node = graph.node(tensor)
        while node.op in ("Exp", "Sqrt", "Mul", "Softplus") and is_default_name(node):
            ways = [t for t in node.inputs if static_value(graph, t) is None]
            if len(ways) != 1:
                break
            tensor = ways[0]
            node = graph.node(tensor)
        if node.name not in own:
            names[tensor] = None
    return list(names)


def chance_before(graph: Graph, output: str, found: str) -> list[str]:
    """What is drawn between ``found``, of :func:`before_chance`, and the output."""
    drawn = [node.name for node in _noise(graph, graph.ancestors([output], stop=[found]))]
    return [_as_drawn(graph, f"{name}:0") for name in graph.order if name in drawn]


def _as_drawn(graph: Graph, tensor: str) -> str:
    """The tensor that ``tf.random_normal`` gave: noise times a deviation of 1, plus a mean of 0."""
    for op, nothing in ((("Mul",), 1.0), (("Add", "AddV2"), 0.0)):
        users = graph.consumers(tensor)
        if len(users) == 1 and users[0].op in op:
            others = [static_value(graph, t) for t in users[0].inputs if t != tensor]
            if all(other is not None and np.all(other == nothing) for other in others):
                tensor = f"{users[0].name}:0"
    return tensor


def _noise(graph: Graph, nodes: Mapping[str, Node]) -> list[Node]:
    """Those of some nodes that draw numbers, and that run at all."""
    evaluator = Evaluator(graph)
    noise = [n for n in nodes.values() if n.op in _NOISE]
    return [n for n in noise if not any(map(evaluator.is_dead, n.inputs))]


def inference_copy(graph: Graph, output: str, leaves: Iterable[str]) -> str | None:
    """A leaf that computes with the same weights, and with moving averages beside.

    Programs that build their network twice, once with the statistics of the batch and once with
    those gathered in training, put the loss on the first and use the second.
    """
    variables = find_variables(graph)

    def behind(tensor: str) -> tuple[set[str], set[str]]:
        nodes = graph.ancestors([tensor])
        found = {v for name, v in variables.items() if name in nodes}
        return ({v.name for v in found if v.trainable}, {v.name for v in found if not v.trainable})

    own_weights, own_averages = behind(output)
    after = graph.descendants([output])
    for leaf in leaves:
        node = split_tensor(resolve(graph, leaf))[0]
        if node in after or graph.shape(leaf) == () or graph.dtype(leaf) not in ("float32", None):
            continue
        weights, averages = behind(leaf)
        if weights == own_weights and averages > own_averages:
            return leaf
    return None
