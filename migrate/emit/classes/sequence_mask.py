"""A mask from the lengths of padded sequences."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class SequenceMask(keras.layers.Layer):
    """True for the steps of each sequence that come before its length."""

    def call(self, sequences, lengths):
        """The mask, (batch, time), of (batch, time, …) and (batch,)."""
        steps = keras.ops.arange(keras.ops.shape(sequences)[1], dtype="int32")
        return steps < keras.ops.expand_dims(keras.ops.cast(lengths, "int32"), -1)

    def compute_output_spec(self, sequences, lengths):
        """The mask's shape and dtype."""
        return keras.KerasTensor(sequences.shape[:2], dtype="bool")
