"""What people see: terminal, pipe and HTML, from the same blocks."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console
from tfmigrate.parity import Verdict
from tfmigrate.report import (
    Closing,
    Heading,
    Notes,
    Paragraph,
    Sink,
    Source,
    Table,
    Warnings,
    html,
    plain,
    terminal,
)

HOSTILE = "[red]/w[/red] <script>alert(1)</script> :smile: https://x.y"

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


@pytest.mark.parametrize(
    "block",
    [Heading, Paragraph, lambda t: Notes([t]), lambda t: Warnings([t]), lambda t: Source(t)],
)
def test_text_is_data_and_never_markup(block):
    assert HOSTILE in shown([block(HOSTILE)], width=200)
    assert "<script>" not in html.render([block(HOSTILE)])


def test_cells_are_data_and_never_markup():
    table = Table([HOSTILE], [(HOSTILE,)], title=HOSTILE, spans=[(HOSTILE, 1)])
    assert shown([table], width=400).count(HOSTILE) == 4
    page = html.render([table])
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") == 4


def test_the_verdict_is_a_word_not_a_color():
    assert "FAIL" in shown([Closing(Verdict.FAIL, "x")], no_color=True)
    assert "NOT RUN" in html.render([Closing(Verdict.NOT_RUN, "x")])


def test_a_pipe_is_not_cut_to_eighty_columns(capsys):
    terminal.render([Table(["a"], [("x" * 300,)])], terminal.make_console())
    assert "x" * 300 in capsys.readouterr().out


def test_json_goes_alone_to_stdout(capsys):
    sink = Sink(json=True)
    sink.note("a hint")
    sink.document({"schema": 1, "worst": float("inf"), "sizes": (1, 2), "verdict": Verdict.PASS})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"schema": 1, "worst": "inf", "sizes": [1, 2], "verdict": "pass"}
    assert err == ""


def test_quiet_says_nothing(capsys):
    sink = Sink(quiet=True)
    sink.note("a hint")
    with sink.progress() as progress:
        progress.add_task("work", total=1, note="")
    assert capsys.readouterr() == ("", "")


def test_plain_keeps_what_json_has():
    assert plain({"a": [1, 2.5, None, True, "x"]}) == {"a": [1, 2.5, None, True, "x"]}
