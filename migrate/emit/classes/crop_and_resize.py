"""Boxes cut out of images and brought to one size."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class CropAndResize(keras.layers.Layer):
    """Cuts boxes out of images like TF1's ``tf.image.crop_and_resize``.

    A box is (top, left, bottom, right), where 0 is the first pixel and 1 the last.
    """

    def __init__(
        self,
        height,
        width,
        method="bilinear",
        extrapolation=0.0,
        **options,
    ):
        super().__init__(**options)
        self.height, self.width, self.method = height, width, method
        self.extrapolation = extrapolation

    def call(self, inputs):
        """The cuts for images, boxes, and the image of each box."""
        images, boxes, of_image = inputs
        _, rows, columns, channels = keras.ops.shape(images)
        y = self._points(boxes[:, 0], boxes[:, 2], rows, self.height)
        x = self._points(boxes[:, 1], boxes[:, 3], columns, self.width)
        y, x = y[:, :, None], x[:, None, :]
        flat = keras.ops.reshape(images, (-1, channels))
        first = of_image[:, None, None] * rows

        def pixels(at_row, at_column):
            row = keras.ops.clip(keras.ops.cast(at_row, "int32"), 0, rows - 1)
            column = keras.ops.cast(at_column, "int32")
            column = keras.ops.clip(column, 0, columns - 1)
            return keras.ops.take(flat, (first + row) * columns + column, axis=0)

        if self.method == "nearest":
            made = pixels(keras.ops.floor(y + 0.5), keras.ops.floor(x + 0.5))
        else:
            top, left = keras.ops.floor(y), keras.ops.floor(x)
            down, right = (y - top)[..., None], (x - left)[..., None]
            below, beside = keras.ops.ceil(y), keras.ops.ceil(x)
            upper = pixels(top, left) * (1.0 - right) + pixels(top, beside) * right
            lower = pixels(below, left) * (1.0 - right) + pixels(below, beside) * right
            made = upper * (1.0 - down) + lower * down
        far_y, far_x = (keras.ops.cast(n - 1, y.dtype) for n in (rows, columns))
        inside = (y >= 0) & (y <= far_y) & (x >= 0) & (x <= far_x)
        return keras.ops.where(inside[..., None], made, self.extrapolation)

    def _points(self, start, stop, length, count):
        last = keras.ops.cast(length - 1, start.dtype)
        if count == 1:
            return (0.5 * (start + stop) * last)[:, None]
        at = keras.ops.arange(count, dtype=start.dtype)
        step = (stop - start) * last / (count - 1)
        return (start * last)[:, None] + at * step[:, None]

    def compute_output_spec(self, inputs):
        """The shape: one cut for each box."""
        images, boxes, _ = inputs
        shape = (boxes.shape[0], self.height, self.width, images.shape[3])
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "height": self.height,
            "width": self.width,
            "method": self.method,
            "extrapolation": self.extrapolation,
        }
