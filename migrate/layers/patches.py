"""Parts of images: patches, and boxes brought to one size."""

from __future__ import annotations

from typing import Any

from ..plan import Value
from .builder import Builder
from .registry import Match, operation
from .view import View


@operation("ExtractImagePatches", keras="keras.ops.image.extract_patches, keras.ops.space_to_depth")
def image_patches(view: View, tensor: str) -> Match | None:
    """``tf.extract_image_patches``; of neighboring squares, channels of the pixels."""
    node = view.graph.node(tensor)
    sizes, strides, rates = (node.attrs[k][1:3] for k in ("ksizes", "strides", "rates"))
    if set(rates) != {1} and set(strides) != {1}:
        return None  # Keras has no stride of a dilated patch
    shape = view.shape(node.inputs[0])
    squares = sizes == strides and len(set(sizes)) == 1 and set(rates) == {1}
    whole = shape is not None and all(
        n is not None and n % size == 0 for n, size in zip(shape[1:3], sizes, strict=True)
    )
    given: dict[str, Any] = {
        "strides": tuple(strides),
        "dilation_rate": tuple(rates) if set(rates) != {1} else 1,
        "padding": str(node.attrs["padding"]).lower(),
    }

    def build(builder: Builder, value: Value) -> Value:
        if squares and whole:
            return builder.op("space_to_depth", value, sizes[0])
        return builder.op("keras.ops.image.extract_patches", value, tuple(sizes), **given)

    return Match(node.inputs[:1], build)


@operation("CropAndResize", keras="CropAndResize (own class)")
def crops(view: View, tensor: str) -> Match | None:
    """``tf.image.crop_and_resize``."""
    node = view.graph.node(tensor)
    size = view.static(node.inputs[3])
    recipes = [view.recipe(source) for source in node.inputs[:3]]
    dynamic = [s for s, recipe in zip(node.inputs, recipes, strict=False) if recipe is None]
    if size is None or recipes[0] is not None:
        return None
    method = str(node.attrs.get("method", "bilinear"))
    arguments = {
        "height": int(size[0]),
        "width": int(size[1]),
        "method": None if method == "bilinear" else method,
        "extrapolation": node.attrs.get("extrapolation_value") or None,
    }

    def build(builder: Builder, *values: Value) -> Value:
        waiting = iter(values)
        parts = [
            next(waiting) if recipe is None else builder.parameter(recipe, values[0])
            for recipe in recipes
        ]
        return builder.layer("CropAndResize", arguments, parts)

    return Match(dynamic, build)
