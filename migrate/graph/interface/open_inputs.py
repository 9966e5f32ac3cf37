"""Shapes of inputs that the graph leaves open: their operations, or the caller, say them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...errors import UserError, printable
from ..constants import static_value
from ..nodes import Graph, Node, split_tensor, tensor_name
from ..sources import SHAPE_ONLY, is_placeholder

Shape = tuple[int | None, ...]

_SPELLED = re.compile(r"^(.+):\[([-\d?,\sNone]*)\]$")
_SAME_SHAPE = frozenset((
    "Abs", "BiasAdd", "Cast", "Cos", "Dropout", "Elu", "Exp", "Identity", "LeakyRelu", "Log", "Neg",
    "Relu", "Relu6", "Selu", "Sigmoid", "Sign", "Sin", "Softplus", "Softsign", "Sqrt", "Square",
    "StopGradient", "Tanh", "Snapshot", "CheckNumerics", "Floor", "ClipByValue",
))  # fmt: skip
_ARITHMETIC = frozenset(("Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "Maximum", "Minimum"))
_IMAGES = frozenset((
    "MaxPool", "AvgPool", "ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic", "LRN",
    "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "SpaceToDepth", "DepthToSpace",
    "ExtractImagePatches",
))  # fmt: skip
_PRODUCTS = ("BatchMatMul", "BatchMatMulV2")
_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative", "Conv3D")
_MOST_STEPS = 40


@dataclass(frozen=True)
class OpenInputs:
    """What is found about inputs of unknown shape.

    Attributes:
        shapes: input → its shape.
        repeats: node of a reshape to sizes that are fed → the input, which has these sizes already.
        notes: what is assumed.
    """

    shapes: Mapping[str, Shape] = field(default_factory=dict)
    repeats: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def applied(self, graph: Graph) -> Graph:
        """The graph with these shapes, without these reshapes."""
        nodes = dict(graph.nodes)
        for tensor, shape in self.shapes.items():
            name, index = split_tensor(tensor)
            shapes = [*(graph.shape(f"{name}:{at}") for at in range(index)), shape]
            attrs = {**nodes[name].attrs, "_output_shapes": shapes}
            nodes[name] = replace(nodes[name], attrs=attrs)
        for name, tensor in self.repeats.items():
            nodes[name] = replace(nodes[name], op="Identity", inputs=(tensor,))
        return replace(graph, nodes=nodes)


def named_shapes(inputs: Sequence[str] | None) -> tuple[list[str] | None, dict[str, Shape]]:
    """``NAME`` or ``NAME:[?,28,28,1]`` → names of tensors, and the shapes given with them."""
    if inputs is None:
        return None, {}
    names, shapes = [], {}
    for text in inputs:
        found = _SPELLED.match(text)
        names.append(tensor_name(found[1]) if found else text)
        if found:
            sizes = [size.strip() for size in found[2].split(",") if size.strip()]
            open_ = ("?", "-1", "None")
            if not all(size in open_ or size.isdigit() for size in sizes):
                raise UserError(
                    f"{printable(text)} has no shape that can be read",
                    expected="NAME:SHAPE, such as x:[?,28,28,1]",
                )
            shapes[names[-1]] = tuple(None if s in open_ else int(s) for s in sizes)
    return names, shapes


def reported_inputs(graph: Graph, report: Mapping[str, Any]) -> list[str]:
    """The inputs of a report, with the shapes that the graph leaves open."""
    return [
        _spelled(given["tensor"], given.get("shape"))
        if graph.shape(given["tensor"]) is None
        else given["tensor"]
        for given in report.get("inputs") or ()
    ]


def _spelled(tensor: str, shape: Sequence[int | None] | None) -> str:
    """An input with its shape, as :func:`named_shapes` reads it."""
    if shape is None:
        return tensor
    return f"{tensor}:{_sizes(shape)}"


def _sizes(shape: Sequence[int | None]) -> str:
    return f"[{','.join('?' if size is None else str(size) for size in shape)}]"


def find_open_inputs(
    graph: Graph, inputs: Collection[str], given: Mapping[str, Shape]
) -> OpenInputs:
    """The shapes of inputs that the graph leaves open.

    Args:
        given: input → the shape that the caller says it has.

    Raises:
        UserError: the caller contradicts the graph.
    """
    shapes: dict[str, Shape] = {}
    repeats: dict[str, str] = {}
    notes: list[str] = []
    for tensor in inputs:
        known, told = graph.shape(tensor), given.get(tensor)
        if told is not None and known is not None:
            agreed = len(told) == len(known) and all(
                None in pair or pair[0] == pair[1] for pair in zip(told, known, strict=True)
            )
            if not agreed:
                raise UserError(
                    f"{printable(_spelled(tensor, told))} contradicts the graph",
                    expected=f"a shape that fits {printable(_spelled(tensor, known))}",
                )
        found = told
        if known is None and is_placeholder(graph.node(tensor)):
            reshapes = _reshapes(graph, tensor)
            made = _fed_sizes(graph, reshapes)
            if made is not None and (told is None or len(told) == len(made)):
                repeats |= {node.name: tensor for node in reshapes}
                found = made
                fed = (
                    t for t in graph.node(reshapes[0].inputs[1]).inputs if _is_fed_size(graph, t)
                )
                notes.append(
                    f"{printable(', '.join(fed))} are sizes of {printable(tensor)} and no inputs "
                    "of the model, which takes arrays that have their shape"
                )
            elif told is None:
                found = _demanded(graph, tensor, _MOST_STEPS)
                if found is not None:
                    notes.append(
                        f"The graph leaves the shape of {printable(tensor)} open; its operations "
                        f"ask for {_sizes(found)}; --inputs NAME:SHAPE sets another"
                    )
        if found is not None:
            shapes[tensor] = found
    return OpenInputs(shapes, repeats, notes)


def _users(graph: Graph, tensor: str) -> list[Node]:
    return [user for user in graph.consumers(tensor) if user.op not in SHAPE_ONLY]


def _reshapes(graph: Graph, tensor: str) -> list[Node]:
    """The reshapes that take a tensor, if nothing else does."""
    users = _users(graph, tensor)
    only = all(user.op == "Reshape" and user.inputs[0] == tensor for user in users)
    return users if only else []


def _fed_sizes(graph: Graph, reshapes: Sequence[Node]) -> Shape | None:
    """The one shape that reshapes give, where placeholders are sizes of it and nothing else."""
    found: set[Shape] = set()
    for node in reshapes:
        target = graph.get(node.inputs[1])
        if target is None or target.op != "Pack":
            return None
        sizes: list[int | None] = []
        for part in target.inputs:
            size = static_value(graph, part)
            if size is not None and size.size == 1 and int(size) >= 0:
                sizes.append(int(size))
            elif _is_fed_size(graph, part):
                sizes.append(None)
            else:
                return None
        found.add(tuple(sizes))
    shape = found.pop() if len(found) == 1 else None
    return shape if shape is not None and None in shape else None


def _is_fed_size(graph: Graph, tensor: str) -> bool:
    """Whether a tensor is a whole number that a program feeds, and only a size of reshapes."""
    whole = (graph.dtype(tensor) or "").startswith("int")
    users = graph.consumers(tensor)
    return whole and is_placeholder(graph.node(tensor)) and all(u.op == "Pack" for u in users)


def _demanded(graph: Graph, tensor: str, steps: int) -> Shape | None:
    """The shape that the operations which take a tensor ask for: the first that asks for one."""
    if steps == 0:
        return None
    found: Shape | None = None
    for user in _users(graph, tensor):
        asked = _asked_by(graph, user, tensor, steps - 1)
        if asked is None:
            continue
        if found is None:
            found = asked
        elif len(found) == len(asked):
            found = tuple(a if b is None else b for a, b in zip(found, asked, strict=True))
    return found


def _asked_by(graph: Graph, node: Node, tensor: str, steps: int) -> Shape | None:
    result = f"{node.name}:0"
    first = bool(node.inputs) and node.inputs[0] == tensor
    channels_first = str(node.attrs.get("data_format", "NHWC")).startswith("NC")
    if node.op in _CONVOLUTIONS and first:
        kernel = graph.shape(node.inputs[1])
        if kernel is None:
            return None
        rank, channels = len(kernel), kernel[-2]
        return _with_channels(rank, channels, channels_first)
    if node.op in _IMAGES and first:
        fused = node.op.startswith("FusedBatchNorm")
        scale = graph.shape(node.inputs[1]) if fused else None
        return _with_channels(4, scale[0] if scale else None, channels_first)
    if node.op in _PRODUCTS and first:
        # Where the rank is open, tf.matmul writes the second, which takes two dimensions as well.
        other = graph.shape(node.inputs[1])
        if other is None or len(other) != 2 or node.attrs.get("adj_x"):
            return None
        return (None, other[1 if node.attrs.get("adj_y") else 0])
    if node.op in _SAME_SHAPE and first:
        return _demanded(graph, result, steps)
    if node.op in _ARITHMETIC:
        others = [graph.shape(source) for source in node.inputs if source != tensor]
        if all(other is not None and len(other) <= 1 for other in others):
            return _demanded(graph, result, steps)
    if not first:
        return None
    constant = static_value(graph, node.inputs[1]) if len(node.inputs) > 1 else None
    if node.op in ("Pad", "PadV2", "MirrorPad") and constant is not None:
        after = _demanded(graph, result, steps) or (None,) * len(constant)
        if len(after) != len(constant):
            return None
        return tuple(None if w.any() else n for n, w in zip(after, constant, strict=True))
    if node.op == "Transpose" and constant is not None:
        after = _demanded(graph, result, steps) or (None,) * len(constant)
        if len(after) != len(constant):
            return None
        order = constant.tolist()
        return tuple(after[order.index(axis)] for axis in range(len(order)))
    if node.op == "ExpandDims" and constant is not None and constant.size == 1:
        expanded = _demanded(graph, result, steps)
        if expanded is None:
            return None
        axis = int(constant) % len(expanded)
        return (*expanded[:axis], *expanded[axis + 1 :])
    return None


def _with_channels(rank: int, channels: int | None, first: bool) -> Shape:
    open_ = (None,) * (rank - 2)
    return (None, channels, *open_) if first else (None, *open_, channels)
