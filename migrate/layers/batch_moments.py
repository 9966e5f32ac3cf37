"""Batch normalization by the batch's own moments, as tf.nn.moments of every year writes them."""

from __future__ import annotations

import math

import numpy as np

from ..graph.nodes import Node
from .normalization import by_statistics, moving_statistics
from .registry import Match, pattern
from .view import View


@pattern("Add", "AddV2", keras="BatchNormalizationByBatch (own class)")
def batch_normalization_by_moments(view: View, tensor: str) -> Match | None:
    """``x * s + (beta - mean * s)`` by tf.nn.moments, ``s = rsqrt(variance + epsilon) * gamma``."""
    node = view.graph.node(tensor)
    for scaled, shifted in (node.inputs, node.inputs[::-1]):
        product, shift = view.produced(scaled, "Mul"), view.produced(shifted, "Sub")
        beta = view.recipe(shift.inputs[0]) if shift is not None else None
        taken = view.produced(shift.inputs[1], "Mul") if shift is not None else None
        if product is None or beta is None or taken is None:
            continue
        for x, factor in (product.inputs, product.inputs[::-1]):
            means = [s for s in taken.inputs if view.resolve(s) != view.resolve(factor)]
            inverse, gamma = view.node(factor), None
            if inverse.op == "Mul":
                for side, other in (inverse.inputs, inverse.inputs[::-1]):
                    if view.node(side).op == "Rsqrt":
                        inverse, gamma = view.node(side), view.recipe(other)
                        break
            total = view.node(inverse.inputs[0]) if inverse.op == "Rsqrt" else None
            if total is None or total.op not in ("Add", "AddV2") or len(means) != 1:
                continue
            for variance, added in (total.inputs, total.inputs[::-1]):
                epsilon = view.scalar(added)
                if epsilon is None or not _are_moments(view, x, means[0], variance):
                    continue
                if len(beta.shape) != 1 or (gamma is not None and gamma.shape != beta.shape):
                    continue
                mean, moving = moving_statistics(view, gamma or beta, beta)
                return by_statistics(
                    x, gamma, beta, mean, moving, float(epsilon), False, training=True
                )
    return None


def _are_moments(view: View, x: str, mean: str, variance: str) -> bool:
    """Whether two tensors are the mean and the variance over all axes but the last."""
    shape = view.shape(x)
    if shape is None or len(shape) < 2 or view.recipe(x) is not None:
        return False
    if (centered := _averaged(view, variance, len(shape))) is not None:
        squares = view.node(centered)
        ends = [view.resolve(s) for s in squares.inputs]
        if squares.op != "SquaredDifference" or view.resolve(x) not in ends:
            return False
        center = next((end for end in ends if end != view.resolve(x)), "")
        return all(
            (of := _averaged(view, each, len(shape))) is not None
            and view.resolve(of) == view.resolve(x)
            for each in (center, mean)
            if each
        )
    return _are_shifted(view, x, mean, view.node(variance))


def _are_shifted(view: View, x: str, mean: str, variance: Node) -> bool:
    """As TensorFlow 0.8 to 0.12 had it: the sums of ``x - shift`` and of its squares, divided.

    ``variance = sum((x - shift)²) / n - (sum(x - shift) / n)²``, with a shift of one example or
    none (tensorflow/python/ops/nn.py of those releases).
    """
    square = view.node(variance.inputs[1]) if variance.op == "Sub" else None
    if square is None or square.op != "Square":
        return False
    shifted = view.resolve(square.inputs[0])
    of_squares = _divided_sum(view, x, variance.inputs[0])
    of_differences = _divided_sum(view, x, shifted)
    if of_squares is None or of_differences is None:
        return False
    squares, differences = view.node(of_squares), view.node(of_differences)
    if view.resolve(of_differences) == view.resolve(x):
        plain = squares.op == "Square" and view.resolve(squares.inputs[0]) == view.resolve(x)
        return plain and view.resolve(mean) == shifted
    if squares.op != "SquaredDifference" or differences.op != "Sub":
        return False
    shifts = {tuple(map(view.resolve, each.inputs)) for each in (squares, differences)}
    total = view.node(mean)
    if len(shifts) != 1 or total.op not in ("Add", "AddV2"):
        return False
    ((of, shift),) = shifts
    others = [s for s in total.inputs if view.resolve(s) != shifted]
    return (
        of == view.resolve(x)
        and len(others) == 1
        and view.resolve(_unsqueezed(view, others[0])) == view.resolve(_unsqueezed(view, shift))
    )


def _averaged(view: View, tensor: str, rank: int) -> str | None:
    """What a mean over all axes but the last is taken of."""
    node = view.node(_unsqueezed(view, tensor))
    if node.op != "Mean" or not _over_all_but_last(view, node, rank):
        return None
    return node.inputs[0]


def _divided_sum(view: View, x: str, tensor: str) -> str | None:
    """What is summed over all axes but the last of ``x``, where the sum is divided by the count."""
    shape = view.shape(x) or ()
    node = view.node(_unsqueezed(view, tensor))
    if node.op not in ("Mul", "RealDiv"):
        return None
    for summed, number in (node.inputs, node.inputs[::-1]):
        total = view.node(_unsqueezed(view, summed))
        if total.op != "Sum" or not _over_all_but_last(view, total, len(shape)):
            continue
        for value, guess in zip(view.assumed(number), view.guesses, strict=True):
            count = math.prod(guess if size is None else size for size in shape[:-1])
            wanted = 1 / count if node.op == "Mul" else count
            if value is None or not np.allclose(value, wanted, rtol=1e-5, atol=0):
                return None
        return total.inputs[0]
    return None


def _over_all_but_last(view: View, node: Node, rank: int) -> bool:
    axes = view.static(node.inputs[1])
    found = set() if axes is None else {int(axis) % rank for axis in axes.reshape(-1)}
    return found == set(range(rank - 1))


def _unsqueezed(view: View, tensor: str) -> str:
    node = view.node(tensor)
    return node.inputs[0] if node.op in ("Squeeze", "Reshape") else tensor
