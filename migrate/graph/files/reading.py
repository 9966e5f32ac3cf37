"""Graph files → :class:`Graph`: MetaGraph, frozen graph, text form of either, SavedModel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from ...errors import UserError, printable
from ..nodes import (
    Graph,
)
from . import protos
from .assets import hold_vocabularies
from .decoding import META_GRAPH_FIELDS, decode_graph

_EXPECTED = "a .meta, a frozen .pb, their text form .pbtxt, or a SavedModel folder"
_SAVED_MODEL_FILES = ("saved_model.pb", "saved_model.pbtxt")
_SERVE = "serve"
# protobuf itself stops there (2 GiB), after allocating; say so first.
_LARGEST_FILE = 2**31 - 1


def read_graph(path: str | Path) -> Graph:
    """Read a graph; what it is, its content says, whatever the name.

    Args:
        path: a ``.meta`` (MetaGraphDef), a frozen ``.pb`` (GraphDef), the text form of either, a
            SavedModel folder or its ``saved_model.pb``. Of several MetaGraphs in a SavedModel the
            one tagged ``serve`` is taken, else the first.

    Raises:
        UserError: the file cannot be read, is none of these, is damaged, or its nodes do not make
            a graph (two of one name, an input that is not there, a circle).
    """
    file = _locate(Path(path))
    data = _content(file)
    try:
        _, meta_graphs = _parse(data)
        chosen = next((m for m in meta_graphs if _SERVE in m.meta_info_def.tags), meta_graphs[0])
        hold_vocabularies(chosen, file)
        graph = decode_graph(chosen)
        graph.meta_graphs = tuple(tuple(m.meta_info_def.tags) for m in meta_graphs)
        return graph
    except UserError as error:
        raise UserError(
            f"{printable(file)}: {error.problem}",
            expected=error.expected or _EXPECTED,
            try_=error.try_,
        ) from None


def read_definition(path: str | Path, tags: Sequence[str]) -> Any:
    """The GraphDef message in a graph file; of several MetaGraphs the one with these tags.

    Raises:
        UserError: as for :func:`read_graph`.
    """
    file = _locate(Path(path))
    _, metas = _parse(_content(file))
    tagged = [meta for meta in metas if list(meta.meta_info_def.tags) == list(tags)]
    chosen = (tagged or metas)[0]
    hold_vocabularies(chosen, file)
    return chosen.graph_def


def read_saved_model(folder: Path) -> list[Any]:
    """The MetaGraphDefs of a SavedModel as TensorFlow has them: of ``saved_model.pb`` alone.

    Raises:
        UserError: there is no such file, or it is damaged.
    """
    file = folder / _SAVED_MODEL_FILES[0]
    message = protos.SavedModel()
    try:
        message.ParseFromString(_content(file))
    except DecodeError:
        raise UserError(f"{printable(file)} is not a SavedModel", expected=_EXPECTED) from None
    return list(message.meta_graphs)


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise UserError(f"{printable(file)} is larger than 2 GiB", expected=_EXPECTED)
        return file.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"{printable(file)} cannot be read: {reason}", expected=_EXPECTED) from None


def _locate(path: Path) -> Path:
    try:
        if path.is_dir():
            for name in _SAVED_MODEL_FILES:
                if (path / name).is_file():
                    return path / name
            raise UserError(
                f"{printable(path)} contains neither saved_model.pb nor saved_model.pbtxt",
                expected=_EXPECTED,
            )
        if path.is_file():
            return path
    except (OSError, ValueError):  # ValueError: a name with a zero byte in it
        pass
    raise UserError(f"{printable(path)} does not exist, or is not a file", expected=_EXPECTED)


_FORMS = {
    "GraphDef": ("node", "library", "versions", "version"),
    "MetaGraphDef": META_GRAPH_FIELDS,
    "SavedModel": ("saved_model_schema_version", "meta_graphs"),
}
_TEXT_START = re.compile(r"(?:\s|#[^\n]*\n)*([a-z_]+)\s*[:{<]")  # each # begins one comment


def form_of(data: bytes) -> tuple[str, bool]:
    """Which message a graph file is, and whether in text.

    The same bytes can be read as several; TensorFlow must run what was judged, and no other.
    """
    return _parse(data)[0], _text_form(data) is not None


def _parse(data: bytes) -> tuple[str, list[Any]]:
    """Which message a file is, and its MetaGraphDefs; a bare GraphDef is wrapped in one."""
    if not data:
        raise UserError("the file is empty")
    text_form = _text_form(data)
    if text_form:
        message = getattr(protos, text_form)()
        try:
            text = data.decode("utf-8")
            text_format.Parse(text, message, allow_unknown_field=True, allow_unknown_extension=True)
        except (text_format.ParseError, UnicodeDecodeError, RecursionError) as error:
            first_line = str(error).splitlines()[0]
            raise UserError(
                f"not a complete {text_form} in text format: {printable(first_line)}"
            ) from None
        return text_form, _unwrap(text_form, message)
    # A SavedModel starts with its schema version (a varint in field 1); the others with a message.
    # A TF Hub module of the first format leaves the version out.
    forms = ("SavedModel",) if data[0] == 0x08 else ("MetaGraphDef", "GraphDef", "SavedModel")
    for form in forms:
        message = getattr(protos, form)()
        try:
            message.ParseFromString(data)
            return form, _unwrap(form, message)
        except (DecodeError, UserError):
            continue
    raise UserError("not a complete TensorFlow graph: other content, cut short, or damaged")


def _text_form(data: bytes) -> str | None:
    head = data[:4096].decode("utf-8", "ignore")
    start = _TEXT_START.match(head)
    if start and not re.search(r"[\x00-\x08\x0e-\x1f]", head):
        for form, fields in _FORMS.items():
            if start[1] in fields:
                return form
    return None


def _unwrap(form: str, message: Any) -> list[Any]:
    if form == "SavedModel":
        if not message.meta_graphs:
            raise UserError("a SavedModel without a graph")
        for meta in message.meta_graphs:
            _refuse_without_operations(meta)
        return list(message.meta_graphs)
    if form == "GraphDef":
        wrapped = protos.MetaGraphDef()
        wrapped.graph_def.CopyFrom(message)
        message = wrapped
    _refuse_without_operations(message)
    return [message]


def _refuse_without_operations(meta: Any) -> None:
    nodes = meta.graph_def.node
    if not nodes or not all(node.op and node.name for node in nodes):
        raise UserError("a graph without operations")
