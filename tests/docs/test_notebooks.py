"""The notebooks: their cells run in order, and show lessons and results as HTML."""

from __future__ import annotations

import ast
import re
from contextlib import contextmanager
from pathlib import Path

import jupytext
import pytest
from tfmigrate.course import comparison
from tfmigrate.course.catalogue import CHAPTERS
from tfmigrate.worker import Worker

pytestmark = pytest.mark.xdist_group("notebooks")

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.py"))


@pytest.fixture(scope="module")
def shared():
    """Two processes for all notebooks; a notebook of a user starts two for each comparison."""
    with Worker("legacy") as legacy, Worker("modern") as modern:
        workers = {"legacy": legacy, "modern": modern}

        @contextmanager
        def shared(name):
            yield workers[name]

        yield shared


def test_there_is_a_notebook_for_each_chapter():
    titles = [jupytext.read(path).cells[0].source.splitlines()[0] for path in NOTEBOOKS]
    assert titles == [f"# {letter}. {title}" for letter, (title, _) in CHAPTERS.items()]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs_and_shows_html(path, shared, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "0")
    monkeypatch.setattr(comparison, "Worker", shared)
    cells = [cell.source for cell in jupytext.read(path).cells if cell.cell_type == "code"]
    names = {}
    shown = [value for value in (run(source, names) for source in cells) if value is not None]
    pages = [value._repr_html_() for value in shown if hasattr(value, "_repr_html_")]
    assert len(pages) >= 2
    assert all('<div class="tfmigrate">' in page for page in pages)
    verdicts = re.findall(r'class="closing (\w+)"', " ".join(pages))
    assert verdicts
    assert set(verdicts) == {"pass"}


def run(source, names):
    """Runs a cell; returns the value of its last expression, which a notebook shows."""
    *first, last = ast.parse(source).body
    if not isinstance(last, ast.Expr):
        first, last = [*first, last], None
    exec(compile(ast.Module(first, []), "cell", "exec"), names)
    return last and eval(compile(ast.Expression(last.value), "cell", "eval"), names)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_first_cell_installs_the_package_where_it_is_missing(path, monkeypatch, tmp_path):
    """In a folder that is no clone, pip is asked for the package by its name."""
    first = next(cell for cell in jupytext.read(path).cells if cell.cell_type == "code")
    asked = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_BACKEND", "")
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("subprocess.run", lambda command, check: asked.append(command[1:]))
    exec(first.source, {})
    assert asked == [["-m", "pip", "install", "--quiet", "tfmigrate"]]
