"""What ``--set`` can change: the parameters that the functions of both twins of a system share."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any, TypeVar

from ..errors import UserError, nearest, printable
from ..report import Block, Paragraph
from .prepare import OF_DATA
from .programs import Pitfall, Program, Training
from .request import as_text
from .system import System
from .training import FORMS

# What each run has of its own: the dataset, the seed and the precision.
_OF_THE_RUN = {*OF_DATA, "seed", "dtype", "folder", "steps_per_epoch"}

# Name → least and greatest value; other whole numbers begin at 1, other numbers have no bound.
_RANGES: dict[str, tuple[float, float]] = {
    "learning_rate": (math.ulp(0.0), math.inf),
    "keep_prob": (math.ulp(0.0), 1.0),
    **dict.fromkeys(("rate", "dropout", "momentum", "beta"), (0.0, math.nextafter(1.0, 0.0))),
    **dict.fromkeys(("l1", "l2", "max_norm", "gain"), (0.0, math.inf)),
    "depth": (10, 1_000),
    "frozen": (1, 100),
}
_MOST = 100_000

# What a result notes where the two sides differ with values that are not the defaults.
BEYOND = (
    "With these settings TF1 and TF2 are not within the limits, which are those of the defaults. "
    "Large learning rates and long trainings enlarge rounding, and a known difference can be "
    "smaller than expected. Fewer epochs show where the difference begins"
)

_P = TypeVar("_P", bound=Program)

Value = bool | int | float | tuple[int, ...]


@dataclass(frozen=True)
class Settable:
    """One parameter of a system.

    Attributes:
        defaults: its values without ``--set``: several where programs or cases differ.
        cases: the cases that give it a value; empty where it is the same in all.
    """

    name: str
    defaults: Sequence[Value]
    cases: Sequence[str] = ()

    @property
    def told(self) -> str:
        """For a list: ``num_hidden 256``."""
        with_case = " (with one --case)" if self.cases else ""
        return f"{self.name} {_shown(self.defaults)}{with_case}"

    @property
    def expected(self) -> str:
        """Type and range in words."""
        kind = type(self.defaults[0])
        if kind is bool:
            return "true or false"
        if kind is tuple:
            return f"whole numbers from 1 to {_MOST:,} with commas, such as 8,8"
        least, most = self._range
        if kind is int:
            return f"a whole number from {least:g} to {most:,g}"
        if least == math.ulp(0.0):
            return f"a number above 0{'' if most == math.inf else f', up to {most:g}'}"
        if most < 1:
            return "a number from 0 to less than 1"
        return "a number of 0 or more" if least == 0 else "a finite number"

    @property
    def _range(self) -> tuple[float, float]:
        whole = isinstance(self.defaults[0], int)
        return _RANGES.get(self.name, (1, _MOST) if whole else (-math.inf, math.inf))

    def read(self, value: Any) -> Value:
        """A value of the type of the default.

        Args:
            value: as a user wrote it, or of that type.

        Raises:
            UserError: it is of another type, or out of range.
        """
        kind = type(self.defaults[0])
        try:
            if kind is bool:
                return {"true": True, "false": False}[str(value).lower()]
            if kind is tuple:
                parts = value.strip("()").split(",") if isinstance(value, str) else value
                numbers = tuple(int(part) for part in parts)
                if numbers and all(1 <= number <= _MOST for number in numbers):
                    return numbers
            elif not isinstance(value, bool):
                least, most = self._range
                number = int(value) if kind is int else float(value)
                if isinstance(value, float) and number != value:
                    raise ValueError
                if math.isfinite(number) and least <= number <= most:
                    return number
        except (KeyError, TypeError, ValueError, OverflowError):
            pass
        shown = value if isinstance(value, str) else as_text(value)
        raise UserError(f"{self.name} is {printable(shown)!r}", expected=self.expected)


def settables(system: System, programs: Sequence[Program] = ()) -> dict[str, Settable]:
    """All that can be set of a system, or of some of its programs, by name."""
    found: dict[str, Settable] = {}
    for program in programs or system.programs:
        for name, defaults in _parameters(system, program).items():
            cases = []
            if isinstance(program, Training):
                cases = [n for n, case in program.cases.items() if name in _arguments(case)]
                defaults = [_arguments(program.cases[n])[name] for n in cases] or defaults
            before = found[name].defaults if name in found else ()
            found[name] = Settable(name, list(dict.fromkeys((*before, *defaults))), cases)
    return found


def chosen(
    system: System,
    given: Mapping[str, Any],
    case: Sequence[str] = (),
    programs: Sequence[Program] = (),
) -> dict[str, Value]:
    """The values of ``--set``, checked.

    Args:
        given: name → value, or its text.
        case: the cases that will run; all where empty.
        programs: those that will run; all where empty.

    Raises:
        UserError: a name or a value cannot be set, or only one case could have it.
    """
    known = settables(system, programs) if given else {}
    values: dict[str, Value] = {}
    for name, value in given.items():
        if name not in known:
            close = nearest(name, known)
            if not known:
                raise UserError(f"{system.name} has nothing that --set can change")
            told = ", ".join(settable.told for settable in known.values())
            raise UserError(
                f"{system.name} has no setting {printable(name)!r}",
                expected=f"one of {told}",
                try_=close and f"--set {close}={as_text(known[close].defaults[0])}",
            )
        values[name] = known[name].read(value)
        if known[name].cases and len(case) != 1:
            example = known[name].cases[0]
            raise UserError(
                f"{name} differs between the cases of {system.name}",
                expected="one --case with it",
                try_=f"--case {example!r}",
            )
    return values


def changed(system: System, values: Mapping[str, Value]) -> dict[str, Value]:
    """Those values that are not the default everywhere."""
    known = settables(system) if values else {}
    return {name: value for name, value in values.items() if known[name].defaults != [value]}


def told(system: System, values: Mapping[str, Value]) -> list[Block]:
    """One line that states what differs from the default; nothing where nothing does."""
    known, different = settables(system) if values else {}, changed(system, values)
    parts = [
        f"{name} {as_text(value)} instead of {_shown(known[name].defaults)}"
        for name, value in different.items()
    ]
    return [Paragraph(f"set: {', '.join(parts)}")] if parts else []


def applied(system: System, program: _P, values: Mapping[str, Value]) -> _P:
    """The program with those values that are its own; claims about the defaults are dropped.

    The hyper-parameters of a training (epochs, batch size, learning rate) are not arguments; its
    :class:`Setting` has them.
    """
    own = _parameters(system, program)
    arguments = {name: value for name, value in values.items() if name in own}
    if isinstance(program, Training):
        for name in ("epochs", "batch_size", "learning_rate"):
            arguments.pop(name, None)
        return replace(program, arguments={**program.arguments, **arguments})
    program = replace(program, arguments={**program.arguments, **arguments})
    if changed(system, values):
        program = replace(program, figures={}, departs={}, unjudged=tuple(program.departs))
    return program


def _shown(values: Sequence[Value]) -> str:
    """Values with the digits that people read."""
    texts = [f"{v:g}" if isinstance(v, float) else as_text(v) for v in values]
    return " or ".join(texts)


def _arguments(case: Mapping[str, Any]) -> Mapping[str, Any]:
    arguments: Mapping[str, Any] = case.get("arguments", {})
    return arguments


def _parameters(system: System, program: Program) -> dict[str, list[Value]]:
    """Name → its default, of what all functions of a program can be given."""
    found: dict[str, Any] = {}
    if isinstance(program, Training):
        found = {"epochs": program.epochs_on(None), "batch_size": program.batch_size}
        if "learning_rate" in program.passes:
            found["learning_rate"] = program.learning_rate
        functions = [("legacy", "build")]
        for form in map(FORMS.__getitem__, program.forms):
            if form.era == "modern":
                functions.append(("modern", form.function or program.tape or ""))
    elif isinstance(program, Pitfall):
        functions = [("legacy", "trap"), ("legacy", "cure"), ("modern", "cure")]
        functions += [("modern", "trap")] if program.trapped else []
    else:
        functions = [("legacy", "values"), ("modern", "values")]
    signatures = [_signature(era, system.module, name) for era, name in functions]
    first, *others = signatures
    for name, default in first.items():
        value = program.arguments.get(name, default)
        both = all(name in signature or "**" in signature for signature in others)
        if both and name not in _OF_THE_RUN and isinstance(value, (bool, int, float, tuple)):
            found.setdefault(name, value)
    return {name: [value] for name, value in found.items()}


def _signature(era: str, module: str, function: str) -> dict[str, Any]:
    """Parameter → default, None where it has none or no number; ``**`` where it takes any."""
    package = f"{__package__.partition('.')[0]}.{era}"
    tree = ast.parse(resources.files(package).joinpath(f"{module}.py").read_text("utf-8"))
    constants: dict[str, ast.expr] = {}
    for statement in tree.body:
        match statement:
            case ast.ImportFrom(module=str(other), level=1, names=names):
                if function in (alias.name for alias in names):
                    return _signature(era, other, function)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                constants[name] = value
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                pairs = zip(names, values, strict=True)
                constants |= {n.id: v for n, v in pairs if isinstance(n, ast.Name)}
    arguments = _arguments_of(tree, function)
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    missing = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    defaults = [*[None] * missing, *arguments.defaults, *arguments.kw_defaults]
    found = {
        argument.arg: _constant(default, constants)
        for argument, default in zip(named, defaults, strict=True)
    }
    return found | ({"**": None} if arguments.kwarg else {})


def _arguments_of(tree: ast.Module, name: str) -> ast.arguments:
    """Of a function, or of the constructor of a class."""
    for statement in tree.body:
        match statement:
            case ast.FunctionDef(name=found) if found == name:
                return statement.args
            case ast.ClassDef(name=found, body=body) if found == name:
                return _arguments_of(ast.Module(body, []), "__init__")
    raise LookupError(name)


def _constant(node: ast.expr | None, constants: Mapping[str, ast.expr]) -> Any:
    if isinstance(node, ast.Name):
        node = constants.get(node.id)
    try:
        return None if node is None else ast.literal_eval(node)
    except ValueError:
        return None
