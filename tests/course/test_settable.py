"""``--set``: what it can change, what it refuses, and that both sides get it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.shell_completion import ShellComplete
from tfmigrate.cli.main import cli, run
from tfmigrate.course.catalogue import SYSTEMS
from tfmigrate.course.comparison import compare_all
from tfmigrate.course.datasets import load
from tfmigrate.course.prepare import OF_DATA
from tfmigrate.course.request import Request
from tfmigrate.course.settable import as_text, chosen, settables
from tfmigrate.errors import UserError
from tfmigrate.worker import Worker

pytestmark = pytest.mark.xdist_group("settable")


@pytest.fixture(scope="module")
def compare():
    """Compares a row with settings; all by the same two processes."""
    with Worker("legacy") as legacy, Worker("modern") as modern:

        def compare(row, case=(), **settings):
            system = SYSTEMS[row]
            values = chosen(system, settings, case)
            workers = {"legacy": legacy, "modern": modern}
            return compare_all(system, Request(case=case, settings=values), workers)

        yield compare


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["mlp", "--set", "num_hiden=64"],
            "mlp has no setting 'num_hiden'; expected one of epochs 20, batch_size 128, "
            "learning_rate 0.001, num_hidden 256; try --set num_hidden=256",
        ),
        (["mlp", "--set", "zzz=1"], "mlp has no setting 'zzz'; expected one of epochs 20, "),
        (["unnamed-variables", "--set", "epochs=1"], "has nothing that --set can change"),
        (["mlp", "--set", "num_hidden=big"], "num_hidden is 'big'; expected a whole number from 1"),
        (["mlp", "--set", "num_hidden=6.5"], "num_hidden is '6.5'; expected a whole number"),
        (["mlp", "--set", "num_hidden=0"], "num_hidden is '0'; expected a whole number from 1"),
        (["mlp", "--set", "learning_rate=0"], "learning_rate is '0'; expected a number above 0"),
        (["mlp", "--set", "learning_rate=inf"], "learning_rate is 'inf'; expected a number above"),
        (["mlp-dropout", "--set", "rate=1"], "rate is '1'; expected a number from 0 to"),
        (["keep-prob", "--set", "keep_prob=2"], "expected a number above 0, up to 1"),
        (["cats", "--case", "L2", "--set", "hidden=8;8"], "expected whole numbers from 1 to"),
        (["cats", "--set", "augmented=1"], "augmented is '1'; expected true or false"),
        (["mlp", "--set", "num_hidden"], "'num_hidden' is not NAME=VALUE, such as epochs=3"),
        (["mlp", "--set", "epochs=1", "--set", "epochs=2"], "epochs is set twice"),
        (["mlp", "--set", "epochs=1", "--epochs", "2"], "epochs is given twice"),
        (["mlp-128", "--set", "num_layers=4"], "differs between the cases of mlp-128"),
        (["schedules", "--learning-rate", "1"], "--learning-rate has no effect on schedules"),
        (["schedules", "--set", "learning_rate=1"], "schedules has no setting 'learning_rate'"),
    ],
)  # fmt: skip
def test_what_cannot_be_set_ends_in_one_line_and_status_2(options, message, capsys):
    status = run(["compare", *options])
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_what_follows_from_the_data_cannot_be_set():
    programs = [program for system in SYSTEMS.values() for program in system.programs]
    data = {name: load(name) for name in {program.data for program in programs} - {None}}
    for prepare, name in {(program.prepare, program.data) for program in programs if program.data}:
        assert set(prepare(data[name]).sizes) <= OF_DATA
    for system in SYSTEMS.values():
        assert not OF_DATA & set(settables(system))


def test_a_value_survives_its_text():
    for system in SYSTEMS.values():
        for each in settables(system).values():
            for default in each.defaults:
                assert each.read(as_text(default)) == default == each.read(default)


def test_a_value_of_python_is_checked_like_a_text():
    with pytest.raises(UserError, match=r"num_hidden is '8\.5'; expected a whole number"):
        chosen(SYSTEMS["mlp"], {"num_hidden": 8.5})
    with pytest.raises(UserError, match="num_hidden is 'true'"):
        chosen(SYSTEMS["mlp"], {"num_hidden": True})
    assert chosen(SYSTEMS["mlp"], {"num_hidden": 8.0}) == {"num_hidden": 8}


@pytest.mark.parametrize("words", [["compare", "mlp"], ["run", "legacy", "mlp"]])
def test_a_shell_completes_what_can_be_set(words):
    complete = ShellComplete(cli, {}, "tfmigrate", "_TFMIGRATE_COMPLETE")
    found = complete.get_completions([*words, "--set"], "num")
    assert [(item.value, item.help) for item in found] == [("num_hidden=", "num_hidden 256")]


def test_a_lesson_and_the_list_show_what_can_be_set(capsys):
    assert run(["lesson", "mlp-regularized"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "tfmigrate compare mlp-regularized --set NAME=VALUE changes both sides:" in shown
    assert "epochs 10 or 20, batch_size 128, learning_rate 0.1 or 0.2, l1 0.00012207" in shown
    run(["list", "--json"])
    (mlp,) = [s for s in json.loads(capsys.readouterr().out)["systems"] if s["name"] == "mlp"]
    assert mlp["settings"] == ["epochs", "batch_size", "learning_rate", "num_hidden"]


def test_all_forms_of_a_network_get_what_is_set(compare):
    result = compare("mlp", num_hidden="8", epochs="1", learning_rate="0.002")
    assert result.verdict == "pass", str(result)
    for side in result.devices[0].sides:
        assert side.arrays["weight:w0"].shape == (784, 8)
        assert len(side.epochs) == 1
    told = "set: num_hidden 8 instead of 256, epochs 1 instead of 20, learning_rate 0.002 instead"
    assert told in str(result)
    assert result.command == (
        "tfmigrate compare mlp --seed 0 --set num_hidden=8 --set epochs=1 --set learning_rate=0.002"
    )
    assert result.to_dict()["set"] == {"num_hidden": 8, "epochs": 1, "learning_rate": 0.002}


def test_a_case_gets_what_is_set(compare):
    result = compare("mlp-128", ["one layer"], num_layers=2, epochs=1)
    names = {n for side in result.devices[0].sides for n in side.arrays if n.startswith("weight:")}
    assert {name.split("/")[0] for name in names} > {"weight:hidden1", "weight:hidden2"}
    assert result.verdict == "pass", str(result)


def test_values_are_those_of_the_setting(compare):
    result = compare("perceptron", bias=0.5, w1=-1.0)
    (y,) = [value for value in result.values if value.name == "y"]
    points = np.array([[-2, 2], [0, 0], [1, 1]])
    expected = 1 / (1 + np.exp(-(0.5 + points @ [-1.0, -2.0])))
    for side in (y.legacy, y.modern):
        np.testing.assert_allclose(side[:, 0], expected, rtol=1e-6)
    assert "The notes print figures for the defaults" in str(result)
    assert result.verdict == "pass"


def test_a_trap_that_a_setting_hides_is_reported(compare):
    result = compare("keep-prob", keep_prob=0.5, epochs=1)
    trap, cure = (result.given[f"legacy {name}"].arrays for name in ("trap", "cure"))
    np.testing.assert_array_equal(trap["loss"], cure["loss"])
    assert abs(cure["share dropped"] - 0.5) < 0.02
    assert result.verdict == "pass", str(result)
    assert "The trap shows less than with the defaults in: share dropped, loss" in str(result)


def test_training_that_diverges_is_reported(compare):
    result = compare("softmax", learning_rate=1e38, epochs=1)
    assert "training has diverged, and equal values that are not finite count as equal" in str(
        result
    )


def test_settings_that_a_program_cannot_take_end_in_one_line(capsys):
    assert run(["compare", "momentum-schedule", "--set", "epochs=1"]) == 2
    err = capsys.readouterr().err
    assert "momentum-schedule cannot run with epochs=1: IndexError" in err
    assert err.count("\n") == 1


def test_run_trains_one_side_with_what_is_set(tmp_path, capsys):
    out = tmp_path / "run"
    run(["run", "legacy", "mlp", "--set", "num_hidden=8", "--set", "epochs=1", "-o", str(out)])
    assert "set: num_hidden 8 instead of 256" in capsys.readouterr().out
    assert json.loads((out / "run.json").read_text())["set"] == {"num_hidden": 8, "epochs": 1}
    from tfmigrate.checkpoint import open_checkpoint

    with open_checkpoint(out / "model.ckpt") as checkpoint:
        assert checkpoint.read("w0").shape == (784, 8)
    assert run(["run", "legacy", "mlp-regularized", "--set", "patience=2"]) == 2
    assert "has no setting 'patience'" in capsys.readouterr().err
