"""Fake quantization: rounding as an integer kernel would, of quantization-aware graphs."""

from __future__ import annotations

import numpy as np

from ..plan import Value, constant
from .builder import Builder
from .registry import Match, operation
from .view import View


@operation(
    "FakeQuantWithMinMaxVars",
    "FakeQuantWithMinMaxVarsPerChannel",
    "FakeQuantWithMinMaxArgs",
    keras="FakeQuantization (own class)",
)
def fake_quantization(view: View, tensor: str) -> Match | None:
    """``tf.quantization.fake_quant_with_min_max_vars`` and similar functions."""
    node = view.graph.node(tensor)
    if node.op == "FakeQuantWithMinMaxArgs":
        ends = [
            constant(np.array(node.attrs.get(k, d), np.float32))
            for k, d in (("min", -6), ("max", 6))
        ]
    else:
        found = [view.recipe(source) for source in node.inputs[1:3]]
        ends = [recipe for recipe in found if recipe is not None]
    if len(ends) != 2:
        return None
    bits = node.attrs.get("num_bits", 8)
    arguments = {
        "num_bits": None if bits == 8 else bits,
        "narrow_range": bool(node.attrs.get("narrow_range")) or None,
        "per_channel": node.op.endswith("PerChannel") or None,
    }
    weights = {"min": ends[0], "max": ends[1]}
    scope = ends[0].sources[0].rpartition("/")[0] if ends[0].sources else None

    def build(builder: Builder, value: Value) -> Value:
        return builder.layer(
            "FakeQuantization", arguments, value, weights=weights, scope=scope, shape=value.shape
        )

    return Match(node.inputs[:1], build)
