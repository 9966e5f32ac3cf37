"""The shape of a tensor, or its length along an axis, as a tensor."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class Size(keras.layers.Layer):
    """The length of the input along an axis; the whole shape where that is None."""

    def __init__(self, axis=None, dtype="int32", **options):
        super().__init__(dtype=dtype, **options)
        self.axis = axis

    def call(self, inputs):
        """The length, a scalar, or the shape, a vector."""
        shape = keras.ops.shape(inputs)
        wanted = shape if self.axis is None else shape[self.axis]
        return keras.ops.convert_to_tensor(wanted, dtype=self.compute_dtype)

    def compute_output_spec(self, inputs):
        """A scalar, or a vector with a number for each axis."""
        shape = (len(inputs.shape),) if self.axis is None else ()
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis}
