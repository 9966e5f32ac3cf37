"""The plan of a conversion: a network, its training, and the fate of each variable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .network import Network
from .training import TrainingPlan


@dataclass(frozen=True)
class Fate:
    """What became of one variable of the source.

    Attributes:
        fate: "converted" or "skipped".
        targets: paths of the model's variables that hold it.
        reason: of a skip: something a person can act on.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    role: str
    fate: str
    targets: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(eq=False, repr=False)
class Plan(Network):
    """All that is needed to write the source and fill in the weights.

    Attributes:
        fates: one for each variable of the source, in its order.
        training: loss, optimizer and its state, or None where nothing is carried over.
        asked: what a person feeds, placeholders that training alone looks at among them → value.
        guessed: what is fed for inference without being asked for → value.
        cut: variables of which the model holds only a part → why.
    """

    fates: list[Fate] = field(default_factory=list)
    training: TrainingPlan | None = None
    asked: dict[str, Any] = field(default_factory=dict)
    guessed: dict[str, Any] = field(default_factory=dict)
    cut: dict[str, str] = field(default_factory=dict)
