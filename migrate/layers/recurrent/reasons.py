"""Why a loop has not become a layer, in words a person can act on."""

from __future__ import annotations

from ...graph.loops import LOOP_OPS
from ..view import View
from .loops import kind_of
from .steps import Body, bodies

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
    """What the step of a loop does that no recurrent layer of Keras does."""
    olds = {state.old for state in body.states}
    step = body.view
    nodes = step.graph.ancestors([state.new for state in body.states], stop=olds).values()
    if not any(node.op == "MatMul" for node in nodes):
        return "no recurrent cell"
    if any(node.op in ("LSTMBlockCell",) and node.attrs.get("use_peephole") for node in nodes):
        return "an LSTM with peepholes"
    for node in nodes:
        clips = node.op in ("ClipByValue", "Minimum") and step.scalar(node.inputs[1]) is not None
        if clips and step.scalar(node.inputs[1]) != 1:
            return "a cell that clips its state"
        if node.op != "Mul":
            continue
        recipes = [step.recipe(source) for source in node.inputs]
        if any(r is not None and r.sources and len(r.shape) == 1 for r in recipes):
            return "an LSTM with peepholes"
    widths = {shape[-1] for state in body.states if (shape := step.shape(state.old))}
    if len(widths) > 1:
        return "a cell whose states differ in size, as with a projection"
    return "no cell that Keras has a layer for"
