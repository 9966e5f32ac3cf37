"""Chapter E: saved and restored, exported and asked, logged, placed, counted."""

from __future__ import annotations

import dataclasses
import json
import zipfile

import numpy as np
import pytest
from tfmigrate.checkpoint import open_checkpoint
from tfmigrate.cli.main import run
from tfmigrate.course import catalogue
from tfmigrate.course import datasets as data
from tfmigrate.course.request import Request
from tfmigrate.course.values import compare_values
from tfmigrate.worker import Worker

pytestmark = pytest.mark.xdist_group("course-life")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("life")


@pytest.fixture(scope="module")
def compare(folder):
    """Compares a row; each row once, all with the same two processes, on two CPU devices."""
    done = {}
    with Worker("legacy") as legacy, Worker("modern") as modern:

        def compare(name):
            if name not in done:
                entry = catalogue.find(name)
                workers = {"legacy": legacy, "modern": modern}
                request = Request(logdir=str(folder / name), logical_cpus=2)
                done[name] = compare_values(entry, entry.program, request, workers)
            return done[name]

        yield compare


def value(comparison, name):
    """The value on both sides."""
    (found,) = [value for value in comparison.values if value.name == name]
    return found.legacy, found.modern


@pytest.mark.parametrize("row", [s.name for s in catalogue.CHAPTERS["E"][1]])
def test_both_sides_agree(row, compare):
    assert compare(row), str(compare(row))


@pytest.mark.parametrize("row", ["save-restore", "export", "devices", "summary"])
def test_to_the_last_bit(row, compare):
    differing = [v.name for v in compare(row).values if v.difference and v.difference.differing]
    assert differing == []


def test_what_is_restored_is_what_is_in_the_files(compare, folder):
    row = compare("save-restore")
    prefix = folder / "save-restore" / "legacy" / "model.ckpt"
    with open_checkpoint(str(prefix)) as checkpoint:
        for name in ("weight", "bias"):
            for side in value(row, name):
                np.testing.assert_array_equal(side, checkpoint.read(name))
    assert value(row, "changed by saving") == (0, 0)
    assert value(row, "changed, built from the file") == (0, 0)
    (size,) = {int(bytes_) for bytes_ in value(row, "bytes of numbers")}
    assert prefix.with_suffix(".ckpt.data-00000-of-00001").stat().st_size == size == 36


def test_each_file_is_described_with_its_size(compare, folder):
    row = compare("save-restore")
    for path in (folder / "save-restore" / "legacy").iterdir():
        assert f"{path.name}, {path.stat().st_size} bytes: " in row.legacy.printed
    with zipfile.ZipFile(folder / "save-restore" / "modern" / "model.keras") as archive:
        for member in archive.infolist():
            assert f"  {member.filename}, {member.file_size} bytes: " in row.modern.printed


def test_the_export_is_in_a_folder_named_by_the_time_and_answers_a_file_of_instances(
    compare, folder
):
    row = compare("export")
    for side in ("legacy", "modern"):
        (version,) = (folder / "export" / side / "export").iterdir()
        assert int(version.name) > 1_700_000_000
        assert (version / "saved_model.pb").is_file()
        request = json.loads((folder / "export" / side / "request.json").read_text())
        assert [set(instance) for instance in request["instances"]] == [
            set(data.load("fares-like").columns)
        ] * 3
    predictions, fares = value(row, "predictions")[0], value(row, "fares")[0]
    np.testing.assert_allclose(predictions, fares, atol=5)  # dollars: it has learned something


def test_tensorboard_reads_both_sides_from_one_folder(compare, folder):
    from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer
    from tensorboard.util import tensor_util

    row = compare("tensorboard")
    runs = EventMultiplexer().AddRunsFromDirectory(str(folder / "tensorboard")).Reload()
    assert set(runs.Runs()) == {"legacy", "modern", "modern/train"}
    legacy = [event.value for event in runs.Scalars("legacy", "epoch_loss")]
    modern = [
        tensor_util.make_ndarray(event.tensor_proto).item()
        for event in runs.Tensors("modern/train", "epoch_loss")
    ]
    assert legacy == pytest.approx(modern, rel=1e-6)
    assert legacy == sorted(legacy, reverse=True)
    np.testing.assert_allclose(value(row, "epoch_loss")[0], legacy)
    for name in ("legacy", "modern"):
        assert "MatMul" in {node.op for node in runs.Graph(name).node}


def test_each_device_trains_alike_and_a_machine_without_gpu_says_so(compare):
    row = compare("devices")
    names = [v.name for v in row.values]
    assert names[:2] == ["loss, cpu:0", "loss, cpu:1"]
    np.testing.assert_array_equal(
        value(row, "loss, cpu:0")[0], value(row, "loss, cpu:1")[0], strict=True
    )
    for given in (row.legacy, row.modern):
        assert "cpu:1 against cpu:0: losses at most 0 apart" in given.printed
        if len(names) == 2:
            assert "no GPU: TensorFlow sees cpu:0, cpu:1" in given.printed


def test_the_counts_are_those_of_the_notes(compare):
    row = compare("summary")
    figures = {v.name: v.figure for v in row.values if v.figure}
    assert len(figures) == 5
    assert all(v.near for v in row.values if v.figure)


def test_the_picture_is_the_same_on_both_sides(compare):
    row = compare("summary")
    picture = row.legacy.printed[row.legacy.printed.index("┌") :]
    assert row.modern.printed.endswith(picture)
    for shape in ("x [None, 784]", "hidden2 [None, 256]", "outputs [None, 10]"):
        assert shape in picture


def test_a_difference_of_one_bit_fails(compare):
    row = compare("export")
    (line,) = [v for v in row.values if v.name == "predictions"]
    from tfmigrate.parity import measure

    near = np.nextafter(line.legacy, np.float32(0))
    broken = dataclasses.replace(line, modern=near, difference=measure(line.legacy, near))
    assert not dataclasses.replace(row, values=[broken])


def test_data_without_trips_is_refused(capfd):
    assert run(["compare", "export", "--data", "digits"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("error: digits has examples of 28 × 28 in 10 classes; expected fares ")
    assert err.count("\n") == 1
