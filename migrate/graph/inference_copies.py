"""Which tensor to take where the one that the loss takes belongs to training alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .constants import Evaluator
from .nodes import Graph, split_tensor
from .sources import SHAPE_ONLY, is_placeholder
from .variables import find_variables, resolve

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
    noise = [n for n in behind.values() if n.op in _NOISE]
    evaluator = Evaluator(graph)
    noise = [n for n in noise if not any(map(evaluator.is_dead, n.inputs))]
    if not samplers and not noise:
        return output
    # What a sampler is given are labels: they belong to the loss too.
    given = graph.ancestors([tensor for node in samplers for tensor in node.inputs])
    labels = [n for n in given.values() if is_placeholder(n)]
    by_chance = values_reach(graph, [n.name for n in (*samplers, *noise, *labels)])
    if split_tensor(output)[0] not in by_chance:
        return output
    learned = values_reach(graph, weights)
    from_data = values_reach(graph, [n.name for n in behind.values() if is_placeholder(n)])
    found = output
    for name in graph.order:
        if name in behind and name in by_chance:
            for tensor in behind[name].inputs:
                source = split_tensor(tensor)[0]
                if source in learned and source in from_data and source not in by_chance:
                    found = tensor
    return found


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
