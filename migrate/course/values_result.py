"""The result of comparing the values that two twin files give: numbers and claims."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..parity import Difference, Tolerance, Verdict, measure
from ..report import Block, Closing, Heading, Notes, Paragraph, Result, Source, Table
from . import tables
from .lesson import code_of
from .outcome import OnBackend
from .programs import Values
from .request import Request
from .settable import BEYOND, changed, told
from .system import System

# Longer arrays are described by these many of their elements.
_SHOWN = 4


@dataclass(frozen=True)
class Given:
    """What one function of a twin gave.

    Attributes:
        arrays, texts: by name.
        order: of all names, as in the twin.
        printed: on its standard output.
        settings: versions and float settings in force.
    """

    arrays: dict[str, np.ndarray]
    texts: dict[str, str]
    order: list[str]
    printed: str
    seconds: float
    settings: dict[str, Any]


@dataclass(frozen=True)
class Compared:
    """One value of both sides.

    Attributes:
        legacy, modern: the value, or None where a side has none.
        difference: of the two; None where there is nothing to compare, or shapes differ.
        tolerance: what it may be.
        least: where TF1 and TF2 really differ, the smallest relative difference; else 0.
        figure: what the notes print, or empty.
        near: whether the values round to the figure; None without one.
        note: why one side has none.
        judged: whether the verdict depends on it.
    """

    name: str
    legacy: np.ndarray | str | None
    modern: np.ndarray | str | None
    difference: Difference | None
    tolerance: Tolerance
    figure: tuple[str, ...] = ()
    near: bool | None = None
    note: str = ""
    least: float = 0.0
    judged: bool = True

    @property
    def holds(self) -> bool:
        """Whether the two agree, or differ as far as expected; and agree with the figure."""
        if not self.judged:
            return True
        if self.near is False:
            return False
        if self.difference is not None and self.least:
            return self.difference.max_rel >= self.least
        if self.difference is not None:
            return self.difference.within(self.tolerance)
        # Texts are shown, not judged; a value that one side lacks needs a reason.
        both_texts = isinstance(self.legacy, str) and isinstance(self.modern, str)
        return both_texts or bool(self.note)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.name,
            "legacy": _listed(self.legacy),
            "modern": _listed(self.modern),
            "holds": self.holds,
            "tolerance": vars(self.tolerance),
            "least": self.least,
            "difference": self.difference and self.difference.to_dict(),
            "figure": list(self.figure),
            "rounds_to_figure": self.near,
            "note": self.note,
        }


def rows_of(values: Sequence[Compared], **more: Any) -> list[dict[str, Any]]:
    """One a value: how far the two sides differ in it."""
    rows = []
    for value in values:
        found = value.difference
        rows.append(
            {
                **more,
                "value": value.name,
                "shape": found and found.shape,
                "max_abs": found and found.max_abs,
                "max_rel": found and found.max_rel,
                "max_ulp": found and found.max_ulp,
                "holds": value.holds,
                "note": value.note,
            }
        )
    return rows


@dataclass(frozen=True)
class Claim:
    """That one value exceeds another, on both sides.

    Attributes:
        gains: by how much, of TF1 and TF2.
        judged: whether it must; else it is only reported.
    """

    value: str
    other: str
    gains: tuple[float, float]
    judged: bool

    @property
    def holds(self) -> bool:
        """Whether it exceeds it wherever it has to."""
        return min(self.gains) > 0 or not self.judged

    def __str__(self) -> str:
        word = "beats" if min(self.gains) > 0 else "does not beat"
        return (
            f"{self.value} {word} {self.other}: TF1 by {self.gains[0]:.4f}, "
            f"TF2 by {self.gains[1]:.4f}"
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "holds": self.holds}


@dataclass(frozen=True)
class ValuesComparison(Result):
    """True when every value agrees, and what is claimed of them holds."""

    system: System
    program: Values
    request: Request
    values: list[Compared]
    legacy: Given
    modern: Given
    origin: str
    seconds: float
    backends: Sequence[OnBackend] = ()

    def __bool__(self) -> bool:
        return bool(self.verdict)

    @property
    def verdict(self) -> Verdict:
        """Pass where every value and claim holds; not run where nothing was compared."""
        if not any(value.difference for value in self.values):
            return Verdict.NOT_RUN
        holding = [value.holds for value in self.values] + [claim.holds for claim in self.claims]
        return Verdict.of(all(holding))

    @property
    def claims(self) -> list[Claim]:
        """What the program says of its values, and by how much it holds."""
        by_name = {value.name: (value.legacy, value.modern) for value in self.values}
        own = self.request.data in (None, self.program.data) and not self._changed
        return [
            Claim(one, two, gains(by_name[one], by_name[two]), judged=own)
            for one, two in self.program.beats.items()
        ]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "schema": 1,
            "system": self.system.name,
            "verdict": self.verdict,
            "data": self.origin,
            "seconds": self.seconds,
            "command": self.request.command(self.system),
            "set": self.request.settings,
            "backends": [each.to_dict() for each in self.backends],
            "settings": self.modern.settings,
            "values": [value.to_dict() for value in self.values],
            "claims": [claim.to_dict() for claim in self.claims],
            "why": self.program.why,
            "printed": {"legacy": self.legacy.printed, "modern": self.modern.printed},
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """One a value: how far the two sides differ in it."""
        return rows_of(self.values)

    def appendix(self) -> list[Block]:
        """The code of both sides."""
        return code_of(self.system)

    def next_step(self) -> str:
        """Its code."""
        return f"tfmigrate lesson {self.system.name}"

    def blocks(self) -> list[Block]:
        """The values, what the programs printed, and the verdict."""
        blocks: list[Block] = [Heading(f"{self.system.name} · {self.system.title}")]
        blocks += told(self.system, self.request.settings)
        if self.origin:
            blocks.append(Paragraph(self.origin, dim=True))
        blocks += values_blocks(self.values)
        blocks += printed_blocks({"TF1 printed": self.legacy, "TF2 printed": self.modern})
        if self.program.why:
            blocks.append(Paragraph(self.program.why))
        blocks += [Paragraph(str(claim)) for claim in self.claims]
        blocks += tables.not_run([("", each) for each in self.backends])
        blocks += self._limits()
        return [*blocks, Closing(self.verdict, self._closing())]

    @property
    def _changed(self) -> bool:
        return bool(changed(self.system, self.request.settings))

    def _limits(self) -> list[Block]:
        """Where these settings leave what the course promises."""
        lines = []
        values = [p for p in self.system.programs if isinstance(p, Values)]
        if self._changed and any(program.figures for program in values):
            lines.append("The notes print figures for the defaults: they are not compared here")
        if self._changed and self.verdict is Verdict.FAIL:
            lines.append(BEYOND)
        return [Notes(lines)] if lines else []

    def _closing(self) -> str:
        return closing(
            self.values, self.seconds, self.request.command(self.system), tuple(self.claims)
        )


def _rounds_to(value: np.ndarray, figure: tuple[str, ...]) -> bool:
    """Whether each element is the figure, give or take its last digit.

    Or what float32 loses around 1: the notes' own figures are float32 results.
    """
    flat = value.reshape(-1).astype(float)
    if len(flat) != len(figure):
        return False
    for number, text in zip(flat, figure, strict=True):
        last_digit = 10.0 ** -len(text.partition(".")[2])
        if abs(number - float(text)) > max(last_digit, float(np.finfo(np.float32).eps)):
            return False
    return True


def values_blocks(values: list[Compared]) -> list[Block]:
    """A table of the values, then the texts."""
    rows: list[list[str]] = []
    marked = set()
    figures = any(value.figure for value in values)
    for value in values:
        if isinstance(value.legacy, str) or isinstance(value.modern, str):
            continue
        if not value.holds:
            marked.add(len(rows))
        difference = value.difference
        row = [value.name, *([_cut(value.figure, "")] if figures else [])]
        row += [_short(value.legacy), _short(value.modern)]
        if difference is None:
            shapes = [v.shape for v in (value.legacy, value.modern) if isinstance(v, np.ndarray)]
            row += ["", "", value.note or f"shapes {' and '.join(map(str, shapes))}"]
        else:
            ulp = "" if difference.max_ulp is None else f"{difference.max_ulp:,}"
            needed = (
                f"differs by at least {value.least:g}" if value.least else str(difference.required)
            )
            row += [f"{difference.max_abs:.3g}", ulp, needed]
        rows.append(row)
    columns = ["value", *(["notes"] if figures else []), "TF1", "TF2"]
    columns += [">max abs", ">ULP", "smallest tolerance"]
    blocks: list[Block] = [Table(columns, rows, marked=frozenset(marked))] if rows else []
    for value in values:
        for era, text in (("TF1", value.legacy), ("TF2", value.modern)):
            if isinstance(text, str):
                blocks.append(Paragraph(f"{value.name}, {era}: {text}"))
    return blocks


def printed_blocks(programs: Mapping[str, Given]) -> list[Block]:
    """The lines that programs printed, under a title each."""
    blocks: list[Block] = []
    for title, given in programs.items():
        if given.printed.strip():
            blocks.append(Paragraph(f"{title}:", dim=True))
            blocks.append(Source(textwrap.indent(given.printed.rstrip(), "  "), "text"))
    return blocks


def closing(
    values: list[Compared], seconds: float, command: str, claims: Sequence[Claim] = ()
) -> str:
    """The last line: the number of values that agree, the claims, the failures, and the command."""
    judged = [value for value in values if value.difference is not None]
    exact = sum(1 for v in judged if v.difference and not v.difference.differing)
    counted = "1 value" if len(judged) == 1 else f"{len(judged)} values"
    what = f"{counted} compared, {exact} bit-identical"
    if parting := [value.name for value in judged if value.least and value.holds]:
        what += f" · TF1 and TF2 differ, as expected, in {', '.join(parting)}"
    figures = [value for value in values if value.figure]
    if figures:
        near = sum(1 for value in figures if value.near)
        what += f" · {near} of {len(figures)} as the notes print them"
    for claim in claims:
        what += f" · {claim}"
    failing = [value.name for value in values if not value.holds]
    if failing:
        what += f" · beyond tolerance: {', '.join(failing)}"
    return f"{what} · {seconds:.0f} s · {command}"


def _short(value: np.ndarray | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or "–"
    texts = [_digits(number) for number in value.reshape(-1)[: _SHOWN + 1]]
    return _cut(texts, f" ({'×'.join(map(str, value.shape))})")


def _cut(texts: Sequence[str], shape: str) -> str:
    rest = f" …{shape}" if len(texts) > _SHOWN else ""
    return " ".join(texts[:_SHOWN]) + rest


def _digits(number: Any) -> str:
    return f"{number:.7g}" if isinstance(number, np.floating) else str(number)


def _listed(value: np.ndarray | str | None) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def compared(program: Values, legacy: Given, modern: Given) -> list[Compared]:
    """Each value of either side against the other's and against the notes' figures."""
    lines = []
    for name in dict.fromkeys([*legacy.order, *modern.order]):
        pair = [g.texts.get(name, g.arrays.get(name)) for g in (legacy, modern)]
        one, other = pair
        difference = None
        match one, other:
            case np.ndarray(), np.ndarray() if one.shape == other.shape:
                difference = measure(one, other)
        figure = tuple(program.figures.get(name, ()))
        near = None
        if figure:
            present = [v for v in pair if isinstance(v, np.ndarray)]
            near = bool(present) and all(_rounds_to(value, figure) for value in present)
        lines.append(
            Compared(
                name,
                one,
                other,
                difference,
                program.tolerances.get(name, program.tolerance),
                figure,
                near,
                program.alone.get(name, "") if one is None or other is None else "",
                program.departs.get(name, 0.0),
                name not in program.unjudged,
            )
        )
    return lines


def gains(one: Sequence[Any], other: Sequence[Any]) -> tuple[float, float]:
    """By how much each side's value exceeds its other one."""
    legacy, modern = (float(a) - float(b) for a, b in zip(one, other, strict=True))
    return legacy, modern
