"""A network as one list of calls: a Sequential model, a Functional one, or a function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..outline.forms import length
from ..outline.naming import followed_by, kind_of
from ..outline.nesting import Line, nested
from ..plan import Call, Layer, Network, Value
from ..plan.names import best_identifier, identifier, snake
from ..plan.training import Formula
from .parameters import Parameters
from .render import WIDTH, Apply, Name, render
from .writer import BODY, Writer, training_of

MOST_TARGETS = 4  # values of one call with names of their own


def is_chain(plan: Network) -> bool:
    """Whether the model is one row of layers, each called once on what the one before gave."""
    if len(plan.inputs) != 1 or len(plan.outputs) != 1 or not plan.calls or own_model_of(plan):
        return False
    value = plan.inputs[0].value
    for call in plan.calls:
        plain = isinstance(call.function, Layer) and not call.keywords
        if not plain or call.arguments != (value,) or len(call.outputs) != 1:
            return False
        value = call.outputs[0]
    return value is plan.outputs[0].value and len(plan.layers) == len(plan.calls)


def own_model_of(plan: Network) -> Formula | None:
    """The loss for which the model has a class of its own."""
    training = training_of(plan)
    return training.own_model if training else None


def model_call(plan: Network, inputs: Sequence[str], outputs: Sequence[str]) -> str:
    """``return keras.Model(…)``, of values by their names."""
    own = own_model_of(plan)
    ends = [[Name(name) for name in names] for names in (inputs, outputs)]
    model = Apply(
        Name(own.name if own is not None else "keras.Model"),
        [names[0] if len(names) == 1 else names for names in ends],
    )
    return BODY + "return " + render(model, 1, before=len("return "))


class Sequential(Writer):
    """One row of layers."""

    def lines(self) -> list[str]:
        """The body of ``build_model``."""
        layers = [self.constructor(layer) for layer in self.plan.layers]
        model = Apply(Name("keras.Sequential"), [[self.input(self.plan.inputs[0]), *layers]])
        return [BODY + "return " + render(model, 1, before=len("return "))]


class Functional(Writer):
    """Calls of layers and functions, one after the other.

    Args:
        nests: whether what is used once may stand where it is used.
    """

    def __init__(
        self, plan: Network, parameters: Parameters, legacy_keras: bool, *, nests: bool = True
    ):
        super().__init__(plan, parameters, legacy_keras)
        self._inside: dict[int, Call] = {}  # value → the call that stands where it is used
        if nests:
            lines = [
                Line(
                    call, [id(v) for v in call.values], [id(v) for v in call.outputs], length(call)
                )
                for call in plan.calls
            ]
            found = nested(lines, [id(output.value) for output in plan.outputs])
            self._inside = {
                id(call.outputs[0]): call for call in plan.calls if id(call.outputs[0]) in found
            }

    def lines(self) -> list[str]:
        """The body of ``build_model``."""
        self._name_values()
        lines = []
        for given in self.plan.inputs:
            lines.append(self._assignment(self.names[id(given.value)], self.input(given)))
        for layer in self.shared:
            lines.append(self._assignment(self.names[id(layer)], self.constructor(layer)))
        lines += self._calls()
        inputs = [self.names[id(given.value)] for given in self.plan.inputs]
        outputs = [self.names[id(output.value)] for output in self.plan.outputs]
        return [*lines, model_call(self.plan, inputs, outputs)]

    def function_lines(self, arguments: Sequence[str]) -> list[str]:
        """The body of a function of the plan's inputs, which are called by these names."""
        self._name_values(arguments)
        results = [self.names[id(output.value)] for output in self.plan.outputs]
        if len(results) > 1:
            return [*self._calls(), f"{BODY}return {', '.join(results)}"]
        *lines, last = self._calls()
        return [*lines, BODY + "return " + last.removeprefix(f"{BODY}{results[0]} = ")]

    def argument(self, item: Any) -> Any:
        """An argument as an expression, which may be a call."""
        if isinstance(item, Value) and id(item) in self._inside:
            return self._called(self._inside[id(item)], 0)
        return super().argument(item)

    def _calls(self) -> list[str]:
        return [line for call in self._statements() for line in self._lines_of(call)]

    def _lines_of(self, call: Call) -> list[str]:
        """The line of a call, after those of values that have no room in it."""
        names = [self.names[id(value)] for value in call.outputs]
        # One of many is written steps[3]: what is assigned is the list.
        target = names[0].partition("[")[0] if "[" in names[0] else ", ".join(names)
        line = self._assignment(target, self._called(call, len(target) + 3))
        value = next((v for v in call.values if id(v) in self._inside), None)
        if len(line) <= WIDTH or value is None:
            return [line]
        first = self._inside.pop(id(value))
        self._take(value, self._wishes(value, first))
        return [*self._lines_of(first), *self._lines_of(call)]

    def _statements(self) -> list[Call]:
        """The calls that have lines of their own."""
        return [c for c in self.plan.calls if id(c.outputs[0]) not in self._inside]

    def _taken(self, call: Call) -> list[Value]:
        """The values that the line of a call takes."""
        found = []
        for value in call.values:
            inner = self._inside.get(id(value))
            found += [value] if inner is None else self._taken(inner)
        return found

    def _assignment(self, target: str, expression: Any) -> str:
        return f"{BODY}{target} = " + render(expression, 1, before=len(target) + 3)

    def _called(self, call: Call, before: int) -> Any:
        named = self.names.get(id(call.function))
        return self.applied(call, Name(named) if named else call.function, before)

    def _name_values(self, arguments: Sequence[str] = ()) -> None:
        """Chains flow through ``x``; what is used later, or twice, has a name of its own."""
        uses = Counter(id(v) for call in self._statements() for v in self._taken(call))
        uses.update(id(output.value) for output in self.plan.outputs)
        free = (*self.parameters.required, *self.parameters.defaults, *arguments)
        taken = self.taken = {"x", *free, *self.defined}
        if arguments:
            for given, name in zip(self.plan.inputs, arguments, strict=True):
                self.names[id(given.value)] = name
        elif len(self.plan.inputs) == 1:
            self.names[id(self.plan.inputs[0].value)] = "inputs"
        else:
            for given in self.plan.inputs:
                self._take(given.value, [given.name, *followed_by(given.name, "input")])
        made = [call.function for call in self.plan.calls]
        self.shared = [f for f in self.plan.layers if made.count(f) > 1]
        for layer in self.shared:
            wish = layer.name or layer.kind
            name = best_identifier([wish, *followed_by(wish, snake(layer.kind))], taken)
            taken.add(name)
            self.names[id(layer)] = name
        following = [*self._statements(), None][1:]
        for call, after in zip(self._statements(), following, strict=True):
            if len(call.outputs) > MOST_TARGETS:
                whole = identifier(call.outputs[0].hint or "parts", taken)
                taken.add(whole)
                self.names |= {id(v): f"{whole}[{i}]" for i, v in enumerate(call.outputs)}
                continue
            for value in call.outputs:
                if after is None:
                    next_uses = sum(output.value is value for output in self.plan.outputs)
                else:
                    next_uses = sum(each is value for each in self._taken(after))
                if len(call.outputs) == 1 and next_uses == uses[id(value)]:
                    self.names[id(value)] = "x"
                else:
                    self._take(value, self._wishes(value, call))

    def _wishes(self, value: Value, call: Call) -> list[str]:
        """What the result of a call may be called, the best name first."""
        made_by, kind = call.function, kind_of(call)
        named = made_by.name if isinstance(made_by, Layer) else ""
        wish = value.hint or named or kind
        return [wish, *followed_by(wish, kind), named or wish]

    def _take(self, value: Value, names: Sequence[str]) -> None:
        name = best_identifier(names, self.taken)
        self.taken.add(name)
        self.names[id(value)] = name
