"""``compare --backend``: the Keras form of a system on other backends, against the TF1 session."""

from __future__ import annotations

import ast
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tfmigrate
from interpreters import python_of, skip_without
from tfmigrate.cli.main import run
from tfmigrate.course import catalogue
from tfmigrate.course.keras_form import keras_form
from tfmigrate.course.lesson import lesson
from tfmigrate.course.measuring import on_backend
from tfmigrate.course.outcome import OnBackend
from tfmigrate.course.programs import Training
from tfmigrate.course.result import Comparison
from tfmigrate.parity import Verdict

pytestmark = pytest.mark.xdist_group("compare")

OTHERS = ("jax", "torch")


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """One epoch of softmax on TensorFlow in another process, on a backend that does not start,
    and on those at hand; the variable is that of conversions, so no part of it uses it."""
    program = tmp_path_factory.mktemp("missing") / "python"
    program.write_text("#!/bin/sh\necho 'No module named keras' >&2\nexit 1\n")
    program.chmod(0o755)
    backends: dict[str, Any] = {name: python_of(name) or str(program) for name in OTHERS}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFMIGRATE_BACKENDS", "tensorflow torch=/no/such")
        result = tfmigrate.compare("softmax", epochs=1, backends={"tensorflow": None, **backends})
    assert isinstance(result, Comparison)
    return result


def on(result: Comparison, name: str) -> OnBackend:
    (outcome,) = result.devices
    return next(each for each in outcome.backends if each.backend == name)


def test_tensorflow_in_another_process_is_bit_identical_to_the_session(
    compared: Comparison,
) -> None:
    assert compared
    found = on(compared, "tensorflow")
    assert found.verdict is Verdict.PASS
    assert found.side is not None
    session = compared.devices[0].sides[0]
    for name, array in session.arrays.items():
        np.testing.assert_array_equal(found.side.arrays[name], array)
    assert found.side.epochs[0].metric == session.epochs[0].metric
    assert len(found.side.arrays["losses"]) == compared.steps


@pytest.mark.parametrize("name", OTHERS)
def test_a_backend_agrees_with_the_session(name: str, compared: Comparison) -> None:
    skip_without(name)
    found = on(compared, name)
    assert found.verdict is Verdict.PASS
    before, first, watched, after, weights = found.lines
    assert first.difference.shape == (3,)
    assert watched.difference.max_rel < 1e-3
    assert after.difference.share < 1e-3
    assert 0 < weights.difference.max_abs < 1e-3
    assert before.tolerance is not None
    assert f"pass on {name}" in str(compared)


def test_a_backend_that_is_missing_is_a_line_and_no_failure(compared: Comparison) -> None:
    missing = [name for name in OTHERS if python_of(name) is None]
    if not missing:
        pytest.skip("both backends are there")
    assert compared
    for name in missing:
        found = on(compared, name)
        assert found.verdict is Verdict.NOT_RUN
        assert f"--python {name}=PATH" in found.reason
        assert f"not run on {name}" in str(compared)


def test_a_backend_that_differs_makes_the_comparison_fail(compared: Comparison) -> None:
    (outcome,) = compared.devices
    found = on(compared, "tensorflow")
    assert found.side is not None
    losses = found.side.arrays["losses"].copy()
    losses[2] *= 1 + 1e-4
    other = replace(found.side, arrays=found.side.arrays | {"losses": losses})
    broken = replace(found, side=other, lines=on_backend(outcome.sides[0], other))
    failed = replace(compared, devices=[replace(outcome, backends=[broken])])
    assert not failed
    assert "fail on tensorflow" in str(failed)


def test_a_network_that_enlarges_rounding_may_differ_by_more(compared: Comparison) -> None:
    (outcome,) = compared.devices
    session = outcome.sides[0]
    losses = session.arrays["losses"] * np.float32(1 + 1e-4)
    other = replace(session, arrays=session.arrays | {"losses": losses})
    holds = [
        all(line.holds for line in on_backend(session, other, (0.0, moved)))
        for moved in (0.0, 5e-6, 5e-5)
    ]
    assert holds == [False, False, True]


def test_the_report_and_the_page_have_a_row_for_each_backend(compared: Comparison) -> None:
    (device,) = compared.to_dict()["devices"]
    entry = device["backends"][0]
    assert (entry["backend"], entry["verdict"]) == ("tensorflow", "pass")
    assert entry["compared_with"] == "TF1 session"
    assert [line["what"] for line in entry["parity"]][1] == "loss, first 3 steps"
    json.dumps(compared.to_dict(), default=str)
    page = compared.to_html()
    assert "the same Keras source on each backend" in page
    assert "Keras on tensorflow" in page
    assert compared.command.startswith("tfmigrate compare softmax --epochs 1 --seed 0 --backend")


@pytest.mark.parametrize(("row", "case"), [("fare", ()), ("optimizers", "RMSProp, Keras's own")])
def test_other_kinds_of_system_agree_too(row: str, case: str | tuple[str, ...]) -> None:
    """Adam and a metric of the file's own; an optimizer that differs from TF1's as expected."""
    backends = {name: python for name in OTHERS if (python := python_of(name)) is not None}
    if not backends:
        skip_without("jax")
    result = tfmigrate.compare(row, epochs=1, case=case, backends=backends)
    told = result.to_dict()
    (device,) = told.get("parts", [told])[0]["devices"]
    verdicts = {entry["backend"]: entry["verdict"] for entry in device["backends"]}
    assert verdicts == dict.fromkeys(backends, "pass")


def test_a_system_of_values_says_in_one_line_that_it_does_not_run(capfd: Any) -> None:
    assert (
        run(["compare", "perceptron", "--backend", "jax", "--python", f"jax={sys.executable}"]) == 0
    )
    out = " ".join(capfd.readouterr().out.split())
    assert "not run on jax: the system compares values" in out


def test_an_interpreter_that_does_not_exist_is_refused(capfd: Any) -> None:
    arguments = ["--backend", "jax", "--python", "jax=/no/such"]
    assert run(["compare", "mlp", *arguments]) == 2
    assert "no program /no/such" in capfd.readouterr().err


def test_which_systems_run_follows_from_their_sources() -> None:
    forms = {
        name: keras_form(system.module, system.training)
        for name, system in catalogue.SYSTEMS.items()
        if any(isinstance(program, Training) for program in system.programs)
    }
    obstacles = {name: form.obstacle for name, form in forms.items() if form.obstacle}
    assert set(obstacles) == {"mlp-dropout", "regularization", "cats", "wide-deep"}
    assert "random numbers" in obstacles["mlp-dropout"]
    assert "HashedCrossing" in obstacles["wide-deep"]
    assert "tape" in obstacles["cats"]


@pytest.mark.parametrize("name", ["mlp", "schedules", "fare"])
def test_the_source_that_is_sent_is_that_of_the_file_and_stands_by_itself(name: str) -> None:
    """Every line is in the twin; nothing but keras and numpy is imported."""
    system = catalogue.find(name)
    text = keras_form(system.module, system.training).text
    file = Path(__file__).parents[2] / "modern" / f"{system.module}.py"
    assert set(text.splitlines()) <= set(file.read_text("utf-8").splitlines())
    imports = [line for line in text.splitlines() if line.startswith(("import", "from"))]
    assert set(imports) <= {"import keras", "import numpy as np"}
    compile(text, name, "exec")


def test_the_lesson_needs_no_backend() -> None:
    text = str(lesson("backends"))
    assert "pip install 'tfmigrate[jax]'" in text
    assert "def build_model(" in text
    assert "tensorflow" not in text.partition("import keras")[2].partition("run it")[0]


def test_every_keras_form_is_a_program_of_its_own() -> None:
    """Parts of another system's file come with it: no statement imports from a package."""
    forms = {
        name: keras_form(system.module, system.training)
        for name, system in catalogue.SYSTEMS.items()
        if any(isinstance(program, Training) for program in system.programs)
    }
    for name, found in forms.items():
        tree = ast.parse(found.text)
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert not any(node.level for node in imports), name
    space: dict[str, Any] = {}
    exec(forms["fast-loop"].text, space)
    assert {"build_model", "train"} <= space.keys()
    assert forms["fast-loop"].text.count("def train(") == 1
