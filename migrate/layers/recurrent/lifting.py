"""Operations that every step does alike, done once to the whole sequence."""

from __future__ import annotations

from collections.abc import Callable

from ...graph.nodes import Node
from ...plan import Shape
from ..view import View
from .draft import Draft

_ELEMENTWISE = {
    "Abs", "Add", "AddV2", "BiasAdd", "Cast", "Dropout", "Elu", "Exp", "Maximum", "Minimum", "Mul",
    "Neg", "RealDiv", "Relu", "Relu6", "Selu", "Sigmoid", "Softplus", "Softsign", "Sqrt", "Square",
    "Sub", "Tanh",
}  # fmt: skip
LIFTED = _ELEMENTWISE | {"MatMul", "ConcatV2", "Concat", "GatherV2", "Gather", "ResourceGather",
    "Softmax", "LogSoftmax"}  # fmt: skip
"""Operations on (batch, features) that mean the same on (batch, time, features)."""


def lift(
    draft: Draft, view: View, node: Node, operand: Callable[[str], tuple[str, bool]]
) -> str | None:
    """A node over all steps, or None where it does not carry over.

    Args:
        view: of one step.
        operand: an input of the node → the tensor that takes its place, and whether that has an
            axis of time (a weight does not).
    """
    shape = view.shape(f"{node.name}:0")
    attrs = {k: v for k, v in node.attrs.items() if k != "_output_shapes"}
    if node.op in ("ConcatV2", "Concat"):
        last = node.op == "ConcatV2"
        parts = node.inputs[:-1] if last else node.inputs[1:]
        axis = view.scalar(node.inputs[-1] if last else node.inputs[0])
        made = [operand(part) for part in parts]
        if axis not in (1, -1) or not all(timed for _, timed in made):
            return None
        axis_tensor = draft.constant(f"{node.name}/axis", 2)
        inputs = [tensor for tensor, _ in made] + [axis_tensor]
        return _add(draft, node, "ConcatV2", inputs, shape, attrs, [t for t, _ in made])
    made = [operand(source) for source in node.inputs]
    timed = [tensor for tensor, is_timed in made if is_timed]
    sides = [is_timed for _, is_timed in made[:2]]
    if node.op == "MatMul" and sides != [True, False]:
        return None
    if node.op in ("GatherV2", "Gather", "ResourceGather"):
        first_axis = len(made) < 3 or view.scalar(node.inputs[2]) == 0
        if sides != [False, True] or not first_axis:
            return None
    return _add(draft, node, node.op, [tensor for tensor, _ in made], shape, attrs, timed)


def _add(
    draft: Draft,
    node: Node,
    op: str,
    inputs: list[str],
    shape: Shape,
    attrs: dict[str, object],
    timed: list[str],
) -> str:
    before = draft.shape(timed[0])
    steps = before[1] if before is not None and len(before) > 1 else None
    lifted = None if shape is None or not shape else (shape[0], steps, *shape[1:])
    # A dropout inside a loop is named after the loop's workings; Keras finds it a better name.
    name = "dropout" if op == "Dropout" else node.name
    return draft.add(name, op, inputs, [lifted], str(attrs.get("T", "float32")), attrs)
