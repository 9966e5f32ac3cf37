"""Operations that a graph from a stranger must not run.

The policy is a list of refused families, not of permitted operations: a TensorFlow process knows
only the operations built into it (no libraries are loaded), and those that reach files, the
network, other processes or Python belong to a few families, refused here by name and by what a
later version adds to one (``ReadFileV2``). A test holds the list against every operation TensorFlow
registers. What merely computes, keeps state in memory or draws numbers is allowed; so are
operations that TensorFlow does not know, because they cannot run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...errors import UserError
from ..dtypes import FunctionName
from ..nodes import Graph, Node

_FAMILIES = {
    "runs Python": r"PyFunc.*|EagerPyFunc|_?PyFunc.*",
    "reads files": (
        r"(?:Experimental)?MatchingFiles.*|ReadFile|WholeFileReader.*|TextLineReader.*|"
        r"TFRecordReader.*|FixedLengthRecordReader.*|LMDBReader.*|Bigtable.*|"
        r"(?:Experimental)?(?:TextLine|TFRecord|FixedLengthRecord|CSV|LMDB|Sql|ListSnapshotChunks|"
        r"Avro|Parquet|Arrow|Kafka|Kinesis|Ignite|PubSub|GenericRecord)Dataset.*|RecordInput|"
        r"Restore.*|DTensorRestore.*|LoadAndRemapMatrix|InitializeTableFromTextFile.*|"
        r"ImmutableConst|LoadDataset|DecodeProto.*|EncodeProto|IO>.*|ReadVariableOpFromFile|"
        r"GenerateVocabRemapping|Snapshot\w*Reader|SnapshotChunkDataset"
    ),
    "writes files": (
        r"WriteFile|Save|SaveSlices|SaveDataset.*|DistributedSave|MergeV2Checkpoints|"
        r"(?:Experimental)?DatasetToTFRecord|Write\w*Summary|ImportEvent|SummaryWriter|"
        r"Create\w*(?:Writer|DbWriter)|FlushSummaryWriter|CloseSummaryWriter|DumpTensor|"
        r"SnapshotDataset.*|SnapshotNested.*|StatsAggregatorSetSummaryWriter|"
        r"CalibrationStatisticsSaver|TPUEmbedding\w*Checkpoint.*|PrintV\d+|"
        r"Debug(?:Identity|NumericSummary|NanCount).*|CopyHost|Copy"
    ),
    "accesses the network": (
        r"_?(?:Host)?(?:Send|Recv)|Rpc.*|TryRpc|RemoteCall|Grpc.*|DataService.*|"
        r"RegisterDataset.*|Collective.*|_?Nccl.*|_?Xla(?:Send|Recv).*|Gcs.*|BigQuery.*|"
        r"FileSystemSetConfiguration|WorkerHeartbeat|GetSession.*|DeleteSession.*|Mpi.*|MPI.*|"
        r"CloudBigtable.*|\w+TPUEmbedding\w*|_?(?:Configure|Shutdown|Initialize|Connect|Disconnect|WaitFor)\w*TPU.*"
    ),
    "runs native code": (
        r"XlaCustomCall.*|XlaCallModule|RemoteFusedGraphExecute|TRTEngineOp|DecodeVideo|"
        r"(?:De|En)codeAudio.*|Hexagon.*|DeserializeIterator|DatasetFromGraph|_?TPU(?:Execute|Compile|Replicate|Partitioned).*"
    ),
}
# What a later version adds to a name belongs to the same family.
_REFUSED = {why: re.compile(rf"(?:{any_})(?:V\d+)?") for why, any_ in _FAMILIES.items()}


def _has(attr: str) -> Callable[[Node], bool]:
    return lambda node: bool(node.attrs.get(attr))


# Operations that reach a file only if an attribute names one.
_REFUSED_IF: dict[str, tuple[str, Callable[[Node], bool]]] = {
    "FixedUnigramCandidateSampler": ("reads files", _has("vocab_file")),
}
# A cache of datasets is kept in a file where its second input names one; a Const tells.
_CACHES = ("CacheDataset", "CacheDatasetV2")


@dataclass(frozen=True)
class ForbiddenOperation:
    """A node that would do more than compute; ``node`` is prefixed by its function's name."""

    node: str
    op: str
    why: str


def refusal(op: str) -> str | None:
    """Why an operation is refused whatever its attributes, or None."""
    return next((why for why, pattern in _REFUSED.items() if pattern.fullmatch(op)), None)


def _node_refusal(graph: Graph, node: Node) -> str | None:
    why = refusal(node.op)
    if why is None and node.op in _REFUSED_IF:
        reason, applies = _REFUSED_IF[node.op]
        why = reason if applies(node) else None
    if why is None and node.op in _CACHES:
        name = graph.get(node.inputs[1]) if len(node.inputs) > 1 else None
        value = name.attrs.get("value") if name is not None and name.op == "Const" else None
        if value is None or any(value.ravel()):
            why = "writes files"
    return why


def forbidden_operations(graph: Graph) -> list[ForbiddenOperation]:
    """The refused operations of a graph and of the library functions it can reach.

    Args:
        graph: what is about to run: the extracted part, not a whole MetaGraph, which always
            holds operations that save and restore.
    """
    found = []
    waiting: list[tuple[str, Graph]] = [("", graph)]
    entered: set[str] = set()
    while waiting:
        scope, part = waiting.pop()
        for node in part.nodes.values():
            why = _node_refusal(part, node)
            if why is not None:
                found.append(ForbiddenOperation(scope + node.name, node.op, why))
            for name in _functions_of(graph, node):
                if name not in entered:
                    entered.add(name)
                    waiting.append((f"{name}/", graph.functions[name].graph))
    return found


def _functions_of(graph: Graph, node: Node) -> list[str]:
    if not graph.functions:
        return []
    named = [node.op]
    for key in node.attrs:
        try:
            value = node.attrs[key]
        except UserError:  # a damaged constant names no function
            continue
        values = value if isinstance(value, list) else [value]
        named += [item for item in values if isinstance(item, FunctionName)]
    return [name for name in named if name in graph.functions]


def refuse_to_run(what: str, forbidden: Sequence[ForbiddenOperation]) -> None:
    """Refuses ``what``, a graph or SavedModel, where it has forbidden operations.

    Raises:
        UserError: naming the operations.
    """
    if forbidden:
        found = ", ".join(sorted({f"{f.op} ({f.why})" for f in forbidden}))
        raise UserError(
            f"{what} does more than compute: {found}",
            expected="a graph that does not access files, the network, processes or Python code",
            try_="--trust if you trust its author",
        )
