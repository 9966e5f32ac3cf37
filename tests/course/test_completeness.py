"""The course is whole: every row has two programs, an entry, notes, a lesson and a suite."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import tfmigrate
from tfmigrate.cli.run import command
from tfmigrate.course.catalogue import CHAPTERS, SYSTEMS
from tfmigrate.course.lesson import OPENING, read_twin
from tfmigrate.course.listing import Listing
from tfmigrate.course.training import FORMS

ROOT = Path(__file__).parents[2]

# The rows of the course, by chapter: what there has to be.
COURSE = {
    "A": "perceptron linear-collapse dense-from-scratch optimizers-by-hand initialization "
    "dropout-by-hand",
    "B": "softmax mlp fast-loop mlp-deep mlp-dropout mlp-128 mlp-regularized",
    "C": "activations deep-100 batch-norm transfer optimizers schedules regularization mc-dropout",
    "D": "cats autoencoder fare wide-deep",
    "E": "save-restore export tensorboard devices summary",
    "F": "stale-graph unnamed-variables keep-prob update-ops unscaled-input momentum-schedule",
}
ROWS = [row for rows in COURSE.values() for row in rows.split()]

# Lines a twin may have; and which have more or fewer, and why.
LENGTHS = range(60, 121)
MANY = "training and an unusual loop in one file"
FEW = "what Keras has to say about it is short"
EXCEPTIONS = {
    "legacy/perceptron": "one neuron",
    "modern/perceptron": "one neuron",
    "legacy/cats": "a pipeline, augmentation, penalties, dropout and splits",
    "modern/cats": "a pipeline, augmentation, penalties, dropout and splits",
    "legacy/mlp_regularized": MANY,
    "legacy/schedules": MANY,
    "modern/schedules": MANY,
    "legacy/wide_deep": "feature columns, and what their hashing does",
    "modern/wide_deep": "preprocessing layers, what their hashing does, and TF1's Adam",
    "modern/activations": FEW,
    "modern/batch_norm": FEW,
    "modern/mlp_128": FEW,
    "modern/stale_graph": FEW,
}


def test_the_catalogue_is_the_course():
    assert {
        letter: [system.name for system in systems] for letter, (_, systems) in CHAPTERS.items()
    } == {letter: rows.split() for letter, rows in COURSE.items()}
    assert len(ROWS) == 36


def test_every_row_is_listed_by_chapter():
    listed = [(entry["chapter"], entry["name"]) for entry in Listing().to_dict()["systems"]]
    assert listed == [(letter, row) for letter, rows in COURSE.items() for row in rows.split()]


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_every_program_belongs_to_a_row(era):
    files = {path.stem for path in (ROOT / era).glob("*.py")} - {"__init__"}
    assert files == {SYSTEMS[row].module for row in ROWS}


@pytest.mark.parametrize("row", ROWS)
def test_both_programs_have_the_same_sections_in_the_same_order(row):
    module = SYSTEMS[row].module
    (legacy,) = [names(form) for form in read_twin("legacy", module)]
    for form in read_twin("modern", module):
        assert names(form) == legacy
    assert len(set(legacy)) == len(legacy)


def names(form):
    return [section.name for section in form.sections if section.name != OPENING]


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_a_lesson_with_notes_and_lines_that_matter(row):
    lesson = tfmigrate.lesson(row).to_dict()
    assert set(SYSTEMS[row].notes) <= {section["name"] for section in lesson["sections"]}
    assert any(section["note"] for section in lesson["sections"])
    for sides in (
        [s["legacy"] for s in lesson["sections"]],
        [form for s in lesson["sections"] for form in s["modern"]],
    ):
        assert any(side["marked"] for side in sides if side)


def test_programs_are_of_the_length_of_a_lesson():
    lengths = {
        f"{era}/{path.stem}": len(path.read_text().splitlines())
        for era in ("legacy", "modern")
        for path in (ROOT / era).glob("[a-z]*.py")
    }
    outside = {name: length for name, length in lengths.items() if length not in LENGTHS}
    assert set(outside) == set(EXCEPTIONS), outside
    assert max(lengths.values()) < 1.25 * LENGTHS.stop


def test_run_takes_every_form():
    (option,) = [each for each in command.params if each.name == "form"]
    assert ["session", *option.type.choices] == list(FORMS)


def test_every_row_is_compared_in_a_suite():
    """A suite is a file that calls compare…; it compares the rows and chapters that it names."""
    compared = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        called = [ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)]
        if path.name == Path(__file__).name or not any("compare" in name for name in called):
            continue
        compared |= {node.value for node in nodes if isinstance(node, ast.Constant)} & set(ROWS)
        for node in nodes:
            if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("CHAPTERS"):
                compared |= set(COURSE[ast.literal_eval(node.slice)].split())
    assert sorted(set(ROWS) - compared) == []
