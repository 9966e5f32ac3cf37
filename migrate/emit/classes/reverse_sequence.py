"""Sequences reversed within their lengths."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class ReverseSequence(keras.layers.Layer):
    """Reverses each sequence up to its length, as ``tf.reverse_sequence`` does."""

    def __init__(self, seq_axis=1, batch_axis=0, **options):
        super().__init__(**options)
        self.seq_axis, self.batch_axis = seq_axis, batch_axis

    def call(self, sequences, lengths):
        """The sequences; steps beyond their lengths stay in place."""
        length = keras.ops.shape(sequences)[self.seq_axis]
        steps = keras.ops.arange(length, dtype="int32")
        steps = keras.ops.reshape(steps, self._along(self.seq_axis, sequences))
        lengths = keras.ops.cast(lengths, "int32")
        lengths = keras.ops.reshape(lengths, self._along(self.batch_axis, sequences))
        places = keras.ops.where(steps < lengths, lengths - 1 - steps, steps)
        return keras.ops.take_along_axis(sequences, places, axis=self.seq_axis)

    def compute_output_spec(self, sequences, lengths):
        """The same shape and dtype."""
        return keras.KerasTensor(sequences.shape, dtype=sequences.dtype)

    def get_config(self):
        """The constructor's arguments."""
        axes = {"seq_axis": self.seq_axis, "batch_axis": self.batch_axis}
        return {**super().get_config(), **axes}

    def _along(self, axis, array):
        """The shape of a vector along one axis of an array."""
        return [-1 if at == axis else 1 for at in range(len(array.shape))]
