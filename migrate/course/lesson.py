"""A lesson: the twin files of a system, section by section, side by side, with notes between."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from ..errors import UserError, nearest, printable
from ..report import Block, Columns, Details, Excerpt, Heading, Paragraph, Result, Source
from . import engines, rosetta
from .catalogue import find
from .settable import settables
from .system import Exercise, System

_MARKER = re.compile(r"^ *# --- (.+)$")
_BY_PROCESSOR = "Losses and accuracies after training differ between processors by some percent."
_RULER = re.compile(r"^# -{20,} (.+)$")

# What comes before the first marker: docstring, imports, the function or class that begins.
OPENING = "opening"


@dataclass(frozen=True)
class Section:
    """Part of a twin file, from one marker to the next.

    Attributes:
        name: of the marker.
        text: the lines below the marker, without what they are indented by in common.
        first: the number of the first line in the file.
        marked: indices of the lines with a symbol of the Rosetta table: those that a port changes.
    """

    name: str
    text: str
    first: int
    marked: frozenset[int]


@dataclass(frozen=True)
class Form:
    """One of the ways a file shows a system; most files have one.

    Attributes:
        title: what its ruler says; empty in files of one form.
        sections: in the order of the file.
    """

    title: str
    sections: Sequence[Section]

    def section(self, name: str) -> Section | None:
        """The section of that name."""
        return next((section for section in self.sections if section.name == name), None)


def read_twin(era: str, module: str) -> list[Form]:
    """The sections of a twin file, which is read and not imported.

    Args:
        era: ``legacy`` or ``modern``.
        module: the file's name without ending.
    """
    package = f"{__package__.partition('.')[0]}.{era}"
    text = resources.files(package).joinpath(f"{module}.py").read_text("utf-8")
    lines = text.splitlines()
    marked = _lines_that_matter(text, era)
    title, name, first = "", OPENING, 0
    forms: list[Form] = []
    sections: list[Section] = []
    for index, line in enumerate([*lines, "# --- end"]):
        marker, ruler = _MARKER.match(line), _RULER.match(line)
        if ruler and not sections and not forms:
            # Docstring and imports, above the first ruler, belong to what it begins.
            title, lines[index] = ruler[1], ""
        elif marker or ruler:
            sections += _section(name, lines, range(first, index), marked)
            name, first = marker[1] if marker else OPENING, index + 1
            if ruler:
                forms.append(Form(title, sections))
                title, sections = ruler[1], []
    return [*forms, Form(title, sections)]


def _section(name: str, lines: list[str], span: range, marked: set[int]) -> list[Section]:
    """A section without the empty lines around it; nothing where it has no others."""
    filled = [index for index in span if lines[index].strip()]
    if not filled:
        return []
    span = range(filled[0], filled[-1] + 1)
    text = textwrap.dedent("\n".join(lines[span.start : span.stop]))
    matter = frozenset(index - span.start for index in span if index in marked)
    return [Section(name, text, span.start + 1, matter)]


def _lines_that_matter(text: str, era: str) -> set[int]:
    """Indices of the lines of code, not of comments, with a symbol of the Rosetta table."""
    words = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno - 1, node.end_lineno or node.lineno)
    }
    cells = [line.tf1 if era == "legacy" else line.tf2 for line in rosetta.LINES]
    wanted = {symbol for cell in cells for symbol in rosetta.symbols(cell)}
    return {
        index
        for index, line in enumerate(text.splitlines())
        if index not in words
        and any(rosetta.found_in(symbol, line.partition("#")[0]) for symbol in wanted)
    }


@dataclass(frozen=True)
class Lesson(Result):
    """Both files of a system, aligned; always true.

    Attributes:
        system: whose.
        legacy: the form of the TF1 file.
        modern: the forms of the TF2 file, each aligned with ``legacy``.
        names: the sections shown, in order.
        whole: whether these are all, and what belongs to the whole system is shown too.
        answers: whether a terminal shows the answers of the exercises.
    """

    system: System
    legacy: Form
    modern: Sequence[Form]
    names: Sequence[str]
    whole: bool = True
    answers: bool = False

    def next_step(self) -> str:
        """Its run."""
        return f"tfmigrate compare {self.system.name}"

    def blocks(self) -> list[Block]:
        """For each section a heading, what the catalogue says about it, and the code."""
        blocks: list[Block] = [
            Heading(f"{self.system.name} · {self.system.title}"),
            Paragraph("▌ marks what a port changes: see tfmigrate lesson rosetta", dim=True),
        ]
        for name in self.names:
            blocks.append(Heading(name, part=True))
            if note := self.system.notes.get(name):
                blocks.append(Paragraph(note))
            left = [self._excerpt("legacy", self.legacy, name)]
            right = [self._excerpt("modern", form, name) for form in self.modern]
            blocks.append(Columns([[e for e in side if e] for side in (left, right)]))
        return [*blocks, *self._exercises(), *self._settable()] if self.whole else blocks

    def _exercises(self) -> list[Block]:
        """Each question, the command that checks its answer, and the answer."""
        exercises = self.system.exercises
        blocks: list[Block] = [Heading("exercises", part=True)] if exercises else []
        if any(exercise.trains for exercise in exercises):
            blocks.append(Paragraph(_BY_PROCESSOR, dim=True))
        for number, exercise in enumerate(exercises, 1):
            blocks += [
                Paragraph(f"{number}. {exercise.question}"),
                Source(self._command(exercise), "text"),
                Details(
                    "answer",
                    exercise.answer,
                    open=self.answers,
                    elsewhere=f"the answers: tfmigrate lesson {self.system.name} --answers"
                    if number == len(exercises)
                    else "",
                ),
            ]
        return blocks

    def _command(self, exercise: Exercise) -> str:
        return f"tfmigrate compare {self.system.name} {exercise.options}".rstrip()

    def _settable(self) -> list[Block]:
        """What ``--set`` can change, with the defaults; nothing where there is nothing."""
        known = [settable.told for settable in settables(self.system).values()]
        if not known:
            return []
        told = f"tfmigrate compare {self.system.name} --set NAME=VALUE changes both sides: "
        return [Heading("settings", part=True), Paragraph(told + ", ".join(known))]

    def _excerpt(self, era: str, form: Form, name: str) -> Excerpt | None:
        section = form.section(name)
        if section is None:
            return None
        title = f"{era}/{self.system.module}.py"
        title += f" · {form.title}" if form.title else ""
        return Excerpt(title, section.text, section.first, section.marked)

    def to_dict(self) -> dict[str, Any]:
        """The sections with their texts; ``modern`` is a list of forms."""

        def told(form: Form, name: str) -> dict[str, Any] | None:
            section = form.section(name)
            if section is None:
                return None
            return {
                "form": form.title,
                "first_line": section.first,
                "text": section.text,
                "marked": sorted(section.first + index for index in section.marked),
            }

        return {
            "schema": 1,
            "system": self.system.name,
            "title": self.system.title,
            "sections": [
                {
                    "name": name,
                    "note": self.system.notes.get(name),
                    "legacy": told(self.legacy, name),
                    "modern": [told(form, name) for form in self.modern],
                }
                for name in self.names
            ],
            "exercises": [
                {
                    "question": exercise.question,
                    "command": self._command(exercise),
                    "answer": exercise.answer,
                }
                for exercise in self.system.exercises
            ],
            "settings": {
                name: {"defaults": list(each.defaults), "cases": list(each.cases)}
                for name, each in settables(self.system).items()
            },
        }

    def __bool__(self) -> bool:
        return True


def code_of(system: System) -> list[Block]:
    """The twin files of a system side by side, for the page of its comparison."""
    return lesson(system.name).blocks()[1:]


# Lessons about the whole course: word → (what it is, its result).
OTHERS: dict[str, tuple[str, type[rosetta.Rosetta | engines.Engines]]] = {
    "rosetta": ("the Rosetta table", rosetta.Rosetta),
    "backends": ("the lesson about backends", engines.Engines),
}


def lesson(
    row: str, section: str | None = None, *, answers: bool = False
) -> Lesson | rosetta.Rosetta | engines.Engines:
    """The twin files of a system side by side, the Rosetta table, or the lesson about backends.

    Args:
        row: the name of a system, ``rosetta`` or ``backends``.
        section: only the section of that name.
        answers: whether a terminal shows the answers of the exercises; pages hide them until asked.

    Raises:
        UserError: there is no such system, or it has no such section.
    """
    if row in OTHERS:
        title, result = OTHERS[row]
        if section:
            raise UserError(f"{title} has no sections", try_=f"tfmigrate lesson {row}")
        if answers:
            raise UserError(f"{title} has no exercises", try_=f"tfmigrate lesson {row}")
        return result()
    system = find(row, also=tuple(OTHERS))
    (legacy,) = read_twin("legacy", system.module)
    modern = read_twin("modern", system.module)
    names = list(dict.fromkeys(s.name for form in (legacy, *modern) for s in form.sections))
    if section is not None:
        if answers:
            raise UserError(
                "the exercises belong to the whole lesson, not to a section",
                try_=f"tfmigrate lesson {system.name} --answers",
            )
        if section not in names:
            close = nearest(section, names)
            raise UserError(
                f"{system.name} has no section {printable(section)!r}",
                expected=None if close else f"one of {', '.join(names)}",
                try_=close and f"--section {close}",
            )
        names = [section]
    return Lesson(system, legacy, modern, names, whole=section is None, answers=answers)
