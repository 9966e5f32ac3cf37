"""What a verification found: a result that is true where both sides agree."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import EXIT_DIFFERENCE, EXIT_NOT_PROVED, EXIT_OK, printable
from ..parity import Difference, Verdict, worst
from ..report import (
    Block,
    Chart,
    Closing,
    Heading,
    Notes,
    Paragraph,
    Result,
    Series,
    Table,
    plain,
)
from .backends import OnBackend, backends_blocks, backends_told
from .comparing import Allowed
from .exports import Exported, exports_blocks, exports_told
from .layers import Cause, LayerDifference
from .trained import TIMES, Trained


@dataclass(frozen=True)
class Wide:
    """The comparison once more in float64.

    Attributes:
        max_abs: the greatest difference of the outputs; None where it could not be run.
        reason: why not.
        rounding: whether what is left is so small that the difference was rounding alone.
        moved: output tensor of floats → how far it is, of the original, from its float32 value.
    """

    max_abs: float | None
    reason: str | None
    rounding: bool = False
    moved: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.max_abs is None:
            return f"The comparison could not run in float64: {self.reason}."
        told = (
            "the difference is rounding" if self.rounding else "the two compute different functions"
        )
        return f"In float64 both sides differ by {self.max_abs:.3g}: {told}."


@dataclass(frozen=True)
class Verification(Result):
    """An original and its model, compared; true where all outputs are within the tolerance.

    Attributes:
        outputs: output tensor → difference.
        layers: every layer whose tensor the original has, in the order of the graph.
        causes: what was found wrong and tested, from the first layer that differs on.
        wide: in float64; None where nothing differs.
        trained: after steps of training, if any were asked for.
        turns: likewise of each loss that is minimized in turn, by the function of model.py.
        data: the file of the examples; None for random ones.
        run_by: which TensorFlow ran the original, where it is another than this one.
        unproved: why outputs that agree prove nothing; None where they do.
        backends: the same on other backends of Keras.
        exports: files for other runtimes, and what they compute.
        stopped: whether causes were left untested, because that takes long with a large model.
    """

    outputs: Mapping[str, Difference]
    layers: tuple[LayerDifference, ...]
    causes: tuple[Cause, ...]
    allowed: Allowed
    examples: int
    wide: Wide | None = None
    trained: Trained | None = None
    turns: Mapping[str, Trained] = field(default_factory=dict)
    source: str = ""
    model: str = ""
    data: str | None = None
    seed: int | None = None
    notes: tuple[str, ...] = ()
    run_by: str | None = None
    unproved: str | None = None
    backends: tuple[OnBackend, ...] = ()
    exports: tuple[Exported, ...] = ()
    stopped: bool = False

    @property
    def verdict(self) -> Verdict:
        """Whether the outputs agree, and all that training made; whether that proves anything."""
        each = [*filter(None, [self.trained]), *self.turns.values()]
        trained = all(found.holds(self.allowed) for found in each)
        holds = trained and self.outputs_hold
        elsewhere = [each.verdict for each in self.backends]
        elsewhere += [each.verdict for each in self.exports]
        holds = holds and Verdict.FAIL not in elsewhere
        if holds and self.trained is None and self.unproved is not None:
            return Verdict.NOT_PROVED
        return Verdict.of(holds)

    @property
    def canceling(self) -> dict[str, float]:
        """Output that rounding alone takes beyond what is allowed → how far it may be off.

        Both sides agree in float64, and float32 moves the original itself by a tenth of the
        difference or more: large terms cancel. A tolerance that was asked for has no such excuse.
        """
        if self.wide is None or not self.wide.rounding or self.allowed != Allowed():
            return {}
        limits = {tensor: TIMES * moved for tensor, moved in self.wide.moved.items()}
        return {
            tensor: limits[tensor]
            for tensor, found in self.outputs.items()
            if not self.allowed.holds(found) and found.max_abs <= limits.get(tensor, 0.0)
        }

    @property
    def allowed_for_outputs(self) -> Allowed:
        """What the outputs may be off by, here and on other backends and runtimes."""
        return replace(self.allowed, canceling=self.canceling)

    @property
    def outputs_hold(self) -> bool:
        """Whether all outputs are within what is allowed."""
        allowed = self.allowed_for_outputs
        return all(allowed.holds_for(tensor, found) for tensor, found in self.outputs.items())

    def exit_status(self, *, allow_unproved: bool = False) -> int:
        """Of the command: 0; 1 for a difference; 3 if nothing is proved, which can be allowed."""
        if self.verdict is Verdict.NOT_PROVED:
            return EXIT_OK if allow_unproved else EXIT_NOT_PROVED
        return EXIT_OK if self else EXIT_DIFFERENCE

    def __bool__(self) -> bool:
        return bool(self.verdict)

    @property
    def first(self) -> LayerDifference | None:
        """The first layer whose tensor differs by more than is allowed."""
        return next((d for d in self.layers if not self.allowed.holds(d.difference)), None)

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        first = self.first
        return plain(
            {
                "schema": 1,
                "source": self.source,
                "model": self.model,
                "verdict": self.verdict,
                "unproved": self.unproved if self.verdict is Verdict.NOT_PROVED else None,
                "run_by": self.run_by,
                "examples": self.examples,
                "data": self.data,
                "seed": self.seed,
                "tolerance": str(self.allowed),
                "outputs": [
                    {"tensor": t, **d.to_dict(), "within": self.allowed.holds(d)}
                    for t, d in self.outputs.items()
                ],
                "layers": [
                    {
                        **d.pair.to_dict(),
                        "class": d.kind,
                        "max_abs": d.difference.max_abs,
                        "max_rel": d.difference.max_rel,
                        "max_ulp": d.difference.max_ulp,
                        "scale": d.difference.scale,
                        "within": self.allowed.holds(d.difference),
                    }
                    for d in self.layers
                ],
                "first": {**first.pair.to_dict(), "class": first.kind} if first else None,
                "causes": [cause.to_dict() for cause in self.causes],
                "float64": None
                if self.wide is None
                else {
                    "max_abs": self.wide.max_abs,
                    "rounding": self.wide.rounding,
                    "reason": self.wide.reason,
                },
                "training": self.trained.to_dict() if self.trained is not None else None,
                "turns": {name: found.to_dict() for name, found in self.turns.items()},
                "backends": [each.to_dict() for each in self.backends],
                "exports": [each.to_dict() for each in self.exports],
                "notes": self.notes,
            }
        )

    def blocks(self) -> list[Block]:
        """For people: outputs, layers, the first that differs, causes, verdict."""
        shown: list[Block] = [Heading(f"{self.source} · {self.model}")]
        if self.notes:
            shown.append(Notes(self.notes))
        shown += _by_layer(self.layers)
        if self.layers:
            shown.append(self._table("layer", [(_called(d), d.difference) for d in self.layers]))
        shown.append(self._table("output", [((t, ""), d) for t, d in self.outputs.items()]))
        shown += [Paragraph(line) for line in self.told()]
        if self.trained is not None:
            shown += self._shown(self.trained)
        for function, trained in self.turns.items():
            shown += [Heading(function, part=True), *self._shown(trained)]
        exports = [each.to_dict() for each in self.exports]
        shown += backends_blocks([each.to_dict() for each in self.backends])
        shown += exports_blocks(exports)
        greatest = worst(list(self.outputs.values()))
        text = (
            f"worst {greatest.max_abs:.3g} over {self.examples} examples · allowed "
            f"{self.allowed} · smallest tolerance that passes: atol {greatest.max_abs:.3g} or "
            f"{_share(greatest)} relative to the largest value"
        )
        if self.trained is not None:
            text += f" · {_of_training(self.trained)}"
        for function, trained in self.turns.items():
            text += f" · {function}: {_of_training(trained)}"
        for told in backends_told([each.to_dict() for each in self.backends]):
            text += f" · {told}"
        for told in exports_told(exports):
            text += f" · {told}"
        if self.run_by is not None:
            text += f" · original run by {self.run_by}"
        if self.verdict is Verdict.NOT_PROVED:
            text = f"{self.unproved}; try other examples with --data · {text}"
        return [*shown, Closing(self.verdict, text)]

    def _table(
        self,
        title: str,
        rows: list[tuple[tuple[str, str], Difference]],
        wrong: Collection[str] | None = None,
    ) -> Table:
        """A row for each difference; those beyond what is allowed, or ``wrong``, stand out."""
        columns = [title, "tensor" if title == "layer" else ""]
        figures = [">max abs", ">max rel", ">ULP", ">scale"]
        marked = [
            index
            for index, ((name, _), d) in enumerate(rows)
            if (not self.allowed.holds(d) if wrong is None else name in wrong)
        ]
        cells = [
            [
                *named,
                f"{d.max_abs:.3g}",
                f"{d.max_rel:.3g}",
                "" if d.max_ulp is None else f"{d.max_ulp:,}",
                f"{d.scale:.3g}",
            ]
            for named, d in rows
        ]
        return Table([*columns, *figures], cells, marked=frozenset(marked))

    def _shown(self, trained: Trained) -> list[Block]:
        steps = [
            [str(number), f"{e:.7g}", f"{m:.7g}", f"{abs(e - m):.3g}"]
            for number, (e, m) in enumerate(trained.losses, 1)
        ]
        rows = [((target, "weight"), d) for target, d in trained.weights.items()]
        rows += [((target, "slot"), d) for target, d in trained.slots.items()]
        columns = [">step", ">loss of the original", ">of the model", ">difference"]
        gradients = [((target, ""), d) for target, d in trained.gradients.items()]
        wrong = [t for t in trained.gradients if not trained.gradient_holds(t, self.allowed)]
        shown: list[Block] = [*losses_drawn(trained.losses), Table(columns, steps)]
        if gradients:
            shown.append(self._table("gradient of the first step", gradients, wrong))
        shown.append(self._table("after training", rows))
        return [*shown, *(Paragraph(f"{note}.") for note in trained.notes)]

    def told(self) -> list[str]:
        """The first tensor that differs, the causes, what float64 says: a sentence or two each."""
        lines = []
        if self.first is not None:
            pair = self.first.pair
            lines.append(
                f"{pair.tensor} is the first tensor that differs: layer {pair.layer} "
                f"({self.first.kind}). {self.first.difference}."
            )
            if self.stopped:
                lines.append("Testing causes took too long and stopped before all were tried.")
            elif not self.causes:
                lines.append("None of the causes that can be tested explains the difference.")
        for cause in self.causes:
            lines.append(
                f"With {cause.text} in {cause.layer} ({cause.kind}), {cause.tensor} differs by "
                f"{cause.after:.3g} instead of {cause.before:.3g}, and the outputs by "
                f"{cause.outputs:.3g}: the cause is {cause.cause}."
            )
        lines += [
            f"{printable(tensor)} has half precision: it may differ by {d.resolution:.2g} of its "
            "largest value, one step of its dtype."
            for tensor, d in self.outputs.items()
            if self.allowed.holds(d) and d.max_abs > self.allowed.limit(d.scale)
        ]
        if self.wide is not None:
            lines.append(str(self.wide))
            lines += [
                f"Large terms cancel in {printable(tensor)}: in float32 the original itself is off "
                f"by {self.wide.moved[tensor]:.2g} from float64. So it may differ by {limit:.2g}, "
                "more than the tolerance."
                for tensor, limit in self.canceling.items()
            ]
        return lines


@dataclass(frozen=True)
class Measured:
    """What a conversion measured.

    Attributes:
        differences: output tensor → difference; None where nothing was run.
        unmeasured: why not.
        unproved: why outputs that agree prove nothing, or None where they do.
        advice: what would prove it, where nothing did.
        found: layers and causes, where the outputs differ by more than is allowed.
        examples: how many were run.
        run_by: which TensorFlow ran the original, where it is another than this one.
        backends: the same on other backends of Keras.
        exports: files for other runtimes, and what they compute.
    """

    differences: Mapping[str, Difference] | None
    unmeasured: str | None = None
    found: Verification | None = None
    examples: int = 0
    unproved: str | None = None
    advice: str | None = None
    run_by: str | None = None
    backends: tuple[OnBackend, ...] = ()
    exports: tuple[Exported, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the outputs were compared and agree."""
        if self.found is not None:
            return self.found.outputs_hold
        return self.differences is not None and all(map(Allowed().holds, self.differences.values()))

    @property
    def allowed(self) -> Allowed:
        """What the outputs may be off by on other backends and runtimes."""
        return self.found.allowed_for_outputs if self.found is not None else Allowed()

    @property
    def told(self) -> list[str]:
        """What was found, in words."""
        return self.found.told() if self.found is not None else []


def _by_layer(layers: Sequence[LayerDifference]) -> list[Chart]:
    """How the difference grows from layer to layer; nothing where none differs."""
    found = [layer.difference for layer in layers]
    shares = [d.max_abs / d.scale if d.scale else math.nan for d in found]
    if len(layers) < 2 or not any(share > 0 for share in shares):
        return []
    values = [Series("original and model", [share or math.nan for share in shares])]
    title = "largest difference of each layer's tensor"
    return [Chart(title, "layer", "relative to its largest value", values, log=True)]


def losses_drawn(losses: Sequence[tuple[float, float]]) -> list[Chart]:
    """The losses of the original and of the model; nothing for a single step."""
    if len(losses) < 2:
        return []
    sides = [
        Series(name, [pair[side] for pair in losses])
        for side, name in enumerate(("original", "model"))
    ]
    apart = [abs(expected - made) for expected, made in losses]
    return [Chart("loss of each training step", "step", "loss", sides, apart=apart)]


def _called(found: LayerDifference) -> tuple[str, str]:
    again = f" (call {found.pair.call + 1})" if found.pair.call else ""
    return f"{found.pair.layer}{again}", found.pair.tensor


def _of_training(trained: Trained) -> str:
    """How far apart losses are, and which weight or slot is the furthest off."""
    scale = max(abs(expected) for expected, _ in trained.losses)
    apart = max(abs(expected - made) for expected, made in trained.losses)
    told = f"{len(trained.losses)} training steps: losses up to {scale:.3g} differ by {apart:.3g}"
    state = {t: d for t, d in {**trained.weights, **trained.slots}.items() if d.scale}
    if state:
        target = max(state, key=lambda t: state[t].max_abs / state[t].scale)
        told += f", {target} by {_share(state[target])} relative to its largest value"
    return told


def _share(found: Difference) -> str:
    return f"{found.max_abs / found.scale:.3g}" if found.scale else "inf"
