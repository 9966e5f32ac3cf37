"""Padded sequences without the steps that are padding for all of them."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tf1")
class UpToLongest(keras.layers.Layer):
    """Keeps the steps of sequences that come before the end of the longest."""

    def call(self, sequences, lengths):
        """The sequences (batch, time, …), as long as the greatest of the lengths."""
        return sequences[:, : tf.reduce_max(tf.cast(lengths, "int32"))]

    def compute_output_spec(self, sequences, lengths):
        """The same shape and dtype, of another length."""
        shape = (sequences.shape[0], None, *sequences.shape[2:])
        return keras.KerasTensor(shape, dtype=sequences.dtype)
