"""The literals of a body, lane by lane, as parameters and expressions of them.

A column is what one slot holds in each lane. A column that is the same everywhere stays a literal;
equal columns share a parameter; a size that is a multiple of another is written ``4 * filters``;
names that begin alike are one parameter, ``f"{name}_conv1"``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..plan.names import RESERVED, identifier
from .body import Argument, Parameter
from .forms import NAME, USUAL, same

_SIZES = ("filters", "units", "size", "output_dim", "key_dim", "num_heads", "input_dim")
NUMBER = "number"
_LARGEST_FACTOR = 16
_LONGEST = 40
_MOST_OF_A_KIND = 3  # beyond that, sizes of one kind are a tuple


@dataclass(frozen=True)
class Column:
    """One slot: what it is called, what it holds by lane, and which part of a name it is.

    Attributes:
        owner: the layer's part of a name, such as ``conv1``; "" where there is none.
    """

    label: str
    values: Sequence[Any]
    is_name: bool = False
    owner: str = ""


@dataclass(frozen=True)
class Use:
    """A parameter in an expression: ``filters``, ``4 * filters``, ``filters[2]``, ``count + 1``."""

    parameter: int
    times: int = 1
    plus: int = 0
    part: int | None = None


@dataclass(frozen=True)
class Text:
    """A formatted string: literal parts, and expressions (:class:`Use`, :class:`Turn`)."""

    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Turn:
    """In a loop: the number of the turn (without a column), or a column of its table."""

    column: int | None = None


def constant(values: Sequence[Any]) -> bool:
    """Whether a column is the same everywhere."""
    first = values[0]
    return all(value is first for value in values) or all(same(value, first) for value in values)


def derive(
    columns: Sequence[Column], *, arguments: bool = False
) -> tuple[list[Parameter], list[Any]]:
    """The parameters of a body, and what stands in each slot: a literal or an expression.

    Args:
        arguments: whether the arguments of ``build_model`` are known in the body.
    """
    written: list[Any] = [None] * len(columns)
    parameters: list[Parameter] = []
    names, others = [], []
    for index, column in enumerate(columns):
        passed = not arguments and isinstance(column.values[0], Argument)
        if constant(column.values) and not passed:
            written[index] = column.values[0]
        elif column.is_name:
            names.append(index)
        else:
            others.append(index)
    texts = _numbered(columns, names, others)
    names = [index for index in names if index not in texts]
    columns = [*columns, *(number for _, number, _ in texts.values())]
    places = {index: len(written) + place for place, index in enumerate(texts)}
    others += places.values()
    written += [None] * len(texts)
    _names(columns, names, parameters, written)
    owners = {i: columns[i].owner for i in others}
    numbers: list[Parameter] = []
    _numbers(columns, others, owners, numbers, written)
    # Sizes come before names, as in a call that somebody writes.
    moved = len(numbers)
    for index in names:
        written[index] = _shifted(written[index], moved)
    for index, (head, _, tail) in texts.items():
        written[index] = Text((head, written[places[index]], tail))
    return [*numbers, *parameters], written[: len(written) - len(texts)]


def _shifted(text: Any, by: int) -> Any:
    if isinstance(text, Use):
        return Use(text.parameter + by)
    return Text(tuple(_shifted(p, by) if isinstance(p, Use) else p for p in text.parts))


def _numbered(
    columns: Sequence[Column], names: Sequence[int], others: Sequence[int]
) -> dict[int, tuple[str, Column, str]]:
    """Names that differ by one number, where they share it: ``conv_dw_3`` and ``conv_pw_3``.

    Gives what stands before the number, the number and what stands after it.
    """
    stems: list[Parameter] = []
    _names(columns, list(names), stems, [None] * len(columns))
    if len(stems) < 2:
        return {}
    found = {i: parts for i in names if (parts := _number_in(columns[i].values)) is not None}
    kinds: dict[tuple[int, ...], list[int]] = {}
    for index, (_, number, _) in found.items():
        kinds.setdefault(tuple(n - number.values[0] for n in number.values), []).append(index)
    chosen = max(kinds.values(), key=len, default=[])
    rest: list[Parameter] = []
    _names(columns, [i for i in names if i not in chosen], rest, [None] * len(columns))
    counted = any(columns[index].label == NUMBER for index in others)
    if len(rest) + (not counted) >= len(stems):
        return {}
    return {index: found[index] for index in chosen}


def _number_in(names: Sequence[str]) -> tuple[str, Column, str] | None:
    """The one number in which names differ, between what they have in common."""
    parts = [re.split(r"(\d+)", name) for name in names]
    if len({len(part) for part in parts}) > 1:
        return None
    places = [place for place, alike in enumerate(zip(*parts, strict=True)) if len({*alike}) > 1]
    if len(places) != 1 or not places[0] % 2:
        return None
    texts = [part[places[0]] for part in parts]
    if any(str(int(text)) != text for text in texts):
        return None
    head, tail = "".join(parts[0][: places[0]]), "".join(parts[0][places[0] + 1 :])
    return head, Column(NUMBER, [int(text) for text in texts]), tail


def _names(
    columns: Sequence[Column], indices: list[int], parameters: list[Parameter], written: list[Any]
) -> None:
    """Names that are one stem with different endings share a parameter."""
    waiting = list(indices)
    while waiting:
        stems = _stems(columns[waiting[0]].values)
        # The shortest stem that serves most: a longer one is some column's own.
        best: list[tuple[int, str]] = []
        for candidate in dict.fromkeys(tuple(_stems(columns[i].values)) for i in waiting[:8]):
            served = [
                (i, ending)
                for i in waiting
                if (ending := _ending(columns[i].values, candidate)) is not None
            ]
            if waiting[0] in dict(served) and len(served) > len(best):
                best, stems = served, list(candidate)
        number = len(parameters)
        parameters.append(Parameter(NAME, stems, is_name=True))
        for index, ending in best:
            written[index] = Text((Use(number), ending)) if ending else Use(number)
        done = {index for index, _ in best}
        waiting = [index for index in waiting if index not in done]


def _stems(names: Sequence[str]) -> list[str]:
    """The names without the words that all end with; never less than a word."""
    first, last = min(backwards := [name[::-1] for name in names]), max(backwards)
    alike = next(
        (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first)
    )
    ending = first[:alike][::-1]
    cut = ending.find("_")
    ending = ending[cut:] if cut >= 0 else ""
    while ending and any(len(ending) >= len(name) for name in names):
        cut = ending.find("_", 1)
        ending = ending[cut:] if cut >= 0 else ""
    return [name[: len(name) - len(ending)] for name in names]


def _ending(names: Sequence[str], stems: Sequence[str]) -> str | None:
    """What all names have after their stems, or None where they differ."""
    ending: str = names[0][len(stems[0]) :]
    if ending and not ending.startswith("_") and not stems[0].endswith("_"):
        return None
    fits = all(name == stem + ending for name, stem in zip(names, stems, strict=True))
    return ending if fits else None


def _numbers(
    columns: Sequence[Column],
    indices: list[int],
    owners: dict[int, str],
    parameters: list[Parameter],
    written: list[Any],
) -> None:
    bases: list[tuple[str, Sequence[Any], str]] = []
    use: dict[int, tuple[int, int, int]] = {}
    # Small sizes first: 64 is 4 times 16, and not 16 a quarter of 64.
    for index in sorted(indices, key=lambda i: _magnitude(columns[i])):
        column = columns[index]
        for number, (label, values, _) in enumerate(bases):
            if _alike(label, column.label) and (factor := _factor(column, values)):
                use[index] = (number, factor, 0)
                break
            if label == column.label == NUMBER and (plus := _distance(column, values)) is not None:
                use[index] = (number, 1, plus)
                break
        else:
            use[index] = (len(bases), 1, 0)
            bases.append((column.label, column.values, owners[index]))
    order = list(dict.fromkeys(use[i][0] for i in indices))
    kinds: dict[str, list[int]] = {}
    for base in order:
        if not isinstance(bases[base][1][0], Argument):
            kinds.setdefault(bases[base][0], []).append(base)
    packed = {
        base: (label, part)
        for label, members in kinds.items()
        if len(members) > _MOST_OF_A_KIND
        for part, base in enumerate(members)
    }
    places: dict[int, Use] = {}
    tuples: dict[str, int] = {}
    for base in order:
        label, values, _ = bases[base]
        if base in packed:
            if label not in tuples:
                tuples[label] = len(parameters)
                rows = zip(*(bases[b][1] for b in kinds[label]), strict=True)
                parameters.append(Parameter(_several(label), list(rows)))
            places[base] = Use(tuples[label], part=packed[base][1])
        else:
            places[base] = Use(len(parameters))
            wish = label
            if len(kinds.get(label, ())) > 1 and bases[base][2]:
                wish = f"{bases[base][2]}_{label}"
            usual = _usual(values) if label in USUAL else ()
            parameters.append(Parameter(wish, list(values), default=usual))
    for index in indices:
        base, factor, plus = use[index]
        at = places[base]
        written[index] = Use(at.parameter, factor, plus, at.part)


def _usual(values: Sequence[Any]) -> tuple[Any, ...]:
    """The value that more than half of the lanes have, or none."""
    counts = Counter(repr(value) for value in values)
    text, count = counts.most_common(1)[0]
    usual = next(value for value in values if repr(value) == text)
    return (usual,) if 2 * count > len(values) and not isinstance(usual, Argument) else ()


def _several(label: str) -> str:
    return label if label.endswith("s") else f"{label}s"


def _magnitude(column: Column) -> float:
    value = column.values[0]
    if isinstance(value, Argument):
        return value.times
    return value if type(value) is int and column.label in _SIZES else 0


def _alike(one: str, other: str) -> bool:
    return one == other or (one in _SIZES and other in _SIZES)


def _factor(column: Column, base: Sequence[Any]) -> int:
    """How many times the base a column is in every lane; 0 where it is not."""
    if all(same(a, b) for a, b in zip(column.values, base, strict=True)):
        return 1
    if isinstance(base[0], Argument) and isinstance(column.values[0], Argument):
        multiples = [replace(each, times=column.values[0].times * each.times) for each in base]
        return column.values[0].times if multiples == [*column.values] else 0
    if column.label not in _SIZES or not all(type(v) is int for v in (*column.values, *base)):
        return 0
    if base[0] <= 0 or column.values[0] % base[0] or len({*base}) < 2:
        return 0
    factor = column.values[0] // base[0]
    fits = all(a == factor * b for a, b in zip(column.values, base, strict=True))
    return factor if fits and 1 < factor <= _LARGEST_FACTOR else 0


def _distance(column: Column, base: Sequence[Any]) -> int | None:
    """By how much a column is greater than the base in every lane, or None."""
    apart = {value - other for value, other in zip(column.values, base, strict=True)}
    return apart.pop() if len(apart) == 1 and min(apart) > 0 else None


def named(parameters: Sequence[Parameter], taken: set[str]) -> None:
    """Gives parameters their final, unique names."""
    for parameter in parameters:
        wish = parameter.name
        if wish == NAME and NAME not in taken:
            parameter.name = NAME
        else:
            parameter.name = identifier(wish, taken | RESERVED - {wish}, longest=_LONGEST)
        taken.add(parameter.name)
