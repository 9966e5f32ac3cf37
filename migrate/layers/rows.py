"""Layers that work row by row between two reshapes, freed of the reshapes.

TensorFlow 1 had no dense layer over more than two dimensions at first: code flattens a sequence
to rows, multiplies, and shapes the rows into a sequence again. So does tf.tensordot itself. Keras
layers work on the last axis whatever comes before it.
"""

from __future__ import annotations

from ..plan import Value
from .builder import Builder
from .dimensions import Size, shape_of, sizes_of
from .registry import Match, find, pattern
from .view import View

_BY_ROW = frozenset((
    "MatMul", "BiasAdd", "Add", "AddV2", "Mul", "Sub", "RealDiv", "Relu", "Relu6", "Elu", "Selu",
    "Sigmoid", "Tanh", "Softplus", "Softsign", "Softmax", "LogSoftmax", "LeakyRelu", "Maximum",
    "Dropout",
))  # fmt: skip
_LONGEST = 12


@pattern("Reshape", keras="Dense, Activation … on more than two dimensions")
def rows(view: View, tensor: str) -> Match | None:
    """``Reshape(f(Reshape(x, [-1, n])), [*shape(x)[:-1], m])``, as in tf.tensordot."""
    chain = _chain(view, view.graph.node(tensor).inputs[0])
    if chain is None:
        return None
    source, steps = chain
    before, after = shape_of(view, source), _target(view, tensor)
    if before is None or after is None or len(before) != len(after) or len(before) < 3:
        return None
    doubts = sum(a != b for a, b in zip(before[:-1], after[:-1], strict=True))
    # One dimension follows from the others, since the number of rows is the same.
    known = sum(isinstance(a, int) and isinstance(b, int) and a != b
                for a, b in zip(before[:-1], after[:-1], strict=True))  # fmt: skip
    if known or doubts > 1:
        return None

    def build(builder: Builder, value: Value) -> Value:
        for name, match in steps:
            builder.tensor = name
            made = match.build(builder, value)
            if value.shape is not None:
                made.shape = (*value.shape[:-1], made.shape[-1] if made.shape else None)
            value = made
        return value

    return Match([source], build)


def _target(view: View, tensor: str) -> list[Size] | None:
    sizes = sizes_of(view, view.graph.node(tensor).inputs[1])
    shape = view.shape(tensor)
    if sizes is None:
        return None if shape is None else list(shape)
    sizes = [None if size == -1 else size for size in sizes]
    if shape is None or len(shape) != len(sizes):
        return sizes
    return [size if known is None else known for size, known in zip(sizes, shape, strict=True)]


def _chain(view: View, tensor: str) -> tuple[str, list[tuple[str, Match]]] | None:
    """What the rows are made of, and what is done with them, the first step first."""
    steps: list[tuple[str, Match]] = []
    for _ in range(_LONGEST):
        tensor = view.resolve(tensor)
        if tensor in view.inputs or view.uses(tensor) != 1:
            return None
        node = view.graph.node(tensor)
        if node.op == "Reshape":
            source = _flattened(view, tensor)
            return (source, steps[::-1]) if source is not None and steps else None
        if node.op not in _BY_ROW:
            return None
        operands = [r for s in node.inputs if (r := view.recipe(s)) is not None]
        if node.op != "MatMul" and any(len(operand.shape) > 1 for operand in operands):
            return None
        match = find(view, tensor)
        if match is None or len(match.inputs) != 1 or match.tensors:
            return None
        steps.append((tensor, match))
        tensor = match.inputs[0]
    return None


def _flattened(view: View, tensor: str) -> str | None:
    """The tensor whose rows a reshape gives, or None where it does anything else."""
    node = view.graph.node(tensor)
    source = view.resolve(node.inputs[0])
    moved = view.produced(source, "Transpose")
    if moved is not None and source not in view.inputs:
        order = view.static(moved.inputs[1])
        if order is not None and list(order) == list(range(len(order))):
            source = view.resolve(moved.inputs[0])  # tf.tensordot's, of axes that stay
    before, sizes = view.shape(source), view.sizes(node.inputs[1])
    after = view.shape(tensor)
    if before is None or len(before) < 3 or before[-1] is None:
        return None
    last = sizes[-1] if sizes and len(sizes) == 2 else after[-1] if after and len(after) == 2 else 0
    if sizes is not None and len(sizes) == 2 and last == -1 and after:
        last = after[-1]
    return source if last == before[-1] else None
