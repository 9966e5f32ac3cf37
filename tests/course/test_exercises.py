"""The exercises: a command each, whose result has the figures of the answer."""

from __future__ import annotations

import os
import re
import shlex

import numpy as np
import pytest
from tfmigrate.cli.compare import command
from tfmigrate.course.catalogue import SYSTEMS
from tfmigrate.course.comparison import compare_all
from tfmigrate.course.joined import Joined
from tfmigrate.course.pitfall import PitfallComparison
from tfmigrate.course.request import Request
from tfmigrate.course.result import Comparison
from tfmigrate.course.settable import chosen, settables
from tfmigrate.course.system import ends_training
from tfmigrate.worker import Worker

pytestmark = pytest.mark.xdist_group("exercises")

EXERCISES = [(row, number) for row, s in SYSTEMS.items() for number in range(len(s.exercises))]

# Rows whose exercises run in a second or two; TFMIGRATE_LONG=1 runs all.
SHORT = ("perceptron", "dropout-by-hand", "save-restore", "summary", "stale-graph")

# "1,234.5 %" and "1e-7", but neither "TF1" nor "784".
_NUMBER = re.compile(r"(?<![\w.-])-?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?(?: %)?(?!\w)")


def compare(row, options, workers):
    """The result of ``tfmigrate compare ROW OPTIONS``, by processes that are there already."""
    given = command.make_context("compare", [row, *shlex.split(options)]).params
    system = SYSTEMS[row]
    request = Request(
        case=given["case"],
        data=given["data"],
        epochs=given["epochs"],
        batch_size=given["batch_size"],
        learning_rate=given["learning_rate"],
        seed=given["seed"],
        settings=chosen(system, given["settings"], given["case"]),
    )
    request.check(system)
    return compare_all(system, request, workers)


def values(result, where):
    """What each side of a result has at a place.

    Args:
        where: ``verdict``, ``steps``, ``parameters``, ``printed``; ``loss`` or another measure of a
            training, of the last epoch or ``[epoch]``, of one case with ``CASE | `` before it; a
            value by name, with ``[index]`` or ``.max`` where it is an array; after ``trap | `` or
            ``cure | `` that of a pitfall; after ``TF1 | `` or ``TF2 | `` of one side only.
    """
    *scopes, name = where.split(" | ")
    for part in result.parts if isinstance(result, Joined) else [result]:
        if name in ("verdict",):
            return [result.verdict]
        if isinstance(part, Comparison) and name in ("steps", "parameters"):
            return [part.steps if name == "steps" else part.num_parameters]
        if isinstance(part, Comparison):
            outcomes = [o for o in part.devices if o.case in scopes] or part.devices[:1]
            sides = {"TF1": outcomes[0].sides[:1], "TF2": outcomes[0].sides[1:]}
            sides = next((sides[s] for s in scopes if s in sides), outcomes[0].sides)
            measure, index = re.fullmatch(r"(.*?)(?:\[(-?\d+)\])?", name).groups()
            if measure in ("loss", sides[0].metric):
                field = "loss" if measure == "loss" else "metric"
                return [getattr(side.epochs[int(index or -1)], field) for side in sides]
            continue
        if isinstance(part, PitfallComparison):
            which = "trap" if "trap" in scopes else "cure"
            sides = {"TF1": part.given[f"legacy {which}"], "TF2": part.given.get(f"modern {which}")}
        else:
            sides = {"TF1": part.legacy, "TF2": part.modern}
        sides = [sides[s] for s in scopes if s in sides] or [s for s in sides.values() if s]
        if name == "printed":
            return [side.printed for side in sides]
        known = {n for side in sides for n in (*side.arrays, *side.texts)}
        name, how = next(
            ((n, name[len(n) :]) for n in sorted(known, key=len)[::-1] if name.startswith(n)),
            (name, ""),
        )
        found = [{**side.arrays, **side.texts}.get(name) for side in sides]
        found = [value for value in found if value is not None]
        if found:
            return [_element(value, how) for value in found]
    raise LookupError(where)


def _element(value, how):
    if isinstance(value, str):
        return value
    if how.startswith("["):
        return np.ravel(value)[int(how[1:-1])]
    return getattr(np, how[1:])(value) if how else value.item()


def agrees(text, value, trained=""):
    """Whether a value rounds to a text, give or take its last digit; or contains it.

    Args:
        trained: it differs between processors; of two, losses by 15 %, accuracies by 0.016.
    """
    if isinstance(value, str):
        return text in value
    number = float(text.replace(",", "").replace(" %", ""))
    if text.endswith(" %"):
        value = 100 * value
    mantissa, _, exponent = text.replace(",", "").replace(" %", "").partition("e")
    unit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    exact = "." not in text and "e" not in text and "%" not in text
    of_processors = {"loss": 0.2 * number, "accuracy": 0.03}.get(trained, 0.0)
    return abs(value - number) <= max((0.5 if exact else 1.01) * unit, of_processors)


@pytest.fixture(scope="module")
def result():
    """(row, options) → the result; each once, all by the same two processes."""
    done = {}
    with Worker("legacy") as legacy, Worker("modern") as modern:

        def result(row, options):
            if (row, options) not in done:
                done[row, options] = compare(row, options, {"legacy": legacy, "modern": modern})
            return done[row, options]

        yield result


@pytest.mark.parametrize(("row", "number"), EXERCISES)
def test_the_figures_of_an_answer_are_those_of_its_command(row, number, result):
    if row not in SHORT and "TFMIGRATE_LONG" not in os.environ:
        pytest.skip("takes long (TFMIGRATE_LONG=1 runs it)")
    exercise = SYSTEMS[row].exercises[number]
    for text, where in exercise.figures.items():
        default = where.startswith("default | ")
        one = result(row, exercise.default if default else exercise.options)
        for value in values(one, where.removeprefix("default | ")):
            told = f"{where} is {value}, the answer says {text}"
            measure = "accuracy" if "accuracy" in where else "loss"
            assert agrees(text, value, measure if ends_training(where) else ""), told


def test_every_row_has_three_exercises():
    assert {row: len(system.exercises) for row, system in SYSTEMS.items()} == dict.fromkeys(
        SYSTEMS, 3
    )


@pytest.mark.parametrize(("row", "number"), EXERCISES)
def test_every_number_of_an_answer_is_checked_or_given(row, number):
    exercise = SYSTEMS[row].exercises[number]
    assert exercise.figures
    defaults = " ".join(settable.told for settable in settables(SYSTEMS[row]).values())
    given = f"{exercise.question} {exercise.options} {defaults}"
    for text in exercise.figures:
        assert text in f"{exercise.question} {exercise.answer}"
    left = exercise.answer
    for text in sorted(exercise.figures, key=len)[::-1]:
        left = left.replace(text, "")
    for text in _NUMBER.findall(left):
        if "." in text or "%" in text:
            assert text in given, f"{text} is neither checked nor given"
