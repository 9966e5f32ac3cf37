"""The forms a loss of one example (or element) takes in TensorFlow 1 graphs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..nodes import Graph, Node
from ..variables import resolve
from .optimizers import scalar

ELEMENTWISE_KINDS = (
    "squared_error", "absolute_error", "huber", "hinge", "sigmoid_cross_entropy",
    "binary_cross_entropy", "log_loss",
)  # fmt: skip
"""Kinds with one value a unit, which a mean takes together with the examples."""


@dataclass(frozen=True)
class Match:
    """A form found: ``factor * kind(labels, logits)``.

    Attributes:
        rows: whether the form has already summed over classes.
        shape: of what it gives, where the file tells.
    """

    kind: str
    logits: str
    labels: str | None
    predictions: str | None = None
    factor: float = 1.0
    options: Mapping[str, Any] = field(default_factory=dict)
    rows: bool = False
    shape: tuple[int | None, ...] | None = None


Learned = Callable[[str], bool]


def beneath(graph: Graph, tensor: str) -> Node | None:
    """The operation behind a tensor, casts between floating types passed too."""
    node = graph.get(resolve(graph, tensor))
    while node is not None and node.op == "Cast":
        kinds = (node.attrs.get("SrcT", ""), node.attrs.get("DstT", ""))
        if not all(str(kind).startswith(("float", "bfloat")) for kind in kinds):
            break
        node = graph.get(resolve(graph, node.inputs[0]))
    return node


def through(graph: Graph, tensor: str, *ops: str) -> Node | None:
    """The operation behind a tensor if it is one of those named."""
    node = beneath(graph, tensor)
    return node if node is not None and node.op in ops and node.inputs else None


def operands(node: Node) -> Iterator[tuple[str, str]]:
    """Both orders of a binary operation's inputs."""
    if len(node.inputs) == 2:
        yield node.inputs[0], node.inputs[1]
        yield node.inputs[1], node.inputs[0]


def match_form(graph: Graph, tensor: str, learned: Learned) -> Match | None:
    """The form of a loss before reduction, or None."""
    node = beneath(graph, tensor)
    if node is None:
        return None
    for matcher in _MATCHERS.get(node.op, ()):
        try:
            match = matcher(graph, node, learned)
        except IndexError:  # an operation with fewer inputs than its kind has
            continue
        if match is not None:
            shape = graph.shape(f"{node.name}:0")
            return Match(**{**vars(match), "shape": shape})
    return None


def _own_input(graph: Graph, node: Node, index: int) -> str:
    """An input of a loss operation, before the reshape that the loss function itself made."""
    tensor = node.inputs[index]
    scope = node.name.rpartition("/")[0]
    source = graph.get(tensor)
    while source is not None and source.op in ("Reshape", "StopGradient", "Cast"):
        within = source.name.startswith(f"{node.name}/") or (
            scope != "" and source.name.startswith(f"{scope}/")
        )
        if not within and not _flattens(graph, source):
            break
        tensor = source.inputs[0]
        source = graph.get(tensor)
    return tensor


def _flattens(graph: Graph, node: Node) -> bool:
    """Whether a reshape is to ``concat([-1], slice(shape))``, as the loss functions write it."""
    if node.op != "Reshape" or len(node.inputs) < 2:
        return False
    target = through(graph, node.inputs[1], "ConcatV2", "Concat")
    return target is not None and any(scalar(graph, part) == -1 for part in target.inputs)


def _softmax_cross_entropy(graph: Graph, node: Node, learned: Learned) -> Match | None:
    labels, options = _smoothed(graph, _own_input(graph, node, 1))
    logits = _own_input(graph, node, 0)
    return Match("softmax_cross_entropy", logits, labels, options=options, rows=True)


def _sparse_cross_entropy(graph: Graph, node: Node, learned: Learned) -> Match | None:
    logits, labels = _own_input(graph, node, 0), _own_input(graph, node, 1)
    kind, rows = "sparse_softmax_cross_entropy", through(graph, logits, "Reshape")
    log = through(graph, logits if rows is None else rows.inputs[0], "Log")  # of Keras 2
    given = None if log is None else _probability(graph, log.inputs[0])
    if given is None or given.kind == "sigmoid":
        return Match(kind, logits, labels, rows=True)
    options = {**given.options, **({} if given.kind else {"probabilities": True})}
    return Match(kind, given.logits, labels, given.tensor, options=options, rows=True)


def _gathered_cross_entropy(graph: Graph, node: Node, learned: Learned) -> Match | None:
    """``-gather(log_softmax(logits), labels)``, with NaN where a label is none of the classes.

    What TensorFlow 2 writes for a sparse cross entropy where operations are to be deterministic.
    """
    if node.op != "Neg":
        value = through(graph, node.inputs[2], "Neg")
        return None if value is None else _gathered_cross_entropy(graph, value, learned)
    gathered = through(graph, node.inputs[0], "GatherV2")
    if gathered is None or gathered.attrs.get("batch_dims") != 1:
        return None
    logarithm = through(graph, gathered.inputs[0], "LogSoftmax")
    if logarithm is None:
        return None
    sides = _own_input(graph, logarithm, 0), _own_input(graph, gathered, 1)
    return Match("sparse_softmax_cross_entropy", *sides, rows=True)


def _smoothed(graph: Graph, labels: str) -> tuple[str, dict[str, Any]]:
    """``y * (1 - s) + s / classes`` → y and its smoothing."""
    total = through(graph, labels, "Add", "AddV2")
    for scaled, rest in operands(total) if total is not None else ():
        product = through(graph, scaled, "Mul")
        for one, factor in operands(product) if product is not None else ():
            kept = scalar(graph, factor)
            if kept is not None and 0 < kept < 1:
                share = through(graph, rest, "RealDiv", "Div")
                smoothing = scalar(graph, share.inputs[0]) if share is not None else None
                known = round(1 - kept, 6) if smoothing is None else smoothing
                return one, {"label_smoothing": known}
    return labels, {}


def _sigmoid_cross_entropy(graph: Graph, node: Node, learned: Learned) -> Match | None:
    """``max(x, 0) - x * z + log1p(exp(-abs(x)))``, as nn.sigmoid_cross_entropy_with_logits."""
    for linear, rest in operands(node):
        difference = through(graph, linear, "Sub")
        softplus = through(graph, rest, "Log1p", "Log", "Softplus")
        product = through(graph, difference.inputs[1], "Mul") if difference is not None else None
        if difference is None or softplus is None or product is None:
            continue
        positive = through(graph, difference.inputs[0], "Select", "Relu", "Maximum")
        if positive is None:
            continue
        sides = positive.inputs[1:] if positive.op == "Select" else positive.inputs
        for logits, labels in operands(product):
            if resolve(graph, logits) in {resolve(graph, side) for side in sides}:
                return Match("sigmoid_cross_entropy", logits, labels)
    return None


def _difference(graph: Graph, tensor: str, learned: Learned) -> tuple[str, str] | None:
    node = through(graph, tensor, "Sub")
    return None if node is None else _sides(node, learned)


def _sides(node: Node, learned: Learned) -> tuple[str, str] | None:
    """Prediction and label: the one that is learned, and the one that is not."""
    for prediction, label in operands(node):
        if learned(prediction) and not learned(label):
            return prediction, label
    return None


def _squared_error(graph: Graph, node: Node, learned: Learned) -> Match | None:
    squares = node.op in ("Square", "SquaredDifference")
    squares |= node.op == "Mul" and len({resolve(graph, t) for t in node.inputs}) == 1
    squares |= node.op == "Pow" and scalar(graph, node.inputs[1]) == 2.0
    if not squares:
        return None
    if node.op == "SquaredDifference":
        sides = _sides(node, learned)
    else:
        sides = _difference(graph, node.inputs[0], learned)
    return None if sides is None else Match("squared_error", *sides)


def _l2_error(graph: Graph, node: Node, learned: Learned) -> Match | None:
    sides = _difference(graph, node.inputs[0], learned)
    if sides is None:
        return None
    return Match("squared_error", *sides, factor=0.5, options={"summed": True})


def _absolute_error(graph: Graph, node: Node, learned: Learned) -> Match | None:
    sides = _difference(graph, node.inputs[0], learned)
    return None if sides is None else Match("absolute_error", *sides)


def _huber(graph: Graph, node: Node, learned: Learned) -> Match | None:
    """``0.5 * q**2 + delta * (abs(e) - q)`` with ``q = min(abs(e), delta)``."""
    for quadratic, linear in operands(node):
        half = _factor(graph, quadratic)
        slope = _factor(graph, linear)
        rest = through(graph, slope[1], "Sub") if slope else None
        if half is None or slope is None or rest is None or half[0] != 0.5:
            continue
        error = through(graph, rest.inputs[0], "Abs")
        least = through(graph, rest.inputs[1], "Minimum")
        if error is None or least is None or scalar(graph, least.inputs[1]) != slope[0]:
            continue
        sides = _difference(graph, error.inputs[0], learned)
        if sides is not None:
            return Match("huber", *sides, options={"delta": slope[0]})
    return None


def _factor(graph: Graph, tensor: str) -> tuple[float, str] | None:
    node = through(graph, tensor, "Mul")
    for one, other in operands(node) if node is not None else ():
        value = scalar(graph, one)
        if value is not None:
            return value, other
    return None


def _hinge(graph: Graph, node: Node, learned: Learned) -> Match | None:
    """``relu(1 - (2 y - 1) * logits)``; labels of -1 and 1 where the graph doubles none."""
    margin = through(graph, node.inputs[0], "Sub")
    one = margin is not None and _is_one(graph, margin.inputs[0])
    product = through(graph, margin.inputs[1], "Mul") if margin is not None and one else None
    sides = _sides(product, learned) if product is not None else None
    if sides is None:
        return None
    logits, labels = sides
    doubled = through(graph, labels, "Sub")
    if doubled is not None and _is_one(graph, doubled.inputs[1]):
        twice = _factor(graph, doubled.inputs[0])
        if twice is not None and twice[0] == 2.0:
            return Match("hinge", logits, twice[1])
    return Match("hinge", logits, labels, options={"signed_labels": True})


def _is_one(graph: Graph, tensor: str) -> bool:
    """Whether a tensor is all ones, of whatever shape."""
    if scalar(graph, tensor) == 1.0:
        return True
    node = beneath(graph, tensor)
    if node is None:
        return False
    if node.op == "OnesLike":
        return True
    return node.op == "Fill" and scalar(graph, node.inputs[1]) == 1.0


@dataclass(frozen=True)
class _Probability:
    """What stands inside a logarithm: softmax or sigmoid of logits, guarded or not."""

    kind: str  # "softmax", "sigmoid" or "" where the network gives it directly
    logits: str
    tensor: str
    options: Mapping[str, float] = field(default_factory=dict)


def _probability(graph: Graph, tensor: str) -> _Probability:
    options: dict[str, float] = {}
    while True:
        node = beneath(graph, tensor)
        if node is None:
            break
        if node.op in ("Maximum", "Minimum", "Add", "AddV2", "ClipByValue"):
            guard = [(scalar(graph, one), other) for one, other in operands(node)]
            if node.op == "ClipByValue":
                guard = [(scalar(graph, node.inputs[1]), node.inputs[0])]
            found = next(((v, other) for v, other in guard if v is not None), None)
            if found is None:
                break
            if node.op.startswith("Add"):
                options["epsilon"] = found[0]
            elif node.op != "Minimum":
                options["clip"] = found[0]
            tensor = found[1]
            continue
        if node.op in ("Softmax", "Sigmoid"):
            logits = _own_input(graph, node, 0)
            return _Probability(node.op.lower(), logits, f"{node.name}:0", options)
        inner = through(graph, node.inputs[0], "Softmax") if node.op == "Reshape" else None
        if inner is not None:  # tf.nn.softmax reshapes more than two dimensions
            tensor = node.inputs[0]
            continue
        break
    return _Probability("", tensor, tensor, options)


def _label_times_log(
    graph: Graph, tensor: str, learned: Learned
) -> tuple[str, _Probability, float] | None:
    """``y * log(p)`` → y, p and the sign, a Neg anywhere in it passed."""
    sign = 1.0
    node = beneath(graph, tensor)
    if node is not None and node.op == "Neg":
        sign, node = -sign, beneath(graph, node.inputs[0])
    if node is None or node.op != "Mul":
        return None
    for labels, logarithm in operands(node):
        log = beneath(graph, logarithm)
        this_sign = sign
        if log is not None and log.op == "Neg":
            this_sign, log = -this_sign, beneath(graph, log.inputs[0])
        negated = through(graph, labels, "Neg")
        if negated is not None:
            this_sign, labels = -this_sign, negated.inputs[0]
        if log is None or learned(labels):
            continue
        if log.op == "LogSoftmax":
            logits = _own_input(graph, log, 0)
            return labels, _Probability("softmax", logits, f"{log.name}:0", {}), this_sign
        if log.op == "Log":
            return labels, _probability(graph, log.inputs[0]), this_sign
    return None


def _categorical(graph: Graph, node: Node, learned: Learned) -> Match | None:
    found = _label_times_log(graph, f"{node.name}:0", learned)
    if found is None or found[1].kind == "sigmoid":
        return None
    labels, probability, sign = found
    options = dict(probability.options)
    if not probability.kind:
        options["probabilities"] = True
    return Match(
        "categorical_cross_entropy",
        probability.logits,
        labels,
        None if beneath(graph, probability.tensor) is None else probability.tensor,
        -sign,
        options,
    )


def _binary(graph: Graph, node: Node, learned: Learned) -> Match | None:
    """``-(y * log(p) + (1 - y) * log(1 - p))`` in either sign, and tf.losses.log_loss."""
    if len(node.inputs) != 2:
        return None
    second_sign = -1.0 if node.op == "Sub" else 1.0
    for first, second in operands(node) if node.op != "Sub" else [tuple(node.inputs)]:
        one = _label_times_log(graph, first, learned)
        other = _label_times_log(graph, second, learned)
        if one is None or other is None or one[2] != second_sign * other[2]:
            continue
        complement = through(graph, other[0], "Sub")
        rest = through(graph, other[1].tensor, "Sub")
        if complement is None or rest is None:
            continue
        mirrored = _is_one(graph, complement.inputs[0]) and _is_one(graph, rest.inputs[0])
        same = resolve(graph, complement.inputs[1]) == resolve(graph, one[0])
        likely = _probability(graph, rest.inputs[1]).tensor  # clipped there too, as Keras does
        same &= resolve(graph, likely) == resolve(graph, one[1].tensor)
        if not (mirrored and same):
            continue
        options = dict(one[1].options)
        plain = "clip" in options or "epsilon" not in options
        kind = "binary_cross_entropy" if plain else "log_loss"
        if one[1].kind != "sigmoid":
            options["probabilities"] = True
        return Match(kind, one[1].logits, one[0], one[1].tensor, -one[2], options)
    return None


_Matcher = Callable[[Graph, Node, Learned], Match | None]
_MATCHERS: Mapping[str, tuple[_Matcher, ...]] = {
    "SoftmaxCrossEntropyWithLogits": (_softmax_cross_entropy,),
    "SparseSoftmaxCrossEntropyWithLogits": (_sparse_cross_entropy,),
    "Add": (_sigmoid_cross_entropy, _huber, _binary),
    "AddV2": (_sigmoid_cross_entropy, _huber, _binary),
    "Sub": (_binary,),
    "Square": (_squared_error,),
    "SquaredDifference": (_squared_error,),
    "Pow": (_squared_error,),
    "Mul": (_squared_error, _categorical),
    "L2Loss": (_l2_error,),
    "Abs": (_absolute_error,),
    "Relu": (_hinge,),
    "Neg": (_gathered_cross_entropy,),
    "Select": (_gathered_cross_entropy,),
    "SelectV2": (_gathered_cross_entropy,),
}
