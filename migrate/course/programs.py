"""The kinds of program a system of the course can be, and all that is known about each before it
runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..errors import UserError
from ..parity import EXACT, Tolerance
from . import prepare
from .datasets import Dataset
from .prepare import Prepared

Inputs = Callable[[np.random.Generator], Mapping[str, np.ndarray]]


FIRST_STEPS = 100


@dataclass(frozen=True)
class Kernel:
    """The update of a TF1 optimizer, one operation, from which Keras's own departs.

    Attributes:
        name: of the TF1 optimizer.
        own: what Keras's may make of the loss in ten steps; after them training enlarges it.
    """

    name: str
    own: Tolerance


@dataclass(frozen=True, kw_only=True)
class Training:
    """A network that TF1 and TF2 train in step: same weights, same batches, same dropout masks.

    The twins are described in ``migrate/worker/sides.py``. Where ``tolerance`` is exact, nothing
    may differ to the end. Elsewhere the loss of the first 100 steps must stay within it; and unless
    the weights end bit-identical all the same, training in float64 has to show that what it grows
    into is rounding: then the legacy twin's ``build`` takes a ``dtype``.

    Attributes:
        data: the default dataset.
        prepare: what happens to the data first.
        epochs, batch_size, learning_rate: the defaults of the course.
        brief: so many epochs suffice on the default dataset, which is small; None where that
            takes the course's too.
        forms: the ways it is trained, keys of ``FORMS``; all are compared with the first.
        tape: the name of the modern twin's class, where ``tape`` is one of the forms.
        targets: TF1 variable → ``layer/variable`` in the modern twin; empty where the two have the
            same names.
        arguments: of the twins' build functions, beside what ``prepare`` and ``passes`` give.
        passes: further arguments of the build functions: of ``learning_rate``, ``epochs``,
            ``batch_size``, ``steps_per_epoch``, ``seed``.
        metric: ``accuracy``, or the name of the modern twin's metric where that is not accuracy.
        tolerance: of the loss over the first steps.
        kernel: the TF1 update from which Keras's own departs. How far is shown and bounded; held to
            ``tolerance`` is the same training with TF1's own update operation in Keras's place
            (``migrate/worker/exact.py``), so that whatever else differs cannot hide behind it.
        moved: of the outputs when weights have just been moved.
        departs: where TF1 and TF2 really differ: the smallest relative difference of the losses of
            the first steps. Then the verdict depends on it, and ``why`` names the cause.
        why: the cause, wherever something is not exact or a form is missing.
        cases: variants by name: what each has otherwise, by field (``arguments`` are added).
    """

    data: str
    prepare: Callable[[Dataset], Prepared] = prepare.raw
    epochs: int
    brief: int | None = None
    batch_size: int
    learning_rate: float
    forms: Sequence[str] = ("session", "tape", "keras")
    tape: str | None = None
    targets: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    passes: Sequence[str] = ("learning_rate",)
    metric: str = "accuracy"
    tolerance: Tolerance = EXACT
    kernel: Kernel | None = None
    moved: Tolerance = EXACT
    departs: float = 0.0
    why: str = ""
    cases: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def epochs_on(self, data: str | None) -> int:
        """How many by default, on that dataset; on the program's own for None."""
        small = data in (None, self.data)
        return self.brief if small and self.brief is not None else self.epochs

    def case(self, name: str) -> Training:
        """The variant of that name; the program itself for the empty name.

        Raises:
            UserError: there is no such variant.
        """
        if not name:
            return self
        if name not in self.cases:
            raise UserError(f"there is no case {name!r}", expected=", ".join(self.cases) or "none")
        changes = dict(self.cases[name])
        changes["arguments"] = {**self.arguments, **changes.get("arguments", {})}
        return replace(self, **changes, cases={})


@dataclass(frozen=True, kw_only=True)
class Values:
    """Arrays, numbers and texts by name, which both twins give and which are compared one by one.

    Each twin has ``values(...) -> dict``. What both print is shown too.

    Attributes:
        inputs: random → keyword arguments (arrays) of both functions; or
        data: a dataset, prepared by ``prepare``, whose x_train … are the keyword arguments.
        arguments: further keyword arguments, of both.
        folder: whether the functions take ``folder``: where they may leave files, each its own.
        checkpoint: a Saver checkpoint that the legacy side leaves in its folder; our reader reads
            it, and the modern side gets ``weights``: arrays by TF1 name.
        figures: what the course's notes print, by name, to the digits given; the values have to
            round to them.
        tolerance: of every value; ``tolerances`` of single ones.
        departs: value → the smallest relative difference between TF1 and TF2 in it, where they
            really differ; ``why`` names the cause.
        unjudged: values that are shown only; with ``--set``, those of ``departs``.
        alone: values that only one side has, by name, and why.
        beats: value → another one, which it has to exceed on both sides; on the program's own data,
            for of other data nobody knows.
        why: the cause, wherever something is not exact.
    """

    inputs: Inputs | None = None
    data: str | None = None
    prepare: Callable[[Dataset], Prepared] = prepare.raw
    arguments: Mapping[str, Any] = field(default_factory=dict)
    folder: bool = False
    checkpoint: str | None = None
    figures: Mapping[str, Sequence[str]] = field(default_factory=dict)
    tolerance: Tolerance = EXACT
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    departs: Mapping[str, float] = field(default_factory=dict)
    unjudged: Sequence[str] = ()
    alone: Mapping[str, str] = field(default_factory=dict)
    beats: Mapping[str, str] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Pitfall(Values):
    """A program that fails or misleads, and its cure.

    The legacy twin has ``trap(...)`` and ``cure(...)``, the modern one ``cure(...)``, and ``trap``
    where Keras can fall into it too; each gives values as a twin of :class:`Values` does.

    Attributes:
        happens: what one sees.
        because: why.
        remedy: what to write instead.
        effect: value → by how much, at least, the legacy trap and its cure differ in it.
        says: value (a text of the trap) → what it must contain.
        falls: values of the trap whose last element is smaller than the first.
        trapped: whether the modern twin has a ``trap`` too.
    """

    happens: str
    because: str
    remedy: str
    effect: Mapping[str, float] = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)
    falls: Sequence[str] = ()
    trapped: bool = False


Program = Training | Values
