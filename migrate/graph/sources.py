"""Where a graph's data enters: placeholders, queues, iterators, parsers."""

from __future__ import annotations

from .nodes import Graph, Node

PARSED = "ParsedFeatures"
"""The operation that stands for ``ParseExample``: nothing behind it, the features as results."""

PIPELINE_OPS = (
    "IteratorGetNext", "IteratorGetNextSync", "QueueDequeue", "QueueDequeueV2", "QueueDequeueMany",
    "QueueDequeueManyV2", "QueueDequeueUpTo", "QueueDequeueUpToV2", "ParseExample",
    "ParseExampleV2", "ParseSingleExample", "DecodeCSV", "DecodeRaw", "DecodeJpeg", "DecodePng",
    "DecodeImage", "DecodeBmp", "DecodeGif", "ReaderRead", "ReaderReadV2", "ReadFile", "PyFunc",
    "LookupTableFind", "LookupTableFindV2", "StringToNumber", "StringToHashBucketFast",
    "RecordInput", "Unstage", "InfeedDequeue", PARSED,
)  # fmt: skip
"""Operations of an input pipeline: what comes out of them is data, not the network's doing."""


READING_OPS = (
    "IteratorGetNext", "QueueDequeue", "ReaderRead", "ReadFile", "RecordInput", "Unstage",
    "InfeedDequeue",
)  # fmt: skip
"""How the names of operations begin that bring in data from outside, with nothing to be fed."""


SHAPE_ONLY = ("Shape", "ShapeN", "Size", "Rank", "OnesLike", "ZerosLike")
"""Operations whose result depends on no value of their input, only on its shape."""


def is_placeholder(node: Node) -> bool:
    """Whether a node waits to be fed."""
    return node.op in ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")


def data_sources(graph: Graph, tensor: str) -> list[str]:
    """The placeholders and input-pipeline outputs that a tensor comes from, in order found."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    waiting = [tensor]
    while waiting:
        current = waiting.pop()
        node = graph.get(current)
        if node is None:
            continue
        if is_placeholder(node) or node.op in PIPELINE_OPS:
            found[current] = None
        elif node.name not in seen and node.op not in SHAPE_ONLY:
            seen.add(node.name)
            waiting.extend(reversed(node.inputs))
    return list(found)
