"""An array of one number for each example."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class Filled(keras.layers.Layer):
    """An array of one number and the given shape, for each example of the input."""

    def __init__(self, shape, value=0.0, **options):
        super().__init__(**options)
        self.shape, self.value = tuple(shape), value

    def call(self, inputs):
        """The array, (batch, *shape)."""
        batch = keras.ops.shape(inputs)[0]
        shape = (batch, *self.shape)
        return keras.ops.full(shape, self.value, dtype=self.compute_dtype)

    def compute_output_spec(self, inputs):
        """The array's shape and dtype."""
        shape = (inputs.shape[0], *self.shape)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "shape": self.shape,
            "value": self.value,
        }
