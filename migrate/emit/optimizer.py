"""The optimizer class that a generated source defines itself, and the functions that it calls."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from ..plan import Plan
from ..plan.names import identifier
from ..plan.network import Network
from ..plan.training import Change, New, TrainingPlan
from .flat import Functional
from .parameters import Parameters
from .render import Name, render

_BODY = " " * 4


def optimizer_source(optimizer: New, plan: Plan) -> str:
    """The definitions of ``optimizer`` and of its functions: weights of one formula share one.

    Args:
        optimizer: has a base.
        plan: with the training that the optimizer is of.
    """
    functions, training = _Functions(), plan.training
    assert training is not None
    if training.rules:
        fields = _updates(training, plan, functions)
        told = "The custom optimizer of the TF1 program."
        bases = optimizer.base
    else:
        fields = _changes(training.changes, plan, functions)
        base = optimizer.base.rpartition(".")[2]
        told = f"{base} with gradients or weights changed as in the graph."
        bases = f"ChangedSteps, {optimizer.base}"
    # Two models may be open at once: what each registers must not be the other's.
    package = f"tf1_{zlib.crc32(repr((bases, fields, functions.texts)).encode()):08x}"
    definition = [
        f'@keras.saving.register_keras_serializable(package="{package}")',
        f"class {optimizer.kind}({bases}):",
        f'{_BODY}"""{told}"""',
        "",
        *fields,
    ]
    return "\n\n\n".join([*functions.texts, "\n".join(definition)])


class _Functions:
    """The functions of one source: those with the same text are one."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, ...], str] = {}
        self.texts: list[str] = []

    def name(self, wish: str, told: str, body: Network, arguments: Sequence[str]) -> str:
        """The name of the function for a formula; defines it the first time."""
        writer = Functional(body, Parameters(body), False)
        text = (*arguments, *writer.function_lines(arguments))
        if text not in self._names:
            name = self._names[text] = identifier(wish, self._names.values())
            head = [f"def {name}({', '.join(arguments)}):", f'{_BODY}"""{told}"""']
            self.texts.append("\n".join([*head, *text[len(arguments) :]]))
        return self._names[text]


def _changes(changes: Sequence[Change], plan: Network, functions: _Functions) -> list[str]:
    found: dict[str, dict[tuple[str, ...], list[str]]] = {}
    for change in changes:
        given = ("gradient", "weight") if change.when == "gradients" else ("weight",)
        told = f"Changes a {given[0]} as the graph does."
        more = [identifier(name, given) for name in change.held]
        name = functions.name(f"change_{given[0]}", told, change.body, (*given, *more))
        key = (name, *change.held)
        found.setdefault(change.when, {}).setdefault(key, []).append(change.weight)
    arrays = dict.fromkeys(n for c in changes for n, made in c.held.items() if made is not None)
    fields = [f"{_BODY}held = {render(list(arrays), 1, before=7)}"] if arrays else []
    return fields + [_pairs(when, weights, plan) for when, weights in found.items()]


def _updates(training: TrainingPlan, plan: Network, functions: _Functions) -> list[str]:
    rules = training.rules
    slots, powers = list(rules[0].slots), list(rules[0].powers)
    found: dict[tuple[str, ...], list[str]] = {}
    for rule in rules:
        given = ["gradient", "weight", "rate"]
        for slot in (*powers, *slots):
            given.append(identifier(slot, given))
        told = "The new weight and slots, computed as in the graph."
        name = functions.name("update", told, rule.body, given)
        found.setdefault((name,), []).append(rule.weight)
    fields = [f"{_BODY}slots = {render(slots, 1, before=8)}"]
    if powers:
        numbers = [list(training.powers[name]) for name in powers]
        fields.append(f"{_BODY}powers = {render(numbers, 1, before=9)}")
    return [*fields, _pairs("updates", found, plan)]


def _pairs(field: str, weights: dict[tuple[str, ...], list[str]], plan: Network) -> str:
    """A field of the class: functions, each with the paths of its weights, and what it takes."""
    ends = plan.endings(list(weights.values()))
    pairs = [[Name(name), paths, *more] for (name, *more), paths in zip(weights, ends, strict=True)]
    return f"{_BODY}{field} = " + render(pairs, 1, before=len(field) + 3)
