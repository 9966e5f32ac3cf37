"""``tfmigrate convert-ckpt`` as its user meets it: help, refusals, progress, interruption."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from tfmigrate.checkpoint import open_checkpoint
from tfmigrate.checkpoint.writer import write_bundle
from tfmigrate.cli.main import run
from tfmigrate.conversion.convert import convert
from tfmigrate.errors import UserError

ARRAYS = {
    "Variable": np.arange(12, dtype="f4").reshape(3, 4),
    "Variable_1": np.arange(4, dtype="f4"),
    "Variable_2": np.arange(8, dtype="f4").reshape(4, 2),
    "Variable_3": np.arange(2, dtype="f4"),
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder with a small checkpoint without a graph, a map and a file of a user's."""
    monkeypatch.chdir(tmp_path)
    write_bundle(tmp_path / "model.ckpt", ARRAYS.items())
    (tmp_path / "map.toml").write_text('[rename]\n"Variable*" = "v{1}"\n')
    (tmp_path / "model.keras").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("no checkpoint")
    (tmp_path / "empty").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "done").mkdir()
    write_bundle(tmp_path / "done" / "model.ckpt", ARRAYS.items())
    for name in ("report.json", "model.keras", "map.toml"):
        (tmp_path / "done" / name).write_text("")
    return tmp_path


def test_the_help_lists_options_under_titles(capsys):
    assert run(["convert-ckpt", "--help"]) == 0
    out = capsys.readouterr().out
    titles = re.findall(r"^(\w[^:\n]*):$", out, re.MULTILINE)
    assert titles == [
        "Output", "Several sources", "Proof", "Parts of the graph",
        "Weights and their target model", "Messages",
    ]  # fmt: skip
    for flag in ("--to", "--map", "--write-map", "--ema", "--keras", "--no-training", "--timeout"):
        assert out.count(f"  {flag} ") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("nothere", "nothere does not exist; expected a checkpoint"),
        ("notes.txt", "notes.txt is not a checkpoint"),
        ("empty", "empty contains no checkpoint"),
        ("model.ckpt -o there", "there already exists; try --force to replace it, or another -o"),
        ("model.ckpt -o . --force", r"\. is not a name for an output"),
        ("model.ckpt -o notes.txt --force", "notes.txt is a file, not a folder; try another -o"),
        ("model.ckpt -o notes.txt/out", "notes.txt is a file, not a folder; try another -o"),
        ("model.ckpt -o new/out", "there is no folder new; try mkdir -p new"),
        ("model.ckpt -o link --force", "link is a link to nowhere, which does not exist"),
        ("done/model.ckpt -o done --force", "the output done contains done/model.ckpt.*, which is"),
        ("done -o done --force", "the output done is done, which is read; try another -o"),
        ("model.ckpt --map done/map.toml -o done --force", "done contains done/map.toml, which is"),
        ("done/model.keras --to tf1 -o done --force", "contains done/model.keras, which is read"),
        (
            "model.ckpt --write-map model.ckpt.index --model m.py:f --force",
            "the output model.ckpt.index is model.ckpt.index, which is read; try another -o",
        ),
        ("model.ckpt --to npx", "there is no format 'npx'; .*; try npz"),
        ("model.ckpt --model mpl", "there is no model 'mpl'; .*; try mlp"),
        ("model.ckpt --model gone.py:f", "there is no file gone.py"),
        ("model.ckpt --model notes.txt:f", "--model notes.txt:f; expected FILE.py:FUNCTION"),
        ("model.ckpt --keras keras2", "'keras2' is not one of 'keras', 'tf-keras'"),
        ("model.ckpt --ema yes", "'yes' is not one of 'raw', 'prefer'"),
        ("model.ckpt --ema prefer", "model.ckpt contains no moving averages of weights"),
        ("model.ckpt --timeout 0", "0.0 is not in the range x>=1"),
        ("model.ckpt --feed keep_prob", "'keep_prob' is not NAME=VALUE"),
        ("model.ckpt --feed keep_prob=half", "'half' is not a number, True, False or a list"),
        ("model.ckpt --map gone.toml", "there is no map gone.toml"),
        ("model.ckpt --to npz --outputs y", "--to npz .*, so --outputs would have no effect"),
        ("model.ckpt --to npz --model mlp", "so --model would have no effect"),
        ("model.ckpt --to npz --ema prefer", "so --ema prefer would have no effect"),
        ("model.ckpt --to npz --keras tf-keras", "so --keras tf-keras would have no effect"),
        (
            "model.ckpt --map map.toml --to keras",
            "--to keras needs a model, and --map does not name one",
        ),
        ("model.ckpt --map map.toml --model mlp", "--map and --model mlp contradict each other"),
        ("model.ckpt --map map.toml --inputs x", "so --inputs would have no effect"),
        (
            "model.ckpt --model mlp --feed a=1",
            "--model mlp does not use the graph, so --feed would have",
        ),
        ("model.ckpt --to keras --to saved_model", "are two conversions"),
        ("model.ckpt --to saved_model", "there is no graph next to model.ckpt"),
        ("model.ckpt --write-map new.toml", "--write-map needs your own model"),
        ("model.ckpt --write-map new.toml --model mlp", "--write-map needs your own model"),
        ("model.ckpt --write-map map.toml --model m.py:f", "map.toml already exists"),
        (
            "model.ckpt --write-map new.toml --model m.py:f --map map.toml -o out",
            "--write-map writes only a map, so --output and --map would have no effect",
        ),
        ("model.keras", "model.keras is a Keras file, not a checkpoint of TensorFlow 1"),
        ("model.keras --to keras", "model.keras is a Keras file, not a checkpoint of TensorFlow 1"),
        (
            "model.keras --to tf1 --outputs y",
            "is converted back to TF1, so --outputs would have no effect",
        ),
        ("model.keras --to tf1", "model.keras is not a file of Keras weights"),
    ],
)
def test_a_wrong_call_is_one_line_and_leaves_nothing(arguments, said, here, capsys):
    before = sorted(os.listdir(here))
    assert run(["convert-ckpt", *arguments.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"error: .*{said}.*\n", err), err
    assert sorted(os.listdir(here)) == before


def test_a_checkpoint_of_tensorflow_2_is_named_as_one(shared, tmp_path):
    corpus = shared / "corpus" / "keras-team__tf-keras" / "lso_ckpt_tf2.2"
    with pytest.raises(UserError, match="object-based checkpoint"):
        convert(corpus, tmp_path / "out")


def test_all_that_makes_no_mlp_is_listed_at_once(tmp_path, capsys):
    turned = ARRAYS | {"Variable_2": ARRAYS["Variable_2"].T, "Variable_4": np.ones((2, 2, 2), "f4")}
    write_bundle(tmp_path / "model.ckpt", turned.items())
    out = tmp_path / "out"
    assert (
        run(["convert-ckpt", str(tmp_path / "model.ckpt"), "--model", "mlp", "-o", str(out)]) == 2
    )
    said = capsys.readouterr().err
    assert "'Variable_4' (2, 2, 2) does not belong to a dense layer" in said
    assert "'Variable_2' looks transposed" in said


def test_a_dry_run_of_a_map_shows_every_step(here, capsys):
    (here / "map.toml").write_text(
        '[[change]]\nfrom = "Variable"\nto = "kernel"\nsteps = [{ transpose = [1, 0] }]\n'
        '[skip]\n"Variable_*" = "not wanted"\n'
    )
    assert run(["convert-ckpt", "model.ckpt", "--map", "map.toml", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"Variable +\[3, 4\] +transpose.* +kernel +\[4, 3\]", out)
    assert len(re.findall(r"Variable_\d .* skipped +not wanted", out)) == 3
    assert "dry run" in out
    assert not (here / "model-keras").exists()


def test_progress_counts_every_byte(tmp_path):
    write_bundle(tmp_path / "model.ckpt", ARRAYS.items())
    events: list[dict] = []
    convert(tmp_path / "model.ckpt", tmp_path / "out", to=["npz", "tf1"], on_event=events.append)
    size = sum(array.nbytes for array in ARRAYS.values())
    assert [e for e in events if "stage" in e] == [
        {"stage": "writing", "total": 2 * size}, {"stage": "done"}
    ]  # fmt: skip
    assert sum(e["bytes"] for e in events if "bytes" in e) == 2 * size


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Two checkpoints of 64 MiB, which take a while to write: of zeros, and of ones."""
    folder = tmp_path_factory.mktemp("large")
    for value in (0, 1):
        tensors = ((f"w{i}", np.full((1 << 20,), value, "f4")) for i in range(16))
        write_bundle(folder / f"{value}.ckpt", tensors)
    return folder


def convert_process(checkpoint, out, *flags):
    """A conversion in a process of its own."""
    command = [sys.executable, "-m", "tfmigrate", "convert-ckpt", str(checkpoint), "-o", str(out)]
    return subprocess.Popen(
        [*command, "--to", "tf1", "--to", "npz", *flags],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_writing(folder, process):
    """Until the output grows beside its place."""
    while process.poll() is None and not list(folder.glob(".*.partial/*/*")):
        time.sleep(0.001)


def values_in(out):
    """What all values of an output are; it is whole."""
    report = json.loads((out / "report.json").read_text())
    assert sorted(report["files"]) == ["npz", "tf1"]
    back = open_checkpoint(out / "tf1")
    with np.load(out / "weights.npz") as npz:
        found = {float(v) for n in back.variables for v in np.unique(back.read(n))}
        return found | {float(v) for n in npz.files for v in np.unique(npz[n])}


@pytest.mark.parametrize("delay", [0, 0.01, 0.05, 0.2])
def test_killed_at_any_moment_it_leaves_the_old_output_or_the_new(delay, large, tmp_path):
    out = tmp_path / "out"
    convert(large / "0.ckpt", out, to=["tf1", "npz"])
    process = convert_process(large / "1.ckpt", out, "--force")
    wait_for_writing(tmp_path, process)
    time.sleep(delay)
    process.kill()
    process.wait()
    process.stderr.close()
    assert values_in(out) in ({0.0}, {1.0})
    convert(large / "1.ckpt", out, to=["tf1", "npz"], force=True)
    assert values_in(out) == {1.0}
    assert os.listdir(tmp_path) == ["out"]  # what the killed one left is swept


def test_interrupted_it_leaves_nothing(large, tmp_path):
    process = convert_process(large / "1.ckpt", tmp_path / "out")
    wait_for_writing(tmp_path, process)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    assert said.strip() == "error: interrupted; no partial output remains"
    assert process.returncode == 130
    assert os.listdir(tmp_path) == []


@pytest.mark.xdist_group("tensorflow")
def test_interrupted_while_tensorflow_works_it_leaves_nothing(goldens, tmp_path):
    process = convert_process(goldens / "train_adam", tmp_path / "out", "--to", "keras")
    wait_for_writing(tmp_path, process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert os.listdir(tmp_path) == []


def test_of_two_conversions_at_once_one_wins_whole(large, tmp_path):
    processes = [convert_process(large / f"{value}.ckpt", tmp_path / "out") for value in (0, 1)]
    said = [process.communicate(timeout=60)[1] for process in processes]
    statuses = [process.returncode for process in processes]
    assert sorted(statuses) == [0, 2]
    assert "already exists" in said[statuses.index(2)]
    assert values_in(tmp_path / "out") == {float(statuses.index(0))}
    assert os.listdir(tmp_path) == ["out"]


def test_the_result_is_a_table_in_a_terminal_and_in_a_notebook(tmp_path):
    import tfmigrate

    write_bundle(tmp_path / "model.ckpt", {"<b>w</b>": np.ones(3, "f4")}.items())
    result = tfmigrate.convert(tmp_path / "model.ckpt", tmp_path / "out")
    assert not result  # no model, so no parity
    assert "<b>w</b>" in str(result)
    assert "&lt;b&gt;w&lt;/b&gt;" in result._repr_html_()
    assert [row["name"] for row in result.to_rows()] == ["<b>w</b>"]
    assert result.to_dict() == json.loads((tmp_path / "out" / "report.json").read_text())


@pytest.mark.xdist_group("tensorflow")
def test_a_chain_without_a_graph_is_written_and_not_proved(here):
    import tfmigrate

    result = tfmigrate.convert("model.ckpt", model="mlp")
    assert not result
    assert result.report["parity"]["verdict"] == "not proved"
    assert "logits:0" in str(result)
    assert "<table" in result._repr_html_()
    assert sorted(os.listdir("model-keras")) == ["model.keras", "model.py", "report.json"]


def test_a_folder_that_takes_nothing_is_one_clear_error(large, tmp_path, capsys):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    if os.access(closed, os.W_OK):
        pytest.skip("this user may write everywhere")
    arguments = [str(large / "1.ckpt"), "-o", str(closed / "out"), "--to", "npz"]
    assert run(["convert-ckpt", *arguments]) == 2
    assert "cannot write" in capsys.readouterr().err


@pytest.mark.xdist_group("tensorflow")
def test_killed_while_keras_saves_it_leaves_no_half_model(goldens, tmp_path):
    case, out = goldens / "train_adam", tmp_path / "out"
    process = convert_process(case, out, "--to", "keras")
    while process.poll() is None and not list(tmp_path.glob(".*.partial/*/model.keras*")):
        time.sleep(0.001)
    process.kill()
    process.communicate()  # the workers hold this end of the pipe too, and end by themselves
    assert process.returncode == -signal.SIGKILL
    assert not out.exists()
    made = convert(case, out)
    assert made
    assert {"model.keras", "model.py", "report.json"} == set(os.listdir(out))
    assert os.listdir(tmp_path) == ["out"]
