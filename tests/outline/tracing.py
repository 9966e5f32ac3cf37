"""Runs a generated source with a Keras that writes down all calls: what a text computes."""

from __future__ import annotations

import ast
import builtins
from typing import Any

import numpy as np

# Arguments that say nothing: Keras has these values without them.
DEFAULTS = {
    "strides": 1, "padding": "valid", "dilation_rate": 1, "activation": None, "use_bias": True,
}  # fmt: skip


class Tensor:
    """A value, known by its number; Python's operators on it are calls."""

    def __init__(self, trace: Trace, number: int):
        self.trace, self.number = trace, number

    def __repr__(self) -> str:
        return f"<{self.number}>"

    def __getitem__(self, key: Any) -> Tensor:
        return self.trace.record("[]", (self, key), {})


def _operator(name: str, swapped: bool) -> Any:
    def apply(self: Tensor, other: Any) -> Tensor:
        return self.trace.record(name, (other, self) if swapped else (self, other), {})

    return apply


for _name in ("add", "sub", "mul", "truediv", "matmul", "pow"):
    setattr(Tensor, f"__{_name}__", _operator(_name, False))
    setattr(Tensor, f"__r{_name}__", _operator(_name, True))


class Trace:
    """All calls that a source makes, in order.

    Attributes:
        made: layers: kind and arguments, in the order in which they are made.
        calls: what is called, and on which values.
    """

    def __init__(self, text: str, **arguments: Any):
        self.made: list[tuple[Any, ...]] = []
        self.calls: list[tuple[Any, ...]] = []
        self._count = 0
        tree = ast.parse(text)
        own = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
        kept = (ast.FunctionDef, ast.Expr)
        tree.body = [node for node in tree.body if isinstance(node, kept)]
        space: dict[str, Any] = {name: self.kind(name) for name in own}
        space |= {"keras": Keras(self, "keras"), "np": np, "__builtins__": builtins}
        exec(compile(tree, "model.py", "exec"), space)
        self.ends = space["build_model"](**arguments)

    def tensor(self) -> Tensor:
        self._count += 1
        return Tensor(self, self._count)

    def record(self, function: Any, arguments: Any, keywords: dict[str, Any]) -> Any:
        if function == "keras.ops.split":
            made = [self.tensor() for _ in range(arguments[1])]
        else:
            made = self.tensor()
        self.calls.append((function, repr(arguments), repr(sorted(keywords.items()))))
        return made

    def kind(self, name: str) -> Any:
        """A class of layers."""

        def construct(*arguments: Any, **keywords: Any) -> Any:
            given = {k: v for k, v in keywords.items() if k not in DEFAULTS or v != DEFAULTS[k]}
            number = len(self.made)
            self.made.append((name, repr(arguments), repr(sorted(given.items()))))
            return lambda *values, **options: self.record(f"layer {number}", values, options)

        return construct


class Keras:
    """The module, as far as generated sources use it."""

    def __init__(self, trace: Trace, path: str):
        self.trace, self.path = trace, path

    def __getattr__(self, name: str) -> Any:
        path = f"{self.path}.{name}"
        if path.startswith("keras.layers."):
            return self.trace.kind(path)
        return Keras(self.trace, path)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if self.path in ("keras.Model", "keras.Sequential"):
            return (self.path, repr(arguments))
        return self.trace.record(self.path, arguments, keywords)


def same(one: str, other: str) -> bool:
    """Whether two sources make the same layers and calls, in the same order."""
    first, second = Trace(one), Trace(other)
    return (first.made, first.calls, first.ends) == (second.made, second.calls, second.ends)
