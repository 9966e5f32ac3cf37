"""What TensorFlow runs of a SavedModel that it opens and calls, and what of that is refused."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from typing import Any

from ...errors import printable, understanding
from ..nodes import VariableDef
from . import protos
from .cutting import prune, prune_library
from .decoding import decode_graph
from .reading import read_saved_model
from .safety import ForbiddenOperation, forbidden_operations, refuse

# Every SavedModel has them to be saved and restored, which opening does without.
_OF_SAVERS = (
    "Save", "SaveSlices", "SaveV2", "MergeV2Checkpoints", "Restore", "RestoreSlice", "RestoreV2",
)  # fmt: skip


def forbidden_in_saved_model(meta: Any) -> list[ForbiddenOperation]:
    """The operations of a MetaGraphDef that may not run, its whole library included.

    All of it counts, as importing a graph already computes with its constants; what a Saver is made
    of, only where something else than a Saver runs it.
    """
    found = forbidden_operations(meta.graph_def)
    beyond = [item for item in found if item.op not in _OF_SAVERS]
    return beyond or forbidden_operations(_running(meta)) or _forbidden_in_restoring(meta)


def _running(meta: Any) -> Any:
    """What opening and calling runs, but for the Saver's part: a GraphDef."""
    graph, running = decode_graph(meta), protos.GraphDef()
    running.CopyFrom(meta.graph_def)
    if graph.objects is not None:  # then only functions run, and those that an object names
        del running.node[:]
        prune_library(running, [n for n in graph.functions if n.encode() in graph.objects])
        return running
    roots: list[str | None] = []
    for signature in graph.signatures.values():
        roots += [info.tensor for info in (*signature.inputs.values(), *signature.outputs.values())]
    if None in roots:  # the parts of a sparse tensor, whatever they are
        return running
    for item in (item for items in graph.collections.values() for item in items):
        parts = astuple(item) if isinstance(item, VariableDef) else (item,)
        roots += [name for name in parts if isinstance(name, str)]
    prune(running, [name for name in roots if name])
    return running


def _forbidden_in_restoring(meta: Any) -> list[ForbiddenOperation]:
    """What the Saver of TensorFlow 1 would run beside reading the SavedModel's own variables."""
    if not meta.HasField("saver_def") or meta.HasField("object_graph_def"):
        return []
    restoring = protos.GraphDef()
    restoring.CopyFrom(meta.graph_def)
    prune(restoring, [meta.saver_def.restore_op_name])
    found = forbidden_operations(restoring)
    return [item for item in found if not item.op.startswith("Restore")]


@understanding()
def refuse_saved_model(folder: Path) -> None:
    """Refuses a SavedModel that would do more than compute when it is opened and called.

    Raises:
        UserError: naming the operations; or it cannot be read.
    """
    for meta in read_saved_model(folder):
        refuse(printable(folder), forbidden_in_saved_model(meta))
