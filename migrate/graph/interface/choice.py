"""A choice of outputs: what was looked at, what was taken, and what else a graph holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...errors import printable


@dataclass(frozen=True)
class Candidate:
    """A tensor that was looked at as an output, and why it was taken or not."""

    tensor: str
    chosen: bool
    why: str


@dataclass(frozen=True)
class Network:
    """One of the networks of a graph.

    Attributes:
        name: the name scope its variables share, else that of its output.
        outputs: tensors.
        variables: node names, sorted.
    """

    name: str
    outputs: tuple[str, ...]
    variables: tuple[str, ...]


@dataclass
class Choice:
    """The outputs decided on, how, and what else there was; see :class:`interface.Interface`."""

    outputs: tuple[str, ...]
    how: str
    considered: list[Candidate] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cut: tuple[str, ...] = ()
    """What the loss takes, where the outputs are those before chance enters on the way to it."""
    undecided: str = ""
    """Why others might as well be the outputs; empty where that is decided."""


def of_several(networks: Sequence[Network], chosen: Network) -> str:
    """Which network was taken, and how to have another."""
    names = ", ".join(printable(network.name) for network in networks)
    other = min(networks, key=lambda n: (n.outputs == chosen.outputs, n.name == chosen.name))
    asked = printable(",".join(other.outputs))
    return (
        f"{len(networks)} networks ({names}): took {printable(chosen.name)}; --outputs {asked} "
        f"takes {printable(other.name)}"
    )
