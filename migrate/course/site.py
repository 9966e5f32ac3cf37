"""The course as a site: a page for each system with its run and its code, and an index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import EXIT_DIFFERENCE, EXIT_OK, UserError, printable
from ..formats.atomic import check_folder, whole_folder
from ..parity import Verdict
from ..report import Block, Closing, Heading, Link, Links, Paragraph, Result, Table
from ..report.html import page
from ..report.saving import is_page
from ..report.surroundings import surroundings
from ..worker import Worker
from .catalogue import CHAPTERS, SYSTEMS
from .comparison import compare_all
from .lesson import OTHERS, lesson
from .request import Request
from .system import System

_INDEX = "index.html"


@dataclass(frozen=True)
class Site(Result):
    """What was written; true where parity holds in every system that was run.

    Attributes:
        folder: of the pages.
        verdicts: of each system; *not run* where only its code is shown.
    """

    folder: Path
    verdicts: Mapping[str, Verdict]

    def __bool__(self) -> bool:
        return bool(self.verdict)

    @property
    def verdict(self) -> Verdict:
        """Fail where one fails; *not run* where none was run."""
        if all(verdict is Verdict.NOT_RUN for verdict in self.verdicts.values()):
            return Verdict.NOT_RUN
        return Verdict.of(Verdict.FAIL not in self.verdicts.values())

    def exit_status(self) -> int:
        """Of the command: 0, or 1 where a system fails."""
        return EXIT_DIFFERENCE if self.verdict is Verdict.FAIL else EXIT_OK

    def blocks(self) -> list[Block]:
        """The verdict of each system, and where to begin."""
        rows = [[name, str(verdict)] for name, verdict in self.verdicts.items()]
        marked = [i for i, (_, verdict) in enumerate(rows) if verdict == Verdict.FAIL]
        told = f"{len(rows)} lessons · open {self.folder / _INDEX}"
        table = Table(["system", "parity"], rows, marked=frozenset(marked))
        return [Heading("the course as pages"), table, Closing(self.verdict, told)]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"schema": 1, "folder": str(self.folder), "systems": dict(self.verdicts)}


def check_site(folder: str | Path) -> Path:
    """Whether the pages may be written to a folder; returns the path behind links.

    Raises:
        UserError: it holds what tfmigrate did not write, or cannot be written to.
    """
    folder = Path(folder)
    others = any(folder.iterdir()) if folder.is_dir() else folder.exists()
    if others and not is_page(folder / _INDEX):
        raise UserError(
            f"{printable(folder)} already exists, and is not a site that tfmigrate wrote",
            try_="another folder",
        )
    return check_folder(folder, force=True, ours=_INDEX)


def write_site(
    folder: str | Path, *, run: bool = True, on_event: Callable[[str], None] = lambda name: None
) -> Site:
    """Writes a page for each system of the course, the Rosetta table, and an index.

    Args:
        folder: where to; the pages of an earlier run are replaced, whole.
        run: whether to run every system at its defaults; else the pages show the code alone.
        on_event: called with the name of each system when its turn comes.

    Raises:
        UserError: as :func:`check_site`; or the machine does not allow a run.
    """
    folder = check_site(folder)
    with whole_folder(folder, force=True, ours=_INDEX) as room:
        results = _run(on_event) if run else {name: lesson(name) for name in SYSTEMS}
        for number, name in enumerate(SYSTEMS):
            result = results[name]
            text = page(result.blocks(), result.appendix(), _made(name), _around(number))
            (room / f"{name}.html").write_text(text, encoding="utf-8")
        for name in OTHERS:
            text = page(lesson(name).blocks(), [], [surroundings()], [_TO_INDEX])
            (room / f"{name}.html").write_text(text, encoding="utf-8")
        verdicts = {
            name: getattr(result, "verdict", Verdict.NOT_RUN) for name, result in results.items()
        }
        index = page(_index(verdicts), [], [surroundings()])
        (room / _INDEX).write_text(index, encoding="utf-8")
    return Site(folder, verdicts)


_TO_INDEX = Link("↑ all lessons", _INDEX)


def _run(on_event: Callable[[str], None]) -> dict[str, Result]:
    results: dict[str, Result] = {}
    with Worker("legacy") as legacy, Worker("modern") as modern:
        for name, system in SYSTEMS.items():
            on_event(name)
            results[name] = compare_all(system, Request(), {"legacy": legacy, "modern": modern})
    return results


def _made(name: str) -> Sequence[str]:
    return [surroundings(), f"To repeat it: tfmigrate compare {name}"]


def _around(number: int) -> list[Link]:
    """Links to the lesson before, the index and the lesson after."""
    names = list(SYSTEMS)
    links = [Link(f"← {name}", f"{name}.html") for name in names[max(number - 1, 0) : number]]
    links.append(_TO_INDEX)
    return links + [Link(f"{name} →", f"{name}.html") for name in names[number + 1 : number + 2]]


def _index(verdicts: Mapping[str, Verdict]) -> list[Block]:
    """The chapters with their lessons, and the table."""
    blocks: list[Block] = [
        Heading("TensorFlow 1 and TensorFlow 2, side by side"),
        Paragraph(
            "Each lesson shows one system written for TensorFlow 1 and for TensorFlow 2, section "
            "by section, and what both sides gave when they were run."
        ),
    ]
    for letter, (title, systems) in CHAPTERS.items():
        links = [_link(system, verdicts[system.name]) for system in systems]
        blocks.append(Links(f"{letter}. {title}", links))
    others = [
        Link("rosetta", "rosetta.html", "TF1 symbols and their replacements"),
        Link("backends", "backends.html", "the same Keras source on TensorFlow, JAX and PyTorch"),
    ]
    return [*blocks, Links("Reference", others)]


def _link(system: System, verdict: Verdict) -> Link:
    told = "" if verdict is Verdict.NOT_RUN else f" · {verdict}"
    sections = lesson(system.name).to_dict()["sections"]
    code = [form["text"] for part in sections for form in (part["legacy"], *part["modern"]) if form]
    words = " ".join([*system.notes.values(), *code])
    return Link(system.name, f"{system.name}.html", f"{system.title}{told}", words)
