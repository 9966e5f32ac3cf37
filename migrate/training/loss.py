"""A loss of TensorFlow 1 → the Keras loss of the model's output that has the same value."""

from __future__ import annotations

from ..graph import Loss, beneath, beneath_shape
from ..graph.nodes import Graph
from ..graph.sources import PIPELINE_OPS, is_placeholder
from ..graph.variables import find_variables, resolve
from ..plan.model import Plan
from ..plan.training import New, OutputLoss

_KERAS = "keras.losses."
_BY_CLASS = ("softmax_cross_entropy", "sparse_softmax_cross_entropy", "categorical_cross_entropy")
_BINARY = ("sigmoid_cross_entropy", "binary_cross_entropy", "log_loss")
_ERRORS = {
    "squared_error": "MeanSquaredError",
    "absolute_error": "MeanAbsoluteError",
    "huber": "Huber",
    "hinge": "Hinge",
}


def carry_losses(
    graph: Graph, loss: Loss, plan: Plan, *, computed: bool = False
) -> list[OutputLoss] | str:
    """A loss for each output that has one, or why there is none, as half a sentence.

    Args:
        computed: whether labels may be what the graph makes of what is fed.
    """
    if loss.kind == "unknown":
        return "; ".join(loss.notes) or "the form of the loss is not recognized"
    found: list[OutputLoss] = []
    for part in loss.parts or (loss,):
        carried = _carry(graph, part, plan, computed)
        if isinstance(carried, str):
            return carried
        if carried.output in (other.output for other in found):
            return "two terms of the loss depend on the same output"
        found.append(carried)
    return sorted(found, key=lambda each: each.output)


def _carry(graph: Graph, loss: Loss, plan: Plan, computed: bool) -> OutputLoss | str:
    if loss.reduction == "unknown":
        return "the reduction of the loss over examples is not recognized"
    found = _seen_output(graph, loss, plan)
    if found is None:
        outputs = ",".join([*(output.tensor for output in plan.outputs), loss.logits or ""])
        return (
            f"the loss depends on {loss.logits}, which is not an output of the model; "
            f"--outputs {outputs} makes it one"
        )
    output, is_logits = found
    name, new = _form(graph, loss, is_logits)
    if new is None:
        return f"Keras has no {name} for this output"
    labels = _fed_labels(graph, loss)
    if labels is None and (not computed or loss.labels is None):
        return f"the graph computes the labels, {loss.labels}"
    if labels is not None and not _fits(graph, loss, labels, plan.outputs[output].tensor):
        return f"the labels, {labels}, do not have the shape of the output"
    weights = None if loss.weights is None else beneath_shape(graph, loss.weights)
    if weights is not None and not _is_given(graph, weights, loss, plan):
        return f"the graph computes the sample weights, {weights}"
    if loss.reduction == "weighted_mean":
        new = New(new.kind, {**new.arguments, "reduction": "mean_with_sample_weight"})
    made = graph.get(resolve(graph, plan.outputs[output].tensor))
    again = is_logits and made is not None and made.op in ("Softmax", "Sigmoid")
    weight, comment = loss.scale, ""
    if loss.reduction == "sum" and loss.kind != "root_mean_squared_error":
        shape = plan.outputs[output].value.shape
        units = shape[-1] if shape is not None and len(shape) > 1 else None
        if loss.kind == "squared_error" and units is None:
            new = New("SquaredErrorSum")
        elif loss.kind not in _BY_CLASS and units is None:
            return f"Keras has no sum of {loss.kind} over an output of shape {shape}"
        else:
            new = New(new.kind, {**new.arguments, "reduction": "sum"})
        if loss.kind not in _BY_CLASS and units is not None and units > 1:
            weight *= units
            comment = (
                f"TensorFlow 1 sums over the {units} units of the output; Keras averages them."
            )
    if again and new.arguments.get("from_logits"):
        new = New("OfActivated", {"loss": new})
        comment = "The program applies softmax or sigmoid twice: in the network and in the loss."
    factor = None if weight == 1.0 else float(weight)
    given = loss.labels or "" if labels is None else labels
    return OutputLoss(new, factor, output, name, (given,), comment, weights)


def _fed_labels(graph: Graph, loss: Loss) -> str | None:
    """What a program feeds as labels, where the graph makes nothing else of it."""
    tensor = loss.labels
    while tensor is not None:
        tensor = beneath_shape(graph, tensor)
        node = graph.get(tensor)
        if node is None or is_placeholder(node) or node.op in PIPELINE_OPS:
            return None if node is None else tensor
        if node.op not in ("Cast", "ArgMax", "StopGradient"):
            return None
        tensor = node.inputs[0]
    return None


def _fits(graph: Graph, loss: Loss, labels: str, output: str) -> bool:
    """Whether labels have as many axes as Keras expects beside an output, as far as is known."""
    shape, made = graph.shape(labels), graph.shape(output)
    if shape is None or made is None:
        return True
    if loss.kind not in _BY_CLASS:
        longer, other = sorted((shape, made), key=len, reverse=True)
        return len(longer) == len(other) or longer == (*other, 1)
    expected = len(made) - 1 if _labels_are_classes(graph, loss) else len(made)
    return len(shape) == expected or (shape[-1:] == (1,) and len(shape) == expected + 1)


def _is_given(graph: Graph, weights: str, loss: Loss, plan: Plan) -> bool:
    """Whether a program feeds these weights, for nothing else."""
    node = graph.get(weights)
    used = {*loss.label_inputs, *(given.tensor for given in plan.inputs)}
    return node is not None and is_placeholder(node) and weights not in used


def _form(graph: Graph, loss: Loss, is_logits: bool) -> tuple[str, New | None]:
    arguments = {"from_logits": True} if is_logits else {}
    if loss.kind in _BY_CLASS:
        smoothing = loss.options.get("label_smoothing")
        if loss.options.get("probabilities"):
            arguments = {}
        if _labels_are_classes(graph, loss):
            if smoothing:
                return "label smoothing of integer classes", None
            return (
                "sparse_softmax_cross_entropy",
                New(_KERAS + "SparseCategoricalCrossentropy", arguments),
            )
        if smoothing:
            arguments = {**arguments, "label_smoothing": smoothing}
        name = "softmax_cross_entropy" if "sparse" in loss.kind else loss.kind
        return name, New(_KERAS + "CategoricalCrossentropy", arguments)
    if loss.kind == "log_loss" and not (is_logits and not loss.options.get("probabilities")):
        return loss.kind, New("LogLoss", {"epsilon": loss.options.get("epsilon", 1e-7)})
    if loss.kind in _BINARY:
        if loss.options.get("probabilities"):
            arguments = {}
        return loss.kind, New(_KERAS + "BinaryCrossentropy", arguments)
    if loss.kind == "root_mean_squared_error":
        return loss.kind, New("RootMeanSquaredError")
    if loss.kind in _ERRORS:
        delta = loss.options.get("delta", 1.0)
        if loss.kind == "huber" and delta != 1.0:
            return loss.kind, New("Huber", {"delta": delta})
        return loss.kind, New(_KERAS + _ERRORS[loss.kind])
    return loss.kind, None


def _labels_are_classes(graph: Graph, loss: Loss) -> bool:
    """Whether a program feeds class numbers, whatever its graph makes of them."""
    if "one_hot" in loss.options:
        return True
    if loss.kind != "sparse_softmax_cross_entropy" or loss.labels is None:
        return False
    node = beneath(graph, loss.labels)
    return node is None or node.op != "ArgMax"


def _seen_output(graph: Graph, loss: Loss, plan: Plan) -> tuple[int, bool] | None:
    """The output a loss is of, and whether it has not yet passed softmax or sigmoid."""
    if loss.logits is None:
        return None
    logits = beneath_shape(graph, loss.logits)
    made = None if loss.predictions is None else beneath_shape(graph, loss.predictions)
    for index, output in enumerate(plan.outputs):
        tensor = beneath_shape(graph, output.tensor)
        if tensor == logits:
            return index, True
        node = graph.get(tensor)
        if tensor == made:
            return index, False
        applied = {"Softmax": _BY_CLASS, "Sigmoid": _BINARY}.get(node.op, ()) if node else ()
        if node and loss.kind in applied and beneath_shape(graph, node.inputs[0]) == logits:
            return index, False
    return _seen_copy(graph, loss, plan)


def _seen_copy(graph: Graph, loss: Loss, plan: Plan) -> tuple[int, bool] | None:
    """As above, where the output is that of a copy for inference of what the loss takes.

    Both compute the same with the same weights, but for batch normalization and dropout.
    """
    assert loss.logits is not None
    weights = {v.name for v in find_variables(graph).values() if v.trainable}
    behind = graph.ancestors([loss.logits])
    for index, output in enumerate(plan.outputs):
        tensor = resolve(graph, output.tensor)
        node, inner = graph.get(tensor), graph.ancestors([tensor])
        if node is None or node.name in behind or weights & inner.keys() != weights & behind.keys():
            continue
        if graph.shape(tensor) != graph.shape(loss.logits):
            continue
        applied = {"Softmax": _BY_CLASS, "Sigmoid": _BINARY}.get(node.op, ())
        made = graph.get(resolve(graph, loss.predictions)) if loss.predictions else None
        same = made is not None and made.op == node.op
        return index, not (same or loss.kind in applied)
    return None
