"""The length of a tensor along an axis, as a tensor."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class Size(keras.layers.Layer):
    """The length of the input along an axis."""

    def __init__(self, axis, dtype="int32", **options):
        super().__init__(dtype=dtype, **options)
        self.axis = axis

    def call(self, inputs):
        """The length, a scalar."""
        length = keras.ops.shape(inputs)[self.axis]
        return keras.ops.convert_to_tensor(length, dtype=self.compute_dtype)

    def compute_output_spec(self, inputs):
        """The shape of a scalar."""
        return keras.KerasTensor((), dtype=self.compute_dtype)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis}
