"""Ends of detectors and recognizers that choose among results: the network ends before them."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import listed, printable
from ..loops import LOOP_OPS
from ..nodes import Graph
from ..variables import PASSING_OPS

# Which of its inputs the network computes.
_ENDS = {
    "NonMaxSuppression": (0, 1), "NonMaxSuppressionV2": (0, 1), "NonMaxSuppressionV3": (0, 1),
    "NonMaxSuppressionV4": (0, 1), "NonMaxSuppressionV5": (0, 1),
    "NonMaxSuppressionWithOverlaps": (0, 1), "CombinedNonMaxSuppression": (0, 1),
    "CTCGreedyDecoder": (0,), "CTCBeamSearchDecoder": (0,),
}  # fmt: skip
_MOST = 8  # tensors that are worth being outputs; a suppression for each of 80 classes is not


def before_ends(graph: Graph, outputs: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Outputs before a suppression or a decoder, and a note; the same outputs where there is none.

    Keras has neither, and they do not train: they are for the caller of the model.
    """
    behind = graph.ancestors(outputs)
    ends = {name: node for name, node in behind.items() if node.op in _ENDS}
    after_all = graph.descendants(ends)
    if not ends or any(graph.nodes[name].op in LOOP_OPS for name in after_all):
        return tuple(outputs), ""  # nothing to cut, or one for each example, in a loop
    found: dict[str, None] = {}
    for tensor in outputs:
        after = graph.ancestors([tensor]).keys() & ends.keys()
        if not after:
            found[tensor] = None
        for name in after:
            sources = (ends[name].inputs[place] for place in _ENDS[ends[name].op])
            passed = [_passed(graph, source) for source in sources]
            found |= dict.fromkeys(
                source for source in passed if not graph.ancestors([source]).keys() & ends.keys()
            )
    if not 0 < len(found) <= _MOST:
        return tuple(outputs), ""
    ops = listed(sorted({node.op for node in ends.values()}))
    left = [tensor for tensor in outputs if tensor not in found]
    return tuple(found), (
        f"The model ends before {ops}, at {printable(', '.join(found))}: Keras does not have it. "
        f"{printable(', '.join(left))} is computed from these; apply tf.image.non_max_suppression "
        "or a decoder to the results of the model"
    )


def _passed(graph: Graph, tensor: str) -> str:
    node = graph.node(tensor)
    while node.op in PASSING_OPS and node.inputs:
        tensor = node.inputs[0]
        node = graph.node(tensor)
    return tensor
