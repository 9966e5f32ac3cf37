"""The loss of each output: a class of Keras where one has the same value, else its formula."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..graph.constants import static_value
from ..graph.losses import Loss, read_loss, summands
from ..graph.nodes import Graph, Node
from ..graph.optimizers import scalar
from ..graph.sources import PIPELINE_OPS, is_placeholder
from ..graph.training import Learned
from ..layers.formula import detached, formula
from ..plan.training import Formula, OutputLoss
from ..plan.training_loss import carry_losses
from .context import Context

_SUM = "tfmigrate_sum"  # a node of ours must not take a name of the graph
_FEW = 3
_WEIGHTING = re.compile(
    r"(?i)mask|weight|length|seq_?len|valid|advantage|action|reward|return|keep"
)

Summand = tuple[str, float]


def carry_objective(context: Context, loss: Loss | None) -> list[OutputLoss]:
    """A loss for each output that has one; none, and a note, where it has no form in Keras."""
    if loss is None:
        context.warnings.append("the loss was not found; compile_model names none")
        return []
    whole = carry_losses(context.graph, loss, context.plan)
    if not isinstance(whole, str):
        return whole
    objective = _Objective(context, loss)
    found = objective.by_output()
    if not isinstance(found, str):
        return found
    computed = carry_losses(context.graph, loss, context.plan, computed=True)
    if not isinstance(computed, str):
        names = [name for each in computed for name in each.labels]
        context.notes.append(_told_computed([n for n in names if not _is_fed(context.graph, n)]))
        return computed
    # That the loss as a whole has no known form says less than what keeps its terms from one.
    reasons = found if loss.kind == "unknown" else f"{whole}; {found}"
    context.warnings.append(f"compile_model names no loss: {reasons}")
    return []


def _told_computed(tensors: Sequence[str]) -> str:
    """A note of what a program has to compute as the graph did, to give it to the loss."""
    return f"the loss is given {', '.join(tensors)}, which the graph computes"


def _is_fed(graph: Graph, tensor: str) -> bool:
    """Whether a tensor comes from outside: a placeholder, or what a pipeline gives."""
    node = graph.get(tensor)
    return node is not None and (is_placeholder(node) or node.op in PIPELINE_OPS)


class _Objective:
    """One loss, taken apart into the summands of each output."""

    def __init__(self, context: Context, loss: Loss):
        self._context, self._loss = context, loss
        penalized = {p.variable for p in loss.regularization} & context.recipes.keys()
        # Layers have their penalties already: here they are 0.
        self._fixed = {n: np.zeros(context.recipes[n].shape, np.float32) for n in penalized}
        self._learned = Learned(context.graph)

    def by_output(self) -> list[OutputLoss] | str:
        """A loss for each output, or what prevents it, as half a sentence."""
        groups: dict[int, list[Summand]] = {}
        constants = []
        for term in summands(self._context.graph, self._loss.tensor):
            output = self._output(term[0])
            if isinstance(output, str):
                return output
            if output is not None:
                groups.setdefault(output, []).append(term)
            elif scalar(self._context.graph, term[0]) is not None:
                constants.append(term)
        found = []
        if groups:
            groups[min(groups)] += constants
        for output, group in sorted(groups.items()):
            made = self._by_class(output, group) or self._by_formula(output, group)
            if isinstance(made, str):
                return made
            number = len(groups) > 1 and isinstance(made.new, Formula)
            found.append(_numbered(made) if number else made)
        return found or "it takes no output of the model"

    def _output(self, tensor: str) -> int | str | None:
        """The output that a summand takes; None for a penalty, a reason where there are several."""
        graph, outputs = self._context.graph, self._context.plan.outputs
        if not self._variables(tensor, ()) - self._fixed.keys():
            return None
        ends = [output.tensor for output in outputs]
        stop = [*ends, *self._beside(tensor)]
        if others := self._variables(tensor, stop):
            names = ", ".join(sorted(others)[:_FEW])
            return f"{tensor} takes {names} by another way than the outputs of the model"
        reached = graph.ancestors([tensor], stop=stop)
        taken = {t for node in reached.values() for t in node.inputs} | {tensor}
        found = [index for index, end in enumerate(ends) if end in taken]
        if len(found) == 1:
            return found[0]
        names = " and ".join(ends[index] for index in found)
        return f"{tensor} takes {names} together, and Keras gives a loss one output"

    def _beside(self, tensor: str) -> list[str]:
        """What another network gives a summand, which learns nothing by it: a target, say."""
        graph, ends = self._context.graph, [o.tensor for o in self._context.plan.outputs]
        behind = graph.ancestors([tensor], stop=ends)
        stops = [f"{node.name}:0" for node in behind.values() if node.op == "StopGradient"]
        return [t for t in stops if self._variables(t, ends)]

    def _variables(self, tensor: str, stop: Sequence[str]) -> set[str]:
        """The weights behind a tensor that are not penalties' alone."""
        behind = self._context.graph.ancestors([tensor], stop=stop)
        return {name for name in behind if name in self._context.variables} - self._fixed.keys()

    def _by_class(self, output: int, group: list[Summand]) -> OutputLoss | None:
        if len(group) > 1:
            return None
        (tensor, factor), graph = group[0], self._context.graph
        found = carry_losses(graph, read_loss(graph, tensor, self._learned), self._context.plan)
        if isinstance(found, str) or len(found) != 1 or found[0].output != output:
            return None
        weight = factor * (found[0].weight or 1.0)
        return replace(found[0], weight=None if weight == 1.0 else weight)

    def _by_formula(self, output: int, group: list[Summand]) -> OutputLoss | str:
        plan, loss = self._context.plan, self._loss
        end = plan.outputs[output].tensor
        beside = [t for tensor, _ in group for t in self._beside(tensor)]
        graph, tensor = _summed(_sized_by(self._context.graph, end), group)
        given = _given(graph, tensor, end, beside)
        fixed = {**self._fixed, **self._defaults(given)}
        given = [t for t in given if t.partition(":")[0] not in fixed]
        if not given:
            return f"{tensor} takes no labels"
        if len(given) > 2:
            return f"{tensor} takes {', '.join(given)}: more than labels and weights"
        labels, *weights = _labels_first(graph, given, loss, end)
        names = [labels, end, *weights]
        body = formula(detached(graph, end), names, tensor, fixed)
        if isinstance(body, str):
            return f"{loss.tensor} needs {body}, which no function of keras.ops does"
        if beside:
            self._context.notes.append(_told_computed(beside))
        name = "GraphLoss" if weights else "graph_loss"
        kinds = tuple(graph.dtype(t) or "float32" for t in names)
        held = weights[0] if weights else None
        made = Formula(name, loss.tensor, body, is_loss=True, dtypes=kinds, weights=held)
        told = "graph_loss of sparse labels" if _are_classes(graph, labels, end) else "graph_loss"
        return OutputLoss(made, None, output, told, (labels,), weights=held)

    def _defaults(self, given: Sequence[str]) -> dict[str, np.ndarray]:
        """Scalars that have a value of their own where nobody feeds them."""
        graph, found = self._context.graph, {}
        for tensor in given:
            node = graph.node(tensor)
            value = static_value(graph, tensor) if node.op == "PlaceholderWithDefault" else None
            if value is not None and value.shape == ():
                found[node.name] = value
        return found


def _numbered(loss: OutputLoss) -> OutputLoss:
    assert isinstance(loss.new, Formula)
    return replace(loss, new=replace(loss.new, name=f"{loss.new.name}_{loss.output + 1}"))


def _summed(graph: Graph, group: list[Summand]) -> tuple[Graph, str]:
    """The graph with a tensor that is the sum of some, each times its factor."""
    if len(group) == 1 and group[0][1] == 1.0:
        return graph, group[0][0]
    nodes, terms = dict(graph.nodes), []
    for number, (tensor, factor) in enumerate(group):
        if factor == 1.0:
            terms.append(tensor)
            continue
        attrs = {"value": np.float32(factor), "dtype": "float32", "_output_shapes": [()]}
        nodes[f"{_SUM}_{number}_by"] = Node(f"{_SUM}_{number}_by", "Const", attrs=attrs)
        name, scalar = f"{_SUM}_{number}", {"T": "float32", "_output_shapes": [()]}
        nodes[name] = Node(name, "Mul", (tensor, f"{_SUM}_{number}_by:0"), attrs=scalar)
        terms.append(f"{name}:0")
    total = terms[0]
    for number, tensor in enumerate(terms[1:]):
        scalar = {"T": "float32", "_output_shapes": [()]}
        nodes[f"{_SUM}_{number}_and"] = Node(
            f"{_SUM}_{number}_and", "Add", (total, tensor), attrs=scalar
        )
        total = f"{_SUM}_{number}_and:0"
    return replace(graph, nodes=nodes), total


def _sized_by(graph: Graph, end: str) -> Graph:
    """The graph with the size of the batch read from an output instead of from an input."""
    nodes = dict(graph.nodes)
    for node in graph.of("Shape"):
        maker = graph.get(node.inputs[0])
        users = graph.node_consumers(node.name)
        first = all(u.op == "StridedSlice" and scalar(graph, u.inputs[1]) == 0 for u in users)
        if maker is not None and is_placeholder(maker) and users and first:
            rank = {"_output_shapes": [(len(graph.shape(end) or ()),)]}
            nodes[node.name] = replace(node, inputs=(end,), attrs={**node.attrs, **rank})
    return replace(graph, nodes=nodes)


def _given(graph: Graph, tensor: str, end: str, beside: Sequence[str]) -> list[str]:
    """What a loss is given beside an output: of another network, placeholders, of a pipeline."""
    found = dict.fromkeys(beside)
    for node in graph.ancestors([tensor], stop=[end, *beside]).values():
        for source in node.inputs:
            if _is_fed(graph, source) and node.op not in PIPELINE_OPS and source != end:
                found[source] = None
    return list(found)


def _labels_first(graph: Graph, given: list[str], loss: Loss, end: str) -> list[str]:
    """Labels, then what weighs them: by what the loss was read as, by name, by shape."""
    known = [t for part in (loss, *loss.parts) for t in part.label_inputs]

    def rank(tensor: str) -> tuple[bool, bool, bool]:
        other_rank = len(graph.shape(tensor) or ()) != len(graph.shape(end) or ())
        return tensor not in known, bool(_WEIGHTING.search(tensor)), other_rank

    return sorted(given, key=rank)


def _are_classes(graph: Graph, labels: str, end: str) -> bool:
    """Whether labels are class numbers: integers, with an axis less than the output."""
    ranks = [len(shape) if (shape := graph.shape(t)) is not None else 0 for t in (labels, end)]
    return (graph.dtype(labels) or "").startswith(("int", "uint")) and ranks[0] == ranks[1] - 1
