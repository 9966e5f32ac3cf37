"""Resizing of images, with the sampling points that TensorFlow 1 chose."""

from __future__ import annotations

from ..graph.constants import axes_or_sizes
from ..plan import Value
from .builder import Builder
from .dimensions import Dimension, shape_of, sizes_of
from .dynamic import dynamic, measured, numbers, template
from .registry import Match, operation
from .view import View

_METHODS = {
    "ResizeBilinear": "bilinear",
    "ResizeBicubic": "bicubic",
    "ResizeNearestNeighbor": "nearest",
}


@operation(*_METHODS, keras="UpSampling2D, Resize (own class)")
def resize(view: View, tensor: str) -> Match | None:
    """``tf.image.resize_bilinear``, ``_bicubic`` and ``_nearest_neighbor``, corners as in TF1."""
    node = view.graph.node(tensor)
    method = _METHODS[node.op]
    align, half = (bool(node.attrs.get(k)) for k in ("align_corners", "half_pixel_centers"))
    before, sizes = shape_of(view, node.inputs[0]), view.sizes(node.inputs[1])
    factors = _factors(view, node.inputs[1])
    if factors is None and sizes is not None and before is not None and None not in sizes:
        known = [b for b in before[1:3] if isinstance(b, int) and b]
        ratios = [divmod(s or 0, b) for s, b in zip(sizes, known, strict=False)]
        if len(ratios) == 2 and all(whole and not rest for whole, rest in ratios):
            factors = (ratios[0][0], ratios[1][0])

    # Half a pixel from the border changes nothing where each pixel is repeated as often.
    if factors == (1, 1) or (factors is not None and method == "nearest" and not align):
        size = factors[0] if factors[0] == factors[1] else factors

        def repeat(builder: Builder, value: Value) -> Value:
            return value if size == 1 else builder.layer("UpSampling2D", {"size": size}, value)

        return Match(node.inputs[:1], repeat)
    asked = sizes_of(view, node.inputs[1])
    wanted = None if asked is None or len(asked) != 2 else measured(asked)
    if asked is None or wanted is None:
        return None
    height, width = template(asked)
    arguments = {
        "height": height,
        "width": width,
        "method": method,
        "align_corners": align or None,
        "half_pixel_centers": half or None,
    }

    def build(builder: Builder, value: Value, *values: Value) -> Value:
        given = numbers(builder, asked, values)
        return builder.layer("Resize", arguments, [value, *given] if given else value)

    return Match([node.inputs[0], *wanted], build)


@operation("DepthToSpace", "SpaceToDepth", keras="keras.ops.depth_to_space, space_to_depth")
def pixel_shuffle(view: View, tensor: str) -> Match | None:
    """Channels as neighboring pixels, and the inverse."""
    node = view.graph.node(tensor)
    function = "depth_to_space" if node.op == "DepthToSpace" else "space_to_depth"
    if str(node.attrs.get("data_format", "NHWC")) != "NHWC":
        return None
    size = node.attrs["block_size"]
    return Match(node.inputs[:1], lambda builder, value: builder.op(function, value, size))


@operation("SpaceToBatchND", "BatchToSpaceND", keras="SpaceToBatch, BatchToSpace (own classes)")
def blocks(view: View, tensor: str) -> Match | None:
    """Blocks of positions as examples of the batch, and back."""
    node = view.graph.node(tensor)
    block, widths = view.static(node.inputs[1]), sizes_of(view, node.inputs[2])
    if block is None or widths is None:
        return None
    kind = "SpaceToBatch" if node.op == "SpaceToBatchND" else "BatchToSpace"
    return dynamic(view, tensor, kind, widths, {"block": tuple(int(n) for n in block)})


def _factors(view: View, tensor: str) -> tuple[int, int] | None:
    """What ``tf.shape(x)[1:3] * n`` multiplies by: of any tensor, so the sizes are to agree."""
    node = view.node(tensor)
    if node.op != "Mul":
        return None
    for sizes, factor in (node.inputs, node.inputs[::-1]):
        times, found = axes_or_sizes(view.static(factor)), sizes_of(view, sizes)
        if not times or found is None or len(found) != 2 or not isinstance(found[0], Dimension):
            continue
        return times[0], times[-1]
    return None
