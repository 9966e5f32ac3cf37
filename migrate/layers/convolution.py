"""Convolutions: 1-D to 3-D, dilated, depthwise, separable, transposed; SAME, VALID, NCHW."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..graph.nodes import Node
from ..plan import Recipe, Value
from .builder import Builder
from .registry import Match, operation, pattern
from .view import View


@dataclass(frozen=True)
class Convolution:
    """A convolution as Keras names it, before a bias is added."""

    x: str
    kind: str
    arguments: dict[str, Any]
    weights: dict[str, Recipe]
    channels: int
    rank: int
    channels_first: bool = False
    padding: tuple[tuple[int, int], ...] = ()


_PLAIN = ("Conv2D", "Conv3D", "DepthwiseConv2dNative", "Conv2DBackpropInput")
_ENDS = (*_PLAIN, "Conv3DBackpropInputV2", "Squeeze", "BatchToSpaceND")


@pattern("BiasAdd", "Add", "AddV2", keras="Conv1D, Conv2D, Conv3D, Conv2DTranspose …")
def convolution_with_bias(view: View, tensor: str) -> Match | None:
    """A convolution plus one bias per channel."""
    node = view.graph.node(tensor)
    for convolved, added in (node.inputs, node.inputs[::-1]):
        bias = view.recipe(added)
        if bias is None or view.produced(convolved, *_ENDS) is None:
            continue
        found = convolution(view, view.resolve(convolved))
        if found is None:
            continue
        if bias.shape != (found.channels,):
            last = bias.shape[-1:] == (found.channels,) and not found.channels_first
            if not last or any(size != 1 for size in bias.shape[:-1]):
                continue
            bias = bias.reshape(found.channels)
        elif found.channels_first and node.op != "BiasAdd":
            continue
        return _match(found, bias)
    return None


@pattern("Squeeze", "BatchToSpaceND", keras="Conv1D, Conv2D(dilation_rate=…)")
def folded_convolution(view: View, tensor: str) -> Match | None:
    """A convolution spread over several nodes (1-D, dilated), without a bias."""
    found = convolution(view, tensor)
    if found is not None:
        return _match(found, None)
    biased = _biased_within(view, view.graph.node(tensor))
    return _match(*biased) if biased is not None else None


@operation(*_PLAIN, "Conv3DBackpropInputV2", keras="Conv2D(use_bias=False) …")
def plain_convolution(view: View, tensor: str) -> Match | None:
    """A convolution without a bias."""
    found = convolution(view, tensor)
    return _match(found, None) if found else None


def convolution(view: View, tensor: str) -> Convolution | None:
    """The convolution that ends at a tensor, or None."""
    node = view.graph.node(tensor)
    if node.op in ("Conv2D", "Conv3D"):
        return _separable(view, node) or _direct(view, node)
    if node.op == "DepthwiseConv2dNative":
        return _depthwise(view, node)
    if node.op in ("Conv2DBackpropInput", "Conv3DBackpropInputV2"):
        return _transposed(view, node)
    if node.op == "Squeeze":
        return _one_dimensional(view, node, node.inputs[0])
    if node.op == "BatchToSpaceND":
        return _dilated(view, node)
    return None


def _direct(view: View, node: Node) -> Convolution | None:
    kernel = view.recipe(node.inputs[1])
    if kernel is None:
        return None
    spatial = len(kernel.shape) - 2
    common = common_arguments(node, spatial)
    if common is None:
        return None
    filters, inputs = kernel.shape[-1], kernel.shape[-2]
    first, arguments, padding = common
    shape = view.shape(node.inputs[0])
    channels = None if shape is None else shape[1 if first else -1]
    groups = None if channels in (None, inputs) else channels // inputs
    arguments = {
        "filters": filters,
        "kernel_size": _size(kernel.shape[:-2]),
        **arguments,
        "groups": groups,
    }
    return Convolution(
        node.inputs[0], f"Conv{spatial}D", arguments, {"kernel": kernel}, filters, spatial,
        first, padding,
    )  # fmt: skip


def _depthwise(view: View, node: Node) -> Convolution | None:
    kernel = view.recipe(node.inputs[1])
    common = common_arguments(node, 2)
    if kernel is None or common is None:
        return None
    first, arguments, padding = common
    height, width, inputs, multiplier = kernel.shape
    arguments = {
        "kernel_size": _size((height, width)),
        **arguments,
        "depth_multiplier": None if multiplier == 1 else multiplier,
    }
    return Convolution(
        node.inputs[0], "DepthwiseConv2D", arguments, {"kernel": kernel}, inputs * multiplier, 2,
        first, padding,
    )  # fmt: skip


def _separable(view: View, node: Node) -> Convolution | None:
    """A depthwise convolution and a 1×1 convolution after it."""
    pointwise = view.recipe(node.inputs[1])
    depthwise = view.produced(node.inputs[0], "DepthwiseConv2dNative")
    if pointwise is None or depthwise is None or pointwise.shape[:2] != (1, 1):
        return None
    if any(stride != 1 for stride in node.attrs.get("strides", ())):
        return None
    found = _depthwise(view, depthwise)
    if found is None or found.channels != pointwise.shape[2]:
        return None
    filters = pointwise.shape[3]
    return replace(
        found,
        kind="SeparableConv2D",
        arguments={"filters": filters, **found.arguments},
        weights={"depthwise_kernel": found.weights["kernel"], "pointwise_kernel": pointwise},
        channels=filters,
    )


def _transposed(view: View, node: Node) -> Convolution | None:
    kernel = view.recipe(node.inputs[1])
    if kernel is None:
        return None
    spatial = len(kernel.shape) - 2
    common = common_arguments(node, spatial)
    if common is None or common[2]:
        return None
    first, arguments, _ = common
    before, after = view.shape(node.inputs[2]), view.sizes(node.inputs[0])
    after = view.shape(f"{node.name}:0") if after is None else after
    output_padding = None
    if before is not None and after is not None:
        start = 2 if first else 1
        strides = _sequence(arguments.get("strides") or 1, spatial)
        sizes = zip(before[start:], after[start:], kernel.shape, strides, strict=False)
        paddings = [_output_padding(*four, arguments.get("padding")) for four in sizes][:spatial]
        wanted = [padding for padding, usual in paddings if not usual]
        if any(padding is None for padding in wanted):
            return None
        if wanted:
            output_padding = _size([padding or 0 for padding, _ in paddings])
    filters = kernel.shape[-2]
    arguments = {
        "filters": filters,
        "kernel_size": _size(kernel.shape[:-2]),
        **arguments,
        "output_padding": output_padding,
    }
    return Convolution(
        node.inputs[2], f"Conv{spatial}DTranspose", arguments, {"kernel": kernel}, filters,
        spatial, first,
    )  # fmt: skip


def _output_padding(
    size: int | None, result: int | None, kernel: int, stride: int, padding: str | None
) -> tuple[int | None, bool]:
    """Keras's output_padding for a result of some size, and whether it is what Keras chooses.

    The sizes are those of keras/src/backend/common/backend_utils.py; TensorFlow's operation is
    then given the size, and pads and crops as it always did. None where no padding gives it.
    """
    if size is None or result is None:
        return None, True
    if padding == "same":
        usual, least = size * stride, (size - 1) * stride + kernel % 2
    else:
        usual, least = size * stride + max(kernel - stride, 0), (size - 1) * stride + kernel
    more = result - least
    return (more if 0 <= more < stride else None), result == usual


def _biased_within(view: View, squeeze: Node) -> tuple[Convolution, Recipe] | None:
    """``Squeeze(BiasAdd(Conv2D(…)))``, as tf.layers.separable_conv1d writes it."""
    added = view.produced(squeeze.inputs[0], "BiasAdd") if squeeze.op == "Squeeze" else None
    bias = view.recipe(added.inputs[1]) if added is not None else None
    if added is None or bias is None:
        return None
    found = _one_dimensional(view, squeeze, added.inputs[0])
    return None if found is None or bias.shape != (found.channels,) else (found, bias)


def _one_dimensional(view: View, squeeze: Node, convolved: str) -> Convolution | None:
    """``Squeeze(Conv2D(ExpandDims(x, axis), kernel[1, …]))``, as tf.nn.conv1d writes it."""
    inner = view.produced(convolved, "Conv2D")
    if inner is None:
        return None
    found = _separable(view, inner) or _direct(view, inner)
    axes = squeeze.attrs.get("squeeze_dims") or squeeze.attrs.get("axis") or []
    kinds = {"Conv2D": "Conv1D", "SeparableConv2D": "SeparableConv1D"}
    if found is None or found.kind not in kinds or len(axes) != 1:
        return None
    expand = view.produced(found.x, "ExpandDims", "Reshape")
    if expand is None:
        return None
    axis = axes[0] % 4
    first, *others = found.weights  # the kernel, or the depthwise and the pointwise one
    kernel = found.weights[first]
    spatial = (2, 3) if found.channels_first else (1, 2)
    if axis not in spatial or found.padding:
        return None
    dropped = spatial.index(axis)
    if kernel.shape[dropped] != 1:
        return None
    if expand.op == "ExpandDims":
        where = view.scalar(expand.inputs[1])
        if where is None or where % 4 != axis:
            return None
    keep = 1 - dropped
    arguments = {key: value for key, value in found.arguments.items() if value is not None}
    for key in arguments.keys() & {"kernel_size", "strides", "dilation_rate"}:
        arguments[key] = _sequence(arguments[key], 2)[keep]
    return replace(
        found,
        x=expand.inputs[0],
        kind=kinds[found.kind],
        arguments=arguments,
        weights={
            name: found.weights[name].reshape(size, *found.weights[name].shape[2:])
            for name, size in ((first, kernel.shape[keep]), *((other, 1) for other in others))
        },
        rank=1,
    )


def _dilated(view: View, node: Node) -> Convolution | None:
    """``BatchToSpaceND(convolution(SpaceToBatchND(x)))``, TensorFlow 1's way to dilate."""
    ends = ("Conv2D", "Conv3D", "DepthwiseConv2dNative", "Squeeze")
    inner = view.produced(node.inputs[0], *ends)
    found = convolution(view, view.resolve(node.inputs[0])) if inner is not None else None
    if found is None or found.arguments.get("strides") not in (None, 1) or found.padding:
        return None
    spread = view.produced(found.x, "SpaceToBatchND")
    if spread is None or found.arguments.get("padding") not in (None, "valid"):
        return None
    block = view.static(node.inputs[1])
    if block is None or len(block) > found.rank:
        return None
    # A block of fewer dimensions dilates the first ones.
    rates = [int(rate) for rate in block] + [1] * (found.rank - len(block))
    kernel = _sequence(found.arguments["kernel_size"], found.rank)
    padding = _dilated_padding(view, node, spread, found, kernel, rates)
    if padding is None:
        return None
    arguments = {**found.arguments, "padding": padding, "dilation_rate": _size(rates)}
    return replace(found, x=spread.inputs[0], arguments=arguments)


def _dilated_padding(
    view: View, node: Node, spread: Node, found: Convolution, kernel: Sequence[int],
    rates: Sequence[int],
) -> str | None:  # fmt: skip
    reach = [rate * (size - 1) for size, rate in zip(kernel, rates, strict=True)]
    pairs = zip(view.assumed(spread.inputs[2]), view.assumed(node.inputs[2]), strict=True)
    # The block asks for more, which is cropped again.
    nets = [pads - crops for pads, crops in pairs if pads is not None and crops is not None]
    if len(nets) == 2:
        added = nets[0].tolist()
        if added != nets[1].tolist():
            return None
        if not any(map(any, added)):
            return "valid"
        if any(reach[len(added) :]):
            return None
        if added == [[total // 2, total - total // 2] for total in reach[: len(added)]]:
            return "same"
        if found.kind == "Conv1D" and added == [[reach[0], 0]]:
            return "causal"
        return None
    before, after = view.shape(spread.inputs[0]), view.shape(f"{node.name}:0")
    if before is not None and after is not None:
        start = 2 if found.channels_first else 1
        axis = next((i for i in range(found.rank) if before[start + i] and after[start + i]), None)
        if axis is not None:
            return "same" if before[start + axis] == after[start + axis] else "valid"
    return None


def common_arguments(
    node: Node, spatial: int
) -> tuple[bool, dict[str, Any], tuple[tuple[int, int], ...]] | None:
    """Whether channels come first; strides, padding, dilation; explicit padding, if any."""
    layout = node.attrs.get("data_format", "NHWC")
    first = layout.startswith("NC")
    start = 2 if first else 1
    strides = node.attrs.get("strides", [1] * (spatial + 2))[start : start + spatial]
    dilations = (node.attrs.get("dilations") or [1] * (spatial + 2))[start : start + spatial]
    padding: tuple[tuple[int, int], ...] = ()
    mode = node.attrs.get("padding", "VALID")
    if mode == "EXPLICIT":
        flat = node.attrs["explicit_paddings"][2 * start : 2 * (start + spatial)]
        padding = tuple(zip(flat[::2], flat[1::2], strict=True))
    return (
        first,
        {
            "strides": None if set(strides) == {1} else _size(strides),
            "padding": "same" if mode == "SAME" else None,
            "dilation_rate": None if set(dilations) == {1} else _size(dilations),
        },
        padding,
    )


def _size(sizes: Sequence[int]) -> int | tuple[int, ...]:
    """``3`` for ``[3, 3]``, as people write it."""
    return sizes[0] if len(set(sizes)) == 1 else tuple(sizes)


def _sequence(size: Any, count: int) -> tuple[int, ...]:
    return tuple(size) if isinstance(size, (tuple, list)) else (size,) * count


def _match(found: Convolution, bias: Recipe | None) -> Match:
    def build(builder: Builder, value: Value) -> Value:
        return build_convolution(builder, value, found, bias)

    return Match([found.x], build)


def build_convolution(
    builder: Builder, value: Value, found: Convolution, bias: Recipe | None
) -> Value:
    """Calls the layer, between two permutations where channels come first.

    Convolutions over channels first do not run on every device; the permutations of neighbors
    cancel.
    """
    if "kernel" in found.weights and found.kind.startswith("Conv") and "Tr" not in found.kind:
        depth = found.weights["kernel"].shape[-2] * (found.arguments.get("groups") or 1)
        end = (None,) * found.rank
        builder.refine(value, (None, depth, *end) if found.channels_first else (None, *end, depth))
    if found.channels_first:
        value = to_channels_last(builder, value, found.rank)
    if found.padding:
        padding = found.padding[0] if found.rank == 1 else found.padding
        value = builder.layer(
            f"ZeroPadding{found.rank}D", {"padding": padding}, value, scope="", shape=()
        )
        value.shape = (None,) * (found.rank + 2)
    weights = found.weights | ({"bias": bias} if bias else {})
    arguments = {**found.arguments, "use_bias": None if bias else False}
    shape = builder.view.shape(builder.tensor)
    if found.channels_first and shape is not None:
        shape = (shape[0], *shape[2:], shape[1])
    value = builder.layer(found.kind, arguments, value, weights=weights, shape=shape)
    return to_channels_first(builder, value, found.rank) if found.channels_first else value


def to_channels_last(builder: Builder, value: Value, rank: int) -> Value:
    """(batch, channels, …) → (batch, …, channels)."""
    shape = value.shape and (value.shape[0], *value.shape[2:], value.shape[1])
    dims = (*range(2, rank + 2), 1)
    return builder.layer("Permute", {"dims": dims}, value, scope="", shape=shape)


def to_channels_first(builder: Builder, value: Value, rank: int) -> Value:
    """(batch, …, channels) → (batch, channels, …)."""
    shape = value.shape and (value.shape[0], value.shape[-1], *value.shape[1:-1])
    dims = (rank + 1, *range(1, rank + 1))
    return builder.layer("Permute", {"dims": dims}, value, scope="", shape=shape)
