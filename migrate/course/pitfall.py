"""A program that fails or misleads, run beside its cure, on both sides."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..parity import Verdict
from ..report import Block, Chart, Closing, Heading, Notes, Paragraph, Result, Series, Table
from ..worker import Worker
from . import tables
from .lesson import code_of
from .outcome import OnBackend
from .programs import Pitfall
from .request import Request
from .settable import BEYOND, changed, told
from .system import System
from .values import calling
from .values_result import (
    Compared,
    Given,
    closing,
    compared,
    printed_blocks,
    rows_of,
    values_blocks,
)

_FEW = 3  # values that a table shows as well as a curve


@dataclass(frozen=True)
class Effect:
    """The effect of the trap on one value of the legacy program.

    Attributes:
        trap, cure: the value, or the text.
        size: the greatest difference of the two; None for a text.
        least: how large it has to be for the trap to be one.
        says: what the text must contain.
        falls: whether the last element of the trap must be smaller than its first.
    """

    name: str
    trap: Any
    cure: Any
    size: float | None
    least: float
    says: str = ""
    falls: bool = False

    @property
    def holds(self) -> bool:
        """Whether the trap does what the course says it does."""
        if self.falls:
            return bool(self.trap[-1] < self.trap[0])
        if self.size is None:
            return self.says in str(self.trap)
        return self.size >= self.least


@dataclass(frozen=True)
class PitfallComparison(Result):
    """True when the trap misleads as described, and the cures agree."""

    system: System
    program: Pitfall
    request: Request
    effects: list[Effect]
    traps: list[Compared]
    cures: list[Compared]
    given: Mapping[str, Given]
    origin: str
    seconds: float
    backends: Sequence[OnBackend] = ()

    def __bool__(self) -> bool:
        return bool(self.verdict)

    @property
    def verdict(self) -> Verdict:
        """Pass where every effect is there and the two sides agree."""
        lines = [*self.traps, *self.cures]
        return Verdict.of(
            bool(self.effects)
            and (self._changed or all(effect.holds for effect in self.effects))
            and all(line.holds for line in lines)
        )

    @property
    def _changed(self) -> bool:
        return bool(changed(self.system, self.request.settings))

    def _limits(self) -> list[Block]:
        """Where these settings leave what the course promises."""
        if not self._changed:
            return []
        hidden = ", ".join(effect.name for effect in self.effects if not effect.holds)
        lines = [f"The trap shows less than with the defaults in: {hidden}"] if hidden else []
        if self.verdict is Verdict.FAIL:
            lines.append(BEYOND)
        return [Notes(lines)] if lines else []

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "schema": 1,
            "system": self.system.name,
            "verdict": self.verdict,
            "happens": self.program.happens,
            "because": self.program.because,
            "remedy": self.program.remedy,
            "data": self.origin,
            "effects": [{**vars(effect), "holds": effect.holds} for effect in self.effects],
            "trap": [line.to_dict() for line in self.traps],
            "cure": [line.to_dict() for line in self.cures],
            "printed": {name: given.printed for name, given in self.given.items()},
            "seconds": self.seconds,
            "command": self.request.command(self.system),
            "set": self.request.settings,
            "backends": [each.to_dict() for each in self.backends],
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """One a value of trap and cure: how far the two sides differ in it."""
        return [*rows_of(self.traps, program="trap"), *rows_of(self.cures, program="cure")]

    def appendix(self) -> list[Block]:
        """The code of both sides."""
        return code_of(self.system)

    def next_step(self) -> str:
        """Its code."""
        return f"tfmigrate lesson {self.system.name}"

    def blocks(self) -> list[Block]:
        """The symptom and its cause, the effect, the cure on both sides, the verdict."""
        program = self.program
        blocks: list[Block] = [
            Heading(f"{self.system.name} · {self.system.title}"),
            *told(self.system, self.request.settings),
            Paragraph(f"What happens: {program.happens}"),
            Paragraph(f"Why: {program.because}"),
            Paragraph(f"Cure: {program.remedy}"),
        ]
        if self.origin:
            blocks.append(Paragraph(self.origin, dim=True))
        rows = [
            (effect.name, _text(effect.trap), _text(effect.cure), _text(effect.size))
            for effect in self.effects
        ]
        blocks += [_drawn(effect) for effect in self.effects if np.size(effect.cure) > _FEW]
        marked = frozenset(n for n, effect in enumerate(self.effects) if not effect.holds)
        blocks.append(Table(("TF1", "trap", "cure", ">difference"), rows, marked=marked))
        if self.traps:
            blocks += [Paragraph("the trap on both sides:"), *values_blocks(self.traps)]
            blocks += printed_blocks(
                {"TF1 printed": self.given["legacy trap"], "TF2 printed": self.given["modern trap"]}
            )
        else:
            blocks += printed_blocks({"the trap printed": self.given["legacy trap"]})
        blocks += [Paragraph("the cure on both sides:"), *values_blocks(self.cures)]
        blocks += printed_blocks(
            {"TF1 printed": self.given["legacy cure"], "TF2 printed": self.given["modern cure"]}
        )
        if program.why:
            blocks.append(Paragraph(program.why))
        blocks += tables.not_run([("", each) for each in self.backends])
        blocks += self._limits()
        command = self.request.command(self.system)
        last = closing([*self.traps, *self.cures], self.seconds, command)
        return [*blocks, Closing(self.verdict, last)]


def compare_pitfall(
    system: System, program: Pitfall, request: Request, workers: Mapping[str, Worker]
) -> PitfallComparison:
    """Runs ``trap`` and ``cure`` of both twins.

    Raises:
        UserError: the data or the machine does not allow it.
    """
    start = time.perf_counter()
    with calling(system, program, request, workers) as call:
        wanted = ["legacy trap", "legacy cure", "modern cure"]
        if program.trapped:
            wanted.append("modern trap")
        given = {what: call(*what.split()) for what in wanted}
    trap, cure = given["legacy trap"], given["legacy cure"]
    effects = [
        Effect(name, trap.arrays[name], cure.arrays[name], _apart(trap, cure, name), least)
        for name, least in program.effect.items()
    ]
    effects += [
        Effect(name, trap.texts[name], cure.texts.get(name, ""), None, 0.0, says)
        for name, says in program.says.items()
    ]
    effects += [
        Effect(f"{name}, which falls", trap.arrays[name], cure.arrays[name], None, 0.0, falls=True)
        for name in program.falls
    ]
    return PitfallComparison(
        system,
        program,
        request,
        effects,
        compared(program, trap, given["modern trap"]) if program.trapped else [],
        compared(program, cure, given["modern cure"]),
        given,
        call.origin,
        time.perf_counter() - start,
    )


def _drawn(effect: Effect) -> Chart:
    """Trap and cure over the course of a program."""
    series = [
        Series(name, np.ravel(value).astype(float).tolist())
        for name, value in (("trap", effect.trap), ("cure", effect.cure))
    ]
    return Chart(effect.name, "value", effect.name, series)


def _apart(trap: Given, cure: Given, name: str) -> float:
    """The greatest difference; a trap that ends in NaN is infinitely far from its cure."""
    apart = np.abs(trap.arrays[name].astype(float) - cure.arrays[name].astype(float))
    return float(np.nan_to_num(apart, nan=np.inf).max())


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    flat = np.asarray(value).reshape(-1)
    return " ".join(f"{number:.6g}" for number in flat[:6]) + (" …" if flat.size > 6 else "")
