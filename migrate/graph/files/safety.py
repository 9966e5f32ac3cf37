"""What a stranger's graph may run: every operation of the GraphDef that is about to be imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import UserError, printable
from .cutting import node_of
from .operations import COMPUTES, DRAWS, KEEPS_STATE, REFUSED

_UNKNOWN = "is not on the list of known operations"
_STREAMS = ("", "stderr", "stdout", "log(info)", "log(warning)", "log(error)")


@dataclass(frozen=True)
class ForbiddenOperation:
    """A node that may not run; ``node`` is prefixed by its function's name."""

    node: str
    op: str
    why: str


def refusal(op: str) -> str | None:
    """Why an operation is refused whatever its attributes, or None."""
    if op in COMPUTES or op in KEEPS_STATE or op in DRAWS:
        return None
    return next((why for why, names in REFUSED.items() if op in names), _UNKNOWN)


def _prints_to_file(node: Any, part: dict[str, Any]) -> str | None:
    stream = node.attr["output_stream"].s if "output_stream" in node.attr else b""
    return None if stream.decode(errors="replace") in _STREAMS else "writes files"


def _reads_vocabulary(node: Any, part: dict[str, Any]) -> str | None:
    named = "vocab_file" in node.attr and node.attr["vocab_file"].s
    return "reads files" if named else None


def _caches_in_file(node: Any, part: dict[str, Any]) -> str | None:
    """A cache of datasets is kept in the file that its second input names; a Const tells."""
    named = part.get(node_of(node.input[1])) if len(node.input) > 1 else None
    if named is None or named.op != "Const":
        return "writes files"
    value = named.attr["value"].tensor
    return "writes files" if value.tensor_content or any(value.string_val) else None


# Operations that reach a file only if an attribute or an input names one.
_DEPENDS: dict[str, Callable[[Any, dict[str, Any]], str | None]] = {
    "PrintV2": _prints_to_file,
    "FixedUnigramCandidateSampler": _reads_vocabulary,
    "CacheDataset": _caches_in_file,
    "CacheDatasetV2": _caches_in_file,
}


def forbidden_operations(definition: Any) -> list[ForbiddenOperation]:
    """The operations of a GraphDef message that may not run, its whole library included."""
    library = {function.signature.name for function in definition.library.function}
    found = []
    for scope, nodes in _parts(definition):
        part = {node.name: node for node in nodes}
        for node in nodes:
            if node.op in library:
                continue  # a call: the body is another part
            judge = _DEPENDS.get(node.op)
            why = refusal(node.op) if judge is None else judge(node, part)
            if why is not None:
                found.append(ForbiddenOperation(scope + node.name, node.op, why))
    return found


def _parts(definition: Any) -> Iterator[tuple[str, Any]]:
    yield "", definition.node
    for function in definition.library.function:
        yield f"{function.signature.name}/", function.node_def


def refuse_forbidden(what: str, definition: Any) -> None:
    """Refuses ``what``, a graph or SavedModel, whose GraphDef has operations that may not run.

    Raises:
        UserError: naming the operations.
    """
    refuse(what, forbidden_operations(definition))


def refuse(what: str, forbidden: Sequence[ForbiddenOperation]) -> None:
    """Refuses ``what`` where it has forbidden operations.

    Raises:
        UserError: naming the operations.
    """
    if forbidden:
        found = ", ".join(sorted({f"{printable(f.op)} ({f.why})" for f in forbidden}))
        raise UserError(
            f"{what} contains operations that may not run: {found}",
            expected="a graph that only computes: without files, network, processes or Python code",
            try_="--trust if you trust its author",
        )
