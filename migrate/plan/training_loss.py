"""A loss of TensorFlow 1 → the Keras loss of the model's output that has the same value."""

from __future__ import annotations

from ..graph.loss_forms import beneath
from ..graph.losses import Loss, beneath_shape
from ..graph.nodes import Graph
from ..graph.sources import is_placeholder
from .model import Plan
from .training import New, OutputLoss

_KERAS = "keras.losses."
_BY_CLASS = ("softmax_cross_entropy", "sparse_softmax_cross_entropy", "categorical_cross_entropy")
_BINARY = ("sigmoid_cross_entropy", "binary_cross_entropy", "log_loss")
_ERRORS = {
    "squared_error": "MeanSquaredError",
    "absolute_error": "MeanAbsoluteError",
    "huber": "Huber",
    "hinge": "Hinge",
}


def carry_losses(graph: Graph, loss: Loss, plan: Plan) -> list[OutputLoss] | str:
    """A loss for each output that has one, or why there is none, as half a sentence."""
    if loss.kind == "unknown":
        return "; ".join(loss.notes) or "its form is not known"
    found: list[OutputLoss] = []
    for part in loss.parts or (loss,):
        carried = _carry(graph, part, plan)
        if isinstance(carried, str):
            return carried
        if carried.output in (other.output for other in found):
            return "two of its terms are of the same output"
        found.append(carried)
    return sorted(found, key=lambda each: each.output)


def _carry(graph: Graph, loss: Loss, plan: Plan) -> OutputLoss | str:
    if loss.reduction == "unknown":
        return "how it is reduced over examples is not known"
    found = _seen_output(graph, loss, plan)
    if found is None:
        return (
            f"it looks at {loss.logits}, which is no output of the model; "
            f"--outputs {loss.logits} would make it one"
        )
    output, is_logits = found
    name, new = _form(graph, loss, is_logits)
    if new is None:
        return f"{name} of this output has no Keras form"
    weights = None if loss.weights is None else beneath_shape(graph, loss.weights)
    if weights is not None and not _is_given(graph, weights, loss, plan):
        return f"its weights, {weights}, are computed in the graph"
    if loss.reduction == "weighted_mean":
        new = New(new.kind, {**new.arguments, "reduction": "mean_with_sample_weight"})
    weight, comment = loss.scale, ""
    if loss.reduction == "sum" and loss.kind != "root_mean_squared_error":
        shape = plan.outputs[output].value.shape
        units = shape[-1] if shape is not None and len(shape) > 1 else None
        if loss.kind == "squared_error" and units is None:
            new = New("SquaredErrorSum")
        elif loss.kind not in _BY_CLASS and units is None:
            return f"the sum of {loss.kind} over an output of shape {shape} has no Keras form"
        else:
            new = New(new.kind, {**new.arguments, "reduction": "sum"})
        if loss.kind not in _BY_CLASS and units is not None and units > 1:
            weight *= units
            comment = f"A sum over the output's {units} units, of which Keras takes the mean."
    factor = None if weight == 1.0 else float(weight)
    return OutputLoss(new, factor, output, name, loss.label_inputs, comment, weights)


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
                return "label smoothing of class numbers", None
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
    return None
