"""A convolution that shares its kernel with the transposed convolution that reverses it."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class ReversibleConv2D(keras.layers.Conv2D):
    """A convolution that also does the transposed one by its kernel, without bias."""

    def build(self, input_shape):
        """Makes kernel and bias."""
        super().build(input_shape)
        self.input_spec = None  # the other way takes other channels

    def call(self, inputs, reverse=False):
        """The layer's output, or that of the transposed convolution."""
        return self._reversed(inputs) if reverse else super().call(inputs)

    def compute_output_spec(self, inputs, reverse=False):
        """The shape that either convolution gives."""
        if reverse:
            return self._reversed(inputs)
        return super().compute_output_spec(inputs)

    def _reversed(self, inputs):
        options = {"strides": self.strides, "padding": self.padding}
        return keras.ops.conv_transpose(inputs, self.kernel, **options)
