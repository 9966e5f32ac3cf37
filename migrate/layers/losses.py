"""What losses compute with: cross entropies, sequences of labels, what they learn nothing from."""

from __future__ import annotations

from ..plan import Value
from .builder import Builder
from .registry import Match, operation
from .view import View

DETACHED = "StopGradient of trainable values"
"""The operation in the graph of a loss: the model's own StopGradient is passed over."""

CTC, CRF = "CTC loss of rows", "CRF log likelihood"
"""Operations in the graph of a loss that stand for all that they are computed with; they take
labels, scores, for a CRF transitions, and lengths."""

_SEQUENCES = {CTC: "CTCLoss", CRF: "CRFLogLikelihood"}

_FUNCTIONS = {
    "SoftmaxCrossEntropyWithLogits": "categorical_crossentropy",
    "SparseSoftmaxCrossEntropyWithLogits": "sparse_categorical_crossentropy",
}


@operation(
    *_FUNCTIONS, keras=", ".join(f"keras.ops.{function}" for function in _FUNCTIONS.values())
)
def softmax_cross_entropy(view: View, tensor: str) -> Match | None:
    """The cross entropy of each row with a distribution or a class; without its gradient."""
    node = view.graph.node(tensor)
    if not tensor.endswith(":0"):
        return None

    activated = view.node(node.inputs[0]).op == "Softmax"

    def build(builder: Builder, logits: Value, labels: Value) -> Value:
        if activated:  # Keras would undo a softmax that it sees
            logits = builder.op("copy", logits, shape=logits.shape)
        return builder.op(_FUNCTIONS[node.op], labels, logits, from_logits=True)

    return Match(node.inputs, build)


@operation(DETACHED, keras="keras.ops.stop_gradient")
def stop_gradient(view: View, tensor: str) -> Match | None:
    """A value through which no gradient flows."""
    node = view.graph.node(tensor)
    return Match(
        node.inputs, lambda builder, value: builder.op("stop_gradient", value, shape=value.shape)
    )


@operation(*_SEQUENCES, keras=", ".join(f"{kind} (own class)" for kind in _SEQUENCES.values()))
def sequence_loss(view: View, tensor: str) -> Match | None:
    """``tf.nn.ctc_loss`` of labels that are padded, ``tf.contrib.crf.crf_log_likelihood``."""
    node = view.graph.node(tensor)

    def build(builder: Builder, *given: Value) -> Value:
        *scores, lengths = given
        kind = _SEQUENCES[node.op]
        return builder.layer(kind, {}, *scores, lengths=lengths, scope="", shape=(None,))

    return Match(node.inputs, build)
