"""Local response normalization; Keras has no layer for it."""

import keras
import numpy as np


@keras.saving.register_keras_serializable(package="tf1")
class LocalResponseNormalization(keras.layers.Layer):
    """``x / (bias + alpha * sum of squares over neighboring channels) ** beta``."""

    def __init__(self, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5, **options):
        super().__init__(**options)
        self.depth_radius, self.bias = depth_radius, bias
        self.alpha, self.beta = alpha, beta

    def call(self, inputs):
        """The normalized image, of the same shape (batch, height, width, channels)."""
        channels = np.arange(inputs.shape[-1])
        distance = np.abs(channels[:, None] - channels)
        near = keras.ops.cast(distance <= self.depth_radius, inputs.dtype)
        squares = keras.ops.matmul(keras.ops.square(inputs), near)
        return inputs * (self.bias + self.alpha * squares) ** -self.beta

    def compute_output_shape(self, input_shape):
        """The shape of the input."""
        return input_shape

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "depth_radius": self.depth_radius,
            "bias": self.bias,
            "alpha": self.alpha,
            "beta": self.beta,
        }
