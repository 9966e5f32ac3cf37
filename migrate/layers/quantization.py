"""Fake quantization: numbers rounded to the levels of integers, with a gradient."""

from __future__ import annotations

import numpy as np

from ..plan import Recipe, Value, constant
from .builder import Builder
from .registry import Match, operation
from .view import View


@operation(
    "FakeQuantWithMinMaxArgs",
    "FakeQuantWithMinMaxVars",
    "FakeQuantWithMinMaxVarsPerChannel",
    keras="FakeQuantization (own class)",
)
def fake_quantization(view: View, tensor: str) -> Match | None:
    """Rounding between two constants, or two variables that are not trained."""
    node = view.graph.node(tensor)
    ends: list[Recipe | None]
    if node.op == "FakeQuantWithMinMaxArgs":
        given = (node.attrs.get("min", -6.0), node.attrs.get("max", 6.0))
        ends = [constant(np.asarray(end, np.float32)) for end in given]
    else:
        ends = [view.recipe(source) for source in node.inputs[1:3]]
    least, greatest = ends
    if least is None or greatest is None:
        return None
    arguments = {"shape": least.shape or None, "num_bits": node.attrs.get("num_bits", 8)}
    arguments["num_bits"] = None if arguments["num_bits"] == 8 else arguments["num_bits"]
    arguments["narrow_range"] = node.attrs.get("narrow_range") or None
    weights = {"least": least, "greatest": greatest}

    def build(builder: Builder, value: Value) -> Value:
        shape = view.shape(tensor)
        return builder.layer("FakeQuantization", arguments, value, weights=weights, shape=shape)

    return Match(node.inputs[:1], build)
