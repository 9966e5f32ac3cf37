"""What TensorFlow runs of a SavedModel that it opens and calls, and what of that is refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, replace
from pathlib import Path

from ...errors import printable, understanding
from ..nodes import Graph, Node, VariableDef
from .reading import read_saved_model
from .safety import ForbiddenOperation, forbidden_operations, refuse_to_run

# Every SavedModel has them to be saved and restored, which opening does without.
_OF_SAVERS = (
    "Save", "SaveSlices", "SaveV2", "MergeV2Checkpoints", "Restore", "RestoreSlice", "RestoreV2",
)  # fmt: skip


def forbidden_in_saved_model(graph: Graph) -> list[ForbiddenOperation]:
    """The refused operations of a SavedModel's graph and library.

    All of it counts, as importing a graph already computes with its constants; what a Saver is made
    of, only where something else than a Saver runs it.
    """
    everything = {**graph.nodes, **_calls(graph.functions)}
    found = forbidden_operations(replace(graph, nodes=everything))
    beyond = [item for item in found if item.op not in _OF_SAVERS]
    return beyond or forbidden_operations(_running(graph)) or _forbidden_in_restoring(graph)


def _calls(functions: Iterable[str]) -> dict[str, Node]:
    return {name: Node(name, name) for name in functions}


def _running(graph: Graph) -> Graph:
    """What opening and calling runs, but for the Saver's part."""
    if graph.objects is not None:  # then only functions run, and those that an object names
        named = [name for name in graph.functions if name.encode() in graph.objects]
        return replace(graph, nodes=_calls(named))
    roots: list[str | None] = []
    for signature in graph.signatures.values():
        roots += [info.tensor for info in (*signature.inputs.values(), *signature.outputs.values())]
    if None in roots:  # the parts of a sparse tensor, whatever they are
        return graph
    for item in (item for items in graph.collections.values() for item in items):
        parts = astuple(item) if isinstance(item, VariableDef) else (item,)
        roots += [name for name in parts if isinstance(name, str)]
    return replace(graph, nodes=graph.ancestors(filter(None, roots), control=True))


def _forbidden_in_restoring(graph: Graph) -> list[ForbiddenOperation]:
    """What the Saver of TensorFlow 1 would run beside reading the SavedModel's own variables."""
    restored = [graph.saver.restore] if graph.saver is not None and graph.objects is None else []
    nodes = graph.ancestors(restored, control=True)
    found = forbidden_operations(replace(graph, nodes=nodes))
    return [item for item in found if not item.op.startswith("Restore")]


@understanding()
def refuse_saved_model(folder: Path) -> None:
    """Refuses a SavedModel that would do more than compute when it is opened and called.

    Raises:
        UserError: naming the operations; or it cannot be read.
    """
    for graph in read_saved_model(folder):
        refuse_to_run(printable(folder), forbidden_in_saved_model(graph))
