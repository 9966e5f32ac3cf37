"""The numbers 0, 1, 2 … along an axis."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class Positions(keras.layers.Layer):
    """The numbers 0, 1, 2 …, one for each position of the input along an axis."""

    def __init__(self, axis, dtype="int32", **options):
        super().__init__(dtype=dtype, **options)
        self.axis = axis

    def call(self, inputs):
        """The numbers, of one dimension."""
        length = keras.ops.shape(inputs)[self.axis]
        return keras.ops.arange(length, dtype=self.compute_dtype)

    def compute_output_spec(self, inputs):
        """The shape: the length of the input along the axis."""
        return keras.KerasTensor((inputs.shape[self.axis],), dtype=self.compute_dtype)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis}
