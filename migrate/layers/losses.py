"""Cross entropies, where a graph computes with them."""

from __future__ import annotations

from ..plan import Value
from .builder import Builder
from .registry import Match, operation
from .view import View


@operation("SoftmaxCrossEntropyWithLogits", keras="keras.ops.categorical_crossentropy")
def softmax_cross_entropy(view: View, tensor: str) -> Match | None:
    """The cross entropy of each row with a distribution; its gradient is not asked for."""
    node = view.graph.node(tensor)
    if not tensor.endswith(":0"):
        return None

    def build(builder: Builder, logits: Value, labels: Value) -> Value:
        return builder.op("categorical_crossentropy", labels, logits, from_logits=True)

    return Match(node.inputs, build)


@operation("SparseSoftmaxCrossEntropyWithLogits", keras="keras.ops.sparse_categorical_crossentropy")
def sparse_softmax_cross_entropy(view: View, tensor: str) -> Match | None:
    """The cross entropy of each row with a class; its gradient is not asked for."""
    node = view.graph.node(tensor)
    if not tensor.endswith(":0"):
        return None

    def build(builder: Builder, logits: Value, labels: Value) -> Value:
        return builder.op("sparse_categorical_crossentropy", labels, logits, from_logits=True)

    return Match(node.inputs, build)
