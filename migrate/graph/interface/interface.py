"""What a graph's network takes and gives."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...errors import listed, printable
from ..examples.columns import COLUMN_OPS
from ..nodes import Graph, Node, split_tensor, tensor_name
from ..sources import PARSED, PIPELINE_OPS, SHAPE_ONLY, data_sources, is_placeholder
from ..training.losses import Loss
from ..training.trainers import Training, find_training
from ..variables import VARIABLE_OPS
from .choice import Candidate, Choice, Network
from .ends import before_ends
from .feeds import dropout_value, inference_value
from .inference_copies import beside_chance, chance_before
from .left_out import find_left_out, told
from .open_inputs import OpenInputs
from .outputs import NoNetworkError as NoNetworkError  # what find_interface raises
from .outputs import OutputFinder


@dataclass(frozen=True)
class InputTensor:
    """A tensor the network is given; None for unknown dimensions or rank."""

    tensor: str
    shape: tuple[int | None, ...] | None
    dtype: str


@dataclass(frozen=True)
class Interface:
    """How a network is used.

    Attributes:
        inputs: in the order of the file, or as asked for.
        outputs: tensors.
        fed: placeholders fixed for inference → value.
        open: shapes of inputs that the graph leaves open.
        asked: what the caller feeds → value. Of a probability of dropout that is the one of
            training, and ``fed`` has what drops nothing.
        labels: placeholders (or pipeline outputs) that only the loss takes.
        considered: the tensors that might have been the outputs, the chosen ones first.
        networks: every network found; more than one means that one was chosen.
        how: "asked", "signature", "loss" or "leaves".
        notes: what a person may want to know about the choice.
        undecided: why others might as well be the outputs; empty where that is decided.
    """

    inputs: tuple[InputTensor, ...]
    outputs: tuple[str, ...]
    fed: Mapping[str, float | bool]
    labels: tuple[str, ...]
    considered: tuple[Candidate, ...]
    networks: tuple[Network, ...]
    how: str
    notes: tuple[str, ...] = ()
    undecided: str = ""
    asked: Mapping[str, Any] = field(default_factory=dict)
    open: OpenInputs = field(default_factory=OpenInputs)

    @property
    def guessed(self) -> dict[str, Any]:
        """What is fed without being asked for."""
        return {tensor: value for tensor, value in self.fed.items() if tensor not in self.asked}


# Where each of these takes data, beside a weight.
_DATA_INPUTS = {
    "MatMul": 0, "BatchMatMul": 0, "BatchMatMulV2": 0, "Conv2D": 0, "Conv3D": 0,
    "DepthwiseConv2dNative": 0, "GatherV2": 1, "Gather": 1, "ResourceGather": 1,
}  # fmt: skip
_SWITCHES = ("Variable", "VariableV2")
# What gathers the results of tf.map_fn's loop into one tensor.
_COLLECTS = ("TensorArrayGatherV3", "TensorArrayGatherV2", "TensorArrayGather", "TensorListStack")


def find_interface(
    graph: Graph,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    feed: Mapping[str, Any] | None = None,
    *,
    training: Training | None = None,
    saved: Collection[str] | None = None,
) -> Interface:
    """Find the inputs and outputs of a graph's network.

    Args:
        inputs, outputs: tensors that replace what would be found.
        feed: placeholder → value, added to what would be fed.
        training: of the graph, if already read.
        saved: names of the variables that a checkpoint holds; networks that are not whole in it
            are chosen last.

    Raises:
        UserError: a tensor asked for is not there.
        NoNetworkError: no output can be found.
    """
    training = find_training(graph) if training is None else training
    finder = OutputFinder(graph, training, saved)
    if outputs:
        ends = tuple(tensor_name(tensor) for tensor in outputs)
        for tensor in ends:
            graph.node(tensor)
        choice = Choice(ends, "asked", [Candidate(t, True, "asked for") for t in ends])
    else:
        choice = finder.by_signature() or finder.by_loss() or finder.by_leaves()
    towers = training.towers
    if towers is not None and not outputs:
        wholes = (towers.whole(graph, tensor) for tensor in choice.outputs)
        choice = replace(choice, outputs=tuple(dict.fromkeys(wholes)))
    if choice.how in ("signature", "leaves"):
        choice.outputs, cut = before_ends(graph, choice.outputs)
        choice.notes += [cut] if cut else []
    if choice.how in ("loss", "leaves"):
        _tell_left_out(finder, choice, training)
    behind = graph.ancestors(choice.outputs)
    asked = {tensor_name(tensor): value for tensor, value in (feed or {}).items()}
    fixed = dict(asked)
    for tensor in asked:
        dropping = dropout_value(graph, tensor, behind) if tensor in graph else None
        if dropping is not None:
            fixed[tensor] = dropping
            choice.notes.append(
                f"{printable(tensor)} is {printable(asked[tensor])} in training; at inference, "
                "and in the comparison of outputs, dropout is off."
            )
    if inputs:
        given = [tensor_name(tensor) for tensor in inputs]
        for tensor in given:
            graph.node(tensor)
        reached = graph.ancestors(choice.outputs, stop=frozenset(given))
        _, fed = _inputs_and_feeds(finder, reached, fixed)
        found = [tensor for tensor in given if tensor not in fixed]
    elif towers is not None and not towers.joins(graph, choice.outputs):
        behind = graph.ancestors(choice.outputs, stop=towers.parts.keys())
        taken = {tensor for node in behind.values() for tensor in node.inputs}
        others, fed = _inputs_and_feeds(finder, behind, fixed)
        found = [*(tensor for tensor in towers.parts if tensor in taken), *others]
        choice.notes.append(
            f"The program divides its batches among {len(towers.losses)} towers; the model is one "
            f"of them, and its input is one part of the batch: {printable(', '.join(found))}"
        )
    else:
        found, fed = _inputs_and_feeds(finder, behind, fixed)
        choice.notes += _told_entries(graph, found)
    if guessed := {t: v for t, v in fed.items() if t not in fixed}:
        told_ = ", ".join(f"{printable(t.removesuffix(':0'))} is {v}" for t, v in guessed.items())
        choice.notes.append(
            f"Assumed, because the program feeds it: {told_}; --feed NAME=VALUE sets another value"
        )
    if choice.how == "signature" and not inputs:
        found = _signature_inputs(finder, found, fixed)
    if choice.cut and not inputs:
        choice.notes += _beyond_chance(finder, choice, fixed)
    labels = [
        tensor
        for trainer in training.trainers
        for tensor in _label_inputs(graph, trainer.loss)
        if split_tensor(tensor)[0] not in behind
    ]
    return Interface(
        inputs=tuple(
            InputTensor(tensor, graph.shape(tensor), graph.dtype(tensor) or "float32")
            for tensor in found
        ),
        outputs=choice.outputs,
        fed={**fed, **fixed},
        labels=tuple(dict.fromkeys(labels)),
        considered=tuple(choice.considered),
        networks=tuple(choice.networks),
        how=choice.how,
        notes=tuple(choice.notes),
        undecided=choice.undecided,
        asked=asked,
    )


def _tell_left_out(finder: OutputFinder, choice: Choice, training: Training) -> None:
    """Notes what the outputs leave out, and doubts them where most of the graph is not in them."""
    losses = [trainer.loss.tensor for trainer in training.trainers if trainer.loss is not None]
    known = [tensor for network in choice.networks for tensor in network.outputs]
    rest = find_left_out(
        finder.graph,
        choice.outputs,
        dict.fromkeys(losses),
        finder.leaves(),
        known,
        beyond=bool(choice.cut),
    )
    for head, found in zip(choice.cut, choice.outputs, strict=False):
        rest += beside_chance(finder.graph, head, found, finder.weights)
    rest = [tensor for tensor in dict.fromkeys(rest) if tensor not in choice.outputs]
    if rest:
        choice.notes.append(told(choice.outputs, rest))
    choice.undecided = choice.undecided or finder.doubt(choice.outputs, [*rest, *known])


def _beyond_chance(finder: OutputFinder, choice: Choice, fixed: Mapping[str, Any]) -> list[str]:
    """How to have the whole network where chance enters: as an input that is noise."""
    graph, (found, *_), (head, *_) = finder.graph, choice.outputs, choice.cut
    noise = chance_before(graph, head, found)
    if not noise:
        return []
    behind = graph.ancestors([head], stop=frozenset(noise))
    given = [*_inputs_and_feeds(finder, behind, fixed)[0], *noise]
    return [
        f"The input of the loss, {printable(head)}, is random ({printable(noise[0])}), so the "
        f"model ends before it, at {printable(found)}; to convert the rest too, with the noise "
        f"as an input, use --inputs {printable(','.join(given))} --outputs {printable(head)}"
    ]


def _label_inputs(graph: Graph, loss: Loss | None) -> Sequence[str]:
    """What a loss is given: its labels first; scalars (a penalty's factor) are none."""
    if loss is None:
        return ()
    others = [t for t in data_sources(graph, loss.tensor) if graph.shape(t) != ()]
    return (*loss.label_inputs, *others)


def _inputs_and_feeds(
    finder: OutputFinder, behind: Mapping[str, Node], fixed: Mapping[str, Any]
) -> tuple[list[str], dict[str, float | bool]]:
    """The inputs behind some nodes, in the order of the file, and what is fed instead."""
    found: dict[str, None] = {}
    fed: dict[str, float | bool] = {}
    for name in finder.graph.nodes:
        node = behind.get(name)
        if node is None or f"{name}:0" in fixed:
            continue
        if is_placeholder(node):
            value = inference_value(finder.graph, node, behind)
            if value is None:
                found[f"{name}:0"] = None
            else:
                fed[f"{name}:0"] = value
        elif node.op in _SWITCHES and finder.graph.dtype(f"{name}:0") == "bool":
            # A variable that a program sets to train and to use, as tflearn has it.
            value = inference_value(finder.graph, node, behind)
            fed |= {} if value is None else {f"{name}:0": value}
        elif node.op == PARSED:
            taken = {t for user in behind.values() for t in user.inputs}
            features = (f"{name}:{index}" for index in range(len(node.attrs["keys"])))
            found |= dict.fromkeys(t for t in features if t in taken)
    if not any(finder.graph.dtype(t) != "string" or _is_looked_up(finder, t) for t in found):
        entries = _after_pipeline(finder, behind)
        if entries:
            return entries, fed
    return list(found) or _constant_inputs(finder, behind), fed


def _told_entries(graph: Graph, found: Sequence[str]) -> list[str]:
    """Notes of inputs that a program does not feed: constants, and results of its own ops."""
    notes = []
    for tensor in found:
        node = graph.node(tensor)
        if node.op == "Const":
            notes.append(
                f"{printable(tensor)} is a constant in the graph and an input of the model"
            )
        elif not is_placeholder(node) and node.op not in PIPELINE_OPS:
            before = [n.op for n in graph.ancestors([tensor]).values() if n.op in PIPELINE_OPS]
            ops = listed(sorted(set(before))) if before else node.op
            notes.append(
                f"The model begins at {printable(tensor)}: the ops before it ({ops}) are not in "
                "the model"
            )
    return notes


def _constant_inputs(finder: OutputFinder, behind: Mapping[str, Node]) -> list[str]:
    """The constants that a program wrote in the place of its data: weights compute with them."""
    graph = finder.graph
    from_weights = graph.descendants(finder.weights)
    if not any(graph.nodes[name].op in VARIABLE_OPS for name in finder.weights):
        return []  # of a frozen graph, whose weights are constants themselves
    found = []
    for name, node in graph.nodes.items():
        shape = graph.shape(f"{name}:0")
        if name not in behind or node.op != "Const" or not shape or shape[0] in (None, 0, 1):
            continue
        for user in graph.node_consumers(name):
            place = _DATA_INPUTS.get(user.op)
            if place is None or user.name not in behind or len(user.inputs) <= place:
                continue
            others = [t for i, t in enumerate(user.inputs) if i != place]
            weighed = any(split_tensor(t)[0] in from_weights for t in others)
            if weighed and split_tensor(user.inputs[place])[0] == name:
                found.append(f"{name}:0")
                break
    return found


def _is_looked_up(finder: OutputFinder, tensor: str) -> bool:
    """Whether words go to hashes and vocabularies, as features do."""
    users = finder.graph.consumers(tensor)
    return any(user.op in COLUMN_OPS for user in users)


def _after_pipeline(finder: OutputFinder, behind: Mapping[str, Node]) -> list[str]:
    """The first tensors of numbers after an input pipeline: where a caller's arrays enter."""
    entries: dict[str, None] = {}
    from_weights = finder.graph.descendants(finder.weights)
    starts = [
        tensor
        for node in behind.values()
        for tensor in node.inputs
        if finder.graph.node(tensor).op in PIPELINE_OPS and node.op not in PIPELINE_OPS
    ]
    starts.sort(key=lambda tensor: split_tensor(tensor)[1])  # components as the dataset has them
    collected = [n for n in behind.values() if n.op in _COLLECTS]
    for tensor in dict.fromkeys(starts):
        gathers = [n for n in collected if n.name in finder.graph.descendants([tensor])]
        if gathers:  # a loop over examples decodes them: arrays enter where it has ended
            entries[f"{gathers[0].name}:0"] = None
            continue
        component = finder.graph.node(tensor).op.startswith("IteratorGetNext")
        numbers = ("float", "bfloat", *(("int", "uint") if component else ()))
        while True:
            if (finder.graph.dtype(tensor) or "").startswith(numbers):
                entries[tensor] = None
                break
            users = [u for u in finder.graph.consumers(tensor) if u.name in behind]
            users = [u for u in users if u.op not in SHAPE_ONLY]
            last = len(users) != 1 or users[0].op in COLUMN_OPS
            if last or users[0].name in from_weights:
                entries[tensor] = None
                break
            tensor = f"{users[0].name}:0"
    return list(entries)


def _signature_inputs(
    finder: OutputFinder, found: list[str], fixed: Mapping[str, Any]
) -> list[str]:
    """The signature's inputs, if they are tensors of numbers that the outputs depend on."""
    infos = finder.signature.inputs.values() if finder.signature is not None else ()
    named = [info.tensor for info in infos if info.tensor and info.dtype != "string"]
    named = [tensor for tensor in named if tensor in finder.graph and tensor not in fixed]
    asked = list(dict.fromkeys(named))
    rest = [tensor for tensor in found if tensor not in asked]
    reached = [tensor for tensor in asked if tensor in found]
    # A signature may name a tensor inside the graph: then what lies before it is not needed.
    if asked and not reached:
        return asked
    return reached + rest if reached else found
