"""The operation that a program runs to train: the outermost one behind the updates."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from ..nodes import Graph, Node, split_tensor
from ..variables import PASSING_OPS, find_variables, resolve, variable_of
from .optimizers import Optimizer

# They write or read files, or tell of what happens: no part of a step.
_ASIDE = re.compile(
    r"Save.*|.*Restore.*|ShardedFilename|MergeV2Checkpoints|.*Summary.*|Write.*|Print.*|"
    r".*PyFunc.*|QueueEnqueue.*"
)
_CHANGING = re.compile(
    r"Assign(?:Add|Sub)?|Assign(?:Add|Sub)?VariableOp|(?:Resource)?(?:Sparse)?Apply\w+|"
    r"(?:Resource)?Scatter(?:Nd)?(?:Update|Add|Sub|Mul|Div|Min|Max)|CountUpTo|"
    r"ResourceStridedSliceAssign|StridedSliceAssign"
)
ASSIGNING = (
    "Assign", "AssignVariableOp", "AssignSub", "AssignSubVariableOp", "AssignAdd",
    "AssignAddVariableOp",
)  # fmt: skip
"""Operations that change the whole of a variable."""
_MOST = 20  # ends of a graph that are looked at


def changes(node: Node) -> bool:
    """Whether a node changes a variable: its first input."""
    return bool(node.inputs) and _CHANGING.fullmatch(node.op) is not None


def train_operation(graph: Graph, optimizer: Optimizer) -> str | None:
    """The operation that a program runs to train with one optimizer; None without one."""
    found = train_operations(graph, [optimizer])
    return found[0] if len(found) == 1 else None


def train_operations(graph: Graph, optimizers: Sequence[Optimizer]) -> list[str]:
    """What a program runs for one step of some optimizers: one operation where there is one.

    It is the last one behind all updates, through data and control edges: groups, assignments
    after the update, the ends of conds. A program may collect another as its ``train_op``
    (Estimators and slim do); then it is the last one behind that.
    """
    updates = [update.node for optimizer in optimizers for update in optimizer.updates]
    followers = _followers(graph)
    behind = [_reached(graph, followers, [node]) for node in updates]
    common = set.intersection(*behind) if behind else set()
    if len(updates) == 1:
        common |= set(updates)
    if not common:
        if len(optimizers) > 1:
            return [name for each in optimizers for name in train_operations(graph, [each])]
        return [*updates, *_counters(graph, optimizers)]
    collected = [e for e in graph.collections.get("train_op", ()) if isinstance(e, str)]
    for entry in reversed(collected):  # the outermost is the last
        name = split_tensor(entry)[0]
        if name in common:
            common = common & (_reached(graph, followers, [name]) | {name})
            break
    inner = {name for name in common if not common.isdisjoint(followers.get(name, ()))}
    ends = [name for name in graph.nodes if name in common and name not in inner]
    return [max(ends[:_MOST] or sorted(common), key=lambda name: len(_changed(graph, [name])))]


def _followers(graph: Graph) -> dict[str, list[str]]:
    """Node → the nodes that take its data or wait for it, but for those that are no part of it."""
    found: dict[str, list[str]] = {}
    for node in graph.nodes.values():
        if _ASIDE.fullmatch(node.op):
            continue
        for name in {*(split_tensor(t)[0] for t in node.inputs), *node.control_inputs}:
            found.setdefault(name, []).append(node.name)
    return found


def _reached(graph: Graph, followers: dict[str, list[str]], names: Iterable[str]) -> set[str]:
    found, waiting = set[str](), list(names)
    while waiting:
        for name in followers.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def _changed(graph: Graph, names: Iterable[str]) -> set[str]:
    return {n.name for n in graph.ancestors(names, control=True).values() if changes(n)}


def _counters(graph: Graph, optimizers: Sequence[Optimizer]) -> list[str]:
    """What optimizers count with, where nothing waits for updates and these."""
    scopes = tuple(f"{optimizer.name}/Assign" for optimizer in optimizers)
    return [name for name in graph.nodes if name.startswith(scopes)]


def gates(
    graph: Graph, optimizers: Sequence[Optimizer], operations: Sequence[str]
) -> dict[str, list[str]]:
    """Operation → others that have to run before it, so that every step gives the same result.

    An update waits for all gradients, because it may change a variable that another gradient still
    needs. What is computed from a step counter that is ahead waits until the counter has counted.

    Args:
        operations: what a step runs.
    """
    updates = [update for optimizer in optimizers for update in optimizer.updates]
    sources = dict.fromkeys(split_tensor(update.gradient)[0] for update in updates)
    late = _reached(graph, _followers(graph), [update.node for update in updates])
    early = [name for name in sources if name not in late]
    found = {update.node: early for update in updates}
    behind = graph.ancestors([update.node for update in updates])
    ahead = (counted_ahead(graph, optimizer, operations) for optimizer in optimizers)
    for node in filter(None, ahead):
        counter, own = resolve(graph, node.inputs[0]), graph.ancestors([node.name])
        for name in behind.keys() - own.keys():
            taken = (resolve(graph, tensor) for tensor in graph.nodes[name].inputs)
            reads = graph.nodes[name].op not in PASSING_OPS or graph.nodes[name].op == _READ
            if counter in taken and reads:
                found[name] = [node.name]
    return found


def counted_ahead(graph: Graph, optimizer: Optimizer, operations: Sequence[str]) -> Node | None:
    """The assignment of an optimizer's step counter, if it runs in no order with the updates.

    A reference variable (VariableV2) is read where its value is used. TensorFlow 1.15 has counted
    by then, so the updates use the number of the next step: measured with BERT's optimizer. So it
    has where the assignment of a resource was written before the reads: measured with those of
    Keras 2.3.

    Args:
        operations: what a step runs.
    """
    if optimizer.step is None:
        return None
    kinds: tuple[str, ...] = ("Assign", "AssignAdd")
    if graph.nodes[optimizer.step].op == "VarHandleOp":
        kinds = ("AssignAddVariableOp",)
    nodes = [update.node for update in optimizer.updates]
    before = graph.ancestors(nodes, control=True)
    for node in graph.ancestors(operations, control=True).values():
        counts = node.op in kinds and node.name not in before
        if counts and node.op.endswith("VariableOp"):
            counts = _written_before(graph, node, optimizer)
        if counts and variable_of(graph, node.inputs[0]) == optimizer.step:
            waits = graph.ancestors([node.name], control=True).keys() & set(nodes)
            return None if waits else node
    return None


_READ = "ReadVariableOp"


def _written_before(graph: Graph, counting: Node, optimizer: Optimizer) -> bool:
    """Whether a program counts before everything that a learning rate reads of the counter."""
    place = {name: at for at, name in enumerate(graph.nodes)}
    behind = graph.ancestors([optimizer.learning_rate] if optimizer.learning_rate else [])
    reads = [
        node
        for node in behind.values()
        if node.op == _READ and variable_of(graph, node.inputs[0]) == optimizer.step
    ]
    return bool(reads) and all(place[counting.name] < place[node.name] for node in reads)


def apart(graph: Graph, names: Sequence[str], watched: Collection[str]) -> list[Node]:
    """Operations that change some variables, and that a step does not run.

    What gives variables their first value, or another from a file or a feed, is left out.

    Args:
        names: the operations of a step.
        watched: node names of variables.
    """
    variables, run = find_variables(graph), graph.ancestors(names, control=True)
    found = []
    for node in graph.nodes.values():
        if not changes(node) or node.name in run:
            continue
        variable = variable_of(graph, node.inputs[0])
        if variable is None or variable not in watched or len(node.inputs) < 2:
            continue
        if node.inputs[1] == variables[variable].initial_value:
            continue
        behind = graph.ancestors(node.inputs[1:])
        ops = [each.op for each in behind.values()]
        if any("Restore" in op for op in ops) or not behind.keys() & variables.keys():
            continue
        found.append(node)
    return found
