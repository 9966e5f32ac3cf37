"""A GraphDef message cut down to what its outputs need: nodes, and functions of its library."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any


def full(tensor: str) -> str:
    """``"w"`` → ``"w:0"``."""
    name, colon, index = tensor.rpartition(":")
    return tensor if colon and index.isdigit() and name else f"{tensor}:0"


def node_of(tensor: str) -> str:
    """``"w:0"``, ``"^w"``, and ``"w:out:0"`` of a function's body → ``"w"``."""
    return tensor.removeprefix("^").partition(":")[0]


def prune(definition: Any, outputs: Sequence[str], given: Collection[str] = ()) -> None:
    """Drops the nodes that outputs do not need, waiting for them, and functions not called.

    Args:
        definition: a GraphDef, changed in place.
        outputs: names of tensors or nodes.
        given: tensors that are fed: what makes them is not needed.
    """
    stop = frozenset(map(full, given))
    nodes = {node.name: node for node in definition.node}
    waiting = [output for output in outputs if full(output) not in stop]
    kept: set[str] = set()
    while waiting:
        name = node_of(waiting.pop())
        if name in nodes and name not in kept:
            kept.add(name)
            waiting += [i for i in nodes[name].input if i.startswith("^") or full(i) not in stop]
    for index in range(len(definition.node) - 1, -1, -1):
        node = definition.node[index]
        if node.name not in kept:
            del definition.node[index]
        elif any(i.startswith("^") for i in node.input):
            node.input[:] = [i for i in node.input if not i.startswith("^") or node_of(i) in kept]
    prune_library(definition)


def drop_defaults(definition: Any, given: Collection[str]) -> None:
    """Drops the defaults of placeholders that are given, so that nothing computes them."""
    fed = frozenset(map(full, given))
    for node in definition.node:
        if node.op == "PlaceholderWithDefault" and full(node.name) in fed:
            node.op = "Placeholder"
            del node.input[:]


def prune_library(definition: Any, called: Iterable[str] = ()) -> None:
    """Drops the functions that neither the nodes nor ``called`` reach, by whatever attribute."""
    library = definition.library
    if not library.function:
        return
    functions = {function.signature.name: function for function in library.function}
    gradients = {gradient.function_name: gradient.gradient_func for gradient in library.gradient}
    waiting = [*called, *_named(definition.node)]
    kept: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in functions and name not in kept:
            kept.add(name)
            function = functions[name]
            waiting += [*_named(function.node_def), *_of_attributes(function.attr)]
            waiting += [gradients[name]] if name in gradients else []
    for index in range(len(library.function) - 1, -1, -1):
        if library.function[index].signature.name not in kept:
            del library.function[index]
    for index in range(len(library.gradient) - 1, -1, -1):
        if library.gradient[index].function_name not in kept:
            del library.gradient[index]


def _named(nodes: Iterable[Any]) -> Iterator[str]:
    """Everything in nodes that may be the name of a function: operations and attributes."""
    for node in nodes:
        yield node.op
        yield from _of_attributes(node.attr)


def _of_attributes(attributes: Any) -> Iterator[str]:
    for value in attributes.values():
        yield value.s.decode(errors="replace")
        yield from (text.decode(errors="replace") for text in value.list.s)
        for function in (value.func, *value.list.func):
            yield function.name
            yield from _of_attributes(function.attr)
