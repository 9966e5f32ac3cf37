"""A trainable array that only the loss of a model uses."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class LossParameter(keras.layers.Layer):
    """Returns its input, and keeps an array that the loss uses."""

    def __init__(self, shape, **options):
        super().__init__(**options)
        self.shape = tuple(shape)

    def build(self, input_shape):
        """Makes the array."""
        self.value = self.add_weight(name="value", shape=self.shape)

    def call(self, inputs):
        """The input, of any shape."""
        return keras.ops.copy(inputs)

    def compute_output_spec(self, inputs):
        """The input's shape and dtype."""
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "shape": self.shape}
