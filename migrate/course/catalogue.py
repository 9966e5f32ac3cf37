"""The systems of the course: one entry each; list, comparison and lessons follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import UserError, nearest, printable
from ..parity import EXACT, Tolerance

CHAPTERS = {
    "A": "First principles",
    "B": "MNIST",
    "C": "Fashion-MNIST",
    "D": "Other data",
    "E": "The life of a model",
    "F": "Pitfalls",
}


@dataclass(frozen=True)
class Training:
    """A network that both eras train from the same weights on the same batches.

    Attributes:
        data: the default dataset.
        epochs, batch_size, learning_rate: the defaults of the course.
        tape: the class of the modern twin's tf.Module, or None where Keras alone is the lesson.
        targets: TF1 variable → ``layer/variable`` of the modern twin's Keras model.
        arguments: of the twins' build functions, beside sizes and learning rate.
        prepare: what happens to the data first; a function of :mod:`tfmigrate.course.prepare`.
        tolerance: what logits and weights may differ by.
    """

    data: str
    epochs: int
    batch_size: int
    learning_rate: float
    tape: str | None
    targets: Mapping[str, str]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    prepare: str = "raw"
    tolerance: Tolerance = EXACT


@dataclass(frozen=True)
class System:
    """A pair of twin files, ``legacy/<module>.py`` and ``modern/<module>.py``.

    Attributes:
        name: as the user writes it.
        chapter: a key of ``CHAPTERS``.
        title: what it is, in a few words.
        program: how it is run and compared.
    """

    name: str
    chapter: str
    title: str
    program: Training

    @property
    def module(self) -> str:
        """The file name of the twins, without ending."""
        return self.name.replace("-", "_")


SYSTEMS = {
    system.name: system
    for system in (
        System(
            "mlp",
            "B",
            "784 → 256 → 10, ReLU, softmax cross-entropy, plain gradient descent",
            Training(
                data="digits",
                epochs=20,
                batch_size=128,
                learning_rate=0.001,
                tape="Mlp",
                targets={
                    "w0": "hidden/kernel",
                    "b0": "hidden/bias",
                    "w1": "logits/kernel",
                    "b1": "logits/bias",
                },
            ),
        ),
    )
}


def find(name: str) -> System:
    """The system of that name.

    Raises:
        UserError: there is none; the nearest name is suggested.
    """
    if name not in SYSTEMS:
        close = nearest(name, SYSTEMS)
        raise UserError(
            f"there is no system '{printable(name)}'",
            expected=None if close else f"one of {', '.join(SYSTEMS)}",
            try_=close or "tfmigrate list",
        )
    return SYSTEMS[name]
