"""tf.cond of numbers: both sides computed, and one of them chosen."""

from __future__ import annotations

from dataclasses import replace

from .nodes import Graph, Node, split_tensor

_SWITCHES, _MERGES = ("Switch", "RefSwitch"), ("Merge", "RefMerge")


def as_choices(graph: Graph, tensor: str) -> Graph:
    """The graph with a Select for each tf.cond on the way to a tensor.

    For numbers that anything may be computed of, such as a learning rate: a side that was not taken
    in TensorFlow 1 is computed too.
    """
    behind = graph.ancestors([tensor])
    nodes = dict(graph.nodes)
    for name, node in behind.items():
        inputs = tuple(before_switch(graph, each) for each in node.inputs)
        nodes[name] = replace(node, inputs=inputs, control_inputs=())
        if node.op in _MERGES and len(node.inputs) == 2:
            predicate = _predicate(graph, node)
            if predicate is not None:  # tf.cond merges what is false, then what is true
                chosen = (before_switch(graph, predicate), *reversed(inputs))
                nodes[name] = replace(nodes[name], op="Select", inputs=chosen)
    return replace(graph, nodes=nodes)


def before_switch(graph: Graph, tensor: str) -> str:
    """What enters a side of a tf.cond; the tensor itself where it does not come from a Switch."""
    while (node := graph.node(tensor)).op in _SWITCHES:
        tensor = node.inputs[0]
    return tensor


def _predicate(graph: Graph, merge: Node) -> str | None:
    """What both sides wait for: the nearest such, for one tf.cond may lie in another."""
    first, second = (_waited_for(graph, side) for side in merge.inputs)
    return next((predicate for predicate in first if predicate in second), None)


def _waited_for(graph: Graph, tensor: str) -> dict[str, None]:
    """The predicates of the Switches behind a tensor, the nearest first."""
    found: dict[str, None] = {}
    seen, waiting = set[str](), [split_tensor(tensor)[0]]
    while waiting:
        name = waiting.pop(0)
        node = graph.get(name)
        if node is None or name in seen:
            continue
        seen.add(name)
        if node.op in _SWITCHES:
            found[node.inputs[1]] = None
        waiting += [split_tensor(each)[0] for each in (*node.control_inputs, *node.inputs)]
    return found
