"""Sizes that only a run knows, traced to the dimension of the tensor they come from."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, field

from ..graph.constants import MOST_AXES, axes_or_sizes
from ..graph.nodes import Node, split_tensor
from .view import View


@dataclass(frozen=True)
class Dimension:
    """The size of one axis of a tensor of the graph, which differs from run to run.

    Attributes:
        measured: a tensor and an axis that have the same size, for where it is computed: the first
            tensor may be one that only a part of a layer makes.
    """

    tensor: str
    axis: int
    measured: tuple[str, int] = field(default=("", 0), compare=False)


@dataclass(frozen=True)
class Computed:
    """A size that a run computes: the tensor that is this one number, or a vector that has it.

    Attributes:
        at: its place in the vector; None where the tensor is the number.
    """

    tensor: str
    at: int | None = None


Size = int | Dimension | Computed | None
"""A number, a dimension, or something else that a run computes."""

# Their result has the shape of their first input.
_SAME_SHAPE = frozenset((
    "Relu", "Relu6", "Elu", "Selu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Softmax",
    "LogSoftmax", "LeakyRelu", "Dropout", "BiasAdd", "Cast", "Neg", "Abs", "Exp", "Log", "Sqrt",
    "Square", "Sign", "ZerosLike", "OnesLike", "LogicalNot", "FusedBatchNorm", "FusedBatchNormV2",
    "FusedBatchNormV3", "LRN", "Floor",
))  # fmt: skip
# Their result has the batch of their first input.
_SAME_BATCH = frozenset((
    "Conv2D", "Conv3D", "DepthwiseConv2dNative", "MaxPool", "AvgPool", "MaxPool3D", "AvgPool3D",
    "Pad", "PadV2", "MirrorPad", "MatMul", "ResizeBilinear", "ResizeNearestNeighbor",
    "ResizeBicubic",
))  # fmt: skip
_ARITHMETIC = frozenset(("Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum"))
_CALCULATED: dict[str, Callable[[int, int], int]] = {
    "Add": operator.add, "AddV2": operator.add, "Sub": operator.sub, "FloorDiv": operator.floordiv,
}  # fmt: skip
_MOST_STEPS = 1000


@dataclass
class _Known:
    """What has been found in a graph, so that nothing is traced twice."""

    dimensions: dict[tuple[str, int], Dimension | int] = field(default_factory=dict)
    sizes: dict[str, list[Size] | None] = field(default_factory=dict)


def _known_of(view: View) -> _Known:
    """What is known of a graph: of its reshapes at once, the first to run first.

    Asked for from the end, each would ask for the one before, as deep as the network is.
    """
    if view.known_sizes is None:
        view.known_sizes = _Known()
        for node in view.graph.topological_order():
            if node.op == "Reshape":
                shape_of(view, f"{node.name}:0")
    return view.known_sizes


def shape_of(view: View, tensor: str) -> list[Size] | None:
    """The sizes of a tensor, or None where not even its rank is known."""
    shape = view.shape(tensor)
    if shape is None:
        return None
    if None not in shape:
        return list(shape)
    found = _known_of(view).dimensions
    for axis, size in enumerate(shape):
        if size is None and (tensor, axis) not in found:
            found[tensor, axis] = _traced(view, tensor, axis)
    return [found[tensor, axis] if n is None else n for axis, n in enumerate(shape)]


def _traced(view: View, tensor: str, axis: int) -> Dimension | int:
    """A dimension by the first tensor that has it; its size where operations tell that."""
    asked = (tensor, axis)
    for _ in range(_MOST_STEPS):
        tensor = view.resolve(tensor)
        if tensor in view.inputs:
            break
        node = view.graph.node(tensor)
        if node.op in _SAME_SHAPE or (node.op in _SAME_BATCH and axis == 0):
            if node.attrs.get("transpose_a"):
                break
            tensor = node.inputs[0]
        elif node.op in _ARITHMETIC:
            source = next((t for t in node.inputs if _same_rank(view, t, tensor, axis)), None)
            if source is None:
                break
            tensor = source
        elif node.op == "Transpose":
            order = view.static(node.inputs[1])
            if order is None:
                break
            tensor, axis = node.inputs[0], int(order[axis])
        elif node.op == "Reshape":
            sizes = sizes_of(view, node.inputs[1])
            size = sizes[axis] if sizes is not None and axis < len(sizes) else None
            if isinstance(size, int) and size >= 0:
                return size
            if isinstance(size, Dimension):
                tensor, axis = size.tensor, size.axis
            elif axis == 0 and sizes is not None and _rows_stay(view, node.inputs[0], sizes):
                tensor = node.inputs[0]
            else:
                break
        elif node.op == "OneHot" and axis == len(view.shape(tensor) or ()) - 1:
            depth = sizes_of(view, node.inputs[1])
            if depth is None or not isinstance(depth[0], int):
                break
            return depth[0]
        elif node.op in ("Split", "SplitV"):
            whole, along = node.inputs[::2] if node.op == "SplitV" else node.inputs[::-1]
            cut = view.scalar(along)
            if cut is None or cut % len(view.shape(whole) or (0,)) == axis:
                break
            tensor = whole
        elif node.op in ("BatchMatMul", "BatchMatMulV2"):
            found = _of_product(view, node, tensor, axis)
            if found is None:
                break
            tensor, axis = found
        elif axis == 0 and (source := _batch_source(view, node)) is not None:
            tensor = source
        else:
            break
    return Dimension(tensor, axis, (tensor, axis) if tensor in view.inputs else asked)


def _of_product(view: View, node: Node, tensor: str, axis: int) -> tuple[str, int] | None:
    """The factor and its axis that a dimension of a product of matrices comes from."""
    rank = len(view.shape(tensor) or ())
    side = 1 if axis == rank - 1 else 0
    if len(view.shape(node.inputs[side]) or ()) != rank:
        return None
    if axis < rank - 2:
        same = _same_rank(view, node.inputs[0], tensor, axis)
        return (node.inputs[0], axis) if same else None
    turned = bool(node.attrs.get("adj_y" if side else "adj_x"))
    return node.inputs[side], 2 * rank - 3 - axis if turned else axis


def _rows_stay(view: View, tensor: str, sizes: list[Size]) -> bool:
    """Whether what a reshape makes of each row of a tensor is one row again."""
    shape = view.shape(tensor)
    before, after = list(shape[1:]) if shape else [None], sizes[1:]
    if not all(isinstance(n, int) and n > 0 for n in (*before, *after)):
        return False
    return math.prod(n or 0 for n in before) == math.prod(n for n in after if isinstance(n, int))


def _batch_source(view: View, node: Node) -> str | None:
    """The input whose first axis a node keeps as its first, or None."""
    if node.op in ("Gather", "GatherV2", "ResourceGather"):
        indices = view.shape(node.inputs[1])
        return node.inputs[1] if view.recipe(node.inputs[0]) is not None and indices else None
    if node.op == "Squeeze":
        axes = node.attrs.get("squeeze_dims") or []
        return node.inputs[0] if axes and min(axes) > 0 else None
    if node.op in ("ExpandDims", "Mean", "Max", "Min", "Sum"):
        axes = view.static(node.inputs[1])
        return node.inputs[0] if axes is not None and axes.size and axes.min() > 0 else None
    if node.op == "ConcatV2" and (view.scalar(node.inputs[-1]) or 0) > 0:
        return next((t for t in node.inputs[:-1] if view.recipe(t) is None), None)
    return None


def _same_rank(view: View, tensor: str, result: str, axis: int) -> bool:
    """Whether an operand has the dimension of the result, rather than being repeated along it."""
    shape, whole = view.shape(tensor), view.shape(result)
    if view.recipe(tensor) is not None or shape is None or whole is None:
        return False
    return len(shape) == len(whole) and shape[axis] is None


def sizes_of(view: View, tensor: str) -> list[Size] | None:
    """What a vector (or scalar) of sizes holds; None where it is not one."""
    value = view.static(tensor)
    if value is not None:
        numbers = axes_or_sizes(value)
        return None if numbers is None else list(numbers)
    tensor = view.resolve(tensor)
    if tensor in view.inputs:
        return None
    known = _known_of(view).sizes
    if tensor not in known:
        known[tensor] = _computed_sizes(view, tensor)
    return known[tensor]


def _computed_sizes(view: View, tensor: str) -> list[Size] | None:
    node = view.graph.node(tensor)
    if node.op == "Shape":
        return shape_of(view, node.inputs[0])
    if node.op in ("Cast", "Squeeze", "ExpandDims", "Reshape"):
        return sizes_of(view, node.inputs[0])
    if node.op in ("Pack", "ConcatV2", "Concat"):
        return _joined(view, node)
    if node.op in ("StridedSlice", "Slice", "Gather", "GatherV2"):
        return _taken(view, node)
    if node.op == "Unpack":  # of tf.shape, as K.dot has it
        sizes, at = sizes_of(view, node.inputs[0]), split_tensor(tensor)[1]
        return None if sizes is None or len(view.shape(tensor) or ()) else [sizes[at]]
    found = _product(view, node) if node.op in ("Prod", "Mul") else _calculated(view, node)
    if found not in (None, [None]):
        return found
    shape = view.shape(tensor)
    if not view.dtype(tensor).startswith("int") or shape is None or len(shape) > 1:
        return found
    if not shape:
        return [Computed(tensor)]
    count = shape[0]
    if count is None or count > MOST_AXES:
        return None
    return [Computed(tensor, at) for at in range(count)]


def _calculated(view: View, node: Node) -> list[Size] | None:
    """A sum, difference or quotient of two numbers that are known."""
    function = _CALCULATED.get(node.op)
    sides = [sizes_of(view, source) for source in node.inputs] if function else []
    numbers = [side[0] for side in sides if side is not None and len(side) == 1]
    known = [number for number in numbers if isinstance(number, int)]
    if function is None or len(known) != 2 or (node.op == "FloorDiv" and not known[1]):
        return None
    return [function(*known)]


def _joined(view: View, node: Node) -> list[Size] | None:
    parts = {"Pack": node.inputs, "ConcatV2": node.inputs[:-1], "Concat": node.inputs[1:]}[node.op]
    found: list[Size] = []
    for part in parts:
        sizes = sizes_of(view, part)
        if sizes is None:
            shape = () if node.op == "Pack" else view.shape(part)
            if shape is None or None in shape:
                return None
            count = math.prod(size or 0 for size in shape)
            if count > MOST_AXES:
                return None
            sizes = [None] * count
        found += sizes
    return found


def _taken(view: View, node: Node) -> list[Size] | None:
    sizes = sizes_of(view, node.inputs[0])
    if len(view.shape(node.inputs[0]) or ()) > 1:
        return sizes if view.shape(node.inputs[0]) == view.shape(f"{node.name}:0") else None
    where = [axes_or_sizes(view.static(source)) for source in node.inputs[1:]]
    numbers = [found for found in where if found is not None]
    if sizes is None or len(numbers) < len(where):
        return None
    if node.op in ("Gather", "GatherV2"):
        return [sizes[at] for at in numbers[0] if -len(sizes) <= at < len(sizes)]
    begin = numbers[0][0]
    if node.op == "Slice":
        count = numbers[1][0]
        return sizes[begin:] if count == -1 else sizes[begin : begin + count]
    masks = {key: node.attrs.get(f"{key}_mask", 0) for key in ("begin", "end", "shrink_axis")}
    if len(numbers[0]) != 1 or node.attrs.get("new_axis_mask") or node.attrs.get("ellipsis_mask"):
        return None
    if masks["shrink_axis"]:
        return [sizes[begin]] if -len(sizes) <= begin < len(sizes) else None
    start = None if masks["begin"] else begin
    stop = None if masks["end"] else numbers[1][0]
    return sizes[start : stop : numbers[2][0]]


def _product(view: View, node: Node) -> list[Size] | None:
    if node.op == "Prod":
        factors = sizes_of(view, node.inputs[0])
    else:
        sides = [sizes_of(view, source) for source in node.inputs]
        if any(side is None or len(side) != 1 for side in sides):
            return None
        factors = [side[0] for side in sides if side]
    if factors is None:
        return None
    numbers = [size for size in factors if isinstance(size, int)]
    others = [size for size in factors if not isinstance(size, int)]
    if not others:
        return [math.prod(numbers)]
    return [others[0]] if len(others) == 1 and math.prod(numbers) == 1 else [None]
