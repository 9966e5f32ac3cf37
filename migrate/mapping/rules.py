"""The map file: TOML → rules from checkpoint names to model names.

```toml # One tensor to one variable, unchanged. [rename] "w0" = "dense/kernel" "encoder/layer_*/w"
= "encoder_{1}/kernel" # * within a scope, ** across scopes; {1} is the first

# With steps; from and to any number of tensors.
[[change]]
from = "rnn/basic_lstm_cell/kernel"
to = ["lstm/lstm_cell/kernel", "lstm/lstm_cell/recurrent_kernel"]
steps = [{ gates = "lstm" }, { split = [28, 64], axis = 0 }]

# Not used, and why.
[skip]
"global_step" = "the new model counts its own steps"
```

Steps: ``{ transpose = [1, 0] }`` (``true``: all axes reversed), ``{ reshape = [4, 4], was = [16]
}``, ``{ split = [sizes], axis = 0 }``, ``{ concat = axis, sizes = […] }``, ``{ gates = "lstm" }``,
``{ gates = "gru" }``, ``{ gates = "r,u", to = "u,r", axis = -1 }``, ``{ forget_bias = 1.0 }``, ``{
add = 0.5 }``, ``{ cast = "float32", was = "float64" }``. ``was`` and ``sizes`` are needed only for
the inverse.

A key that is the whole name of a variable means that variable, stars in it or not.
"""

from __future__ import annotations

import bisect
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UserError, nearest, printable
from .operations import GRU, LSTM, Add, Cast, Concat, Gates, Operation, Reshape, Split, Transpose
from .operations import forget_bias as add_forget_bias

_CAPTURE = re.compile(r"\{(\d+)\}")
_STAR = re.compile(r"\*\*|\*")


@dataclass(frozen=True)
class Rule:
    """From these tensors, by these steps, to these variables; names may be patterns."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    steps: tuple[Operation, ...] = ()

    @property
    def is_pattern(self) -> bool:
        """Whether its first source has stars."""
        return bool(_STAR.search(self.sources[0]))

    def inverse(self) -> Rule:
        """The inverse rule.

        Raises:
            ValueError: a step does not say enough to undo it, or a star is not used on the right.
        """
        steps = tuple(step.inverse() for step in reversed(self.steps))
        if not self.is_pattern:
            return Rule(self.targets, self.sources, steps)
        # {2}_{1} on the right becomes *_* on the left, and the stars the captures of their places.
        order = [int(number) for number in _CAPTURE.findall(self.targets[0])]
        stars = _STAR.findall(self.sources[0])
        if sorted(set(order)) != list(range(1, len(stars) + 1)):
            raise ValueError(f"{self.targets[0]} does not use each * of {self.sources[0]}")
        first = {number: order.index(number) + 1 for number in order}
        patterns = tuple(
            _CAPTURE.sub(lambda m: stars[int(m[1]) - 1], target) for target in self.targets
        )
        templates = []
        for source in self.sources:
            pieces = re.split(r"\*\*|\*", source)
            filled = [f"{{{first[i]}}}{piece}" for i, piece in enumerate(pieces[1:], 1)]
            templates.append(pieces[0] + "".join(filled))
        return Rule(patterns, tuple(templates), steps)


@dataclass(frozen=True)
class Map:
    """A map file.

    Attributes:
        rules: in the order of the file, renames first.
        skips: name or pattern → the reason.
        path: the file, for messages.
    """

    rules: tuple[Rule, ...] = ()
    skips: dict[str, str] = field(default_factory=dict)
    path: str = "the map"

    def inverse(self) -> Map:
        """The inverse map, from the model's names to the checkpoint's; skips are dropped.

        Raises:
            UserError: a rule cannot be undone; all of them are named.
        """
        rules, problems = [], []
        for rule in self.rules:
            try:
                rules.append(rule.inverse())
            except ValueError as error:
                problems.append(f"{printable(rule.sources[0])}: {printable(error, 400)}")
        if problems:
            raise UserError(
                f"{printable(self.path)} cannot be inverted: {'; '.join(problems)}",
                try_="adding the missing values to these rules",
            )
        return Map(tuple(rules), {}, self.path)


def captures(pattern: str, name: str) -> tuple[str, ...] | None:
    """What the stars of a pattern stand for in a name; None where it does not match.

    An earlier star stands for as much as it can. Not a regular expression, which would try all
    divisions of a name among several stars.
    """
    first, *texts = _STAR.split(pattern)
    stars = _STAR.findall(pattern)
    if not name.startswith(first) or not stars:
        return () if name == pattern else None

    def farthest(star: str, start: int, ends: list[int]) -> int | None:
        """The last of some positions where a star that begins at ``start`` can end."""
        limit = len(name) if star == "**" else name.find("/", start) % (len(name) + 1)
        at = bisect.bisect_right(ends, limit)
        return ends[at - 1] if at and ends[at - 1] >= start else None

    # From the last star to the first: where each can end so that all that follows matches.
    last = len(name) - len(texts[-1])
    ends = [[last] if name.endswith(texts[-1]) and last >= 0 else []]
    for star, text in zip(stars[:0:-1], texts[-2::-1], strict=True):
        found = _occurrences(text, name)
        ends.append([at for at in found if farthest(star, at + len(text), ends[-1]) is not None])
    start, parts = len(first), []
    for star, text, possible in zip(stars, texts, reversed(ends), strict=True):
        end = farthest(star, start, possible)
        if end is None:
            return None
        parts.append(name[start:end])
        start = end + len(text)
    return tuple(parts)


def _occurrences(text: str, name: str) -> list[int]:
    """Every position at which a text is found in a name."""
    return [match.start() for match in re.finditer(f"(?={re.escape(text)})", name)]


def fill(template: str, values: Sequence[str]) -> str:
    """A template with ``{1}`` and its like replaced, or a pattern with its stars replaced.

    Numbers and stars beyond the values stay, and make a name that nothing has.
    """
    numbers = iter(range(1, len(values) + 1))
    filled = _STAR.sub(lambda m: f"{{{n}}}" if (n := next(numbers, 0)) else m[0], template)
    return _CAPTURE.sub(
        lambda m: values[int(m[1]) - 1] if 0 < int(m[1]) <= len(values) else m[0], filled
    )


def read_map(path: Path) -> Map:
    """Reads a map file.

    Raises:
        UserError: it does not exist, is not TOML, or has an unknown key or step.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"there is no map {printable(path)}", try_=f"--write-map {printable(path)}"
        ) from None
    except OSError as error:
        raise UserError(f"cannot read the map {printable(path)}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # ValueError: a number of thousands of digits too
        raise UserError(f"{printable(path)} is not TOML: {printable(error)}") from None
    where = printable(path)
    _known(data, ("rename", "change", "skip"), where)
    rules = [
        Rule((source,), (_text(target, f'{where}, rename."{printable(source)}"'),))
        for source, target in _table(data.get("rename", {}), f"{where}, rename").items()
    ]
    changes = data.get("change", [])
    if not isinstance(changes, list):
        raise UserError(f"{where}, change is not a list", expected="[[change]] in double brackets")
    rules += [_change(change, f"{where}, change {i}") for i, change in enumerate(changes, 1)]
    skips = _table(data.get("skip", {}), f"{where}, skip")
    for name, reason in skips.items():
        _text(reason, f'{where}, skip."{printable(name)}"')
    return Map(tuple(rules), skips, str(path))


def _change(change: Any, where: str) -> Rule:
    _known(_table(change, where), ("from", "to", "steps"), where)
    sides = []
    for key in ("from", "to"):
        if key not in change:
            raise UserError(f"{where} has no {key}", expected="from, to and steps")
        names = change[key] if isinstance(change[key], list) else [change[key]]
        if not names:
            raise UserError(f"{where}: {key} is empty")
        sides.append(tuple(_text(name, f"{where}, {key}") for name in names))
    steps = change.get("steps", [])
    if not isinstance(steps, list):
        raise UserError(f"{where}: steps is not a list", expected="steps = [{ … }, { … }]")
    return Rule(sides[0], sides[1], tuple(_step(step, where) for step in steps))


def _step(step: Any, where: str) -> Operation:
    step = _table(step, f"{where}, a step")
    name = next(iter(step), "")
    if name not in _STEPS:
        raise UserError(
            f"{where}: there is no step {printable(name)!r}",
            expected=f"one of {', '.join(_STEPS)}",
            try_=nearest(name, _STEPS),
        )
    keys, make = _STEPS[name]
    _known(step, (name, *keys), f"{where}, {name}")
    try:
        return make(step)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise UserError(f"{where}: {name}: {printable(error)}") from None


def _integers(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(item) is int for item in value):
        raise ValueError(f"{value!r} is not a list of integers")
    return tuple(value)


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} is not an integer")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def _transpose(step: dict[str, Any]) -> Operation:
    value = step["transpose"]
    return Transpose(None if value is True else _integers(value))


def _gates(step: dict[str, Any]) -> Operation:
    known = {"lstm": LSTM, "gru": GRU}.get(step["gates"])
    if known is not None:
        return Gates(known.before, known.after, _integer(step.get("axis", -1)))
    if "to" not in step:
        raise ValueError(f'{step["gates"]!r} needs to = "…", or is "lstm" or "gru"')
    before, after = (tuple(str(step[k]).replace(" ", "").split(",")) for k in ("gates", "to"))
    return Gates(before, after, _integer(step.get("axis", -1)))


_STEPS: dict[str, tuple[tuple[str, ...], Any]] = {
    "transpose": ((), _transpose),
    "reshape": (
        ("was",),
        lambda s: Reshape(_integers(s["reshape"]), _integers(s["was"]) if "was" in s else None),
    ),
    "split": (("axis",), lambda s: Split(_integer(s.get("axis", 0)), _integers(s["split"]))),
    "concat": (
        ("sizes",),
        lambda s: Concat(_integer(s["concat"]), _integers(s["sizes"]) if "sizes" in s else None),
    ),
    "gates": (("to", "axis"), _gates),
    "forget_bias": ((), lambda s: add_forget_bias(_number(s["forget_bias"]))),
    "cast": (("was",), lambda s: Cast(str(s["cast"]), str(s["was"]) if "was" in s else None)),
    "add": ((), lambda s: Add(_number(s["add"]))),
}


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UserError(f"{where} is not a table")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise UserError(f"{where} is {printable(value)}", expected="text in quotes")
    return value


def _known(table: dict[str, Any], known: Iterable[str], where: str) -> None:
    known = list(known)
    for key in table:
        if key not in known:
            raise UserError(
                f"{where}: there is no key {printable(key)!r}",
                expected=f"one of {', '.join(known)}",
                try_=nearest(key, known),
            )
