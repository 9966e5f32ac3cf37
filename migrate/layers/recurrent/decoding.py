"""Loops of contrib.seq2seq that decode given targets: until all are finished, which lengths tell.

``dynamic_decode`` with a ``TrainingHelper`` carries the next inputs and who is finished along. Both
are known beforehand: a step takes its own part of the targets, and the longest is the last.
"""

from __future__ import annotations

from dataclasses import replace

from ..view import View
from .steps import Body, Read, State, kind_of


def as_decoder(body: Body) -> Body:
    """The loop as one over the targets, where it is such a decoder."""
    found = next(((s, ends) for s in body.states if (ends := _ends(body, s))), None)
    if found is None:
        return body
    known = {s.old: read for s in body.states if (read := _next_inputs(body, s))}
    finished, lengths = found
    return replace(body, known=known, until=lengths, finished=finished.old) if known else body


def _ends(body: Body, state: State) -> str | None:
    """The lengths, where a state says who is finished, and all being so ends the loop.

    It is ``0 == lengths``, then ``finished or step + 1 >= lengths``.
    """
    view, asked = body.condition
    for op in ("LoopCond", "LogicalNot", "All"):
        node = view.node(asked)
        if node.op == op:
            asked = node.inputs[0]
        elif op != "LoopCond":
            return None
    new, first = body.view.node(state.new), body.view.node(state.initial)
    if view.resolve(asked) != state.seen or new.op != "LogicalOr" or first.op != "Equal":
        return None
    ends = [body.view.node(t) for t in new.inputs if body.view.resolve(t) != state.old]
    if len(ends) != 1 or ends[0].op != "GreaterEqual" or not _is_next(body, ends[0].inputs[0]):
        return None
    lengths = body.view.resolve(ends[0].inputs[1])
    return lengths if lengths in map(body.view.resolve, first.inputs) else None


def _next_inputs(body: Body, state: State) -> Read | None:
    """The targets, where a state is the part of them for the next step; zeros when all ended."""
    new, first = _read_in_cond(body.view, state.new), _read_in_cond(body.view, state.initial)
    if new is None or first is None or not _is_next(body, new[0]):
        return None
    return new[1] if body.view.scalar(first[0]) == 0 and new[1] == first[1] else None


def _read_in_cond(view: View, tensor: str) -> tuple[str, Read] | None:
    """The index and the array, where one side of a cond reads an array."""
    node = view.node(tensor)
    sides = [view.node(source) for source in node.inputs] if node.op == "Merge" else [node]
    reads = [side for side in sides if kind_of(side.op) == "TensorArrayRead"]
    if len(reads) != 1:
        return None
    _, index, array = (_before_switch(view, source) for source in reads[0].inputs)
    filled = view.node(array)
    if kind_of(filled.op) not in ("TensorArrayScatter", "TensorArrayUnpack"):
        return None
    return index, Read(filled.inputs[-2], 0)


def _before_switch(view: View, tensor: str) -> str:
    while (node := view.node(tensor)).op == "Switch":
        tensor = node.inputs[0]
    return view.resolve(tensor)


def _is_next(body: Body, tensor: str) -> bool:
    """Whether a tensor is the number of the next step."""
    node = body.view.node(tensor)
    return node.op in ("Add", "AddV2") and any(
        body.view.resolve(one) in body.counters and body.view.scalar(other) == 1
        for one, other in (node.inputs, node.inputs[::-1])
    )
