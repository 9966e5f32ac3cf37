"""A system of the course: a pair of twin files, and how they are run and compared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import UserError
from .programs import Program, Training


def ends_training(where: str) -> bool:
    """Whether a figure is a loss or an accuracy after training: it depends on the processor."""
    trained = "loss" in where or "accuracy" in where
    return trained and not where.endswith(("[0]", ".size"))  # the first loss, and how many


@dataclass(frozen=True)
class Exercise:
    """A question about a system, and the command whose result answers it.

    Attributes:
        question: of what the system shows.
        options: of ``tfmigrate compare``, beside the name of the system.
        answer: what comes out, and why.
        figures: a number or word of the answer → the value of the result that it is rounded from,
            as ``tests/course/test_exercises.py`` reads it.
    """

    question: str
    options: str
    answer: str
    figures: Mapping[str, str]

    @property
    def trains(self) -> bool:
        """Whether the answer has a loss or an accuracy that a training ends with."""
        return any(map(ends_training, self.figures.values()))

    @property
    def default(self) -> str:
        """The options of the run to compare with: the same cases, and nothing else set.

        Of several settings, the number of epochs stays: it makes both runs short.
        """
        several = self.options.count("--set ") > 1
        kept = r"--set (?!epochs=)\S+" if several else r"--set \S+"
        return " ".join(re.sub(rf"{kept}|--data \S+|--seed \S+", "", self.options).split())


@dataclass(frozen=True)
class System:
    """A pair of twin files, ``legacy/<module>.py`` and ``modern/<module>.py``.

    Attributes:
        name: as the user writes it.
        title: what it is, in a few words.
        program: how it is run and compared.
        also: a second way, where the twins show something that the first does not reach.
        exercises: after the lesson.
        notes: section of the twin files → what to say between the two, in a lesson.
    """

    name: str
    title: str
    program: Program
    also: Program | None = None
    exercises: Sequence[Exercise] = ()
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def module(self) -> str:
        """The file name of the twins, without ending."""
        return self.name.replace("-", "_")

    @property
    def programs(self) -> tuple[Program, ...]:
        """One or two."""
        return (self.program,) if self.also is None else (self.program, self.also)

    @property
    def training(self) -> Training:
        """The program that trains.

        Raises:
            UserError: there is none.
        """
        for program in self.programs:
            if isinstance(program, Training):
                return program
        raise UserError(
            f"{self.name} is not a network that is trained epoch by epoch",
            try_=f"tfmigrate compare {self.name}",
        )
