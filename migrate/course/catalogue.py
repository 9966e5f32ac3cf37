"""The systems of the course: one entry each; list, comparison and lessons follow from it."""

from __future__ import annotations

from dataclasses import dataclass, field

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
class System:
    """A pair of twin files, ``legacy/<module>.py`` and ``modern/<module>.py``.

    Attributes:
        name: as the user writes it.
        chapter: a key of ``CHAPTERS``.
        title: what it is, in a few words.
        layers: sizes between the input and the output, for the heading.
        data: the default dataset.
        epochs, batch_size, learning_rate: the defaults of the course.
        tape: the class of the modern twin's tf.Module.
        targets: TF1 variable → ``layer/variable`` of the modern twin's Keras model.
        tolerance: what the three forms may differ by, everywhere.
    """

    name: str
    chapter: str
    title: str
    layers: tuple[int, ...]
    data: str
    epochs: int
    batch_size: int
    learning_rate: float
    tape: str
    targets: dict[str, str] = field(default_factory=dict)
    tolerance: Tolerance = EXACT

    @property
    def module(self) -> str:
        """The file name of the twins, without ending."""
        return self.name.replace("-", "_")


SYSTEMS = {
    system.name: system
    for system in (
        System(
            name="mlp",
            chapter="B",
            title="one hidden layer of ReLU, softmax cross-entropy, plain gradient descent",
            layers=(256,),
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
            f"there is no system {printable(name)!r}",
            expected=None if close else f"one of {', '.join(SYSTEMS)}",
            try_=close or "tfmigrate list",
        )
    return SYSTEMS[name]
