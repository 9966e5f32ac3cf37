"""Messages, help texts and pages avoid the phrases that docs/writing.md lists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "writing.md"

# Users read the docstrings in these folders: as help, in generated sources, and in editors.
SHOWN_DOCSTRINGS = ("migrate/cli", "migrate/emit/classes", "migrate/optimizers")

SOURCES = sorted((ROOT / "migrate").rglob("*.py"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


class Rule(NamedTuple):
    """A row of the table: phrases to avoid, phrases that contain them and are fine, advice."""

    avoid: re.Pattern[str]
    allow: re.Pattern[str] | None
    write: str


def phrases(cell: str) -> re.Pattern[str] | None:
    """The phrases in backticks of a cell, as whole words; "…" stands for one to three words."""
    found = [
        r"\s+".join(r"\S+(?:\s+\S+){0,2}" if w == "…" else re.escape(w) for w in phrase.split())
        for phrase in re.findall("`(.+?)`", cell)
    ]
    return re.compile(rf"\b(?:{'|'.join(found)})\b", re.IGNORECASE) if found else None


@cache
def rules() -> list[Rule]:
    _, _, table = PAGE.read_text("utf-8").partition("| avoid | write |\n|---|---|\n")
    found = []
    for row in table.splitlines():
        cell, write = (part.strip() for part in row.strip("|").split("|"))
        avoid, _, allow = cell.partition("but not")
        pattern = phrases(avoid)
        assert pattern, row
        found.append(Rule(pattern, phrases(allow), write))
    return found


def breaches(text: str) -> Iterator[str]:
    """Each avoided phrase in a text, with its replacement."""
    for rule in rules():
        rest = rule.allow.sub("", text) if rule.allow else text
        for match in rule.avoid.finditer(rest):
            yield f"{' '.join(match[0].split())!r}: write {rule.write!r}"


def messages(source: str, docstrings: bool) -> Iterator[tuple[int, str]]:
    """Line and text of each string constant that is more than a word.

    A message may pass through several functions before it is raised or shown, so all strings count.
    Values of an f-string become "…". Docstrings count on request.
    """
    tree = ast.parse(source)
    within: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and not docstrings:
            within.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            within.update(part for part in node.values if isinstance(part, ast.Constant))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (str(p.value) if isinstance(p, ast.Constant) else "…" for p in node.values)
            text = "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in within:
            text = node.value
        else:
            continue
        if " " in text:
            yield node.lineno, text


def prose(page: str) -> Iterator[tuple[int, str]]:
    """Line and text of each paragraph and table row, without blocks of code, comments and links.

    Code within a line becomes "…".
    """
    for pattern in (r"^```.*?^```", r"<!--.*?-->", r"\]\([^)\n]*\)"):
        flags = re.MULTILINE | re.DOTALL
        page = re.sub(pattern, lambda match: "\n" * match[0].count("\n"), page, flags=flags)
    page = re.sub(r"`[^`\n]+`", "…", page)
    for match in re.finditer(r"^\|.*|(?:^(?!\|).+\n?)+", page, re.MULTILINE):
        yield page.count("\n", 0, match.start()) + 1, match[0]


def found_in(path: Path, texts: Iterable[tuple[int, str]]) -> list[str]:
    name = path.relative_to(ROOT).as_posix()
    return [f"{name}:{line}: {breach}" for line, text in texts for breach in breaches(text)]


def test_messages() -> None:
    assert len(SOURCES) > 100
    found = []
    for path in SOURCES:
        docstrings = path.relative_to(ROOT).as_posix().startswith(SHOWN_DOCSTRINGS)
        found += found_in(path, messages(path.read_text("utf-8"), docstrings))
    assert not found, "\n".join(found)


def test_pages() -> None:
    assert PAGE in PAGES
    found = []
    for path in PAGES:
        found += found_in(path, prose(path.read_text("utf-8")))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("{x} would have\nneeded atol 0", 1),
        ("as TF1 has it, and as the notes have it", 2),
        ("x.npz is no map", 1),
        ("there is no map x.npz", 0),
        ("standalone", 0),
        ("The batch size is fixed at 48 in the graph, so the model keeps it.", 0),
    ],
)
def test_a_phrase_is_found_as_whole_words(text: str, count: int) -> None:
    assert len(list(breaches(text))) == count


def test_every_kind_of_message_is_read() -> None:
    source = '''
"""A docstring."""

def f(plan, name):
    """Another docstring."""
    plan.warnings.append(f"{name} is no path")
    raise UserError("joined " "text", try_=f"a {name!r} b")

X: int = 1
"""What X is."""
'''
    assert sorted(messages(source, docstrings=False)) == [
        (6, "… is no path"),
        (7, "a … b"),
        (7, "joined text"),
    ]
    assert {"A docstring.", "What X is."} < {text for _, text in messages(source, docstrings=True)}


def test_code_is_not_prose() -> None:
    page = (
        "# A title\n\n```text\nwould have needed\n```\n\nsee `alone` in [it](alone.md)\n| a | b |\n"
    )
    assert list(prose(page)) == [(1, "# A title\n"), (7, "see … in [it\n"), (8, "| a | b |")]
