"""Padded sequences without the steps that are padding in all of them."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tf1")
class UpToLongest(keras.layers.Layer):
    """Keeps the steps up to the end of the longest sequence."""

    def call(self, sequences, lengths):
        """The sequences (batch, time, …), cut to the largest length."""
        return sequences[:, : tf.reduce_max(tf.cast(lengths, "int32"))]

    def compute_output_spec(self, sequences, lengths):
        """The same shape and dtype, of another length."""
        shape = (sequences.shape[0], None, *sequences.shape[2:])
        return keras.KerasTensor(shape, dtype=sequences.dtype)
