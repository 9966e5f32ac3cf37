"""Several sources by one command: names, resuming, failures; and what it must not change."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from jsonschema import Draft202012Validator
from tfmigrate import convert, convert_many
from tfmigrate.checkpoint.writer import write_bundle
from tfmigrate.cli.main import run
from tfmigrate.errors import UserError
from tfmigrate.fleet import Fleet, converting, running
from tfmigrate.fleet.sources import expanded, named
from tfmigrate.report import schema

pytestmark = pytest.mark.xdist_group("fleet")

SCHEMA = Draft202012Validator(schema("conversions"))
# Dropout and layers without names; Adam in the midst of training; a loop over a cell.
MODELS = ("mlp_unnamed_dropout", "train_adam", "lstm_dynamic")
NPZ: dict[str, Any] = {"to": ["npz"]}  # needs no worker


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """``runs/{a,b}/model.ckpt-{1,2}``, each with other values."""
    for number, name in enumerate(("a", "b")):
        (tmp_path / "runs" / name).mkdir(parents=True)
        for step in (1, 2):
            values = np.full([3], 10 * number + step, np.float32)
            write_bundle(tmp_path / "runs" / name / f"model.ckpt-{step}", [("w", values)])
    return tmp_path / "runs"


def value(folder: Path) -> float:
    with np.load(folder / "weights.npz") as arrays:
        return float(arrays["w"][0])


def states(fleet: Fleet) -> dict[str, str]:
    return {row["folder"]: row["state"] for row in fleet.rows}


def written(folder: Path) -> dict[str, Any]:
    report = json.loads((folder / "report.json").read_text("utf-8"))
    SCHEMA.validate(report)
    return report


def test_each_source_gets_a_folder_with_its_own_values(runs: Path, tmp_path: Path) -> None:
    fleet = convert_many([runs / "*" / "model.ckpt-*"], tmp_path / "out", jobs=3, **NPZ)
    assert {name: value(tmp_path / "out" / name) for name in states(fleet)} == {
        "a-model.ckpt-1": 1, "a-model.ckpt-2": 2, "b-model.ckpt-1": 11, "b-model.ckpt-2": 12,
    }  # fmt: skip
    assert set(os.listdir(tmp_path / "out")) == {*states(fleet), "report.json"}
    assert fleet.exit_status() == 0
    SCHEMA.validate(json.loads(json.dumps(fleet.to_dict())))
    assert written(tmp_path / "out")["conversions"] == fleet.rows
    assert "4 converted" in fleet.blocks()[-1].text


def test_all_files_of_a_checkpoint_are_one_source(runs: Path) -> None:
    given = [*sorted((runs / "a").iterdir()), runs / "a" / "model.ckpt-1"]
    assert len(given) > 3
    assert expanded(given) == [runs / "a" / "model.ckpt-1", runs / "a" / "model.ckpt-2"]


def test_names_do_not_clash() -> None:
    sources = [Path("/x/a/b-c"), Path("/x/a-b/c"), Path("/x/A/B-C"), Path("/x/report.json")]
    assert list(named(sources, {}).values()) == ["a-b-c", "a-b-c-2", "A-B-C-3", "report.json-2"]
    before = {"/x/a-b/c": "a-b-c"}
    assert list(named(sources[:2], before).values()) == ["a-b-c-2", "a-b-c"]


def test_a_pattern_without_a_match_is_an_error(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file matches"):
        convert_many([runs / "*" / "model-*.index"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_options_that_suit_no_source_are_refused_before_any_work(
    runs: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="there is no format 'npy'"):
        convert_many([runs / "*" / "*.index"], tmp_path / "out", to=["npy"])
    assert not (tmp_path / "out").exists()


def test_a_bad_source_is_a_row_and_the_others_are_converted(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = runs / "a" / "model.ckpt-2.index"
    index.write_bytes(index.read_bytes()[:40])
    command = ["convert-ckpt", str(runs / "*" / "*.index"), "-o", str(tmp_path / "out")]
    assert run([*command, "--to", "npz"]) == 2
    said = capsys.readouterr()
    assert "FAIL  3 converted · 1 failed" in said.out
    assert "model.ckpt-2.index is cut short or damaged" in said.out
    assert len(said.err.splitlines()) == 4
    assert not (tmp_path / "out" / "a-model.ckpt-2").exists()
    write_bundle(runs / "a" / "model.ckpt-2", [("w", np.float32([7]))])
    assert run([*command, "--to", "npz", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    SCHEMA.validate(report)
    assert "3 of 4 sources were skipped" in report["notes"][0]
    assert value(tmp_path / "out" / "a-model.ckpt-2") == 7


def test_what_was_converted_is_skipped_unless_something_changed(runs: Path, tmp_path: Path) -> None:
    folder, sources = tmp_path / "out", [runs / "*" / "*.index"]
    convert_many(sources, folder, **NPZ)
    before = (folder / "a-model.ckpt-1").stat()
    again = convert_many(sources, folder, timeout=7, **NPZ)
    assert len(again.skipped) == 4
    assert (folder / "a-model.ckpt-1").stat() == before
    write_bundle(runs / "a" / "model.ckpt-1", [("w", np.float32([5, 6]))])
    changed = convert_many(sources, folder, **NPZ)
    assert changed.exit_status() == 2
    assert "files that have changed since; try --force" in changed.rows[0]["error"]
    assert value(folder / "a-model.ckpt-1") == 1
    other = convert_many(sources, folder, to=["npz", "safetensors"])
    assert {row["error"].partition("; ")[0].split()[-1] for row in other.rows} == {
        "since", "options",
    }  # fmt: skip
    convert_many(sources[:1], folder, force=True, **NPZ)
    assert value(folder / "a-model.ckpt-1") == 5
    assert len(convert_many(sources, folder, **NPZ).skipped) == 4


def test_another_source_keeps_the_folders_of_the_first(runs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    convert_many([runs / "a" / "*.index"], folder, **NPZ)
    both = convert_many([runs / "*" / "*.index"], folder, **NPZ)
    assert list(states(both)) == [
        "model.ckpt-1", "model.ckpt-2", "b-model.ckpt-1", "b-model.ckpt-2",
    ]  # fmt: skip
    assert len(both.skipped) == 2
    assert len(written(folder)["conversions"]) == 4


def test_a_folder_that_appeared_before_a_kill_is_converted_again(
    runs: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    convert_many([runs / "*" / "*.index"], folder, **NPZ)
    report = written(folder)
    report["conversions"][0]["state"] = "waiting"
    (folder / "report.json").write_text(json.dumps(report))
    (folder / ".worker.0123.partial").mkdir()
    again = convert_many([runs / "*" / "*.index"], folder, **NPZ)
    assert len(again.skipped) == 3
    assert again.exit_status() == 0
    assert not list(folder.glob(".*"))


def test_a_folder_with_other_files_is_never_used(runs: Path, tmp_path: Path) -> None:
    single = tmp_path / "single"
    convert(runs / "a" / "model.ckpt-1", single, **NPZ)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").touch()
    for folder in (single, tmp_path / "other"):
        with pytest.raises(UserError, match="contains other files"):
            convert_many([runs / "*" / "*.index"], folder, force=True, **NPZ)
    convert_many([runs / "*" / "*.index"], tmp_path / "out", **NPZ)
    with pytest.raises(UserError, match="is a folder of several conversions"):
        convert(runs / "a" / "model.ckpt-1", tmp_path / "out", force=True, **NPZ)


def test_memory_limits_the_conversions_at_once(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(converting, "free_memory", lambda: 2 * 2**30)
    fleet = convert_many([runs / "*" / "*.index"], tmp_path / "out", jobs=4, **NPZ)
    (note,) = fleet.notes
    assert note.startswith("2 of 4 conversions run at once: one may need 0.7 GiB")
    assert fleet


def test_a_dry_run_writes_nothing(runs: Path, tmp_path: Path) -> None:
    fleet = convert_many([runs / "*" / "*.index"], tmp_path / "out", dry_run=True, **NPZ)
    assert fleet.exit_status() == 0
    assert "nothing written: 4 planned" in fleet.blocks()[-1].text
    assert os.listdir(tmp_path) == ["runs"]


def content(folder: Path) -> dict[str, Any]:
    """All that a conversion computed: source, report, configuration and weights."""
    found: dict[str, Any] = {"model.py": (folder / "model.py").read_text("utf-8")}
    found["report.json"] = json.loads((folder / "report.json").read_text("utf-8"))
    with zipfile.ZipFile(folder / "model.keras") as archive:
        text = archive.read("config.json").decode()
        found["config.json"] = re.sub(r'"shared_object_id": \d+', "", text)  # an address
        with h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:

            def take(name: str, item: Any) -> None:
                # What Keras draws for dropout differs in every process.
                if isinstance(item, h5py.Dataset) and "seed_generator" not in name:
                    found[name] = (str(item.dtype), item[()].tolist())

            file.visititems(take)
    return found


def test_conversions_in_one_worker_equal_single_ones_in_any_order(
    goldens: Path, tmp_path: Path
) -> None:
    sources = [goldens / name / "model.ckpt" for name in MODELS]
    for name, source in zip(MODELS, sources, strict=True):
        convert(source, tmp_path / name)
    for number, order in enumerate((sources, sources[::-1])):
        folder = tmp_path / f"fleet{number}"
        fleet = convert_many(order, folder, jobs=1)
        assert fleet
        for name in MODELS:
            assert content(folder / f"{name}-model.ckpt") == content(tmp_path / name)


def workers_of_this_process() -> list[int]:
    found = []
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"tfmigrate.worker.main" in command:
                found.append(int(child))
    return found


def ends(at: str, action: Callable[[], None]) -> Callable[[dict[str, Any]], None]:
    """An ``on_event`` that does something once, when a stage begins or a source is done."""
    waiting = [action]

    def on_event(event: dict[str, Any]) -> None:
        if waiting and (event.get("stage") == at or at in event):
            waiting.pop()()

    return on_event


def kill() -> None:
    for process in workers_of_this_process():
        os.kill(process, signal.SIGKILL)


def interrupt() -> None:
    raise KeyboardInterrupt


def test_a_killed_worker_costs_one_conversion_and_ctrl_c_leaves_whole_folders(
    goldens: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    sources = [tmp_path / str(number) / "model.ckpt" for number in range(3)]
    for source in sources:
        shutil.copytree(goldens / "softmax_regression", source.parent)
    fleet = convert_many(sources[:2], folder, jobs=1, on_event=ends("building", kill))
    assert states(fleet) == {"0-model.ckpt": "failed", "1-model.ckpt": "converted"}
    assert "was terminated by SIGKILL during build" in fleet.rows[0]["error"]
    assert fleet.exit_status() == 2
    assert set(os.listdir(folder)) == {"1-model.ckpt", "report.json"}
    with pytest.raises(KeyboardInterrupt):
        convert_many(sources, folder, jobs=1, on_event=ends("row", interrupt))
    assert workers_of_this_process() == []
    assert set(os.listdir(folder)) == {"0-model.ckpt", "1-model.ckpt", "report.json"}
    found = {row["folder"]: row["state"] for row in written(folder)["conversions"]}
    assert found["2-model.ckpt"] == "waiting"
    rest = convert_many(sources, folder, jobs=1)
    assert set(rest.skipped) == {"0-model.ckpt", "1-model.ckpt"}
    assert rest


def test_what_did_not_run_is_said_and_is_not_skipped_by_the_same_command(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {"format": "onnx", "verdict": "not run", "reason": "onnx is not installed"}

    def one(source: Path, **options: Any) -> Any:
        done = convert(source, options["output"], force=options["force"], to=["npz"])
        done.report["exports"] = [dict(entry)]
        return done

    monkeypatch.setattr(running, "convert", one)
    first, again = (convert_many([runs / "a" / "*"], tmp_path / "out", **NPZ) for _ in range(2))
    for fleet in (first, again):
        assert [row["not_run"] for row in fleet.rows] == [{"onnx": "onnx is not installed"}] * 2
        assert fleet.skipped == []
        assert (
            "onnx was not run for 2 of 2 sources: onnx is not installed"
            in fleet.to_dict()["notes"][0]
        )
        assert "2 not run on all that was asked" in fleet.blocks()[-1].text
        SCHEMA.validate(json.loads(json.dumps(fleet.to_dict())))
    entry["verdict"] = "pass"
    convert_many([runs / "a" / "*"], tmp_path / "out", **NPZ)
    assert len(convert_many([runs / "a" / "*"], tmp_path / "out", **NPZ).skipped) == 2
    assert written(tmp_path / "out")["conversions"][0]["not_run"] == {}
