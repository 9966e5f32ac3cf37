"""Sequences reversed within their lengths."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tf1")
class ReverseSequence(keras.layers.Layer):
    """Reverses each sequence up to its length, as ``tf.reverse_sequence`` does."""

    def __init__(self, seq_axis=1, batch_axis=0, **options):
        super().__init__(**options)
        self.seq_axis, self.batch_axis = seq_axis, batch_axis

    def call(self, sequences, lengths):
        """The sequences; steps beyond their lengths stay in place."""
        lengths = tf.cast(lengths, "int64")
        return tf.reverse_sequence(sequences, lengths, self.seq_axis, self.batch_axis)

    def compute_output_spec(self, sequences, lengths):
        """The same shape and dtype."""
        return keras.KerasTensor(sequences.shape, dtype=sequences.dtype)

    def get_config(self):
        """The constructor's arguments."""
        axes = {"seq_axis": self.seq_axis, "batch_axis": self.batch_axis}
        return {**super().get_config(), **axes}
