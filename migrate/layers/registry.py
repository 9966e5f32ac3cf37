"""The registry of handlers: which operations, alone or in patterns, become which Keras code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .view import View

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Match:
    """A handler's answer: it can make a tensor.

    Attributes:
        inputs: tensors whose values must be there before.
        build: builder and those values → the value made (or one for each of ``tensors``).
        tensors: what is made, where it is more than the tensor asked for.
    """

    inputs: Sequence[str]
    build: Callable[..., Any]
    tensors: Sequence[str] = ()


class UnsupportedError(Exception):
    """Some tensor has no Keras form; ``ops`` names the operations, ``tensor`` the first met."""

    def __init__(self, ops: list[str], tensor: str):
        self.ops, self.tensor = ops, tensor
        super().__init__(f"no Keras form for {', '.join(ops)} (at {tensor})")


Matcher = Callable[[View, str], Match | None]


@dataclass(frozen=True)
class Handler:
    """One entry of the table of supported operations.

    Attributes:
        ops: the operations whose output it can make.
        match: view and tensor → :class:`Match`, or None where the pattern is not there.
        pattern: it takes in several nodes, and is tried before those that take one.
    """

    name: str
    family: str
    ops: tuple[str, ...]
    keras: str
    summary: str
    match: Matcher
    pattern: bool


_handlers: list[Handler] = []
_by_op: dict[str, list[Handler]] = {}


def pattern(*ops: str, keras: str) -> Callable[[Matcher], Matcher]:
    """Registers a handler of several nodes, anchored at the last of them.

    Args:
        ops: the anchor's operations.
        keras: what it becomes, for the table of supported operations.
    """
    return _register(ops, keras, is_pattern=True)


def operation(*ops: str, keras: str) -> Callable[[Matcher], Matcher]:
    """Registers a handler of one node, tried when no pattern holds."""
    return _register(ops, keras, is_pattern=False)


def _register(ops: tuple[str, ...], keras: str, is_pattern: bool) -> Callable[[Matcher], Matcher]:
    def register(match: Matcher) -> Matcher:
        family = match.__module__.partition(".layers.")[2].partition(".")[0]
        summary = (match.__doc__ or "").strip().splitlines()[0]
        handler = Handler(match.__name__, family, ops, keras, summary, match, is_pattern)
        _handlers.append(handler)
        for op in ops:
            entries = _by_op.setdefault(op, [])
            entries.append(handler)
            entries.sort(key=lambda h: not h.pattern)  # stable: patterns first, else as declared
        return match

    return register


def handlers() -> Sequence[Handler]:
    """Every handler, in the order of the families."""
    return tuple(_handlers)


def find(view: View, tensor: str) -> Match | None:
    """The first match for a tensor."""
    for handler in _candidates(view, tensor):
        match = handler.match(view, tensor)
        if match is not None:
            return match
    return None


def _candidates(view: View, tensor: str) -> Iterator[Handler]:
    yield from _by_op.get(view.graph.node(tensor).op, ())


def supported(op: str) -> bool:
    """Whether any handler is anchored at an operation."""
    return op in _by_op
