"""The node that runs a step over time, and what one step computes."""

from __future__ import annotations

from dataclasses import dataclass

from ...graph.nodes import Node
from ...plan import Shape
from ..view import View

RECURRENCE = "Recurrence"
"""The op of a node that runs a step over time.

Its inputs: sequences, lengths where it has them, initial states where they are not zeros, and
constants. Its outputs: what is written at each step, then the last states.
"""


@dataclass(frozen=True)
class StepNetwork:
    """What one step computes.

    Attributes:
        view: its inputs are what it reads of the sequences, the states and the constants; its
            outputs what it writes and the new states.
        scope: the loop's name in the graph.
        sequences, states, constants, outputs: how many there are of each.
        lengths: whether sequences end early: then zeros are written and states held.
        initial: whether the states have given first values.
        numbered: whether the first of its inputs is the number of the step.
        time_major: whether sequences and what is written have the axis of time first.
        length: the number of steps, where no sequence gives it.
    """

    view: View
    scope: str
    sequences: int
    states: int
    constants: int
    outputs: int
    lengths: bool
    initial: bool
    numbered: bool
    time_major: bool
    length: int | None


def placeholder(name: str, dtype: str, shape: Shape) -> Node:
    """An input of a step."""
    return Node(name, "Placeholder", attrs={"dtype": dtype, "_output_shapes": [shape]})
