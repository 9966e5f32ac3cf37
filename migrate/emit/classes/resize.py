"""Resizing with the sampling points of TensorFlow 1."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tf1")
class Resize(keras.layers.Layer):
    """Resizes images like TF1's ``tf.image.resize_bilinear`` and similar functions.

    Unless ``half_pixel_centers`` is set, pixel 0 of the result lies on pixel 0 of the
    input; Keras's own layers sample at the centers of pixels. The method is "bilinear",
    "bicubic" or "nearest".
    """

    def __init__(
        self,
        height,
        width,
        method,
        align_corners=False,
        half_pixel_centers=False,
        **options,
    ):
        super().__init__(**options)
        self.height, self.width, self.method = height, width, method
        self.align_corners = align_corners
        self.half_pixel_centers = half_pixel_centers

    def call(self, inputs):
        """The images (batch, height, width, channels) in their new size."""
        operations = {
            "bilinear": tf.raw_ops.ResizeBilinear,
            "bicubic": tf.raw_ops.ResizeBicubic,
            "nearest": tf.raw_ops.ResizeNearestNeighbor,
        }
        return operations[self.method](
            images=inputs,
            size=(self.height, self.width),
            align_corners=self.align_corners,
            half_pixel_centers=self.half_pixel_centers,
        )

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
