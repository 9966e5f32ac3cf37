"""Several sources by the workers of a Dask scheduler: as by --jobs, also where workers are lost."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tfmigrate import convert_many
from tfmigrate.checkpoint.writer import write_bundle
from tfmigrate.cli.main import run
from tfmigrate.errors import UserError
from tfmigrate.fleet import cluster as clusters

pytestmark = pytest.mark.xdist_group("fleet")

LONG = pytest.mark.skipif(
    "TFMIGRATE_LONG" not in os.environ, reason="takes long (TFMIGRATE_LONG=1 runs it)"
)
NPZ: dict[str, Any] = {"to": ["npz"]}  # needs no worker


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two checkpoints, ``runs/{a,b}/model.ckpt``."""
    for number, name in enumerate(("a", "b")):
        (tmp_path / "runs" / name).mkdir(parents=True)
        write_bundle(tmp_path / "runs" / name / "model.ckpt", [("w", np.float32([number]))])
    return tmp_path / "runs"


def test_without_dask_one_line_says_what_to_install(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    command = ["convert-ckpt", str(runs / "*" / "*.index"), "-o", str(tmp_path / "out")]
    assert run([*command, "--scheduler", "tcp://127.0.0.1:9"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "needs distributed, which is not installed" in line
    assert "pip install 'tfmigrate[fleet]'" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "what://x", "not a host"])
def test_an_address_without_a_scheduler_is_an_error_at_once(
    address: str, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="distributed is not installed")
    monkeypatch.setattr(clusters, "_CONNECT", 0.3)
    with pytest.raises(UserError, match=r"no Dask scheduler answers at .*; expected an address"):
        convert_many([runs / "*" / "*.index"], tmp_path / "out", scheduler=address, **NPZ)
    assert not (tmp_path / "out").exists()


@pytest.fixture
def scheduler() -> Iterator[Any]:
    """A scheduler with two workers, each a process."""
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster:
        cluster.wait_for_workers(2)
        yield cluster


def rows(fleet: Any) -> list[dict[str, Any]]:
    return [{key: row[key] for key in row if key != "seconds"} for row in fleet.rows]


def content(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.suffix in (".py", ".json", ".npz")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@LONG
def test_a_scheduler_gives_the_rows_of_jobs_and_goes_on_where_it_ended(
    goldens: Path, runs: Path, tmp_path: Path, scheduler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("softmax_regression", "train_adam"):
        shutil.copytree(goldens / name, runs / name)
    index = runs / "b" / "model.ckpt.index"
    index.write_bytes(index.read_bytes()[:40])
    sources, seen = [runs / "*" / "model.ckpt.index"], list[dict[str, Any]]()
    here = convert_many(sources, "here", jobs=1)
    address = scheduler.scheduler_address
    there = convert_many(sources, "there", scheduler=address, on_event=seen.append)
    assert rows(there) == rows(here)
    assert [row["state"] for row in there.rows].count("failed") == 1
    assert here.to_dict()["notes"] == there.to_dict()["notes"] == []
    found, wanted = content(tmp_path / "there"), content(tmp_path / "here")
    assert found.keys() == wanted.keys()
    different = {name for name in wanted if found[name] != wanted[name]}
    assert different == {"report.json"}  # of the seconds
    assert {event["source"] for event in seen if "stage" in event} >= {
        "softmax_regression-model.ckpt", "train_adam-model.ckpt",
    }  # fmt: skip
    assert seen[0] == {"total": 4, "jobs": 2}
    again = convert_many(sources, "there", scheduler=address)
    assert len(again.skipped) == 3
    assert rows(again) == rows(there)
    assert not list((tmp_path / "there").glob(".*"))


@LONG
def test_what_a_lost_worker_converted_runs_again_and_a_note_says_so(
    goldens: Path, tmp_path: Path, scheduler: Any
) -> None:
    sources = [tmp_path / str(number) / "model.ckpt" for number in range(3)]
    for source in sources:
        shutil.copytree(goldens / "softmax_regression", source.parent)
    killed = list[int]()

    def kill(event: dict[str, Any]) -> None:
        if event.get("stage") == "building" and not killed:
            killed.append(next(iter(scheduler.workers.values())).process.process.pid)
            os.kill(killed[-1], signal.SIGKILL)

    address = scheduler.scheduler_address
    fleet = convert_many(sources, tmp_path / "out", scheduler=address, on_event=kill)
    assert killed
    assert fleet
    (note,) = fleet.to_dict()["notes"]
    assert note.startswith("Dask lost the worker tcp://127.0.0.1:")
    assert "What they converted ran again: " in note
    assert set(os.listdir(tmp_path / "out")) == {
        "0-model.ckpt", "1-model.ckpt", "2-model.ckpt", "report.json",
    }  # fmt: skip


@LONG
def test_a_source_that_loses_every_worker_is_a_row(
    goldens: Path, tmp_path: Path, scheduler: Any
) -> None:
    shutil.copytree(goldens / "softmax_regression", tmp_path / "0")
    scheduler.scheduler.allowed_failures = 0

    def kill(event: dict[str, Any]) -> None:
        if event.get("stage") == "building":
            for nanny in scheduler.workers.values():
                os.kill(nanny.process.process.pid, signal.SIGKILL)

    fleet = convert_many(
        [tmp_path / "0" / "model.ckpt*"],
        tmp_path / "out",
        scheduler=scheduler.scheduler_address,
        on_event=kill,
    )
    (row,) = fleet.rows
    assert row["error"].startswith("Dask lost each worker that converted it; try fewer threads")
    assert row["status"] == fleet.exit_status() == 2
    assert os.listdir(tmp_path / "out") == ["report.json"]


def interrupt(event: dict[str, Any]) -> None:
    if "row" in event:
        raise KeyboardInterrupt


@LONG
def test_ctrl_c_ends_what_the_workers_run(goldens: Path, tmp_path: Path, scheduler: Any) -> None:
    sources = [tmp_path / str(number) / "model.ckpt" for number in range(4)]
    for source in sources:
        shutil.copytree(goldens / "softmax_regression", source.parent)
    folder, address = tmp_path / "out", scheduler.scheduler_address
    with pytest.raises(KeyboardInterrupt):
        convert_many(sources, folder, scheduler=address, on_event=interrupt)
    start = time.monotonic()
    there = [name for name in os.listdir(folder) if name != "report.json"]
    assert there
    assert not [name for name in there if name.startswith(".")]
    rest = convert_many(sources, folder, scheduler=address)
    assert rest
    assert len(rest.skipped) >= 1
    assert time.monotonic() - start < 120
