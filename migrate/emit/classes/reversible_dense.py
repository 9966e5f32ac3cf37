"""A dense layer that shares its kernel with the layer that reverses it."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class ReversibleDense(keras.layers.Dense):
    """A dense layer that also multiplies by its transposed kernel, without bias."""

    def build(self, input_shape):
        """Makes kernel and bias."""
        super().build(input_shape)
        self.input_spec = None  # the other way takes another size

    def call(self, inputs, reverse=False):
        """The layer's output, or the product with the transposed kernel."""
        if reverse:
            return keras.ops.matmul(inputs, keras.ops.transpose(self.kernel))
        return super().call(inputs)

    def compute_output_spec(self, inputs, reverse=False):
        """The same shape except for the last axis."""
        size = self.kernel.shape[0] if reverse else self.units
        return keras.KerasTensor((*inputs.shape[:-1], size), dtype=self.compute_dtype)
