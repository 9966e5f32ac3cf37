"""What losses compute with: cross entropies, sequences of labels, what they learn nothing from."""

from __future__ import annotations

from ..plan import Value
from .builder import Builder
from .registry import Match, operation, pattern
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


@pattern("Add", "AddV2", keras="keras.ops.binary_crossentropy")
def sigmoid_cross_entropy(view: View, tensor: str) -> Match | None:
    """``max(x, 0) - x * z + log1p(exp(-abs(x)))``, as TensorFlow 1 composes the cross entropy."""
    for linear, rest in (operands := view.graph.node(tensor).inputs, operands[::-1]):
        found = _logits_and_labels(view, linear, rest)
        if found is not None:
            break
    else:
        return None
    logits, labels = found
    shape = view.shape(logits)
    if not shape or shape != view.shape(labels) or view.recipe(labels) is not None:
        return None
    activated = view.node(logits).op == "Sigmoid"

    def build(builder: Builder, x: Value, z: Value) -> Value:
        if activated:  # Keras would undo a sigmoid that it sees
            x = builder.op("copy", x, shape=x.shape)
        return builder.op("binary_crossentropy", z, x, from_logits=True)

    return Match([logits, labels], build)


def _logits_and_labels(view: View, linear: str, rest: str) -> tuple[str, str] | None:
    """The logits x and labels z of ``max(x, 0) - x * z`` and ``log1p(exp(-abs(x)))``."""
    difference, log = view.produced(linear, "Sub"), view.produced(rest, "Log1p")
    power = view.produced(log.inputs[0], "Exp") if log is not None else None
    if difference is None or power is None:
        return None
    positive = view.produced(difference.inputs[0], "Select", "SelectV2")
    product = view.produced(difference.inputs[1], "Mul")
    negative = view.produced(power.inputs[0], "Select", "SelectV2")
    if positive is None or product is None or negative is None:
        return None
    x = view.resolve(positive.inputs[1])
    above = view.node(positive.inputs[0])
    opposite = view.node(negative.inputs[1])
    alike = (
        view.resolve(positive.inputs[0]) == view.resolve(negative.inputs[0])
        and above.op == "GreaterEqual"
        and opposite.op == "Neg"
        and {view.resolve(t) for t in (above.inputs[0], opposite.inputs[0], negative.inputs[2])}
        == {x}
        and view.node(positive.inputs[2]).op == "ZerosLike"
    )
    factors = list(map(view.resolve, product.inputs))
    if not alike or x not in factors:
        return None
    factors.remove(x)
    return x, factors[0]


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
