"""The v1 while loops of a graph: frames of Enter, Merge, Switch, NextIteration and Exit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .nodes import Graph, Node

LOOP_OPS = ("Enter", "RefEnter", "Exit", "RefExit", "NextIteration", "RefNextIteration", "LoopCond")


@dataclass(frozen=True)
class LoopVariable:
    """One value that a loop carries. All fields are tensors.

    Attributes:
        initial: outside the loop, what it starts with.
        merge: what the condition sees.
        body: what the body sees (an output of the Switch), or None if it is not used there.
        next: what the body leaves for the next turn.
        exit: what the loop returns, or None if no one asks.
    """

    initial: str
    enter: str
    merge: str
    body: str | None
    next: str
    exit: str | None


@dataclass(frozen=True)
class Loop:
    """One frame.

    Attributes:
        invariants: tensor inside → the tensor outside that it equals on every turn.
        predicate: the tensor that decides on another turn.
        condition_nodes: names of the operations between merges and predicate.
        body_nodes: names of the operations between body inputs and next values, inner loops too.
    """

    frame: str
    variables: tuple[LoopVariable, ...]
    invariants: Mapping[str, str]
    predicate: str
    condition_nodes: frozenset[str]
    body_nodes: frozenset[str]


def find_loops(graph: Graph) -> dict[str, Loop]:
    """The loops of a graph by frame name, in the order of the file.

    Frames that are not whole (no LoopCond, no back edge) are left out.
    """
    enters: dict[str, list[Node]] = {}
    for node in graph.of("Enter", "RefEnter"):
        enters.setdefault(str(node.attrs.get("frame_name", "")), []).append(node)
    loops = {frame: _loop(graph, frame, nodes) for frame, nodes in enters.items()}
    return {frame: loop for frame, loop in loops.items() if loop is not None}


def _loop(graph: Graph, frame: str, enters: list[Node]) -> Loop | None:
    invariants, variables, predicate = {}, [], None
    for enter in enters:
        tensor = f"{enter.name}:0"
        merge = next((n for n in graph.consumers(tensor) if n.op in ("Merge", "RefMerge")), None)
        if merge is None:
            invariants[tensor] = enter.inputs[0]
            continue
        merged = f"{merge.name}:0"
        back = next((graph.node(t) for t in merge.inputs if t != tensor), None)
        if back is None or back.op not in ("NextIteration", "RefNextIteration"):
            return None
        switch = next((n for n in graph.consumers(merged) if n.op in ("Switch", "RefSwitch")), None)
        body = leave = None
        if switch is not None:
            condition = graph.node(switch.inputs[1])
            if condition.op == "LoopCond":
                predicate = condition.inputs[0]
            body = f"{switch.name}:1" if graph.consumers(f"{switch.name}:1") else None
            outs = (n for n in graph.consumers(f"{switch.name}:0") if n.op in ("Exit", "RefExit"))
            leave = next((f"{n.name}:0" for n in outs), None)
        variables.append(LoopVariable(enter.inputs[0], tensor, merged, body, back.inputs[0], leave))
    if predicate is None:
        return None
    starts = {*invariants, *(v.merge for v in variables), *(v.body for v in variables if v.body)}
    return Loop(
        frame,
        tuple(variables),
        invariants,
        predicate,
        frozenset(graph.ancestors([predicate], stop=starts)),
        frozenset(graph.ancestors([v.next for v in variables], stop=starts)),
    )
