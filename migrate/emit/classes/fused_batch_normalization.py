"""Batch normalization with the moving variance of TensorFlow 1's fused kernel."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization that keeps an unbiased moving variance, ``n / (n - 1)``.

    This is TensorFlow 1's moving variance with ``fused=True``; Keras uses the batch's
    own variance.
    """

    def call(self, inputs, training=None, mask=None):
        """The normalized batch; in training, the moving statistics are updated."""
        kept = self.momentum * self.moving_variance
        outputs = super().call(inputs, training=training, mask=mask)
        if training and self.trainable:
            shape = keras.ops.shape(inputs)
            count = keras.ops.prod(shape) // shape[self.axis]
            added = self.moving_variance - kept
            count = keras.ops.cast(count, added.dtype)
            self.moving_variance.assign_add(self.missing(added, count))
        return outputs

    def missing(self, added, count):
        """What TensorFlow 1 adds more, of what a batch of count numbers adds."""
        return added / (count - 1)
