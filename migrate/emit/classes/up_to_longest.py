"""Padded sequences without the steps that are padding in all of them."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class UpToLongest(keras.layers.Layer):
    """Keeps the steps up to the end of the longest sequence."""

    def __init__(self, **options):
        super().__init__(**options)
        self.supports_jit = False  # XLA wants to know sizes before it runs

    def call(self, sequences, lengths):
        """The sequences (batch, time, …), cut to the largest length."""
        return sequences[:, : keras.ops.max(keras.ops.cast(lengths, "int32"))]

    def compute_output_spec(self, sequences, lengths):
        """The same shape and dtype, of another length."""
        shape = (sequences.shape[0], None, *sequences.shape[2:])
        return keras.KerasTensor(shape, dtype=sequences.dtype)
