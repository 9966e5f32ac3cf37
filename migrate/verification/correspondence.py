"""Which tensor of the graph each layer's output stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..plan import Layer, Plan


@dataclass(frozen=True)
class Pair:
    """One call of a layer and the tensor of the original graph that it makes.

    Attributes:
        layer: its name in the model.
        call: 0 for the first call, 1 where a shared layer is called again …
        tensor: of the original graph.
    """

    layer: str
    call: int
    tensor: str

    def to_dict(self) -> dict[str, Any]:
        """For report.json."""
        return asdict(self)


def pairs_of(plan: Plan, described: Sequence[Mapping[str, Any]]) -> list[Pair]:
    """The pairs of a model that was made by a plan, in the order of the plan.

    Args:
        described: ``name`` and ``class`` of each layer of the model. Layers that the plan leaves
            unnamed are found by their class, in the order in which Keras numbered them.
    """
    names = layer_names(plan, described)
    calls: dict[Layer, int] = {}
    found = []
    for call in plan.calls:
        layer = call.function
        if not isinstance(layer, Layer) or layer not in names:
            continue
        number = calls[layer] = calls.get(layer, -1) + 1
        tensor = call.outputs[0].tensor
        if tensor is not None:
            found.append(Pair(names[layer], number, tensor))
    return found


def layer_names(plan: Plan, described: Sequence[Mapping[str, Any]]) -> dict[Layer, str]:
    """The name that each layer of a plan has in the model; those that are not there left out."""
    there = {d["name"] for d in described}
    names = {layer: layer.name for layer in plan.layers if layer.name in there}
    taken = set(names.values())
    free: dict[str, list[str]] = {}
    for entry in described:
        if entry["name"] not in taken:
            free.setdefault(entry["class"], []).append(entry["name"])
    for listed in free.values():
        listed.sort(key=_number)
    unnamed = [layer for layer in plan.layers if not layer.name]
    for kind in {layer.kind for layer in unnamed}:
        layers = [layer for layer in unnamed if layer.kind == kind]
        if len(layers) == len(free.get(kind, ())):
            names.update(zip(layers, free[kind], strict=True))
    return names


def _number(name: str) -> int:
    match = re.search(r"_(\d+)$", name)
    return int(match[1]) if match else 0
