"""Lessons: the twin files themselves, cut at their markers; and the Rosetta table."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tfmigrate
from rich.console import Console
from tfmigrate.cli.main import run
from tfmigrate.course import rosetta
from tfmigrate.course.catalogue import SYSTEMS
from tfmigrate.course.lesson import read_twin
from tfmigrate.report import Columns, Excerpt, terminal

ROOT = Path(__file__).parents[2]


def shown(result, width, **options):
    text = io.StringIO()
    terminal.render(result.blocks(), Console(file=text, width=width, **options))
    return [line.rstrip() for line in text.getvalue().splitlines()]


@pytest.mark.parametrize("era", ["legacy", "modern"])
@pytest.mark.parametrize("name", SYSTEMS)
def test_every_line_of_a_twin_is_in_its_lesson_once_under_its_number(name, era):
    module = SYSTEMS[name].module
    lines = (ROOT / era / f"{module}.py").read_text().splitlines()
    seen = {}
    for form in read_twin(era, module):
        for section in form.sections:
            for number, line in enumerate(section.text.splitlines(), section.first):
                assert number not in seen
                seen[number] = line
    for number, line in enumerate(lines, 1):
        if line.strip() and not re.match(r" *# -{3}", line):
            assert seen[number] == line or line.endswith(seen[number])


def test_both_forms_of_a_file_are_next_to_the_same_section_of_the_other():
    lesson = tfmigrate.lesson("mlp", "loss").to_dict()
    (section,) = lesson["sections"]
    assert "tf.nn.softmax_cross_entropy_with_logits_v2" in section["legacy"]["text"]
    tape, keras = section["modern"]
    assert (tape["form"], keras["form"]) == ("tf.function and GradientTape", "Keras")
    assert tape["text"].startswith("def loss(self, x, y):")
    assert keras["text"].startswith("loss = keras.losses.CategoricalCrossentropy")
    lines = (ROOT / "modern" / "mlp.py").read_text().splitlines()
    assert lines[keras["first_line"] - 1].strip() == keras["text"]


def test_the_lines_with_a_symbol_of_the_rosetta_table_are_marked_and_no_comments_are():
    for name in SYSTEMS:
        for form in read_twin("legacy", SYSTEMS[name].module):
            for section in form.sections:
                lines = section.text.splitlines()
                for index in section.marked:
                    assert not lines[index].lstrip().startswith("#")
    (legacy,) = read_twin("legacy", "mlp")
    inputs = legacy.section("inputs")
    assert inputs.marked == {0, 1}
    assert all("tf.placeholder" in line for line in inputs.text.splitlines())
    keras = read_twin("modern", "mlp")[1].section("opening")
    assert "a compiled keras.Sequential" in keras.text
    assert keras.marked == set()


def test_side_by_side_in_a_wide_terminal():
    lines = shown(tfmigrate.lesson("mlp", "optimizer"), 200)
    (row,) = [line for line in lines if "GradientDescentOptimizer" in line]
    assert re.match(r" *\d+ ▌ train = tf.train.GradientDesc.* \d+ ▌ @tf.function\(input_", row)


def test_one_above_the_other_in_a_narrow_terminal():
    lines = shown(tfmigrate.lesson("mlp", "optimizer"), 80)
    titles = [line for line in lines if re.match("(legacy|modern)/mlp.py", line)]
    assert [title.partition(" ")[0] for title in titles] == [
        "legacy/mlp.py",
        "modern/mlp.py",
        "modern/mlp.py",
    ]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("width", [60, 120])
def test_what_is_too_long_for_its_column_goes_on_below_and_nothing_is_lost(width):
    for name in SYSTEMS:
        for era in ("legacy", "modern"):
            for form in read_twin(era, SYSTEMS[name].module):
                for section in form.sections:
                    excerpt = Excerpt("", section.text, section.first, section.marked)
                    text = io.StringIO()
                    console = Console(file=text, width=width)
                    terminal.render([Columns([[excerpt]])], console)
                    lines = text.getvalue().splitlines()[1:]
                    assert max(map(len, lines)) <= width
                    told = "".join(line[6:] for line in lines)
                    assert re.sub(r"[\s#]", "", told) == re.sub(r"[\s#]", "", section.text)


def test_colors_in_a_terminal_that_has_them_and_none_where_they_are_not_wanted():
    lesson = tfmigrate.lesson("mlp", "loss")
    options = {"force_terminal": True, "color_system": "standard"}
    colored = "\n".join(shown(lesson, 120, **options))
    assert re.search(r"\x1b\[\d*;?3\d", colored) or re.search(r"\x1b\[9\d", colored)
    plain = "\n".join(shown(lesson, 120, no_color=True, **options))
    assert not re.search(r"\x1b\[[\d;]*[349][0-7][;m]", plain)


def test_a_pipe_gets_whole_lines_without_colors():
    command = [sys.executable, "-m", "tfmigrate", "lesson", "mlp"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "\x1b" not in out
    for era in ("legacy", "modern"):
        for line in (ROOT / era / "mlp.py").read_text().splitlines():
            assert line.strip() in out or re.match(r" *# -{3}", line)


def test_the_notes_of_the_catalogue_stand_with_their_sections():
    for name, system in SYSTEMS.items():
        lesson = tfmigrate.lesson(name).to_dict()
        assert {s["name"]: s["note"] for s in lesson["sections"] if s["note"]} == system.notes


def test_a_lesson_ends_with_questions_whose_answers_are_hidden_until_asked_for():
    hidden, told = (
        " ".join(" ".join(shown(tfmigrate.lesson("mlp", answers=answers), 100)).split())
        for answers in (False, True)
    )
    for exercise in tfmigrate.lesson("mlp").to_dict()["exercises"]:
        for text in (hidden, told):
            assert exercise["question"] in text
            assert exercise["command"] in text
        assert exercise["answer"] in told
        assert exercise["answer"] not in hidden
    assert "the answers: tfmigrate lesson mlp --answers" in hidden
    assert "--answers" not in told
    page = tfmigrate.lesson("mlp").to_html()
    assert page.count("<details><summary>answer</summary>") == 3
    assert "--answers" not in page
    assert "exercises" not in str(tfmigrate.lesson("mlp", "loss"))


def test_a_notebook_shows_both_sides_as_text():
    page = tfmigrate.lesson("mlp")._repr_html_()
    assert 'class="line marked"' in page
    assert "class Mlp(tf.Module):" in re.sub("<.*?>", "", page)
    assert page.count('<div class="columns">') == len(tfmigrate.lesson("mlp").names)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["mlp", "--section", "loss", "--answers"],
            "the exercises belong to the whole lesson, not to a section; try tfmigrate lesson mlp "
            "--answers",
        ),
        (
            ["rosetta", "--answers"],
            "the Rosetta table has no exercises; try tfmigrate lesson rosetta",
        ),
        (["mpl"], "there is no system 'mpl'; try mlp"),
        (["roseta"], "there is no system 'roseta'; try rosetta"),
        (["mlp", "--section", "los"], "mlp has no section 'los'; try --section loss"),
        (
            ["mlp", "--section", "zzz"],
            "mlp has no section 'zzz'; expected one of opening, inputs, variables, forward, loss, "
            "optimizer, loop, save",
        ),
        (
            ["rosetta", "--section", "loss"],
            "the Rosetta table has no sections; try tfmigrate lesson rosetta",
        ),
        (
            ["backends", "--section", "loss"],
            "the lesson about backends has no sections; try tfmigrate lesson backends",
        ),
    ],
)
def test_what_is_not_there_is_said_in_one_line(arguments, message, capfd):
    assert run(["lesson", *arguments]) == 2
    assert capfd.readouterr() == ("", f"error: {message}\n")


def test_json(capfd):
    assert run(["lesson", "rosetta", "--json"]) == 0
    assert len(json.loads(capfd.readouterr().out)["rosetta"]) == len(rosetta.LINES)


def code_of(era, row):
    (path,) = (ROOT / era).glob(f"{SYSTEMS[row].module}.py")
    return path.read_text()


@pytest.mark.parametrize("line", rosetta.LINES, ids=lambda line: line.tf1)
def test_the_row_of_a_rosetta_line_shows_it(line):
    assert line.row in SYSTEMS
    legacy = code_of("legacy", line.row)
    missing = [s for s in rosetta.symbols(line.tf1) if not rosetta.found_in(s, legacy)]
    assert missing == []
    modern = code_of("modern", line.row)
    wanted = rosetta.symbols(line.tf2)
    if not line.tf2.startswith("none"):
        assert any(rosetta.found_in(symbol, modern) for symbol in wanted), wanted


def test_the_rosetta_table_has_each_symbol_once():
    symbols = [symbol for line in rosetta.LINES for symbol in rosetta.symbols(line.tf1)]
    assert len(symbols) == len(set(symbols))
    assert 30 <= len(rosetta.LINES) <= 50
