"""Vocabulary files of a SavedModel: which become constants, and which are left alone."""

from pathlib import Path

import pytest
from tfmigrate.graph.files import protos
from tfmigrate.graph.files.assets import hold_vocabularies

FILL = "InitializeTableFromTextFileV2"
INT64, STRING = 9, 7


def filled(folder: Path, filename: str = "words.txt", key: int = -2, value: int = -1) -> object:
    """The table and what fills it, of a MetaGraphDef in a folder, after vocabularies are held."""
    meta = protos.MetaGraphDef()
    add = meta.graph_def.node.add
    add(name="path", op="Const")
    table = add(name="table", op="HashTableV2")
    table.attr["key_dtype"].type, table.attr["value_dtype"].type = STRING, INT64
    fill = add(name="fill", op=FILL, input=["table", "path"])
    fill.attr["key_index"].i, fill.attr["value_index"].i = key, value
    fill.attr["vocab_size"].i, fill.attr["delimiter"].s = -1, b"\t"
    asset = meta.asset_file_def.add(filename=filename)
    asset.tensor_info.name = "path:0"
    hold_vocabularies(meta, folder / "saved_model.pb")
    return meta.graph_def


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "words.txt").write_bytes(b"a\tx\r\nb\ty\n\nc\tz")
    (tmp_path / "secret.txt").write_text("s\n")
    (tmp_path / "assets" / "link.txt").symlink_to(tmp_path / "secret.txt")
    return tmp_path


def test_lines_become_keys_and_their_numbers_values(folder: Path) -> None:
    nodes = {node.name: node for node in filled(folder).node}
    keys, values = (nodes[f"fill/column_{index}"].attr["value"].tensor for index in (0, 1))
    assert nodes["fill"].op == "InitializeTableV2"
    assert list(nodes["fill"].input) == ["table", "fill/column_0", "fill/column_1"]
    assert list(keys.string_val) == [b"a\tx", b"b\ty", b"", b"c\tz"]
    assert list(values.int64_val) == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["../secret.txt", "link.txt", "none.txt", "", "/etc/passwd"])
def test_a_file_that_is_no_asset_is_not_read(name: str, folder: Path) -> None:
    assert [node.op for node in filled(folder, name).node][-1] == FILL


@pytest.mark.parametrize(("key", "value"), [(-2, 1), (1, -1), (-1, -1)])
def test_columns_that_not_every_line_has_and_other_dtypes_are_left(
    key: int, value: int, folder: Path
) -> None:
    assert [node.op for node in filled(folder, key=key, value=value).node][-1] == FILL
