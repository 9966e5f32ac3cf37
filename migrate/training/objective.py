"""The loss of each output: a class of Keras where one has the same value, else its formula."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..graph import Learned, Loss, read_loss, scalar, summands
from ..graph.constants import static_value
from ..graph.nodes import Graph, Node, split_tensor
from ..graph.sources import PIPELINE_OPS, is_placeholder
from ..graph.variables import resolve
from ..layers.formula import detached, formula
from ..plan.names import identifier
from ..plan.training import OWN_MODEL, Formula, New, OutputLoss
from .context import Context
from .held import Held, held_weights, keep_in_layers
from .loss import carry_losses
from .sequence_losses import with_sequence_losses
from .undone import with_sigmoids_undone

_SUM = "tfmigrate_sum"  # a node of ours must not take a name of the graph
_FEW = 3
_WEIGHTING = re.compile(
    r"(?i)mask|weight|length|seq_?len|valid|advantage|action|reward|return|keep"
)

_ARGUMENTS = ("x", "y", "y_true", "y_pred")
"""Names of arguments that a loss has in any case."""

Summand = tuple[str, float]


def carry_objective(
    context: Context, loss: Loss | None, *, penalized: Sequence[str] | None = None
) -> list[OutputLoss]:
    """A loss for each output that has one, or one of all together; else none, and a warning why.

    Args:
        penalized: asks for one of all together, with the penalties of these layers only.
    """
    if loss is None:
        context.warnings.append("no loss was found in the graph; compile_model does not set one")
        return []
    objective = _Objective(context, loss)
    if penalized is not None:
        alone = objective.together()
        if not isinstance(alone, str):
            return [replace(each, new=_with_penalties(each.new, penalized)) for each in alone]
        context.warnings.append(f"compile_model does not set a loss: {alone}")
        return []
    by_class = carry_losses(context.graph, loss, context.plan)
    if not isinstance(by_class, str):
        return by_class
    found = objective.by_output() or objective.together()
    if not isinstance(found, str):
        computed = [n for each in found for n in (*each.labels, each.weights) if n]
    else:
        made = carry_losses(context.graph, loss, context.plan, computed=True)
        computed = [] if isinstance(made, str) else [n for each in made for n in each.labels]
        if isinstance(made, str) or any(map(objective.learned, computed)):
            # That the loss as a whole has no known form says less than what it takes.
            reasons = found if loss.kind == "unknown" else f"{by_class}; {found}"
            context.warnings.append(f"compile_model does not set a loss: {reasons}")
            return []
        found = made
    if computed := [name for name in computed if not _is_fed(context.graph, name)]:
        told = ", ".join(computed)
        context.notes.append(
            f"the loss depends on {told}, which the graph computes: pass its values to fit"
        )
    return found


def _with_penalties(loss: New | Formula, layers: Sequence[str]) -> New | Formula:
    return replace(loss, penalties=tuple(layers)) if isinstance(loss, Formula) else loss


def _is_fed(graph: Graph, tensor: str) -> bool:
    """Whether a tensor comes from outside: a placeholder, or what a pipeline gives."""
    node = graph.get(tensor)
    return node is not None and (is_placeholder(node) or node.op in PIPELINE_OPS)


class _Objective:
    """One loss, taken apart into the summands of each output."""

    def __init__(self, context: Context, loss: Loss):
        self._context, self._loss = context, loss
        ends = [output.tensor for output in context.plan.outputs]
        graph = with_sigmoids_undone(context.graph, loss.tensor, ends)
        if graph is not context.graph:
            context.notes.append(
                "the loss also takes what enters the last sigmoid; graph_loss computes that from "
                "its result, clipped to 1e-7 from 0 and 1"
            )
        self._graph, self._sparse = with_sequence_losses(graph)
        penalized = {p.variable for p in loss.regularization} & context.recipes.keys()
        # Layers have their penalties already: here they are 0.
        self._fixed = {n: np.zeros(context.recipes[n].shape, np.float32) for n in penalized}
        self.learned = Learned(context.graph)
        self._ends = ends

    def by_output(self) -> list[OutputLoss] | None:
        """A loss for each output; None where a summand takes several, or has no such form."""
        groups: dict[int, list[Summand]] = {}
        constants = []
        for term in summands(self._graph, self._loss.tensor):
            if self._variables(term[0], ()):
                outputs = self._outputs(term[0])
                if len(outputs) != 1:
                    return None
                groups.setdefault(outputs[0], []).append(term)
            elif scalar(self._graph, term[0]) is not None:
                constants.append(term)
        found = []
        if groups:
            groups[min(groups)] += constants
        for output, group in sorted(groups.items()):
            made = self._by_class(output, group) or self._by_formula(output, group)
            if made is None:
                return None
            number = len(groups) > 1 and isinstance(made.new, Formula)
            found.append(_numbered(made) if number else made)
        return found or None

    def together(self) -> list[OutputLoss] | str:
        """One loss of all outputs, labels and weights alike; or what prevents it, as a clause."""
        variables = sorted(self._variables(self._loss.tensor, self._beyond(self._loss.tensor)))
        if variables and (why := self._other_ways(variables)):
            return why
        held = held_weights(self._context, variables, _ARGUMENTS)
        if held is None:
            return self._directly(variables)
        terms = summands(self._graph, self._loss.tensor)
        group = [
            term
            for term in terms
            if self._variables(term[0], ()) or scalar(self._graph, term[0]) is not None
        ]
        if not any(self._depends_on_outputs(tensor) for tensor, _ in group):
            return "the loss does not depend on an output of the model"
        graph, tensor, given, fixed = self._written_out(group, self._ends)
        numbers = {i.tensor: n for n, i in enumerate(self._context.plan.inputs)}
        position = {name: index for index, name in enumerate(graph.nodes)}
        given = sorted(given, key=lambda t: position[split_tensor(t)[0]])
        labels = [t for t in given if t not in numbers]
        inputs = [t for t in given if t in numbers]
        names = [*labels, *inputs, *self._ends]
        kinds = [graph.dtype(t) or "float32" for t in names]
        own = [f"{node}:0" for node in variables]
        names += own
        body = formula(detached(graph, [*self._ends, *own], [tensor]), names, tensor, fixed)
        if isinstance(body, str):
            return f"the loss needs {body}, which keras.ops does not have"
        weights, new = held
        keep_in_layers(self._context.plan, new)
        made = Formula(
            OWN_MODEL,
            self._loss.tensor,
            body,
            is_loss=True,
            dtypes=(*kinds, *(self._context.recipes[node].dtype for node in variables)),
            outputs=len(self._ends),
            inputs=self._arguments([numbers[t] for t in inputs], weights),
            held=weights,
        )
        listed = "a list: " if len(labels) > 1 else ""
        told = f"The labels y are {listed}{', '.join(labels)}." if labels else ""
        sparse = tuple(each for each in self._sparse if each.values in labels)
        if sparse:
            told += " Rows of labels are padded with -1."
        return [OutputLoss(made, None, 0, "graph_loss", tuple(labels), told, sparse=sparse)]

    def _arguments(self, inputs: Sequence[int], held: Held) -> tuple[tuple[str, int | None], ...]:
        """What inputs of the model are called as arguments of the loss."""
        taken, found = {*_ARGUMENTS, *(name for name, _ in held)}, []
        for number in inputs:
            given = self._context.plan.inputs[number].name
            name = identifier(given, taken, otherwise="given")
            taken.add(name)
            found.append((name, number if len(self._context.plan.inputs) > 1 else None))
        return tuple(found)

    def _depends_on_outputs(self, tensor: str) -> bool:
        """Whether a summand takes an output of the model."""
        reached = self._graph.ancestors([tensor], stop=self._ends)
        taken = {t for node in reached.values() for t in node.inputs} | {tensor}
        return not taken.isdisjoint(self._ends)

    def _outputs(self, tensor: str) -> list[int]:
        """The outputs that a summand takes, where it takes nothing else that is learned."""
        stop = self._beyond(tensor)
        if self._variables(tensor, stop):
            return []
        reached = self._graph.ancestors([tensor], stop=stop)
        taken = {t for node in reached.values() for t in node.inputs} | {tensor}
        return [index for index, end in enumerate(self._ends) if end in taken]

    def _other_ways(self, variables: Sequence[str]) -> str:
        """What a loss takes of networks besides the outputs; "" where it takes a few weights."""
        loss = self._loss.tensor
        stop = self._beyond(loss)
        network = self._graph.ancestors(self._ends)
        beside = self._graph.ancestors([loss], stop=stop).values()
        taken = dict.fromkeys(
            t
            for node in beside
            if node.name not in network
            for t in node.inputs
            if t not in stop and self._variables(t, stop)
        )
        within = [
            tensor
            for tensor in taken
            if self._graph.node(tensor).name in network
            and split_tensor(resolve(self._graph, tensor))[0] not in self._context.variables
        ]
        if within and not self._variables(loss, [*stop, *within]):
            names = ", ".join(within)
            return (
                f"the loss also depends on {names}, not an output of the model; --outputs "
                f"{','.join([*self._ends, *within])} makes it one"
            )
        heads = self._heads(loss, self._ends)
        if heads and not self._variables(loss, [*stop, *heads]):
            return (
                f"the loss also depends on {', '.join(heads)}, the output of another network; "
                f"--outputs {','.join([*self._ends, *heads])} makes it an output of the model"
            )
        return self._directly(variables) if len(variables) > _FEW else ""

    def _directly(self, variables: Sequence[str]) -> str:
        more = f" and {len(variables) - _FEW} more" if len(variables) > _FEW else ""
        names = ", ".join(variables[:_FEW]) + more
        return f"the loss also depends on {names} directly, not only through the model's outputs"

    def _heads(self, loss: str, stop: Sequence[str]) -> list[str]:
        """Where other networks end: the last tensors behind a loss that no label has met."""
        graph, given = self._graph, {i.tensor for i in self._context.plan.inputs}
        fed, learns, meets = dict[str, bool](), dict[str, bool](), dict[str, bool]()
        behind = graph.ancestors([loss], stop=stop)
        for node in (node for node in graph.topological_order() if node.name in behind):
            sources = [n for t in node.inputs if t not in stop and (n := split_tensor(t)[0]) in fed]
            activations = [n for n in sources if fed[n] and learns[n]]
            labels = [n for n in sources if fed[n] and not learns[n]]
            is_given = f"{node.name}:0" in given
            fed[node.name] = any(map(fed.get, sources)) or _is_fed(graph, f"{node.name}:0")
            learns[node.name] = is_given or any(map(learns.get, sources)) or self._is_weight(node)
            joins = bool(activations and labels) or any(t in stop for t in node.inputs)
            meets[node.name] = joins or any(map(meets.get, sources))
        found = dict[str, None]()
        waiting, seen = [loss], set[str]()
        while waiting:
            tensor = waiting.pop()
            name = split_tensor(tensor)[0]
            if name not in meets or name in seen or not self._variables(tensor, stop):
                continue
            seen.add(name)
            if not meets[name] and fed[name] and graph.shape(tensor) not in ((), None):
                found[tensor] = None
            else:
                waiting += graph.nodes[name].inputs
        return list(found)

    def _is_weight(self, node: Node) -> bool:
        return node.name in self._context.variables

    def _beyond(self, tensor: str) -> list[str]:
        """Where the network of the model ends, and any other whose results learn nothing here."""
        behind = self._graph.ancestors([tensor], stop=self._ends)
        stops = [f"{node.name}:0" for node in behind.values() if node.op == "StopGradient"]
        return [*self._ends, *(t for t in stops if self._is_given(t))]

    def _is_given(self, stopped: str) -> bool:
        """Whether values of a tensor without gradient are to be passed: of a network, not a weight.

        A temperature or another number of the loss's own is a weight of the model.
        """
        variables = self._variables(stopped, self._ends)
        behind = self._graph.ancestors([stopped], stop=self._ends)
        fed = any(_is_fed(self._graph, f"{name}:0") for name in behind)
        return bool(variables) and (fed or len(variables) > _FEW)

    def _variables(self, tensor: str, stop: Sequence[str]) -> set[str]:
        """The weights behind a tensor that are not penalties' alone."""
        behind = self._graph.ancestors([tensor], stop=stop)
        return {name for name in behind if name in self._context.variables} - self._fixed.keys()

    def _by_class(self, output: int, group: list[Summand]) -> OutputLoss | None:
        if len(group) > 1:
            return None
        (tensor, factor), graph = group[0], self._graph
        found = carry_losses(graph, read_loss(graph, tensor, self.learned), self._context.plan)
        if isinstance(found, str) or len(found) != 1 or found[0].output != output:
            return None
        weight = factor * (found[0].weight or 1.0)
        return replace(found[0], weight=None if weight == 1.0 else weight)

    def _by_formula(self, output: int, group: list[Summand]) -> OutputLoss | None:
        end = self._ends[output]
        graph, tensor, given, fixed = self._written_out(group, [end])
        if len(given) not in (1, 2):  # labels, and what weighs them
            return None
        if self._sparse:  # a Keras loss knows nothing of lengths
            return None
        labels, *weights = _labels_first(graph, given, self._loss, end)
        names = [labels, end, *weights]
        body = formula(detached(graph, [end], [tensor]), names, tensor, fixed)
        if isinstance(body, str):
            return None
        name = "GraphLoss" if weights else "graph_loss"
        kinds = tuple(graph.dtype(t) or "float32" for t in names)
        held = weights[0] if weights else None
        made = Formula(name, self._loss.tensor, body, is_loss=True, dtypes=kinds, weights=held)
        told = "graph_loss of sparse labels" if _are_classes(graph, labels, end) else "graph_loss"
        return OutputLoss(made, None, output, told, (labels,), weights=held)

    def _written_out(
        self, group: list[Summand], ends: Sequence[str]
    ) -> tuple[Graph, str, list[str], dict[str, np.ndarray]]:
        """Summands as one tensor of a graph, what it is given beside outputs, and what is fixed."""
        stop = [t for tensor, _ in group for t in self._beyond(tensor) if t not in self._ends]
        # Logits of a CTC loss have the batch as their second axis.
        sized = self._graph if self._sparse else _sized_by(self._graph, ends[0])
        graph, tensor = _summed(sized, group)
        given = _given(graph, tensor, ends, stop)
        fixed = {**self._fixed, **self._defaults(given)}
        return graph, tensor, [t for t in given if t.partition(":")[0] not in fixed], fixed

    def _defaults(self, given: Sequence[str]) -> dict[str, np.ndarray]:
        """Scalars that have a value of their own where nobody feeds them."""
        found = {}
        for tensor in given:
            node = self._graph.node(tensor)
            value = (
                static_value(self._graph, tensor) if node.op == "PlaceholderWithDefault" else None
            )
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
        nodes[f"{_SUM}_{number}/by"] = Node(f"{_SUM}_{number}/by", "Const", attrs=attrs)
        name, scalar = f"{_SUM}_{number}/mul", {"T": "float32", "_output_shapes": [()]}
        nodes[name] = Node(name, "Mul", (tensor, f"{_SUM}_{number}/by:0"), attrs=scalar)
        terms.append(f"{name}:0")
    total = terms[0]
    for number, tensor in enumerate(terms[1:]):
        scalar = {"T": "float32", "_output_shapes": [()]}
        nodes[f"{_SUM}_{number}/add"] = Node(
            f"{_SUM}_{number}/add", "Add", (total, tensor), attrs=scalar
        )
        total = f"{_SUM}_{number}/add:0"
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


def _given(graph: Graph, tensor: str, ends: Sequence[str], beside: Sequence[str]) -> list[str]:
    """What a loss is given beside outputs: of another network, placeholders, of a pipeline."""
    found = dict.fromkeys(beside)
    for node in graph.ancestors([tensor], stop=[*ends, *beside]).values():
        for source in node.inputs:
            if _is_fed(graph, source) and node.op not in PIPELINE_OPS and source not in ends:
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
