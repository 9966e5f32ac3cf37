"""What training adds to layers: regularizers, layers that stay as they are, moving statistics."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from ..graph import Regularization, scalar
from ..graph.constants import Evaluator
from ..graph.nodes import Graph, Node
from ..graph.variables import resolve, variable_of
from ..plan.model import Plan
from ..plan.network import Layer, Made, Network, Weight

_NORMALIZING = ("BatchNormalization", "BatchNormalizationByBatch")
STATISTICS = ("moving_mean", "moving_variance")
_ARGUMENTS = {
    "depthwise_kernel": "depthwise_regularizer",
    "pointwise_kernel": "pointwise_regularizer",
    "recurrent_kernel": "recurrent_regularizer",
}


def add_regularizers(
    plan: Plan, penalties: Iterable[Regularization], keys: Mapping[str, tuple[str, ...]]
) -> list[str]:
    """Gives layers their regularizers; what could not be given comes back as sentences.

    Args:
        keys: node name of each variable → what the checkpoint calls it.
    """
    factors: dict[str, dict[str, float]] = {}
    for penalty in penalties:
        factors.setdefault(penalty.variable, {})[penalty.kind] = penalty.factor
    missing = []
    for variable, kinds in factors.items():
        weights = [w for w in plan.weights if set(keys.get(variable, ())) & set(w.recipe.sources)]
        told = ", ".join(f"{kind} {factor:.7g}" for kind, factor in kinds.items())
        if not weights:
            missing.append(
                f"the penalty on {variable} is left out, because the model does not have "
                "this variable"
            )
        for weight in weights:
            layer, name = layer_of(plan, weight)
            moved = weight.recipe.only_moves and len(weight.recipe.sources) == 1
            if layer is None or not moved:
                missing.append(
                    f"the penalty on {variable} ({told}) is left out, because {weight.target} "
                    "cannot have a regularizer"
                )
                continue
            layer.arguments[_ARGUMENTS.get(name, f"{name}_regularizer")] = _regularizer(kinds)
    return missing


def _regularizer(kinds: Mapping[str, float]) -> Made:
    """L2 of Keras is the whole sum of squares, ``tf.nn.l2_loss`` half of it."""
    l1, l2 = kinds.get("l1"), kinds.get("l2")
    half = None if l2 is None else float(f"{l2 / 2:.7g}")
    if l1 is None:
        return Made("keras.regularizers.L2", (half,))
    if half is None:
        return Made("keras.regularizers.L1", (l1,))
    return Made("keras.regularizers.L1L2", (), {"l1": l1, "l2": half})


def layer_of(plan: Network, weight: Weight) -> tuple[Layer | None, str]:
    """The layer a weight belongs to, and the weight's own name there."""
    name, _, path = weight.target.partition("/")
    found = next((layer for layer in plan.layers if layer.name == name), None)
    if found is not None and found.step is not None:
        return layer_of(found.step, replace(weight, target=path))
    return found, path.rpartition("/")[2]


def freeze(plan: Plan, trained: Collection[str]) -> list[str]:
    """Sets ``trainable=False`` where no update reaches a layer; exceptions come back as sentences.

    Args:
        trained: variables of the checkpoint that the optimizer updates.
    """
    state: dict[str, list[tuple[str, bool]]] = {}
    for weight in plan.weights:
        layer, path = layer_of(plan, weight)
        if layer is None or path in STATISTICS or layer.arguments.get("trainable") is False:
            continue
        moves = bool(set(weight.recipe.sources) & set(trained))
        state.setdefault(layer.name, []).append((weight.target, moves))
    notes = []
    steps = [layer.step for layer in plan.layers if layer.step is not None]
    for layer in [layer for part in (plan, *steps) for layer in part.layers]:
        weights = state.get(layer.name, [])
        still = [target for target, moves in weights if not moves]
        if not still:
            continue
        if len(still) == len(weights):
            layer.arguments["trainable"] = False
        else:
            notes.append(
                f"{', '.join(still)} was frozen in TensorFlow 1 but is trained in Keras, "
                "because Keras freezes only whole layers"
            )
    return notes


def carry_statistics(
    plan: Plan, graph: Graph, nodes: Mapping[str, str], applied: Node, loss: str
) -> tuple[list[str], list[str]]:
    """Gives batch normalization the momentum of its moving statistics.

    Decisions come back as sentences, and what is not as it was.

    Args:
        nodes: what the checkpoint calls a variable → its node.
        applied: an operation that runs when the train op does, after everything it waits for.
        loss: the tensor that is minimized, or "".
    """
    decisions, doubts = dict[str, None](), dict[str, None]()
    waited = graph.ancestors([f"{applied.name}:0"], control=True)
    for weight in plan.weights:
        layer, path = layer_of(plan, weight)
        if layer is None or path != "moving_variance" or layer.kind not in _NORMALIZING:
            continue
        node = nodes.get(weight.recipe.sources[0]) if weight.recipe.sources else None
        update = None if node is None else _update_of(graph, node)
        if update is None and node is not None and _is_used(graph, node, loss):
            layer.kind = "FixedBatchNormalization"
            decisions[
                "FixedBatchNormalization does not update its statistics in training, as with "
                "is_training=False"
            ] = None
            continue
        if layer.kind == "BatchNormalizationByBatch" and (
            update is None or update.name not in waited
        ):  # it normalizes without them, so they can stay as they are
            layer.arguments = {"momentum": 1.0, **layer.arguments}
            continue
        if update is None:
            doubts["nothing in the graph updates the moving statistics of batch normalization"] = (
                None
            )
            continue
        if update.name not in waited:
            doubts[
                "the train op did not update the moving statistics (UPDATE_OPS); Keras updates them"
            ] = None
        momentum = _momentum(graph, update)
        if momentum is None:
            doubts[
                (
                    "the momentum of the moving statistics is not constant; Keras's default of "
                    "0.99 is used"
                )
            ] = None
        elif momentum != 0.99:
            layer.arguments = {"momentum": momentum, **layer.arguments}
        corrections = _corrections(graph, update)
        if corrections and layer.kind == "BatchNormalization":
            corrections = ((1.0,) if _is_fused(graph, update) else ()) + corrections
            layer.kind = "CorrectedBatchNormalization"
            layer.arguments = {**layer.arguments, "corrections": corrections}
            decisions[
                "CorrectedBatchNormalization is Keras's layer with the moving variance of Keras 2, "
                "which multiplies that of a batch of n by n / (n - 1 - epsilon)"
            ] = None
        elif _is_fused(graph, update) and layer.kind == "BatchNormalization":
            layer.kind = "FusedBatchNormalization"
            decisions[
                "FusedBatchNormalization is Keras's layer with the unbiased moving variance of "
                "TensorFlow 1's fused kernel"
            ] = None
    return list(decisions), list(doubts)


def _is_used(graph: Graph, variable: str, loss: str) -> bool:
    """Whether a loss takes a variable's value in any case: nothing decides on the way."""
    waiting, seen = [loss], set[str]()
    while waiting:
        node = graph.get(waiting.pop())
        if node is None or node.name in seen or node.op in _DECIDING:
            continue
        if node.name == variable:
            return True
        seen.add(node.name)
        waiting.extend(node.inputs)
    return False


_DECIDING = ("Merge", "Select", "SelectV2", "If", "StatelessIf", "Switch", "Case")
_ASSIGNING = ("AssignSub", "AssignSubVariableOp", "Assign", "AssignVariableOp")


def _update_of(graph: Graph, variable: str) -> Node | None:
    """The operation that updates a moving average in training."""
    for node in graph.of(*_ASSIGNING):
        if len(node.inputs) > 1 and variable_of(graph, node.inputs[0]) == variable:
            behind = graph.ancestors([node.inputs[1]])
            if variable in behind and len(behind) > 2:
                return node
    return None


def _momentum(graph: Graph, update: Node) -> float | None:
    """``m`` of ``v -= (v - x) * (1 - m)`` or of ``v = v * m + x * (1 - m)``."""
    value = graph.get(update.inputs[1])
    while value is not None and value.op in ("Identity", "Reshape"):
        value = graph.get(value.inputs[0])
    subtracts = update.op.startswith("AssignSub")
    if value is None or value.op not in (("Mul",) if subtracts else ("Add", "AddV2")):
        return None
    if subtracts:
        decay = next(filter(None, (_in_training(graph, t) for t in value.inputs)), None)
        return None if decay is None else float(f"{1 - decay:.6g}")
    variable = variable_of(graph, update.inputs[0])
    for tensor in value.inputs:
        product = graph.get(tensor)
        if product is not None and product.op == "Mul":
            for one, other in (product.inputs, product.inputs[::-1]):
                if variable_of(graph, one) == variable:
                    kept = _in_training(graph, other)
                    return None if kept is None else float(f"{kept:.6g}")
    return None


def _in_training(graph: Graph, tensor: str) -> float | None:
    """A number that is there while training: flags are true, or false where that leaves nothing."""
    flags = [
        f"{node.name}:0"
        for node in graph.of("Placeholder", "PlaceholderWithDefault")
        if node.attrs.get("dtype") == "bool"
    ]
    for setting in (True, False):
        value = Evaluator(graph, dict.fromkeys(flags, setting)).value(tensor)
        if value is not None and value.size == 1 and float(value.reshape(())):
            return float(value.reshape(()))
    return None


def _corrections(graph: Graph, update: Node) -> tuple[float, ...]:
    """Each c where the variance that enters is multiplied by ``n / (n - c)``, n being counted."""
    found = []
    for node in graph.ancestors(update.inputs[1:]).values():
        if node.op not in ("RealDiv", "Div") or len(node.inputs) != 2:
            continue
        rest = graph.node(resolve(graph, node.inputs[1]))
        count = resolve(graph, node.inputs[0])
        if rest.op != "Sub" or resolve(graph, rest.inputs[0]) != count:
            continue
        less, behind = scalar(graph, rest.inputs[1]), graph.ancestors([count])
        users = {user.op for user in graph.node_consumers(node.name)}
        if less is not None and users == {"Mul"} and any(n.op == "Prod" for n in behind.values()):
            found.append(less)
    return tuple(found)


def _is_fused(graph: Graph, update: Node) -> bool:
    """Whether the variance that enters comes from the fused kernel in training mode."""
    waiting, seen = list(update.inputs[1:]), set()
    for tensor in waiting:
        node = graph.get(tensor)
        if node is None or node.name in seen:
            continue
        seen.add(node.name)
        if node.op.startswith("FusedBatchNorm"):
            if node.attrs.get("is_training", True):
                return True
        elif node.op in ("If", "StatelessIf"):
            branch = graph.functions.get(str(node.attrs.get("then_branch")))
            kinds = branch.graph.nodes.values() if branch is not None else ()
            if any(n.op.startswith("FusedBatchNorm") for n in kinds):
                return True
        elif node.op not in ("Mean", "Conv2D", "MatMul", "Sum"):
            waiting.extend(node.inputs)
    return False
