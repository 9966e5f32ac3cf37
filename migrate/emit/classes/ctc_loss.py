"""The CTC loss of TensorFlow 1."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class CTCLoss(keras.layers.Layer):
    """The loss of each sequence, like ``tf.nn.ctc_loss`` of TensorFlow 1.

    The last class is the blank; in ``keras.losses.CTC`` it is class 0.
    """

    def call(self, labels, logits, lengths):
        """The losses, (batch,).

        Labels are (batch, longest), integers, with -1 after the last of each row;
        logits (time, batch, classes); lengths (batch,).
        """
        count = keras.ops.sum(keras.ops.cast(labels >= 0, "int32"), axis=1)
        return keras.ops.ctc_loss(
            keras.ops.maximum(labels, 0),
            keras.ops.transpose(logits, (1, 0, 2)),
            count,
            lengths,
            mask_index=logits.shape[-1] - 1,
        )

    def compute_output_spec(self, labels, logits, lengths):
        """A number for each sequence."""
        return keras.KerasTensor((labels.shape[0],), dtype=logits.dtype)
