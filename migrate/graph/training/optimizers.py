"""The optimizers of a training graph, read from the operations that apply gradients.

Input orders are those of tensorflow/core/ops/training_ops.cc; slot and hyper-parameter names those
of the classes in tensorflow/python/training (``Optimizer.get_slot_names``, ``__init__``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..constants import static_value
from ..nodes import Graph, Node, split_tensor
from ..variables import resolve, variable_of
from .row_adam import read_lazy_adam, read_sparse_adam
from .updates import Reading, Update, factors

# class: (inputs of the dense operation after the variable); "=x" is a slot, "~x" a variable shared
# by all updates, "gradient" the gradient, all others hyper-parameters.
_UPDATES: dict[str, tuple[str, str]] = {
    "GradientDescent": ("GradientDescent", "learning_rate gradient"),
    "Momentum": ("Momentum", "=momentum learning_rate gradient momentum"),
    "KerasMomentum": ("KerasMomentum", "=momentum learning_rate gradient momentum"),
    "Adagrad": ("Adagrad", "=accumulator learning_rate gradient"),
    "AdagradV2": ("Adagrad", "=accumulator learning_rate epsilon gradient"),
    "Adadelta": ("Adadelta", "=accum =accum_update learning_rate rho epsilon gradient"),
    "RMSProp": ("RMSProp", "=rms =momentum learning_rate decay momentum epsilon gradient"),
    "CenteredRMSProp": (
        "RMSProp",
        "=mg =rms =momentum learning_rate decay momentum epsilon gradient",
    ),
    "Adam": (
        "Adam",
        "=m =v ~beta1_power ~beta2_power learning_rate beta1 beta2 epsilon gradient",
    ),
    "AdamWithAmsgrad": (
        "AdamWithAmsgrad",
        "=m =v =vhat ~beta1_power ~beta2_power learning_rate beta1 beta2 epsilon gradient",
    ),
    "AdaMax": ("AdaMax", "=m =v ~beta1_power learning_rate beta1 beta2 epsilon gradient"),
    "Ftrl": (
        "Ftrl",
        "=accum =linear gradient learning_rate l1_regularization_strength"
        " l2_regularization_strength learning_rate_power",
    ),
    "FtrlV2": (
        "Ftrl",
        "=accum =linear gradient learning_rate l1_regularization_strength"
        " l2_regularization_strength l2_shrinkage_regularization_strength learning_rate_power",
    ),
    "AdagradDA": (
        "AdagradDA",
        "=gradient_accumulator =gradient_squared_accumulator gradient learning_rate"
        " l1_regularization_strength l2_regularization_strength ~global_step",
    ),
    "ProximalAdagrad": (
        "ProximalAdagrad",
        "=accumulator learning_rate l1_regularization_strength l2_regularization_strength gradient",
    ),
    "ProximalGradientDescent": (
        "ProximalGradientDescent",
        "learning_rate l1_regularization_strength l2_regularization_strength gradient",
    ),
    "AddSign": ("AddSign", "=m learning_rate alpha sign_decay beta gradient"),
    "PowerSign": ("PowerSign", "=m learning_rate base sign_decay beta gradient"),
}


@dataclass(frozen=True)
class Optimizer:
    """One optimizer and what it trains.

    Attributes:
        name: its name scope in the graph, such as "train/Adam".
        class_name: as in ``tf.train.<class_name>Optimizer``; "KerasMomentum" is SGD of tf.keras.
        hyperparameters: those that are constants, by argument name; each float is the shortest
            decimal of the same float32.
        learning_rate: the tensor of the learning rate, constant or not.
        computed: hyper-parameters that are not constants → their tensors.
        shared: variables all updates share ("beta1_power" …) → node name.
        updates: in the order of the file.
        step: node name of the step variable that applying the gradients increments, or None.
    """

    name: str
    class_name: str
    hyperparameters: Mapping[str, float | bool]
    learning_rate: str | None
    computed: Mapping[str, str]
    shared: Mapping[str, str]
    updates: tuple[Update, ...]
    step: str | None = None

    @property
    def variables(self) -> tuple[str, ...]:
        """Node names of the trained variables."""
        return tuple(update.variable for update in self.updates)


def find_optimizers(graph: Graph) -> tuple[Optimizer, ...]:
    """The optimizers of a graph, in the order of their first update in the file."""
    groups: dict[tuple[str, str], list[Reading]] = {}
    for node in graph.nodes.values():
        reading = _read(graph, node)
        if reading is not None:
            groups.setdefault((_scope(node.name), reading.class_name), []).append(reading)
    return tuple(_join(graph, scope, readings) for (scope, _), readings in groups.items())


def _scope(name: str) -> str:
    """``"train/Adam/update_w/ApplyAdam"`` → ``"train/Adam"``."""
    scope, found, _ = name.partition("/update_")
    return scope if found else name.rpartition("/")[0]


def _read(graph: Graph, node: Node) -> Reading | None:
    op = node.op.removeprefix("Resource")
    sparse = op.startswith("SparseApply")
    kind = op.removeprefix("Sparse").removeprefix("Apply")
    if "Apply" in op and kind in _UPDATES:
        return _read_apply(graph, node, kind, sparse)
    if node.op in ("ScatterSub", "ResourceScatterAdd", "ResourceScatterSub"):
        return _read_sparse_descent(graph, node) or read_lazy_adam(graph, node)
    if node.op in ("AssignSub", "AssignSubVariableOp"):
        return read_sparse_adam(graph, node)
    return None


def _read_apply(graph: Graph, node: Node, kind: str, sparse: bool) -> Reading | None:
    class_name, roles = _UPDATES[kind]
    names = roles.split()
    if sparse:  # the rows follow the gradient
        at = names.index("gradient")
        names.insert(at + 1, "indices")
    if len(node.inputs) != len(names) + 1:
        return None
    variable = variable_of(graph, node.inputs[0])
    if variable is None:
        return None
    slots, shared, parameters = {}, {}, {}
    gradient, indices = "", None
    for name, tensor in zip(names, node.inputs[1:], strict=True):
        if name.startswith("="):
            slots[name[1:]] = variable_of(graph, tensor) or ""
        elif name.startswith("~"):
            shared[name[1:]] = variable_of(graph, tensor) or ""
        elif name == "gradient":
            gradient = tensor
        elif name == "indices":
            indices = tensor
        else:
            parameters[name] = tensor
    flags = {}
    if kind in ("Momentum", "KerasMomentum", "Adam"):
        flags["use_nesterov"] = node.attrs.get("use_nesterov") is True
    if class_name == "RMSProp":
        flags["centered"] = kind == "CenteredRMSProp"
    update = Update(variable, slots, gradient, indices, node.name)
    shared = {name: found for name, found in shared.items() if found}
    return Reading(class_name, update, parameters, flags, shared)


def _read_sparse_descent(graph: Graph, node: Node) -> Reading | None:
    """Plain descent on rows: scatter_sub(w, rows, g * lr), or scatter_add(w, rows, -g * lr)."""
    if "/update_" not in node.name or len(node.inputs) != 3:
        return None
    variable = variable_of(graph, node.inputs[0])
    product = factors(graph, node.inputs[2])
    if variable is None or product is None:
        return None
    gradient, rate = product
    negated = graph.get(gradient)
    if node.op == "ResourceScatterAdd":
        if negated is None or negated.op != "Neg":
            return None
        gradient = negated.inputs[0]
    update = Update(variable, {}, gradient, node.inputs[1], node.name)
    return Reading("GradientDescent", update, {"learning_rate": rate})


def readable(value: np.ndarray) -> float:
    """The shortest decimal that is the same number in the value's own precision."""
    if value.dtype.kind == "f":
        return float(str(value.item() if value.dtype == np.float64 else value[()]))
    return float(value)


def scalar(graph: Graph, tensor: str) -> float | None:
    """A scalar constant's value, readable; None where the tensor is none."""
    value = static_value(graph, tensor)
    if value is None or value.size != 1 or value.dtype.kind not in "fiub":
        return None
    return readable(value.reshape(()))


def _join(graph: Graph, scope: str, readings: list[Reading]) -> Optimizer:
    constants: dict[str, float | bool] = {}
    computed: dict[str, str] = {}
    learning_rate = None
    for reading in readings:
        for name, tensor in reading.parameters.items():
            value = scalar(graph, tensor)
            if name == "learning_rate":
                learning_rate = learning_rate or resolve(graph, tensor)
            if value is not None:
                constants.setdefault(name, value)
            elif name not in constants:
                computed.setdefault(name, resolve(graph, tensor))
        for name, flag in reading.flags.items():
            constants.setdefault(name, flag)
    shared = {name: found for reading in readings for name, found in reading.shared.items()}
    updates = tuple(reading.update for reading in readings)
    return Optimizer(
        name=scope,
        class_name=readings[0].class_name,
        hyperparameters=constants,
        learning_rate=learning_rate,
        computed=computed,
        shared=shared,
        updates=updates,
        step=_step(graph, {update.node for update in updates}) or shared.get("global_step"),
    )


def _step(graph: Graph, applied: set[str]) -> str | None:
    """The integer variable that is incremented once the updates have been applied."""
    for node in graph.of("AssignAdd", "AssignAddVariableOp"):
        variable = variable_of(graph, node.inputs[0])
        if variable is None or graph.nodes[variable].attrs.get("dtype") not in ("int32", "int64"):
            continue
        if _waits_for(graph, node, applied):
            return variable
    return None


def _waits_for(graph: Graph, node: Node, applied: set[str]) -> bool:
    """Whether a node runs after one of the updates by control inputs alone."""
    waiting = [node.name, *(split_tensor(tensor)[0] for tensor in node.inputs[1:])]
    seen = set(waiting)
    while waiting:
        for name in graph.nodes[waiting.pop()].control_inputs:
            if name in applied:
                return True
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return False
