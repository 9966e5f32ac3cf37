"""Sums over rows that belong together, by the number of the segment of each."""

from __future__ import annotations

from ..plan import Value
from .builder import Builder
from .dimensions import sizes_of
from .dynamic import measured, numbers, template
from .registry import Match, operation
from .view import View


@operation("UnsortedSegmentSum", keras="keras.ops.segment_sum, DynamicSegmentSum (own class)")
def segment_sum(view: View, tensor: str) -> Match | None:
    """Rows that have the same number added up, such as the edges of each node of a graph."""
    node = view.graph.node(tensor)
    shape, counts = view.shape(node.inputs[1]), sizes_of(view, node.inputs[2])
    recipes = [view.recipe(source) for source in node.inputs[:2]]
    given = [s for s, recipe in zip(node.inputs, recipes, strict=False) if recipe is None]
    sizes = None if counts is None or len(counts) != 1 else measured(counts)
    if shape is None or len(shape) != 1 or counts is None or sizes is None or not given:
        return None

    def build(builder: Builder, *values: Value) -> Value:
        parts = builder.operands(recipes, values[: len(given)])
        if not sizes:
            return builder.op("segment_sum", *parts, num_segments=counts[0])
        measured_ = numbers(builder, counts, values[len(given) :])
        options = {"sizes": template(counts)}
        return builder.layer("DynamicSegmentSum", options, [*parts, *measured_], scope="")

    return Match([*given, *sizes], build)
