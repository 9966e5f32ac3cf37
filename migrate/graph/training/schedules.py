"""Learning-rate schedules, recognized in the sub-graph that computes the rate from the step.

A form is proposed from the operations, its parameters read from their constants, and the proposal
kept only if its formula gives what the sub-graph gives, at steps on both sides of every bend. The
formulas are those of tensorflow/python/keras/optimizer_v2/learning_rate_schedule.py (1.15).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..constants import Evaluator, static_value
from ..dtypes import numpy_dtype
from ..nodes import Graph, Node
from ..variables import VARIABLE_OPS, find_variables, resolve
from .optimizers import readable, scalar
from .schedule_rates import FORMULAS


@dataclass(frozen=True)
class Schedule:
    """How the learning rate comes about.

    Attributes:
        kind: "constant", "placeholder" (fed each step), "variable" (its value is in the
            checkpoint), "exponential_decay", "natural_exp_decay", "inverse_time_decay",
            "polynomial_decay", "piecewise_constant", "cosine_decay", "cosine_decay_restarts",
            "linear_cosine_decay", "noisy_linear_cosine_decay", or "unknown".
        arguments: as the function of that name in tf.train takes them; ``{"learning_rate": …}``
            for a constant.
        step: node name of the step variable, or None.
        tensor: of the rate; the placeholder or variable for these kinds.
        why: for "unknown": what is in the way.
    """

    kind: str
    tensor: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    step: str | None = None
    why: str = ""


def read_schedule(graph: Graph, tensor: str) -> Schedule:
    """The schedule behind a learning-rate tensor."""
    tensor = resolve(graph, tensor)
    value = scalar(graph, tensor)
    node = graph.get(tensor)
    if node is not None and node.op == "PlaceholderWithDefault":
        arguments = {} if value is None else {"learning_rate": value}
        return Schedule("placeholder", tensor, arguments)
    if value is not None:
        return Schedule("constant", tensor, {"learning_rate": value})
    if node is None:
        return Schedule("unknown", tensor, why="its tensor is not in the graph")
    if node.op.startswith("Placeholder"):
        return Schedule("placeholder", tensor)
    if node.op in VARIABLE_OPS:
        return Schedule("variable", tensor)
    return _computed(graph, tensor)


def _computed(graph: Graph, tensor: str) -> Schedule:
    graph = _initial_rates(graph, tensor)
    behind = graph.ancestors([tensor])
    variables = [node for node in behind.values() if node.op in VARIABLE_OPS]
    fed = [node for node in behind.values() if node.op.startswith("Placeholder")]
    if len(variables) + len(fed) != 1:
        names = ", ".join(node.name for node in (*variables, *fed)) or "nothing"
        return Schedule("unknown", tensor, why=f"it is computed from {names}")
    step = (*variables, *fed)[0]
    for kind, arguments in _proposals(graph, tensor, behind, step):
        if kind == "noisy_linear_cosine_decay" or _proven(graph, tensor, step, kind, arguments):
            return Schedule(kind, tensor, arguments, step.name)
    return Schedule(
        "unknown", tensor, step=step.name, why=f"it is not a known schedule of {step.name}"
    )


def _initial_rates(graph: Graph, tensor: str) -> Graph:
    """The graph with floating variables behind a rate held at the constants they start from.

    contrib's optimize_loss keeps the first learning rate in a variable that nothing changes.
    """
    behind = graph.ancestors([tensor])
    variables = [node for node in behind.values() if node.op in VARIABLE_OPS]
    if len(variables) < 2:
        return graph
    described = find_variables(graph)
    held = {}
    for node in variables:
        initial = described[node.name].initial_value
        value = static_value(graph, initial) if initial is not None else None
        if value is not None and value.dtype.kind == "f" and value.size == 1:
            dtype = node.attrs.get("dtype", "float32")
            held[node.name] = Node(node.name, "Const", attrs={"value": value, "dtype": dtype})
    return replace(graph, nodes={**graph.nodes, **held})


class _Formula:
    """Reads constants out of a schedule's sub-graph by the operations around them."""

    def __init__(self, graph: Graph, behind: Mapping[str, Node], step: Node):
        self.graph, self.behind, self.step = graph, behind, step

    def node(self, tensor: str | None, *ops: str) -> Node | None:
        """The operation behind a tensor, casts passed, if it is one of those asked for."""
        if tensor is None:
            return None
        found = self.graph.get(resolve(self.graph, tensor))
        while found is not None and found.op == "Cast":
            found = self.graph.get(resolve(self.graph, found.inputs[0]))
        return found if found is not None and found.op in ops else None

    def of(self, *ops: str) -> list[Node]:
        return [node for node in self.behind.values() if node.op in ops]

    def number(self, tensor: str) -> float | None:
        return scalar(self.graph, tensor)

    def is_step(self, tensor: str) -> bool:
        found = self.node(tensor, *VARIABLE_OPS, self.step.op)
        return found is not None and found.name == self.step.name

    def constant_and_other(self, node: Node) -> tuple[float, str] | None:
        """A binary operation's constant operand, and the tensor of the other."""
        for ours, other in ((0, 1), (1, 0)):
            value = self.number(node.inputs[ours])
            if value is not None and self.number(node.inputs[other]) is None:
                return value, node.inputs[other]
        return None

    def step_fraction(self) -> tuple[float, bool] | None:
        """Decay steps from ``step / decay_steps``, and whether floor is taken of it."""
        for node in self.of("RealDiv", "Div"):
            steps = self.number(node.inputs[1])
            reduced = self.node(node.inputs[0], "Minimum")
            operands = reduced.inputs if reduced is not None else (node.inputs[0],)
            if steps is not None and any(self.is_step(tensor) for tensor in operands):
                floors = [n for n in self.graph.node_consumers(node.name) if n.op == "Floor"]
                return steps, bool(floors)
        return None


def _proposals(
    graph: Graph, tensor: str, behind: Mapping[str, Node], step: Node
) -> Iterator[tuple[str, dict[str, Any]]]:
    formula = _Formula(graph, behind, step)
    root = graph.node(tensor)
    for propose in (
        _piecewise, _exponential, _inverse_time, _linear_cosine, _cosine_restarts, _cosine,
        _polynomial,
    ):  # fmt: skip
        try:
            yield from propose(formula, root)
        except (IndexError, TypeError):  # an operation with fewer inputs than its kind has
            continue


_Proposal = Iterator[tuple[str, dict[str, Any]]]


def _whole(value: float) -> float:
    return int(value) if value == int(value) else value


def _exponential(formula: _Formula, root: Node) -> _Proposal:
    scaled = formula.constant_and_other(root) if root.op == "Mul" else None
    fraction = formula.step_fraction()
    if scaled is None or fraction is None:
        return
    arguments: dict[str, Any] = {"learning_rate": scaled[0], "decay_steps": _whole(fraction[0])}
    power = formula.node(scaled[1], "Pow")
    if power is not None:
        rate = formula.number(power.inputs[0])
        natural = formula.node(power.inputs[0], "Exp")
        exponent = formula.number(natural.inputs[0]) if natural is not None else None
        if exponent is not None:  # natural_exp_decay computes exp(-rate) in the graph
            more = {"decay_rate": -exponent, "staircase": fraction[1]}
            yield "natural_exp_decay", arguments | more
        if rate is not None:
            yield "exponential_decay", arguments | {"decay_rate": rate, "staircase": fraction[1]}
    exponential = formula.node(scaled[1], "Exp")
    product = exponential and formula.node(exponential.inputs[0], "Mul", "Neg")
    if product is not None and product.op == "Neg":
        product = formula.node(product.inputs[0], "Mul")
    factor = product and formula.constant_and_other(product)
    if factor:
        more = {"decay_rate": abs(factor[0]), "staircase": fraction[1]}
        yield "natural_exp_decay", arguments | more


def _inverse_time(formula: _Formula, root: Node) -> _Proposal:
    fraction = formula.step_fraction()
    if root.op not in ("RealDiv", "Div") or fraction is None:
        return
    rate = formula.number(root.inputs[0])
    total = formula.node(root.inputs[1], "Add", "AddV2")
    rest = total and formula.constant_and_other(total)
    product = formula.node(rest[1], "Mul") if rest else None
    factor = formula.constant_and_other(product) if product is not None else None
    if rate is not None and factor is not None:
        yield (
            "inverse_time_decay",
            {
                "learning_rate": rate,
                "decay_steps": _whole(fraction[0]),
                "decay_rate": factor[0],
                "staircase": fraction[1],
            },
        )


def _polynomial(formula: _Formula, root: Node) -> _Proposal:
    powers = formula.of("Pow")
    if root.op not in ("Add", "AddV2") or len(powers) > 1:
        return
    end = formula.constant_and_other(root)
    product = formula.node(end[1], "Mul") if end else None
    span = formula.constant_and_other(product) if product is not None else None
    if end is None or product is None or span is None:
        return
    exponent = formula.number(powers[0].inputs[1]) if powers else 1.0
    spans = (formula.node(tensor, "Sub") for tensor in product.inputs)
    starts = [formula.number(node.inputs[0]) for node in spans if node is not None]
    start = next((value for value in starts if value not in (None, 1.0)), None)
    start = end[0] + span[0] if start is None else start
    lengths = [formula.number(node.inputs[1]) for node in formula.of("RealDiv", "Div", "Minimum")]
    cycles = bool(formula.of("Ceil"))
    for length in dict.fromkeys(value for value in lengths if value):
        yield (
            "polynomial_decay",
            {
                "learning_rate": start,
                "decay_steps": _whole(length),
                "end_learning_rate": end[0],
                "power": exponent,
                "cycle": cycles,
            },
        )


def _piecewise(formula: _Formula, root: Node) -> _Proposal:
    bounds = set()
    for node in formula.of("LessEqual", "Greater", "Less", "GreaterEqual"):
        split = formula.constant_and_other(node)
        if split is not None and formula.is_step(split[1]):
            bounds.add(_whole(split[0]))
    if not bounds or formula.of("Pow", "Cos", "RealDiv"):
        return
    boundaries = sorted(bounds)
    at = [*boundaries, boundaries[-1] + 1]
    values = [_evaluate(formula.graph, root.name + ":0", formula.step, step) for step in at]
    if all(value is not None for value in values):
        yield (
            "piecewise_constant",
            {"boundaries": boundaries, "values": [readable(v) for v in values if v is not None]},
        )


def _alpha(formula: _Formula) -> list[float]:
    """Candidates for alpha: constants added at the end of the formula, 0 if there is none."""
    found = [0.0]
    for node in formula.of("Add", "AddV2"):
        split = formula.constant_and_other(node)
        if split is not None and split[0] != 1.0:
            found.append(split[0])
    return found[::-1]


def _cosine(formula: _Formula, root: Node) -> _Proposal:
    cosines = formula.of("Cos")
    scaled = formula.constant_and_other(root) if root.op == "Mul" else None
    fraction = formula.step_fraction()
    if len(cosines) == 1 and scaled is not None and fraction is not None:
        for alpha in _alpha(formula):
            yield (
                "cosine_decay",
                {
                    "learning_rate": scaled[0],
                    "decay_steps": _whole(fraction[0]),
                    "alpha": alpha,
                },
            )


def _cosine_restarts(formula: _Formula, root: Node) -> _Proposal:
    cosines = formula.of("Cos")
    scaled = formula.constant_and_other(root) if root.op == "Mul" else None
    fraction = formula.step_fraction()
    if len(cosines) != 1 or scaled is None or fraction is None or not formula.of("Floor"):
        return
    bases = [formula.number(node.inputs[0]) for node in formula.of("Pow")]
    factors = list(dict.fromkeys(value for value in bases if value is not None)) or [1.0]
    for alpha in _alpha(formula):
        for t_mul in dict.fromkeys([*factors, 1.0, 2.0]):
            for m_mul in dict.fromkeys([*factors, 1.0]):
                yield (
                    "cosine_decay_restarts",
                    {
                        "learning_rate": scaled[0],
                        "first_decay_steps": _whole(fraction[0]),
                        "t_mul": t_mul,
                        "m_mul": m_mul,
                        "alpha": alpha,
                    },
                )


def _linear_cosine(formula: _Formula, root: Node) -> _Proposal:
    cosines = formula.of("Cos")
    scaled = formula.constant_and_other(root) if root.op == "Mul" else None
    fraction = formula.step_fraction()
    if len(cosines) != 1 or scaled is None or fraction is None:
        return
    total = formula.node(scaled[1], "Add", "AddV2")
    beta = formula.constant_and_other(total) if total is not None else None
    product = formula.node(beta[1], "Mul") if beta else None
    angle = formula.node(cosines[0].inputs[0], "Mul")
    turns = formula.constant_and_other(angle) if angle is not None else None
    if beta is None or product is None or turns is None:
        return
    arguments = {
        "learning_rate": scaled[0],
        "decay_steps": _whole(fraction[0]),
        "num_periods": readable(np.asarray(turns[0] / (2 * math.pi), np.float32)),
        "beta": beta[0],
    }
    sums = [formula.node(tensor, "Add", "AddV2") for tensor in product.inputs]
    for node in filter(None, sums):
        alpha = formula.constant_and_other(node)
        noises = formula.of("RandomStandardNormal")
        if noises and alpha is None:  # alpha + linear + noise: alpha is one sum further in
            inner = (formula.node(tensor, "Add", "AddV2") for tensor in node.inputs)
            found = (formula.constant_and_other(n) for n in inner if n is not None)
            alpha = next(filter(None, found), None)
        if alpha is None and not noises:
            alpha = (0.0, "")
        if noises:
            variance, decay = _noise(formula)
            if variance is None:
                return
            more = {"alpha": (alpha or (0.0,))[0], "initial_variance": variance}
            yield "noisy_linear_cosine_decay", arguments | more | {"variance_decay": decay}
        elif alpha is not None:
            yield "linear_cosine_decay", arguments | {"alpha": alpha[0]}


def _noise(formula: _Formula) -> tuple[float | None, float | None]:
    """From ``initial_variance / (1 + step) ** variance_decay``."""
    for power in formula.of("Pow"):
        decay = formula.number(power.inputs[1])
        for node in formula.graph.node_consumers(power.name):
            if node.op in ("RealDiv", "Div"):
                return formula.number(node.inputs[0]), decay
    return None, None


def _evaluate(graph: Graph, tensor: str, step: Node, at: float) -> np.ndarray | None:
    value = Evaluator(graph, {f"{step.name}:0": _step_value(step, at)}).value(tensor)
    return None if value is None or value.size != 1 else value.reshape(())


def _step_value(step: Node, at: float) -> np.ndarray:
    return np.asarray(at, numpy_dtype(step.attrs.get("dtype", "int64")))


def _proven(graph: Graph, tensor: str, step: Node, kind: str, arguments: Mapping[str, Any]) -> bool:
    """Whether formula and sub-graph agree at many steps, to float32's rounding of the terms."""
    rate = FORMULAS[kind](**arguments)
    bends = arguments.get("boundaries") or [
        int(arguments.get("decay_steps", arguments.get("first_decay_steps", 10)))
    ]
    steps = {0, 1, 2, 3, 5, 13}
    for bend in bends:
        steps |= {abs(bend * k // 4 + d) for k in (1, 2, 3, 4, 5, 9) for d in (-1, 0, 1)}
    first = 0.0
    for at in sorted(steps):
        computed = _evaluate(graph, tensor, step, at)
        if computed is None:
            return False
        try:
            expected = rate(at)
        except (ArithmeticError, ValueError):  # no decay steps, a negative base …
            return False
        first = first or float(expected)
        scale = max(abs(expected), 1e-3 * abs(first))
        if not abs(float(computed) - expected) <= 1e-4 * scale:
            return False
    return True
