"""Layers that work row by row between two reshapes, freed of the reshapes.

TensorFlow 1 had no dense layer over more than two dimensions at first: code flattens a sequence
to rows, multiplies, and shapes the rows into a sequence again. So does tf.tensordot itself. Keras
layers work on the last axis whatever comes before it.
"""

from __future__ import annotations

import math

from ..plan import Recipe, Value
from .builder import Builder
from .dense import biased
from .dimensions import Size, shape_of, sizes_of
from .registry import Match, find, pattern
from .view import View

_BY_ROW = frozenset((
    "MatMul", "BiasAdd", "Add", "AddV2", "Mul", "Sub", "RealDiv", "Relu", "Relu6", "Elu", "Selu",
    "Sigmoid", "Tanh", "Softplus", "Softsign", "Softmax", "LogSoftmax", "LeakyRelu", "Maximum",
    "Dropout",
))  # fmt: skip
_LONGEST = 12


@pattern("Add", "AddV2", keras="Dense on more than two dimensions")
def rows_and_bias(view: View, tensor: str) -> Match | None:
    """``Reshape(MatMul(Reshape(x), kernel)) + bias[None, None]``, as in K.dot and K.bias_add."""
    node = view.graph.node(tensor)
    for product, added in (node.inputs, node.inputs[::-1]):
        bias = view.recipe(added)
        if bias is not None and len(bias.shape) > 2 and view.produced(product, "Reshape"):
            return _rows(view, view.resolve(product), bias)
    return None


@pattern("Reshape", keras="Dense, Activation … on more than two dimensions")
def rows(view: View, tensor: str) -> Match | None:
    """``Reshape(f(Reshape(x, [-1, n])), [*shape(x)[:-1], m])``, as in tf.tensordot."""
    return _rows(view, tensor)


def _rows(view: View, tensor: str, bias: Recipe | None = None) -> Match | None:
    chain = _chain(view, view.graph.node(tensor).inputs[0])
    if chain is None:
        return None
    source, joined, steps = chain
    if bias is not None:
        last = biased(view, steps[-1][0], bias) if _is_product(view, steps[-1][0]) else None
        if last is None:
            return None
        steps[-1] = (steps[-1][0], last)
    before, after = shape_of(view, source), _target(view, tensor)
    if before is None or after is None:
        return None
    count = len(before) - joined  # of the dimensions that number the rows
    leading, parts = after[:count], after[count:]
    if count < 2 or not parts:
        return None
    doubts = [pair for pair in zip(before[:count], leading, strict=True) if pair[0] != pair[1]]
    # One dimension follows from the others, since the number of rows is the same.
    known = any(isinstance(a, int) and isinstance(b, int) for a, b in doubts)
    if known or len(doubts) > 1 or _width(view, steps[-1][0]) != _product(parts):
        return None
    inner = [size if isinstance(size, int) else -1 for size in before[1:count]]
    if inner.count(-1) > 1 and max(joined, len(parts)) > 1:
        return None

    def shaped(builder: Builder, value: Value, last: list[Size]) -> Value:
        sizes = (*inner, *(size for size in last if isinstance(size, int)))
        shape = (None, *(None if size == -1 else size for size in sizes))
        return builder.layer("Reshape", {"target_shape": sizes}, value, shape=shape, scope="")

    def build(builder: Builder, value: Value) -> Value:
        if joined > 1:
            value = shaped(builder, value, [_product(before[count:])])
        for name, match in steps:
            builder.tensor = name
            made = match.build(builder, value)
            if value.shape is not None:
                made.shape = (*value.shape[:-1], made.shape[-1] if made.shape else None)
            value = made
        builder.tensor = tensor
        return shaped(builder, value, parts) if len(parts) > 1 else value

    return Match([source], build)


def _is_product(view: View, tensor: str) -> bool:
    return view.graph.node(tensor).op == "MatMul"


def _width(view: View, tensor: str) -> int | None:
    """The length of the rows that a chain ends with."""
    shape = view.shape(tensor)
    return shape[-1] if shape else None


def _product(sizes: list[Size]) -> int | None:
    known = [size for size in sizes if isinstance(size, int) and size >= 0]
    return math.prod(known) if len(known) == len(sizes) else None


def _target(view: View, tensor: str) -> list[Size] | None:
    sizes = sizes_of(view, view.graph.node(tensor).inputs[1])
    shape = view.shape(tensor)
    if sizes is None:
        return None if shape is None else list(shape)
    sizes = [None if size == -1 else size for size in sizes]
    if shape is None or len(shape) != len(sizes):
        return sizes
    return [size if known is None else known for size, known in zip(sizes, shape, strict=True)]


def _chain(view: View, tensor: str) -> tuple[str, int, list[tuple[str, Match]]] | None:
    """What the rows are made of, how many of its last dimensions one row has, and the steps."""
    steps: list[tuple[str, Match]] = []
    for _ in range(_LONGEST):
        tensor = view.resolve(tensor)
        if tensor in view.inputs or view.uses(tensor) != 1:
            return None
        node = view.graph.node(tensor)
        if node.op == "Reshape":
            found = _flattened(view, tensor) if steps else None
            return None if found is None else (*found, steps[::-1])
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


def _known(sizes: list[Size] | None) -> list[int | None] | None:
    return None if sizes is None else [n if isinstance(n, int) else None for n in sizes]


def _flattened(view: View, tensor: str) -> tuple[str, int] | None:
    """The tensor whose rows a reshape gives, and how many of its last dimensions make a row."""
    node = view.graph.node(tensor)
    source = view.resolve(node.inputs[0])
    moved = view.produced(source, "Transpose")
    if moved is not None and source not in view.inputs:
        order = view.static(moved.inputs[1])
        if order is not None and list(order) == list(range(len(order))):
            source = view.resolve(moved.inputs[0])  # tf.tensordot's, of axes that stay
    before, sizes = _known(shape_of(view, source)), _known(sizes_of(view, node.inputs[1]))
    after = view.shape(tensor)
    if before is None or len(before) < 3 or before[-1] is None:
        return None
    last = sizes[-1] if sizes and len(sizes) == 2 else after[-1] if after and len(after) == 2 else 0
    if sizes is not None and len(sizes) == 2 and last == -1 and after:
        last = after[-1]
    counts = range(1, len(before) - 1)
    joined = next((n for n in counts if _product(list(before[-n:])) == last), None)
    return None if joined is None else (source, joined)
