"""The result of comparing a pair: every case on every device, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..parity import Verdict
from ..report import Block, Closing, Heading, Notes, Paragraph, Result
from . import tables
from .datasets import Dataset
from .lesson import code_of
from .outcome import DeviceOutcome
from .programs import Training
from .request import Request
from .settable import BEYOND, changed, told
from .setting import Setting
from .system import System


@dataclass(frozen=True)
class Comparison(Result):
    """The outcome of ``tfmigrate compare``: true when parity holds on every device.

    Attributes:
        program: the part of the system that was trained.
        num_examples: that are trained on in an epoch.
        setting: the hyper-parameters that were used.
        devices: the outcome of each case on each device.
        request: what the user asked for.
    """

    system: System
    program: Training
    dataset: Dataset
    num_examples: int
    setting: Setting
    devices: list[DeviceOutcome]
    seconds: float
    request: Request

    def __bool__(self) -> bool:
        return bool(self.verdict)

    @property
    def verdict(self) -> Verdict:
        """Pass where every case passes on every device; a case with a single form cannot fail."""
        verdicts = [outcome.verdict for outcome in self.devices]
        if all(verdict is Verdict.NOT_RUN for verdict in verdicts):
            return Verdict.NOT_RUN
        return Verdict.of(Verdict.FAIL not in verdicts)

    @property
    def num_parameters(self) -> int:
        """The number of trained weights."""
        arrays = self.devices[0].sides[0].arrays
        return sum(a.size for name, a in arrays.items() if name.startswith("weight:"))

    @property
    def steps(self) -> int:
        """Updates a form makes in all."""
        return -(-self.num_examples // self.setting.batch_size) * self.setting.epochs

    @property
    def command(self) -> str:
        """What repeats this comparison."""
        return self.request.command(self.system)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "schema": 1,
            "system": self.system.name,
            "data": {
                "name": self.dataset.name,
                "origin": self.dataset.origin,
                "train": len(self.dataset.x_train),
                "test": len(self.dataset.x_test),
            },
            "parameters": self.num_parameters,
            **vars(self.setting),
            "set": self.request.settings,
            "steps": self.steps,
            "verdict": self.verdict,
            "seconds": self.seconds,
            "command": self.command,
            "devices": [outcome.to_dict() for outcome in self.devices],
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """One a case, device, form and epoch: loss, metric, seconds."""
        return [row for outcome in self.devices for row in outcome.to_rows()]

    def appendix(self) -> list[Block]:
        """The code of both sides."""
        return code_of(self.system)

    def next_step(self) -> str:
        """Its code."""
        return f"tfmigrate lesson {self.system.name}"

    def blocks(self) -> list[Block]:
        """Setting, epochs, parity and time of each case on each device, and the verdict."""
        setting = self.setting
        cases = {outcome.case for outcome in self.devices}
        counted = "" if len(cases) > 1 else f" · {self.num_parameters:,} parameters"
        blocks: list[Block] = [
            Heading(f"{self.system.name} · {self.system.title}{counted}"),
            Paragraph(
                f"{self.dataset.name}: {self.num_examples:,} train, "
                f"{len(self.dataset.x_test):,} test · batch {setting.batch_size} · learning rate "
                f"{setting.learning_rate:g} · {self.steps:,} steps · seed {setting.seed}",
                dim=True,
            ),
        ]
        blocks[1:1] = told(self.system, self.request.settings)
        if self.dataset.origin.startswith("synthetic"):
            blocks.append(Paragraph(self.dataset.origin, dim=True))
        for number, outcome in enumerate(self.devices):
            if outcome.case:
                blocks.append(Heading(outcome.case))
            if not number or outcome.device != self.devices[number - 1].device:
                blocks.append(Paragraph(tables.settings(outcome), dim=True))
            blocks += tables.curves(outcome)
            blocks.append(tables.epochs(outcome, few=len(cases) > 1))
            if outcome.parity:
                blocks.append(tables.parity(outcome))
            if outcome.why:
                blocks.append(Paragraph(outcome.why))
            blocks += tables.backends(outcome)
            blocks += tables.strategies(outcome)
            if len(cases) == 1:
                blocks += [tables.speeds(outcome), tables.time(outcome)]
        if len(cases) > 1:
            blocks.append(tables.cases(self.devices))
        elif len(self.devices) > 1:
            blocks.append(tables.across(self.devices))
        blocks += tables.strategies_told(self.devices)
        blocks += tables.not_run([(o.case, each) for o in self.devices for each in o.elsewhere])
        blocks += self._limits()
        blocks.append(Closing(self.verdict, self._closing()))
        return blocks

    def _limits(self) -> list[Block]:
        """Where these settings leave what can be compared, or what the course promises."""
        lines = [
            f"{f'{outcome.case}: ' if outcome.case else ''}the loss is {loss} in epoch {epoch}: "
            "training has diverged, and equal values that are not finite count as equal"
            for outcome in self.devices
            for epoch, loss in [outcome.diverged]
            if epoch
        ]
        if self.verdict is Verdict.FAIL and changed(self.system, self.request.settings):
            lines.append(BEYOND)
        return [Notes(lines)] if lines else []

    def _closing(self) -> str:
        lines = [line for outcome in self.devices for line in outcome.parity]
        forms = max(len(outcome.sides) for outcome in self.devices)
        judged = [line for line in lines if line.tolerance is not None and not line.named]
        compared = [o for o in self.devices if o.parity and (o.kernel or o.parts is None)]
        ulps = 0
        if not lines:
            what = "a single form: nothing to compare"
        elif all(outcome.exact for outcome in compared):
            what = f"{forms} forms bit-identical over {self.steps:,} steps"
            if kernels := {outcome.kernel for outcome in compared} - {""}:
                what += f", with TF1's {' and '.join(sorted(kernels))}"
        else:
            failing = [line for line in lines if not line.holds] or judged
            worst = max(failing, key=lambda line: line.difference.max_abs)
            ulps, needed = worst.difference.max_ulp or 0, worst.difference.required
            what = "all compared values are bit-identical"
            if worst.difference.differing:
                what = (
                    f"{worst.what}: max abs {worst.difference.max_abs:.3g}, the smallest "
                    f"tolerance that passes is atol {needed.atol:.3g} or rtol {needed.rtol:.3g}"
                )
        if parting := [outcome for outcome in self.devices if outcome.parts is not None]:
            what += " · TF1 and TF2 differ, as expected: " + ", ".join(
                f"{outcome.case or outcome.kernel} {outcome.parts:.2g}" for outcome in parting
            )
        what += tables.backends_told([each for o in self.devices for each in o.elsewhere])
        return f"{what} · worst {ulps:,} ULP · {self.seconds:.0f} s · {self.command}"
