"""What a user may point at, and what is said where there is nothing to read."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfmigrate.checkpoint import open_checkpoint, write_bundle
from tfmigrate.errors import UserError

from tests.checkpoint.fuzz import check_message

DATA = Path(__file__).parent / "data"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 1024\n"


def save(folder: Path, base: str, value: float = 1.0, *, meta: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    write_bundle(f"{folder}/{base}", [("w", np.full(3, value))])
    if meta:
        Path(f"{folder}/{base}.meta").write_bytes(b"")
    return folder / base


def state(folder: Path, *paths: str) -> None:
    """A ``checkpoint`` file as TensorFlow writes it: the latest, then all, oldest first."""
    quoted = ['"' + p.replace("\\", "\\\\") + '"' for p in paths]
    lines = [f"model_checkpoint_path: {quoted[-1]}"]
    lines += [f"all_model_checkpoint_paths: {q}" for q in quoted]
    (folder / "checkpoint").write_text("\n".join([*lines, "last_preserved_timestamp: 1.5", ""]))


def value(source: str | Path) -> float:
    with open_checkpoint(source) as checkpoint:
        return float(checkpoint.read("w")[0])


def refusal(source: str | Path) -> str:
    with pytest.raises(UserError) as caught:
        open_checkpoint(source)
    check_message(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "base",
    [
        "model.ckpt",
        "model.ckpt-100",
        "model15000",
        "4.001_NOCA.ckpt",
        "Q(s_len= 6, q= E(size= 100, b= 10))-10",
        "a b",
        "[glob]*?",
        ".tflearn",
        "",
        "naïve",
    ],
)
def test_any_file_of_a_checkpoint_stands_for_it(tmp_path, base):
    save(tmp_path / "m", base, meta=True)
    prefix = f"{tmp_path}/m/{base}"
    suffixes = [".index", ".data-00000-of-00001", ".meta"]
    for source in [prefix, *(prefix + s for s in suffixes), tmp_path / "m", f"{tmp_path}/m/"]:
        with open_checkpoint(source) as checkpoint:
            assert [str(f) for f in checkpoint.files] == [prefix + s for s in suffixes[:2]]
            assert str(checkpoint.meta) == prefix + ".meta"
            assert checkpoint.format == "v2"
            assert checkpoint.notes == ()


def test_relative_sources(tmp_path, monkeypatch):
    save(tmp_path, "model", 5.0)
    monkeypatch.chdir(tmp_path)
    for source in ["model", "model.index", "./model", ".", ""]:
        if source:
            assert value(source) == 5.0
    assert "is not a path" in refusal("")
    assert "is not a path" in refusal("model\0")


def test_v1_files_have_no_suffix(tmp_path):
    shutil.copy(DATA / "v1_types", tmp_path / "model.ckpt")
    (tmp_path / "model.ckpt.meta").write_bytes(b"")
    for source in ["model.ckpt", "model.ckpt.meta", ""]:
        with open_checkpoint(tmp_path / source) as checkpoint:
            assert checkpoint.format == "v1"
            assert checkpoint.files == (tmp_path / "model.ckpt",)
            assert checkpoint.meta == tmp_path / "model.ckpt.meta"


def test_v1_shards(tmp_path):
    for i in range(2):
        shutil.copy(DATA / f"v1_shards-0000{i}-of-00002", tmp_path / f"export-0000{i}-of-00002")
    (tmp_path / "export.meta").write_bytes(b"")
    for source in ["export", "export.meta", "export-00001-of-00002", ""]:
        with open_checkpoint(tmp_path / source) as checkpoint:
            assert len(checkpoint.files) == 2
            assert checkpoint.meta == tmp_path / "export.meta"
            assert set(checkpoint.variables) == {"rows", "columns", "words", "plain"}
    (tmp_path / "export-00000-of-00002").unlink()
    assert "1 of its 2 parts" in refusal(tmp_path / "export")


def test_a_saved_model_by_any_of_its_paths(tmp_path):
    model = tmp_path / "model"
    save(model / "variables", "variables", 7.0)
    (model / "saved_model.pb").write_bytes(b"\x08\x01")
    for source in [model, model / "saved_model.pb", model / "variables"]:
        with open_checkpoint(source) as checkpoint:
            assert checkpoint.saved_model == model
            assert checkpoint.meta is None
    shutil.rmtree(model / "variables")
    assert "has no variables" in refusal(model)


class TestCheckpointFiles:
    def test_it_says_which_step(self, tmp_path):
        for step in (1, 2, 10):
            save(tmp_path, f"model-{step}", step)
        state(tmp_path, "model-1", "model-2")
        assert value(tmp_path) == 2
        assert value(tmp_path / "checkpoint") == 2

    @pytest.mark.parametrize(
        "path",
        [
            "/home/somebody/runs/3/model-2",
            "C:\\Users\\somebody\\runs\\model-2",
            "\\\\server\\runs\\model-2",
            "./model-2",
            "../runs/model-2",
            "runs/model-2",
        ],
    )
    def test_paths_of_another_machine_go_by_their_names(self, tmp_path, path):
        save(tmp_path, "model-1", 1)
        save(tmp_path, "model-2", 2)
        state(tmp_path, path)
        assert value(tmp_path) == 2

    def test_another_place_is_told_not_followed(self, tmp_path):
        elsewhere = save(tmp_path / "elsewhere", "model-2", 2)
        save(tmp_path / "here", "model-2", 1)
        state(tmp_path / "here", str(elsewhere))
        assert value(tmp_path / "here") == 1
        assert "in another folder" in open_checkpoint(tmp_path / "here").notes[0]

    def test_a_stale_one_gives_the_next_it_lists(self, tmp_path):
        save(tmp_path, "model-1", 1)
        save(tmp_path, "model-2", 2)
        state(tmp_path, "model-1", "model-2", "model-3")
        assert value(tmp_path) == 2
        assert "names model-3, which does not exist" in open_checkpoint(tmp_path).notes[0]

    def test_a_stale_one_gives_the_latest_of_the_series(self, tmp_path):
        for step in (9, 10):
            save(tmp_path, f"model-{step}", step)
        state(tmp_path, "model-11")
        assert value(tmp_path) == 10
        assert len(open_checkpoint(tmp_path).notes) == 2

    def test_nothing_it_names_is_there(self, tmp_path):
        state(tmp_path, "model-11")
        assert "model-11 does not exist" in refusal(tmp_path)

    def test_an_empty_basename_is_written_as_a_dot(self, tmp_path):
        save(tmp_path, "", 4)
        state(tmp_path, ".")
        assert value(tmp_path) == 4

    def test_nonsense_in_it_is_ignored(self, tmp_path):
        save(tmp_path, "model", 4)
        (tmp_path / "checkpoint").write_bytes(b'\xff\x00 model_checkpoint_path: "\nnope: {')
        assert value(tmp_path) == 4


STATES = st.binary(max_size=60) | st.text(max_size=40).map(
    lambda path: f'model_checkpoint_path: "{path}"'.encode(errors="replace")
)


@given(content=STATES)
def test_no_checkpoint_file_leads_astray(tmp_path, content):
    """Whatever it says, the folder's one checkpoint is found, and nothing outside the folder."""
    save(tmp_path / "outside", "model", 9.0)
    folder = tmp_path / "outside" / "inside"
    save(folder, "model-1", 1.0)
    (folder / "checkpoint").write_bytes(content)
    assert value(folder) == 1.0


def test_a_path_that_leaves_the_folder_is_not_followed(tmp_path):
    save(tmp_path, "model", 9.0)
    save(tmp_path / "inside", "other", 1.0)
    for path in ("../model", f"{tmp_path}/model", "sub/../../model"):
        state(tmp_path / "inside", path)
        assert value(tmp_path / "inside") == 1.0


def test_a_folder_of_one_series_gives_the_latest(tmp_path):
    for step in (9, 10, 100):
        save(tmp_path, f"model-{step}", step)
    assert value(tmp_path) == 100
    assert open_checkpoint(tmp_path).notes == (
        "the latest step of 3 checkpoints is used: model-100",
    )


def test_a_folder_of_several_models_is_ambiguous(tmp_path):
    save(tmp_path, "generator-1")
    save(tmp_path, "critic-1")
    assert "contains 2 checkpoints: critic-1, generator-1" in refusal(tmp_path)


def test_what_is_missing_is_named(tmp_path):
    prefix = save(tmp_path, "model-7", meta=True)
    data = Path(f"{prefix}.data-00000-of-00001")
    index = Path(f"{prefix}.index")
    whole = data.read_bytes()

    data.unlink()
    assert "has no data: model-7.data-00000-of-00001 does not exist" in refusal(prefix)
    data.write_bytes(b"")
    assert "is empty; expected at least 24 bytes" in refusal(prefix)
    data.write_bytes(whole[:-1])
    assert "has 23 bytes: cut short" in refusal(prefix)
    data.write_bytes(POINTER)
    assert "Git LFS pointer" in refusal(prefix)
    data.write_bytes(POINTER[:20])
    assert "cut short" in refusal(prefix)

    data.write_bytes(whole)
    table = index.read_bytes()
    index.write_bytes(POINTER)
    assert "Git LFS pointer" in refusal(prefix)
    index.write_bytes(b"")
    assert "is empty" in refusal(prefix)
    index.write_bytes(table[:-1])
    assert "cut short or damaged" in refusal(prefix)
    index.unlink()
    assert "has no index" in refusal(prefix)
    assert "has no index" in refusal(data)
    assert "has no index" in refusal(tmp_path)
    data.unlink()
    for source in (prefix, f"{prefix}.meta", tmp_path):
        assert "weights" in refusal(source)


def test_leftovers_of_an_interrupted_save(tmp_path):
    left = tmp_path / "model-5.index.tempstate12345"
    left.write_bytes(b"half")
    (tmp_path / "model-5.data-00000-of-00001").write_bytes(b"")
    for source in (left, tmp_path, tmp_path / "model-5"):
        assert "interrupted save" in refusal(source)
    save(tmp_path, "model-5")
    assert "left over from an interrupted save" in open_checkpoint(tmp_path / "model-5").notes[0]


def test_what_is_no_checkpoint_is_named(tmp_path):
    for name, head, words in [
        ("weights.h5", b"\x89HDF\r\n\x1a\n", "HDF5"),
        ("model.keras", b"PK\x03\x04", "zip archive"),
        ("frozen.pb", b"\x0a\x10", "a graph, not a checkpoint"),
        ("notes.txt", b"hello", "not a checkpoint"),
        ("nothing", b"", "empty"),
    ]:
        (tmp_path / name).write_bytes(head)
        assert words in refusal(tmp_path / name)
    assert "contains no checkpoint" in refusal(tmp_path)
    assert "does not exist" in refusal(tmp_path / "absent")
    assert "does not exist" in refusal(tmp_path / "absent" / "model")
    assert refusal("x" * 5000)


def test_a_prefix_without_its_step_is_helped(tmp_path):
    save(tmp_path, "model.ckpt-100")
    assert refusal(tmp_path / "model.ckpt").endswith(f"try {tmp_path}/model.ckpt-100")


def test_pipes_and_dangling_links_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refusal(tmp_path / "pipe")
    (tmp_path / "model.index").symlink_to(tmp_path / "gone")
    assert refusal(tmp_path / "model")
    assert "link to a file that does not exist" in refusal(tmp_path / "model.index")


def test_the_corpus_fragments_say_what_they_lack(shared):
    corpus = shared / "corpus"
    for fragment, words in [
        ("Roodmaster__rnn-lstm-tensorflow/fragments/index_meta_no_data", "has no data"),
        ("BenjyWP__deep_meta-learning_guidance_law/fragments/index_meta_no_data", "has no data"),
        ("yenchenlin__DeepLearningFlappyBird/fragments/meta_only", "a graph without weights"),
    ]:
        assert words in refusal(corpus / fragment)


def test_every_folder_of_the_corpus_opens_as_such(shared):
    """Or, where it holds several models, says which."""
    for index in sorted((shared / "corpus").rglob("*.index")):
        if "fragments" not in index.parts:
            names = {n.stem for n in index.parent.glob("*.index")}
            if len(names) == 1 or (index.parent / "checkpoint").exists():
                assert open_checkpoint(index.parent).variables
            else:
                assert "checkpoints: " in refusal(index.parent)


@pytest.mark.parametrize("stated", ["a\0b", "/runs\0/model.ckpt", "/runs/model.ckpt\0"])
def test_a_path_with_a_zero_byte_in_the_state_file_is_passed_over(stated, tmp_path):
    write_bundle(tmp_path / "model.ckpt", [("w", np.ones(2, "f4"))])
    (tmp_path / "checkpoint").write_text(f'model_checkpoint_path: "{stated}"\n')
    assert open_checkpoint(tmp_path).read("w").tolist() == [1, 1]
