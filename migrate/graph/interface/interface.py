"""What a graph's network takes and gives."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import printable
from ..examples.columns import COLUMN_OPS
from ..nodes import Graph, Node, split_tensor, tensor_name
from ..sources import PARSED, PIPELINE_OPS, SHAPE_ONLY, data_sources, is_placeholder
from ..training.losses import Loss
from ..training.trainers import Training, find_training
from .feeds import inference_value
from .inference_copies import chance_before
from .outputs import Candidate, Choice, Network, OutputFinder
from .outputs import NoNetworkError as NoNetworkError  # what find_interface raises


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
        labels: placeholders (or pipeline outputs) that only the loss takes.
        considered: the tensors that might have been the outputs, the chosen ones first.
        networks: every network found; more than one means that one was chosen.
        how: "asked", "signature", "loss" or "leaves".
        notes: what a person may want to know about the choice.
    """

    inputs: tuple[InputTensor, ...]
    outputs: tuple[str, ...]
    fed: Mapping[str, float | bool]
    labels: tuple[str, ...]
    considered: tuple[Candidate, ...]
    networks: tuple[Network, ...]
    how: str
    notes: tuple[str, ...] = ()


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
        asked = tuple(tensor_name(tensor) for tensor in outputs)
        for tensor in asked:
            graph.node(tensor)
        choice = Choice(asked, "asked", [Candidate(t, True, "asked for") for t in asked])
    else:
        choice = finder.by_signature() or finder.by_loss() or finder.by_leaves()
    behind = graph.ancestors(choice.outputs)
    fixed = {tensor_name(tensor): value for tensor, value in (feed or {}).items()}
    if inputs:
        given = [tensor_name(tensor) for tensor in inputs]
        for tensor in given:
            graph.node(tensor)
        reached = graph.ancestors(choice.outputs, stop=frozenset(given))
        _, fed = _inputs_and_feeds(finder, reached, fixed)
        found = [tensor for tensor in given if tensor not in fixed]
    else:
        found, fed = _inputs_and_feeds(finder, behind, fixed)
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
    )


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
        elif node.op == PARSED:
            taken = {t for user in behind.values() for t in user.inputs}
            features = (f"{name}:{index}" for index in range(len(node.attrs["keys"])))
            found |= dict.fromkeys(t for t in features if t in taken)
    if not any(finder.graph.dtype(t) != "string" or _is_looked_up(finder, t) for t in found):
        entries = _after_pipeline(finder, behind)
        if entries:
            return entries, fed
    return list(found), fed


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
    collected = [n for n in behind.values() if n.op in _COLLECTS]
    for tensor in dict.fromkeys(starts):
        gathers = [n for n in collected if n.name in finder.graph.descendants([tensor])]
        if gathers:  # a loop over examples decodes them: arrays enter where it has ended
            entries[f"{gathers[0].name}:0"] = None
            continue
        while True:
            if (finder.graph.dtype(tensor) or "").startswith(("float", "bfloat")):
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
