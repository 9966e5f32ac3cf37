"""Why a loop has not become a layer, in words a person can act on."""

from __future__ import annotations

from ...graph.loops import LOOP_OPS
from ..view import View
from .steps import Body, bodies, kind_of
from .stepwise import LOOP_NODES

WORKINGS = frozenset(LOOP_OPS) | {
    "Merge", "Switch", "While", "StatelessWhile", "TensorArray", "TensorArrayGather",
    "TensorArrayRead", "TensorArrayScatter", "TensorArraySize", "TensorArrayWrite",
    "TensorListFromTensor", "TensorListReserve", "TensorListStack", "EmptyTensorList",
}  # fmt: skip
"""Operations, without versions, of which a loop is made; naming them explains nothing."""


def unfolded(view: View, ops: set[str]) -> set[str]:
    """The operations that have no form in Keras, loops named by what is special about them."""
    rest = {op for op in ops if kind_of(op) not in WORKINGS}
    if rest == ops:
        return ops
    found = {f"a while loop ({_special(body)})" for body in bodies(view)}
    return rest | found if found else ops


def _special(body: Body) -> str:
    """What keeps a loop from being a layer that goes over time."""
    news = [state.new for state in body.states]
    nodes = body.view.graph.ancestors(news, stop={state.old for state in body.states})
    if not body.bounds:
        return "its end depends on computed values"
    if any(node.op in LOOP_NODES for node in nodes.values()):
        return "it contains another loop"
    return "it does not read whole sequences step by step"
