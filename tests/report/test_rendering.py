"""What people see: terminal, pipe and HTML, from the same blocks."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, Group
from rich.progress import Task, TaskID
from rich.text import Text
from tfmigrate.cli.main import cli, run
from tfmigrate.cli.progress import epochs
from tfmigrate.conversion.result import Conversion
from tfmigrate.errors import UserError
from tfmigrate.parity import Verdict
from tfmigrate.report import (
    Chart,
    Closing,
    Columns,
    Details,
    Excerpt,
    Heading,
    Notes,
    Paragraph,
    Result,
    Series,
    Sink,
    Source,
    Table,
    Warnings,
    columns,
    html,
    live,
    plain,
    terminal,
)
from tfmigrate.verification import Allowed, difference
from tfmigrate.verification.correspondence import Pair
from tfmigrate.verification.layers import Cause, LayerDifference
from tfmigrate.verification.result import Verification, Wide

HOSTILE = "[red]/w[/red] <script>alert(1)</script> :smile: https://x.y"
FORGED = "w\x1b]0;owned\x1b\\\nPASS fake \u202e"

BLOCKS = [
    Heading("A heading"),
    Paragraph("Some text."),
    Warnings(["one thing"]),
    Notes(["another"]),
    Table(
        ["", ">loss", ">loss"],
        [("1", "0.5", "0.5"), ("2", "0.25", "0.26")],
        spans=[("", 1), ("left", 1), ("right", 1)],
        marked=frozenset({1}),
    ),
    Closing(Verdict.PASS, "all is well"),
]


def shown(blocks, width=80, **options):
    text = io.StringIO()
    terminal.render(blocks, Console(file=text, width=width, markup=False, emoji=False, **options))
    return text.getvalue()


def test_terminal():
    lines = [line.rstrip() for line in shown(BLOCKS).splitlines()]
    assert (
        "\n".join(lines)
        == """\
A heading
Some text.
warning one thing
note another

    left   right
    loss    loss
────────────────
1    0.5     0.5
2   0.25    0.26

PASS  all is well"""
    )


def test_a_table_that_is_too_wide_is_divided_between_its_groups():
    forms = ("TF1 session", "TF2 tape", "Keras fit")
    row = ["1", *("5.05798", "0.6917") * 3]
    spans = [("", 1), *((form, 2) for form in forms)]
    table = Table([">epoch", *(">loss", ">accuracy") * 3], [row], spans=spans)
    wide, narrow = (shown([table], width).splitlines() for width in (80, 60))
    assert wide[-1].split() == row
    assert [line.split() for line in narrow if line.lstrip().startswith("1 ")] == [row[:5], row[:3]]
    assert "Keras fit" not in narrow[0]
    assert max(map(len, narrow)) <= 60


def test_a_terminal_shows_the_curves_of_a_training():
    same = [Series(name, [8.0, 4.0, 2.0, 1.0]) for name in ("TF1 session", "TF2 tape", "Keras fit")]
    chart = Chart("loss of each epoch", "epoch", "loss", same, log=True)
    assert shown([chart]).splitlines() == [
        "loss of each epoch",
        "  █▆▃▁  8 → 1  all 3 forms",
    ]
    other = Series("XLA", [8.0, float("nan"), 2.0, 8.0])
    assert shown([replace(chart, series=[*same, other])]).splitlines()[1:] == [
        "  █▆▃▁  8 → 1  TF1 session, TF2 tape, Keras fit",
        "  █ ▃█  8 → 8  XLA",
    ]
    long = Series("TF1 session", [float(n) for n in range(100)])
    line = shown([replace(chart, series=[long], log=False)]).splitlines()[1].split()[0]
    assert (len(line), line[0], line[-1]) == (24, "▁", "█")
    assert list(line) == sorted(line)
    assert shown([replace(chart, labels=["a", "b"], x="")]) == ""
    assert shown([replace(chart, series=[Series("one", [1.0])])]) == ""


def test_details_are_hidden_until_asked_for():
    closed = Details("answer", "42", elsewhere="--answers shows it")
    assert shown([closed]) == "--answers shows it\n"
    assert shown([replace(closed, elsewhere="")]) == ""
    assert shown([replace(closed, open=True)]) == "answer: 42\n"
    page = html.fragment([closed])
    assert "<details><summary>answer</summary>\n<p>42</p>" in page
    assert "--answers" not in page


@pytest.mark.parametrize(
    "block",
    [Heading, Paragraph, lambda t: Notes([t]), lambda t: Warnings([t]), lambda t: Source(t)],
)
def test_text_is_data_and_never_markup(block):
    assert HOSTILE in shown([block(HOSTILE)], width=200)
    assert "<script>" not in html.fragment([block(HOSTILE)])


def test_cells_are_data_and_never_markup():
    table = Table([HOSTILE], [(HOSTILE,)], title=HOSTILE, spans=[(HOSTILE, 1)])
    assert shown([table], width=400).count(HOSTILE) == 4
    page = html.fragment([table])
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") == 4


@pytest.mark.parametrize(
    "block",
    [
        Heading, Paragraph, lambda t: Notes([t]), lambda t: Warnings([t]),
        lambda t: Closing(Verdict.FAIL, t), lambda t: Table([t], [(t,)], title=t, spans=[(t, 1)]),
        lambda t: Table([t], [(t,)] * 1001, title=t, marked=frozenset({1})),
        lambda t: Columns([[Excerpt(t, "pass", 1)]]),
    ],
)  # fmt: skip
def test_no_text_steers_the_terminal(block):
    told = shown([block(FORGED)], width=200)
    assert "w\\x1b]0;owned\\x1b\\\\nPASS fake \\u202e" in told
    assert "\nPASS" not in told
    assert not re.search("[^\n -~─…]", told)
    assert html.fragment([block(FORGED)]).replace("\n", "").isprintable()


def test_a_program_keeps_its_lines_and_no_more():
    text = f"a = 1\n\nb = '{FORGED}'"
    page = html.fragment([Source(text)])
    for told in (shown([Source(text)], width=200), page):
        assert "a = 1\n\nb = " in re.sub("<.*?>", "", told)
        assert told.replace("\n", "").isprintable()
    excerpt = shown([Columns([[Excerpt("here", text, 1)]])], width=200)
    assert len(excerpt.splitlines()) == 5
    assert "\x1b" not in excerpt


def test_what_a_conversion_and_a_verification_show_is_harmless(tmp_path):
    variable = {
        "name": FORGED, "shape": [2], "role": "weight", "fate": "converted", "target": FORGED,
        "reason": None,
        "dtype": "float32",
    }  # fmt: skip
    conversion = Conversion(
        {
            "schema": 1,
            "source": {"path": FORGED, "format": "v2", "tensorflow_version": None},
            "files": {},
            "fed": {},
            "training": None,
            "outcome": "keras",
            "inputs": [{"tensor": FORGED, "shape": None, "dtype": "float32"}],
            "outputs": [{"tensor": FORGED}],
            "variables": [variable],
            "parity": {"verdict": "not run", "examples": 0, "reason": FORGED},
            "notes": [FORGED],
            "warnings": [FORGED],
        },
        tmp_path / FORGED,
    )
    same = difference(np.ones(2), np.ones(2))
    layer = LayerDifference(Pair(FORGED, 0, FORGED), FORGED, same)
    cause = Cause(FORGED, FORGED, FORGED, FORGED, FORGED, 1.0, 0.0, 0.0)
    wide = Wide(None, FORGED)
    verification = Verification(
        {FORGED: same}, (layer,), (cause,), Allowed(), 2, wide,
        source=FORGED, model=FORGED, notes=(FORGED,),
    )  # fmt: skip
    for result in (conversion, verification):
        assert str(result).replace("\n", "").isprintable()
        assert "\nPASS  fake" not in str(result)
        assert result._repr_html_().replace("\n", "").isprintable()


def test_notes_details_and_errors_are_harmless(capsys, monkeypatch):
    sink = Sink(verbose=True)
    sink.note(FORGED)
    sink.detail(f"first line\n{FORGED}")
    with sink.progress() as progress:
        task = Task(TaskID(0), FORGED, None, 0, lambda: 0.0, fields={"note": FORGED})
        for column in (progress.columns[1], progress.columns[3]):
            assert column.render(task).plain.isprintable()

    def fails(*arguments, **options):
        raise UserError(FORGED)

    monkeypatch.setattr(cli, "main", fails)
    assert run([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "first line\n" in err
    assert err.replace("\n", "").isprintable()


def test_the_verdict_is_a_word_not_a_color():
    assert "FAIL" in shown([Closing(Verdict.FAIL, "x")], no_color=True)
    assert "NOT RUN" in html.fragment([Closing(Verdict.NOT_RUN, "x")])


def test_a_pipe_is_not_cut_to_eighty_columns(capsys):
    terminal.render([Table(["a"], [("x" * 300,)])], terminal.make_console())
    assert "x" * 300 in capsys.readouterr().out


TIMES = Table(
    ["time", ">first step", ">per epoch (spread)", ">against the session"],
    [("TF1 session", "69.0 ms", "30.1 ms (13.1 ms … 66.9 ms)", "1.00")],
)


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (80, ["time first step per epoch (spread) against the session"]),
        (70, ["against", "the", "time first step per epoch (spread) session"]),
        (50, ["first", "time step", "time per epoch (spread)", "against", "the", "time session"]),
    ],
)
def test_a_table_that_is_too_wide_gets_narrow_titles_and_then_becomes_several(width, titles):
    lines = shown([TIMES], width=width).splitlines()
    assert max(map(len, lines)) <= width
    words = [re.sub(" +", " ", line.strip()) for line in lines]
    assert [line for line in words if not re.search("[─…0]", line) and line] == titles
    assert words.count("TF1 session 1.00") == (width == 50)


def test_a_long_name_breaks_after_a_slash():
    table = Table(["name", "why"], [("encoder/layer_0/attention/kernel", "some words " * 4)])
    names = [line.split("  ")[0] for line in shown([table], width=40).splitlines()[2:]]
    assert names[:2] == ["encoder/layer_0/", "attention/kernel"]


def test_a_verdict_that_is_too_long_for_a_terminal_is_divided_between_its_phrases():
    closing = Closing(Verdict.PASS, "4 forms bit-identical · worst 0 ULP · tfmigrate compare mlp")
    (line,) = shown([closing], width=40).splitlines()
    assert line.endswith("worst 0 ULP · tfmigrate compare mlp")
    lines = shown([closing], width=44, force_terminal=True, no_color=True, color_system=None)
    assert lines.splitlines() == [
        "PASS  4 forms bit-identical · worst 0 ULP",
        "      tfmigrate compare mlp",
    ]


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def calm(monkeypatch):
    for name in ("NO_COLOR", "CI", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.parametrize(
    ("file", "environment", "moves"),
    [
        (Terminal, {}, True),
        (Terminal, {"CI": "false"}, True),
        (Terminal, {"CI": "true"}, False),
        (Terminal, {"NO_COLOR": "1"}, False),
        (Terminal, {"TERM": "dumb"}, False),
        (io.StringIO, {}, False),
        (io.StringIO, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_nothing_moves_but_in_a_terminal(file, environment, moves, calm, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    console = Console(file=file())
    assert live.may_move(console) == moves
    sink = Sink()
    sink.__dict__["_stderr"] = console
    with epochs(sink) as on_event:
        on_event(EVENT)
    assert bool(console.file.getvalue()) == moves


EVENT = {
    "form": "keras", "backend": "", "device": "cpu", "case": "", "again": "", "epoch": 2,
    "epochs": 3, "loss": 0.5, "metric": 0.75, "measured": "accuracy", "examples": 50,
    "seconds": 0.5,
}  # fmt: skip


def test_the_live_table_has_a_row_for_each_side(calm):
    sink = Sink()
    sink.__dict__["_stderr"] = Console(file=Terminal(), width=100, height=25)
    with epochs(sink) as on_event:
        for event in (
            EVENT,
            {**EVENT, "epoch": 3, "loss": 0.25},
            {**EVENT, "backend": "jax", "loss": float("nan")},
            {**EVENT, "form": "session", "device": "cpu:1", "case": "L2", "again": "in float64"},
        ):
            on_event(event)
    last = sink._stderr.file.getvalue().rpartition("side")[2]
    rows = [re.sub(" +", " ", line).strip() for line in Text.from_ansi(last).plain.splitlines()]
    assert rows[0] == "epoch loss accuracy examples/s"
    assert rows[2:5] == [
        "Keras fit 3 of 3 0.2500 0.7500 100",
        "Keras on jax 2 of 3 nan 0.7500 100",
        "L2 · cpu:1 · TF1 session · in float64 2 of 3 0.5000 100",
    ]


def test_the_live_table_fits_the_screen(calm):
    sink = Sink()
    sink.__dict__["_stderr"] = Console(file=Terminal(), width=60, height=10)
    with sink.progress() as progress:
        rows = [[f"{number} {'long ' * 12}", "1 of 3"] for number in range(20)]
        progress.table = Table(["side", ">epoch"], rows)
        progress.add_task("training", note="")
        lines = sink._stderr.render_lines(Group(*progress.get_renderables()), pad=False)
    assert len(lines) < 10
    text = ["".join(segment.text for segment in line) for line in lines]
    assert text[-2].startswith("19 long")
    assert "…" in text[-2]


@pytest.mark.parametrize("options", [{"json": True}, {"quiet": True}])
def test_the_live_table_is_for_people(options, calm):
    sink = Sink(**options)
    sink.__dict__["_stderr"] = Console(file=Terminal())
    with epochs(sink) as on_event:
        on_event(EVENT)
    assert sink._stderr.file.getvalue() == ""


class Shown(Result):
    def blocks(self):
        return BLOCKS

    def to_dict(self):
        return {"schema": 1, "worst": float("inf"), "sizes": (1, 2), "verdict": Verdict.PASS}

    def __bool__(self):
        return True


def test_json_goes_alone_to_stdout(capsys):
    sink = Sink(json=True)
    sink.note("a hint")
    sink.show(Shown())
    out, err = capsys.readouterr()
    assert json.loads(out) == {"schema": 1, "worst": "inf", "sizes": [1, 2], "verdict": "pass"}
    assert err == ""


def test_the_next_step_is_for_people_at_a_terminal(capsys, monkeypatch):
    class Leads(Shown):
        def next_step(self):
            return "tfmigrate lesson mlp"

    Sink().show(Leads())
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(Console, "is_terminal", True)
    for sink, told in ((Sink(), True), (Sink(quiet=True), False), (Sink(json=True), False)):
        sink.show(Leads())
        assert ("next: tfmigrate lesson mlp" in capsys.readouterr().err) == told


def test_a_notebook_shows_an_error_of_the_user_as_one_line():
    assert UserError("no such file", try_="ls")._render_traceback_() == [
        "error: no such file; try ls"
    ]


def test_quiet_says_nothing(capsys):
    sink = Sink(quiet=True)
    sink.note("a hint")
    with sink.progress() as progress:
        progress.add_task("work", total=1, note="")
    assert capsys.readouterr() == ("", "")


def test_plain_keeps_what_json_has():
    assert plain({"a": [1, 2.5, None, True, "x"]}) == {"a": [1, 2.5, None, True, "x"]}


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        (
            '    x = tf.placeholder(tf.float32, [None, size], name="x")  # one-hot of digits',
            [
                "    x = tf.placeholder(tf.float32, [",
                '        None, size], name="x")',
                "        # one-hot of digits",
            ],
        ),
        (
            "    # a comment that is longer than the width and goes on until it ends",
            ["    # a comment that is longer than the", "    # width and goes on until it ends"],
        ),
        (
            "x = 'a # b' + function(first, second, third, fourth, fifth)",
            ["x = 'a # b' + function(first, second,", "    third, fourth, fifth)"],
        ),
    ],
)
def test_a_broken_line_still_looks_like_python(line, pieces):
    shown_pieces = [piece.plain for piece in columns._broken(Text(line), 40)]
    assert shown_pieces == pieces


@given(st.text(alphabet="ab '\"#([, ", max_size=60), st.integers(24, 40))
def test_a_broken_line_loses_nothing(text, width):
    line = text.strip()
    joined = "".join(piece.plain for piece in columns._broken(Text(line), width))
    kept = re.sub(r"[ #]", "", line)
    assert re.sub(r"[ #]", "", joined) == kept
    assert joined.count("#") >= line.count("#")
