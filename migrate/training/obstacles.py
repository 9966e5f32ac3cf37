"""What stands between the loss and the weights, as sentences: what Keras's step does not do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..errors import listed, printable
from ..graph import (
    Obstacle,
    Path,
    Trainer,
    apart,
    drawn,
    read_path,
    static_value,
    train_operations,
    written_out,
)
from ..graph.nodes import Graph
from ..plan.training import TrainingPlan
from .changes import carry_changes
from .context import Context
from .layers import STATISTICS

_FEW = 4  # operations or variables that a sentence names


def tell_obstacles(
    context: Context,
    trainers: Sequence[Trainer],
    result: TrainingPlan,
    others: Sequence[str] = (),
    *,
    changeable: bool = True,
) -> None:
    """Sets what a step runs and what may be the cause of a difference; warns of what is lost.

    Args:
        others: operations of other losses, which are carried over or named elsewhere.
        changeable: whether the optimizer may become one that changes gradients and weights.
    """
    graph = context.graph
    result.operations = train_operations(graph, [trainer.optimizer for trainer in trainers])
    path = read_path(graph, trainers, result.operations, _statistics(context))
    left = list(path.obstacles)
    if changeable:
        left = carry_changes(context, trainers, path.obstacles, result)
    for obstacle in path.obstacles:
        sentence = _sentence(context, obstacle)
        if obstacle in left:
            told = result.doubts if obstacle.shows else result.causes
            told.append(sentence)
        else:
            noise = drawn([op for op, _ in obstacle.operations])
            does = "draws such noise again" if noise else "does the same"
            context.notes.append(f"{sentence}; the optimizer in model.py {does}")
    result.hints = _hints(path)
    result.beside = _apart(context, trainers, [*result.operations, *others])
    lost = [*result.causes, *result.doubts, *result.beside]
    context.warnings += map(not_carried, lost)
    _tell_defaults(context, trainers)
    recipes = context.recipes
    result.kept = [n for node in path.kept if node in recipes for n in recipes[node].sources]
    if path.kept:
        names = _variables(context, path.kept)
        context.warnings.append(
            f"the program's training step also updates {names}, which the model does not have"
        )


def not_carried(clause: str) -> str:
    """The warning that something is lost, without its full stop."""
    return f"{clause}; that is not carried over"


def not_by_optimizer(graph: Graph, names: Iterable[str]) -> str:
    """Why training cannot be carried over where no optimizer trains the model; "" if nothing does.

    Args:
        names: node names of the model's variables.
    """
    wanted = set(names)
    assigned = {name: node for name, node in written_out(graph).items() if name in wanted}
    if assigned:
        node = next(iter(assigned.values()))
        return (
            f"the program updates {_some(assigned)} with {node.op} ({printable(node.name)}), "
            "which is not an op of an optimizer"
        )
    for function in graph.functions.values():
        for node in function.graph.nodes.values():
            if "Apply" in node.op and node.op.startswith(("Resource", "Apply", "Sparse")):
                return (
                    f"{node.op} is in {printable(function.name)}, a function that the graph "
                    "calls in a condition or a loop"
                )
    return ""


def _tell_defaults(context: Context, trainers: Sequence[Trainer]) -> None:
    """Warns of learning rates that a program may feed, though the graph has a number for them."""
    for trainer in trainers:
        optimizer, graph = trainer.optimizer, context.graph
        taken = [t for t in (optimizer.learning_rate, *optimizer.computed.values()) if t]
        for node in graph.ancestors(taken).values():
            value = static_value(graph, f"{node.name}:0")
            if node.op == "PlaceholderWithDefault" and value is not None:
                context.warnings.append(
                    f"{optimizer.class_name} depends on {printable(node.name)}, which a "
                    "program can feed; the graph's default, "
                    f"{float(value.reshape(-1)[0]):.6g}, is used"
                )


def _statistics(context: Context) -> set[str]:
    """Nodes of moving statistics, which Keras's layers keep."""
    sources = {
        name
        for weight in context.plan.weights
        if weight.target.rpartition("/")[2] in STATISTICS
        for name in weight.recipe.sources
    }
    return {node for node, r in context.recipes.items() if set(r.sources) <= sources and sources}


def _apart(context: Context, trainers: Sequence[Trainer], operations: Sequence[str]) -> list[str]:
    """Operations that the program runs besides, if it runs them."""
    losses = [trainer.loss.tensor for trainer in trainers if trainer.loss is not None]
    watched = set(context.graph.ancestors(losses)) & context.variables.keys()
    watched |= {name for trainer in trainers for name in trainer.optimizer.variables}
    found: dict[str, list[str]] = {}
    for node in apart(context.graph, operations, watched - _statistics(context)):
        found.setdefault(node.op, []).append(node.name)
    return [
        f"in addition to the train op the program has {_operations([(op, names[0])])}, "
        f"which changes variables of this loss (number of such ops: {len(names)})"
        for op, names in found.items()
    ]


def _sentence(context: Context, obstacle: Obstacle) -> str:
    names = _variables(context, obstacle.variables)
    parts = [*obstacle.words]
    if obstacle.where == "seed":
        return f"the gradients of {names} start from {parts[0]} instead of 1"
    if obstacle.operations:
        parts.append(_operations(obstacle.operations))
    noise = drawn([op for op, _ in obstacle.operations])
    if noise:
        parts.append(f"noise of {listed(noise)}")
    if obstacle.read:
        parts.append(f"variables ({_variables(context, obstacle.read)})")
    told = " and ".join(parts)
    if obstacle.where == "beside":
        return f"beside the updates the train op also changes {names} with {told}"
    if obstacle.where == "elsewhere":
        return (
            f"the updates of {names} do not use the gradient of a loss directly, but "
            f"{told or 'a feed'}"
        )
    return f"between the gradients and the update of {names} the graph has {told}"


def _hints(path: Path) -> list[str]:
    found = []
    if path.own_gradients:
        found.append(
            f"the program replaces the gradient of {_operations(path.own_gradients)} in the loss"
        )
    if path.stopped:
        found.append(f"the loss has tf.stop_gradient ({printable(path.stopped[0])})")
    return found


def _operations(named: Iterable[tuple[str, str]]) -> str:
    return listed([f"{op} ({printable(name, 80)})" for op, name in named], _FEW)


def _variables(context: Context, nodes: Iterable[str]) -> str:
    known = context.variables
    return _some(known[node].key if node in known else node for node in nodes)


def _some(names: Iterable[str]) -> str:
    return listed([printable(name, 80) for name in dict.fromkeys(names)], _FEW)
