"""``static_rnn`` with lengths: conds around every step that only spare work → the choice in them.

Past the longest length nothing is computed, before the shortest nothing is chosen; in between a
Select takes the old value where a sequence has ended. That Select alone gives the same values at
every step (tensorflow/python/ops/rnn.py, ``_rnn_step``).
"""

from __future__ import annotations

from ...graph.loops import find_loops
from ...graph.nodes import Node
from ..view import View
from .draft import Draft, is_zero


def lengths_of(view: View, condition: str) -> tuple[str, int] | None:
    """The lengths and the step in ``step >= lengths``."""
    node = view.node(condition)
    while node.op == "Switch":
        node = view.node(node.inputs[0])
    if node.op not in ("GreaterEqual", "LessEqual"):
        return None
    step, lengths = node.inputs if node.op == "GreaterEqual" else node.inputs[::-1]
    at = view.scalar(step)
    return (view.resolve(lengths), int(at)) if at is not None else None


def fold_conds(draft: Draft) -> None:
    """Replaces the conds' results by their Selects, and what the conds pass in by itself."""
    view = draft.view
    if not any(True for _ in view.graph.of("Merge")):
        return
    inside = {name for loop in find_loops(view.graph).values() for name in loop.body_nodes}
    stands: dict[str, str] = {}
    predicates: set[str] = set()

    def through(tensor: str) -> str:
        while True:
            tensor = view.resolve(stands.get(view.resolve(tensor), tensor))
            node = view.graph.node(tensor)
            if tensor in view.inputs or node.op != "Switch":
                return tensor
            tensor = node.inputs[0]

    for node in view.graph.topological_order():
        if node.op == "Merge" and node.name not in inside:
            leaves, decided = _leaves(view, node)
            selects = [leaf for leaf in leaves if view.graph.node(leaf).op == "Select"]
            if len(selects) != 1:
                continue
            condition, old, new = view.graph.node(selects[0]).inputs
            allowed = {selects[0], through(old), through(new)}
            rest = {through(leaf) for leaf in leaves} - allowed
            if lengths_of(view, condition) and all(is_zero(view, leaf) for leaf in rest):
                stands[f"{node.name}:0"] = selects[0]
                predicates |= decided
    draft.replaced |= stands
    for switch in view.graph.of("Switch"):
        if stands and view.resolve(switch.inputs[1]) in predicates:
            for side in (0, 1):
                draft.replaced[f"{switch.name}:{side}"] = switch.inputs[0]


def _leaves(view: View, merge: Node) -> tuple[set[str], set[str]]:
    """What a cond may give, through all conds within, and the predicates that decide."""
    leaves, predicates, waiting = set(), set(), [*merge.inputs]
    while waiting:
        tensor = view.resolve(waiting.pop())
        node = view.graph.node(tensor)
        if node.op == "Merge" and tensor not in view.inputs:
            waiting += node.inputs
            continue
        leaves.add(tensor)
        switches = [node] if node.op == "Switch" else [view.node(t) for t in node.inputs]
        for switch in switches:
            while switch.op == "Switch":
                predicates.add(view.resolve(switch.inputs[1]))
                switch = view.node(switch.inputs[0])
    return leaves, predicates
