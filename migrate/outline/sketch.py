"""The main body of an outline as boxes and arrows: what a picture of the network shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..plan import Layer, Network, Value
from ..plan.network import Shape
from .body import BlockCall, Loop, Outline, Ref, Step
from .naming import value_in


@dataclass(frozen=True)
class Part:
    """An input, a call, a block or an output of a network.

    Attributes:
        what: a class of layers, a function, a block's name; of inputs and outputs their name.
        name: of the layer; "" for all else.
        times: how often it stands in a row.
        gives: the shape of what it gives.
        takes: indices of the parts before it whose results it takes.
    """

    what: str
    name: str
    times: int
    gives: Shape
    takes: Sequence[int]


def sketch(network: Network, outline: Outline) -> list[Part]:
    """The parts of a network in the order in which they run, inputs first and outputs last."""
    parts: list[Part] = []
    places: dict[Ref, int] = {}
    names = {id(put.value): put.name for put in network.inputs}
    for index, given in enumerate(outline.given):
        if isinstance(given, Value):
            places[Ref(None, index)] = len(parts)
            parts.append(Part(names[id(given)], "", 1, given.shape, ()))
    for item in outline.main.items:
        takes = sorted({places[ref] for ref in item.inputs if ref in places})
        inner = item.item if isinstance(item, Loop) else item
        times = item.turns[0] if isinstance(item, Loop) else 1
        what, name = _called(inner, outline, times)
        places |= {Ref(item, number): len(parts) for number in range(item.outputs)}
        parts.append(Part(what, name, times, value_in(Ref(item, 0), 0).shape, takes))
    for output, ref in zip(network.outputs, outline.main.results, strict=True):
        takes = [places[ref]] if ref in places else []
        parts.append(Part(output.tensor, "", 1, output.value.shape, takes))
    return parts


def _called(item: Step | BlockCall, outline: Outline, times: int) -> tuple[str, str]:
    """What an item calls, and the name of its layer where there is one."""
    if isinstance(item, BlockCall):
        return item.block.name, ""
    function = item.calls[0].function
    if not isinstance(function, Layer):
        return str(function), ""
    return function.kind, function.name if times == 1 else ""
