"""One array for every example of a batch."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class RepeatForBatch(keras.layers.Layer):
    """Repeats its first input, of one example, to the batch size of its second."""

    def call(self, inputs):
        """The repeated array, (batch, …)."""
        array, like = inputs
        return keras.ops.repeat(array, keras.ops.shape(like)[0], axis=0)

    def compute_output_spec(self, inputs):
        """The shape and dtype of the array, with the batch of the other input."""
        array, like = inputs
        shape = (like.shape[0], *array.shape[1:])
        return keras.KerasTensor(shape, dtype=array.dtype)
