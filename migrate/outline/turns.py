"""How a loop's item changes from turn to turn: a count, a table, or not at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .columns import NUMBER, Column, Text, Turn, Use, constant


@dataclass(eq=False)
class Turning:
    """What a loop runs over, and what stands in the slots of its item.

    Expressions of outer slots are :class:`Use` of an index into ``outer`` until they are written.

    Attributes:
        outer: columns that the body around the loop has for it.
        first: the number of the first turn where turns are counted, else None.
        last: the index in ``outer`` of the last number (of the count, where the first is 0).
        table: the index in ``outer`` of the rows, or None.
        heads: what the columns of the table are called.
        slots: by slot of the item: an index into ``outer``, or an expression of the turn.
        word: what is counted, such as ``unit``; "" where no name says it.
        written: what stands for each of ``outer``; set last.
    """

    outer: list[Column] = field(default_factory=list)
    first: int | None = None
    last: int = 0
    table: int | None = None
    heads: list[str] = field(default_factory=list)
    slots: list[Any] = field(default_factory=list)
    word: str = ""
    written: list[Any] = field(default_factory=list)

    @property
    def counted(self) -> bool:
        """Whether the number of the turn is used."""
        return self.first is not None


def turning(columns: Sequence[Column], turns: Sequence[int]) -> Turning:
    """Finds how the columns of a loop's item change, whose lanes are turn after turn."""
    spans = []
    start = 0
    for count in turns:
        spans.append((start, start + count))
        start += count
    made = Turning()
    counts = [_count(column, spans) for column in columns]
    firsts = [found[1] for found in counts if found is not None]
    made.first = max(firsts, key=firsts.count) if firsts else None
    varying = []
    for index, (column, found) in enumerate(zip(columns, counts, strict=True)):
        lanes = [column.values[a:b] for a, b in spans]
        if all(constant(lane) for lane in lanes):
            made.slots.append(_outer(made, column, [lane[0] for lane in lanes]))
        elif found is not None and found[1] == made.first:
            heads, _, tails, word = found
            made.word = made.word or word
            parts: list[Any] = []
            for texts in (heads, None, tails):
                if texts is None:
                    parts.append(Turn())
                elif constant(texts):
                    parts += [texts[0]] if texts[0] else []
                else:
                    at = _outer(made, Column(column.label, texts, column.is_name, column.owner))
                    parts.append(at)
            made.slots.append(Text(tuple(parts)) if column.is_name else Turn())
        else:
            made.slots.append(None)
            varying.append(index)
    if varying:
        for position, index in enumerate(varying):
            made.heads.append(columns[index].label)
            made.slots[index] = Turn(position)
        tables = []
        for a, b in spans:
            rows = list(zip(*(columns[i].values[a:b] for i in varying), strict=True))
            tables.append(tuple(rows if len(varying) > 1 else [row[0] for row in rows]))
        made.table = len(made.outer)
        made.outer.append(Column("settings", tables))
    numbers = list(turns)
    if made.first:
        numbers = [made.first + count - 1 for count in turns]
    made.last = len(made.outer)
    if made.table is not None:
        numbers = [0] * len(turns)  # the table is as long as it is
    label = f"num_{made.word}s" if made.word else "count"
    made.outer.append(Column(label, numbers))
    return made


def follows(one: str, other: str) -> bool:
    """Whether a name is another one with a number that is greater by one."""
    before, after = (re.split(r"(\d+)", name) for name in (one, other))
    if len(before) != len(after):
        return False
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    return len(changed) == 1 and all(
        a.isdigit() and b.isdigit() and int(b) == int(a) + 1 for a, b in changed
    )


def _outer(made: Turning, column: Column, values: Sequence[Any] | None = None) -> Use:
    given = column if values is None else Column(column.label, values, column.is_name, column.owner)
    made.outer.append(given)
    return Use(len(made.outer) - 1)


def _count(
    column: Column, spans: Sequence[tuple[int, int]]
) -> tuple[list[str], int, list[str], str] | None:
    """Heads and tails by lane and the first number, where names count up from turn to turn."""
    counts = column.is_name or column.label == NUMBER
    if not counts or all(b - a < 2 for a, b in spans):
        return None
    heads, tails, starts, word = [], [], set(), ""
    for a, b in spans:
        names = [str(value) for value in column.values[a:b]]
        found = list(re.finditer(r"\d+", names[0]))
        for match in found if len(names) > 1 else found[-1:]:
            head, tail, number = names[0][: match.start()], names[0][match.end() :], int(match[0])
            counted = [f"{head}{number + turn}{tail}" for turn in range(len(names))]
            if counted == names:
                heads.append(head)
                tails.append(tail)
                starts.add(number)
                words = re.findall(r"[a-z]+", head.lower())
                word = word or (words[-1] if words else "")
                break
        else:
            return None
    return (heads, starts.pop(), tails, word) if len(starts) == 1 else None
