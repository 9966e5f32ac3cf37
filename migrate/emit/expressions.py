"""A formula as the body of a function: what is used once stands where it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..outline.naming import kind_of
from ..plan import Call, Network, Value
from .flat import Functional
from .parameters import Parameters
from .render import WIDTH, Apply, Name, render
from .writer import BODY

# How tightly operators bind, as in "Operator precedence" of the Python language reference.
_BINDS = {
    "<": 1, "<=": 1, ">": 1, ">=": 1, "==": 1, "!=": 1,
    "|": 2, "^": 3, "&": 4, "<<": 5, ">>": 5,
    "+": 6, "-": 6, "*": 7, "/": 7, "//": 7, "%": 7, "@": 7, "**": 9,
}  # fmt: skip
_SIGN, _ATOM = 8, 10


def function_lines(body: Network, arguments: Sequence[str]) -> list[str]:
    """The lines of a function that computes a network, indented once.

    Args:
        body: of calls without layers.
        arguments: what its inputs are called.
    """
    return _Expressions(body, arguments).lines()


class _Expressions(Functional):
    """Calls of functions and operators, nested as far as a line has room."""

    def __init__(self, body: Network, arguments: Sequence[str]):
        super().__init__(body, Parameters(body), False)
        self._arguments = arguments
        self._nested: dict[int, Call] = {}  # value → the call that stands where it is used
        self._nest()

    @property
    def statements(self) -> list[Call]:
        """The calls that have lines of their own."""
        return [c for c in self.plan.calls if id(c.outputs[0]) not in self._nested]

    def taken(self, call: Call) -> list[Value]:
        """The values that the line of a call takes."""
        found = []
        for value in call.values:
            inner = self._nested.get(id(value))
            found += [value] if inner is None else self.taken(inner)
        return found

    def lines(self) -> list[str]:
        """The body of the function."""
        self.name_values(self._arguments)
        results = [self.names[id(output.value)] for output in self.plan.outputs]
        if len(results) > 1:
            return [*self.calls(), f"{BODY}return {', '.join(results)}"]
        *lines, last = self.calls()
        return [*lines, BODY + "return " + last.removeprefix(f"{BODY}{results[0]} = ")]

    def applied(self, call: Call, function: Any, before: int, **options: Any) -> Any:
        """A call as an expression, with brackets where operators need them."""
        operands, binds = call.arguments, _binds(str(function))
        if function == "[]":
            operands = (self._bracketed(operands[0], _ATOM), operands[1])
        elif binds != _ATOM:
            # a - b - c is (a - b) - c, but a ** b ** c is a ** (b ** c); a < b < c is neither.
            left, right = (binds + 1, binds) if function == "**" else (binds, binds + 1)
            left += binds == _BINDS["<"]
            operands = tuple(
                self._bracketed(operand, least)
                for operand, least in zip(operands, (left, right), strict=True)
            )
        return super().applied(replace(call, arguments=operands), function, before, **options)

    def argument(self, item: Any) -> Any:
        """An argument as an expression, which may be a call."""
        inner = self._nested.get(id(item)) if isinstance(item, Value) else None
        if inner is None:
            return item if isinstance(item, (Name, Apply)) else super().argument(item)
        return self.applied(inner, inner.function, 0)

    def _bracketed(self, item: Any, least: int) -> Any:
        """An operand, in brackets where it binds less tightly than ``least``."""
        inner = self._nested.get(id(item)) if isinstance(item, Value) else None
        binds = _ATOM
        if inner is not None:
            binds = _binds(str(inner.function))
        elif isinstance(item, (int, float)) and str(item).startswith("-"):
            binds = _SIGN
        expression = self.argument(item)
        return Name(f"({render(expression)})") if binds < least else expression

    def _nest(self) -> None:
        """Decides what stands where it is used: what is used once, while a line has room."""
        uses = self.plan.uses()
        for given, name in zip(self.plan.inputs, self._arguments, strict=True):
            self.names[id(given.value)] = name
        made: dict[int, Call] = {}
        for call in self.plan.calls:
            self.names |= {id(value): value.hint or kind_of(call) for value in call.outputs}
            once = {id(v): made[id(v)] for v in call.values if id(v) in made}
            self._nested |= once
            room = WIDTH - len(f"{BODY}{self.names[id(call.outputs[0])]}_1 = ")
            while len(self._flat(call)) > room and once:
                longest = max(once, key=lambda value: len(self._flat(once[value])))
                del once[longest], self._nested[longest]
            only = len(call.outputs) == 1 and uses.get(id(call.outputs[0])) == 1
            is_output = any(output.value in call.outputs for output in self.plan.outputs)
            if only and not is_output and not str(call.function).startswith("keras.random."):
                made[id(call.outputs[0])] = call
        self.names.clear()

    def _flat(self, call: Call) -> str:
        """A call on one line."""
        lines = render(self.applied(call, call.function, 0)).splitlines()
        return "".join(line.strip() for line in lines)


def _binds(function: str) -> int:
    """How tightly the expression of a call binds."""
    return _BINDS.get(function, _ATOM)
