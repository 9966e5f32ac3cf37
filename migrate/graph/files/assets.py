"""Vocabulary files among the assets of a SavedModel, put into its graph as constants.

Then nothing of the graph reads files, and the words are part of what is converted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import protos

_FILLS = ("InitializeTableFromTextFile", "InitializeTableFromTextFileV2")
# Of tensorflow/core/kernels/lookup_util.h: what a column of the file is.
_WHOLE_LINE, _LINE_NUMBER = -2, -1
_INT64, _STRING = 9, 7  # DataType
_ASSETS = "saved_model_assets"
_LARGEST_FILE = 2**28


def hold_vocabularies(meta: Any, path: Path) -> None:
    """Fills tables from constants where a MetaGraphDef fills them from text files of its assets.

    Args:
        path: the file that the MetaGraphDef is in; the assets are in the folder beside it.
    """
    nodes = {node.name: node for node in meta.graph_def.node}
    fills = [node for node in nodes.values() if node.op in _FILLS and len(node.input) == 2]
    files = dict(_assets(meta)) if fills else {}
    for node in fills:
        asked = nodes.get(node.input[1].partition(":")[0])
        table = nodes.get(node.input[0].partition(":")[0])
        file = _inside(path.parent / "assets", files.get(asked.name)) if asked else None
        if file is None or table is None:
            continue
        columns = _columns(node, table, file)
        if columns is None:
            continue
        for index, (kind, values) in enumerate(columns):
            constant = meta.graph_def.node.add(name=f"{node.name}/column_{index}", op="Const")
            constant.attr["dtype"].type = kind
            tensor = constant.attr["value"].tensor
            tensor.dtype = kind
            tensor.tensor_shape.dim.add().size = len(values)
            (tensor.string_val if kind == _STRING else tensor.int64_val).extend(values)
            node.attr["Tkey" if index == 0 else "Tval"].type = kind
        node.op = "InitializeTableV2" if node.op.endswith("V2") else "InitializeTable"
        for key in ("key_index", "value_index", "vocab_size", "delimiter", "offset"):
            node.attr.pop(key, None)
        node.input[1:] = [f"{node.name}/column_0", f"{node.name}/column_1"]


def _assets(meta: Any) -> Iterator[tuple[str, str]]:
    """Name of the constant that a program reads a file by → the file's name among the assets."""
    packed = meta.collection_def[_ASSETS].any_list.value if _ASSETS in meta.collection_def else ()
    listed = [protos.AssetFileDef.FromString(each.value) for each in packed]
    for asset in (*listed, *meta.asset_file_def):
        yield asset.tensor_info.name.partition(":")[0], asset.filename


def _inside(folder: Path, name: str | None) -> Path | None:
    """A file of a folder, and of no other that its name might lead to."""
    if not name:
        return None
    try:
        file = (folder / name).resolve()
        inside = file.is_relative_to(folder.resolve()) and file.is_file()
        return file if inside and file.stat().st_size <= _LARGEST_FILE else None
    except (OSError, ValueError):
        return None


def _columns(node: Any, table: Any, file: Path) -> list[tuple[int, list[Any]]] | None:
    """The keys and the values of a table, each with its DataType; None where they are others."""
    lines = file.read_bytes().split(b"\n")
    lines = [line.removesuffix(b"\r") for line in lines]
    if lines and not lines[-1]:
        lines.pop()
    size = node.attr["vocab_size"].i if "vocab_size" in node.attr else -1
    lines = lines if size <= 0 else lines[:size]
    delimiter = node.attr["delimiter"].s if "delimiter" in node.attr else b"\t"
    found: list[tuple[int, list[Any]]] = []
    for which, kind in (("key_index", "key_dtype"), ("value_index", "value_dtype")):
        column, wanted = node.attr[which].i, table.attr[kind].type
        if wanted not in (_INT64, _STRING) or (column == _LINE_NUMBER) != (wanted == _INT64):
            return None
        values: list[Any] = lines
        if column == _LINE_NUMBER:
            values = list(range(len(lines)))
        elif column != _WHOLE_LINE:
            parts = [line.split(delimiter) for line in lines]
            if any(len(part) <= column for part in parts):
                return None
            values = [part[column] for part in parts]
        found.append((wanted, values))
    return found
