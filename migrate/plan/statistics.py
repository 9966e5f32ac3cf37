"""Batch normalization by the batch's own statistics, though moving ones are saved: a warning."""

from __future__ import annotations

from ..errors import listed, printable
from .model import Plan
from .network import Weight

_FEW = 2  # layers that a sentence names


def warn_of_own_statistics(plan: Plan) -> None:
    """Says that predictions depend on the batch, where the graph was built for training.

    A model of a graph with ``is_training=True`` in the program computes what that graph computes.
    """
    kept = {w.target.partition("/")[0] for w in plan.weights if _is_saved_mean(w)}
    layers = [
        layer.name
        for layer in plan.layers
        if layer.kind == "BatchNormalizationByBatch" and layer.name in kept
    ]
    if layers:
        plan.warnings.append(
            f"The graph was built for training: {listed([printable(n) for n in layers], _FEW)} "
            "normalize by the statistics of each batch, at inference too, so a prediction depends "
            "on the other examples of its batch. To predict with the moving statistics, which the "
            "model has as well, convert the graph that the program builds for inference, or write "
            "keras.layers.BatchNormalization for BatchNormalizationByBatch in model.py."
        )


def _is_saved_mean(weight: Weight) -> bool:
    return weight.target.endswith("/moving_mean") and bool(weight.recipe.sources)
