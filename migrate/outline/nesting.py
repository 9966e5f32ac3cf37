"""Which calls of functions stand where their value is used, instead of on a line of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from ..plan import Call, Layer

_ROOM = 84  # columns that nested calls may take, about
_VALUE = 6  # columns of a value's name, as forms.length has it


@dataclass(frozen=True)
class Line:
    """A call that could have a line.

    Attributes:
        call: what is called; None for what is no call of a function.
        takes: the values that it takes, whatever stands for a value.
        gives: the values that it gives.
        length: of its source, about.
    """

    call: Call | None
    takes: Sequence[Hashable]
    gives: Sequence[Hashable]
    length: int


def nested(lines: Sequence[Line], results: Iterable[Hashable]) -> set[Hashable]:
    """The values whose calls stand where they are used: once, in another call of a function.

    All calls are made in the same order as without: a call that another line would overtake has a
    line itself.

    Args:
        results: values that are taken after the last line.
    """
    uses = Counter(value for line in lines for value in line.takes)
    uses.update(results)
    ends, found = set(results), set[Hashable]()
    waiting: list[tuple[Hashable, int]] = []  # without a line so far: the value, and its length
    for line in lines:
        if line.call is None or isinstance(line.call.function, Layer):
            waiting.clear()
            continue
        total = line.length
        for value in reversed(line.takes):
            if waiting and waiting[-1][0] == value:
                more = waiting.pop()[1] - _VALUE
                if total + more > _ROOM:
                    waiting.clear()
                    break
                total += more
                found.add(value)
        only = line.gives[0]
        if len(line.gives) == 1 and uses[only] == 1 and only not in ends:
            waiting.append((only, total))
        else:
            waiting.clear()
    return found
