"""A summary of a graph: inputs and outputs, signatures, loss, optimizers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .. import errors
from ..errors import UserError, printable
from ..graph import (
    Graph,
    Interface,
    Loss,
    Optimizer,
    Schedule,
    TensorInfo,
    Trainer,
    Training,
    find_interface,
    find_training,
)
from .wording import counted, listed, shape_text

_TENSORS = 6  # that a line spells out
_FOUND = {
    "loss": "input of the loss",
    "leaves": "inferred: no other op uses it",
    "signature": "by signature",
}
_NO_FORM = "not recognized"
_TRAINERS = 3  # optimizers that the summary spells out


@dataclass(frozen=True)
class GraphSummary:
    """A graph with its training part and its interface, as far as they could be read.

    Attributes:
        interface: None where no inputs and outputs were found.
    """

    graph: Graph
    training: Training
    interface: Interface | None

    @property
    def optimizers(self) -> tuple[Optimizer, ...]:
        """All optimizers."""
        return self.training.optimizers

    @property
    def writer(self) -> str:
        """Which TensorFlow wrote it, as far as the file says."""
        if self.graph.tensorflow_version:
            return f"TensorFlow {printable(self.graph.tensorflow_version)}"
        producer = f" (graph version {self.graph.producer})" if self.graph.producer else ""
        return f"not stated{producer}"

    def rows(self) -> list[tuple[str, str]]:
        """Label and text, for the summary."""
        graph = self.graph
        kinds = {node.op for node in graph.nodes.values()}
        text = f"{counted(len(graph.nodes), 'operation')} of {counted(len(kinds), 'kind')}"
        if graph.functions:
            text += f", {counted(len(graph.functions), 'function')}"
        if graph.tags:
            text += f", tags {listed(graph.tags)}"
        rows = [("graph", text)]
        for name, signature in sorted(graph.signatures.items()):
            rows.append(
                (f"signature {printable(name, 40)}", f"inputs {_arguments(signature.inputs)}")
            )
            rows.append(("", f"outputs {_arguments(signature.outputs)}"))
        if self.interface is not None:
            rows += self._interface_rows(self.interface)
        losses: dict[str, list[str]] = {}
        for trainer in self.training.trainers:
            if trainer.loss is not None:
                losses.setdefault(_loss_text(trainer.loss), []).append(trainer.loss.tensor)
        for text, tensors in losses.items():
            unknown = f" ({listed(tensors)})" if text == _NO_FORM else ""
            rows.append(("loss", text + unknown))
        trainers = Counter(_trainer_text(trainer) for trainer in self.training.trainers)
        for text, times in list(trainers.items())[:_TRAINERS]:
            again = f" ({times} times in the graph)" if times > 1 else ""
            rows.append(("optimizer", text + again))
        if len(trainers) > _TRAINERS:
            rows.append(("", f"and {len(trainers) - _TRAINERS} more optimizers"))
        return rows

    def _interface_rows(self, interface: Interface) -> list[tuple[str, str]]:
        rows = []
        if interface.how != "signature":
            inputs = [
                f"{printable(i.tensor, 60)} {shape_text(i.shape)} {i.dtype}"
                for i in interface.inputs
            ]
            outputs = [
                f"{printable(tensor, 60)} {shape_text(self.graph.shape(tensor))} "
                f"{self.graph.dtype(tensor) or ''}".rstrip()
                for tensor in interface.outputs
            ]
            rows.append(("inputs", errors.listed(inputs, _TENSORS) or "none"))
            how = _FOUND.get(interface.how, interface.how)
            rows.append(("outputs", f"{errors.listed(outputs, _TENSORS)} ({how})"))
        if interface.labels:
            rows.append(("labels", listed(interface.labels)))
        if interface.fed:
            fed = [f"{printable(name, 60)} = {value}" for name, value in interface.fed.items()]
            rows.append(("fed", f"{errors.listed(fed, _TENSORS)} for inference"))
        if len(interface.networks) > 1:
            names = listed([network.name for network in interface.networks])
            rows.append(("networks", f"{len(interface.networks)} in the graph: {names}"))
        return rows

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        graph, interface = self.graph, self.interface
        found: dict[str, Any] = {
            "operations": dict(Counter(node.op for node in graph.nodes.values()).most_common()),
            "functions": len(graph.functions),
            "tags": list(graph.tags),
            "producer": graph.producer,
            "signatures": {
                name: {
                    "inputs": _tensors(signature.inputs),
                    "outputs": _tensors(signature.outputs),
                    "method": signature.method,
                }
                for name, signature in graph.signatures.items()
            },
            "interface": None,
            "losses": [asdict(t.loss) for t in self.training.trainers if t.loss is not None],
            "optimizers": [_trainer_dict(trainer) for trainer in self.training.trainers],
        }
        if interface is not None:
            found["interface"] = {
                "inputs": [asdict(tensor) for tensor in interface.inputs],
                "outputs": [{"tensor": tensor} for tensor in interface.outputs],
                "fed": dict(interface.fed),
                "labels": list(interface.labels),
                "networks": [asdict(network) for network in interface.networks],
                "how": interface.how,
            }
        return found


def summarize(graph: Graph, saved: Mapping[str, object]) -> GraphSummary:
    """Read the training part and the interface of a graph.

    Args:
        saved: the variables that a checkpoint of it holds, by key.
    """
    training = find_training(graph)
    try:
        interface = find_interface(graph, training=training, saved=saved.keys() or None)
    except UserError:  # a graph that computes nothing, such as one that only holds variables
        interface = None
    return GraphSummary(graph, training, interface)


def _arguments(tensors: Mapping[str, TensorInfo]) -> str:
    texts = [
        f"{printable(key, 40)} {shape_text(info.shape)} {info.dtype}"
        for key, info in tensors.items()
    ]
    return errors.listed(texts, _TENSORS) or "nothing"


def _tensors(infos: Mapping[str, TensorInfo]) -> list[dict[str, Any]]:
    return [{"name": key, **asdict(info)} for key, info in infos.items()]


def _loss_text(loss: Loss) -> str:
    if loss.kind == "unknown":
        return _NO_FORM
    text = loss.kind.replace("_", " ")
    if loss.reduction != "unknown":
        text += f", {loss.reduction}"
    penalties = Counter((penalty.kind, penalty.factor) for penalty in loss.regularization)
    for (kind, factor), count in penalties.items():
        text += f", {kind} {factor:g} on {counted(count, 'variable')}"
    return text


def _trainer_text(trainer: Trainer) -> str:
    optimizer = trainer.optimizer
    parts = [optimizer.class_name, _schedule_text(trainer.schedule)]
    for name, value in optimizer.hyperparameters.items():
        if name == "learning_rate" or value is False:
            continue
        readable = name.removeprefix("use_").replace("_", " ")
        parts.append(readable if value is True else f"{readable} {value:g}")
    if trainer.clipping is not None:
        parts.append(f"gradients clipped by {trainer.clipping.kind} to {trainer.clipping.by:g}")
    return ", ".join(parts)


def _schedule_text(schedule: Schedule) -> str:
    match schedule.kind:
        case "constant":
            return f"learning rate {schedule.arguments['learning_rate']:g}"
        case "placeholder":
            return f"learning rate fed by {printable(schedule.tensor, 60)}"
        case "variable":
            return f"learning rate in the variable {printable(schedule.tensor, 60)}"
        case "unknown":
            return (
                f"learning rate with a schedule that is not recognized ({printable(schedule.why)})"
            )
    told = {name: value for name, value in schedule.arguments.items() if value is not False}
    inside = ", ".join(
        name if value is True else f"{name.replace('_', ' ')} {value}"
        for name, value in told.items()
    )
    return f"learning rate by {schedule.kind.replace('_', ' ')} ({printable(inside)})"


def _trainer_dict(trainer: Trainer) -> dict[str, Any]:
    optimizer = trainer.optimizer
    return {
        "class": optimizer.class_name,
        "name": optimizer.name,
        "hyperparameters": dict(optimizer.hyperparameters),
        "schedule": asdict(trainer.schedule),
        "clipping": None if trainer.clipping is None else asdict(trainer.clipping),
        "variables": len(optimizer.updates),
        "step": optimizer.step,
    }
