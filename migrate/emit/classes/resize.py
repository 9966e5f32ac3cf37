"""Resizing with the sampling points of TensorFlow 1."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class Resize(keras.layers.Layer):
    """Resizes images like TF1's ``tf.image.resize_bilinear`` and similar functions.

    Unless ``half_pixel_centers`` is set, pixel 0 of the result lies on pixel 0 of the
    input; Keras's own layers sample at the centers of pixels. The method is "bilinear",
    "bicubic" or "nearest". A height or width that is None is an input.
    """

    def __init__(
        self,
        height=None,
        width=None,
        method="bilinear",
        align_corners=False,
        half_pixel_centers=False,
        **options,
    ):
        super().__init__(**options)
        self.height, self.width, self.method = height, width, method
        self.align_corners = align_corners
        self.half_pixel_centers = half_pixel_centers
        if None in (height, width):
            self.supports_jit = False  # XLA wants to know sizes before it runs

    def call(self, inputs):
        """The images (batch, height, width, channels) in their new size."""
        images, given = inputs, iter(())
        if isinstance(inputs, (list, tuple)):
            images, *sizes = inputs
            given = iter(sizes)
        for axis, size in ((1, self.height), (2, self.width)):
            images = self._along(axis, images, next(given) if size is None else size)
        return images

    def _along(self, axis, images, size):
        """The images in their new size along one axis."""
        length = keras.ops.shape(images)[axis]
        points = self._points(length, size)
        last = length - 1
        if self.method == "nearest":
            rounded = keras.ops.floor(points + 0.5 if self.align_corners else points)
            near = keras.ops.cast(rounded, "int32")
            return keras.ops.take(images, keras.ops.minimum(near, last), axis)
        images = keras.ops.cast(images, self.compute_dtype)
        first = keras.ops.floor(points)
        part = keras.ops.cast(points - first, self.compute_dtype)
        first = keras.ops.cast(first, "int32")
        total = 0.0
        for offset, weight in self._weights(part, first, last):
            place = keras.ops.clip(first + offset, 0, last)
            weight = keras.ops.reshape(weight, (-1, 1, 1) if axis == 1 else (-1, 1))
            total = total + keras.ops.take(images, place, axis) * weight
        return total

    def _points(self, length, size):
        """Where the pixels of the result lie between those of the input."""
        at = keras.ops.cast(keras.ops.arange(size), "float32")
        length, size = (keras.ops.cast(n, "float32") for n in (length, size))
        if self.align_corners:
            return at * ((length - 1.0) / keras.ops.maximum(size - 1.0, 1.0))
        if not self.half_pixel_centers:
            return at * (length / size)
        points = (at + 0.5) * (length / size)
        return points if self.method == "nearest" else points - 0.5

    def _weights(self, part, first, last):
        """Pairs of an offset of a pixel and its weights."""
        if self.method == "bilinear":
            return [(0, 1.0 - part), (1, part)]
        # TensorFlow's kernel of a table of 1024 steps; Keys's with half-pixel centers.
        part = keras.ops.floor(part * 1024.0 + 0.5) / 1024.0
        a = -0.5 if self.half_pixel_centers else -0.75
        near = (part, 1.0 - part)
        inner = [((a + 2.0) * x - (a + 3.0)) * x * x + 1.0 for x in near]
        far = (1.0 + part, 2.0 - part)
        outer = [((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a for x in far]
        weights = [outer[0], *inner, outer[1]]
        pairs = list(zip(range(-1, 3), weights, strict=True))
        if not self.half_pixel_centers:
            return pairs
        inside = []  # pixels beyond the border count nothing
        for offset, weight in pairs:
            there = (first + offset >= 0) & (first + offset <= last)
            inside.append((offset, keras.ops.where(there, weight, 0.0)))
        total = sum(weight for _, weight in inside)
        return [(offset, weight / total) for offset, weight in inside]

    def compute_output_spec(self, inputs):
        """The shape in the new size."""
        images = inputs[0] if isinstance(inputs, (list, tuple)) else inputs
        shape = (images.shape[0], self.height, self.width, images.shape[3])
        kept = self.method == "nearest"
        kind = images.dtype if kept else self.compute_dtype
        return keras.KerasTensor(shape, dtype=kind)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "height": self.height,
            "width": self.width,
            "method": self.method,
            "align_corners": self.align_corners,
            "half_pixel_centers": self.half_pixel_centers,
        }
