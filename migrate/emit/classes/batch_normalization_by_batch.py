"""Batch normalization with the batch's own statistics, at inference too."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class BatchNormalizationByBatch(keras.layers.BatchNormalization):
    """Batch normalization that uses each batch's own statistics, at inference too.

    This is TensorFlow 1's behavior with ``training=True`` fixed in the program. Moving
    statistics are updated, with the unbiased variance of the fused kernel, but not
    used.
    """

    def call(self, inputs, training=None, mask=None):
        """The normalized batch; in training, the moving statistics are updated."""
        rank = len(inputs.shape)
        axes = [a for a in range(rank) if a != self.axis % rank]
        mean, variance = keras.ops.moments(inputs, axes)
        if training and self.trainable:
            shape = keras.ops.shape(inputs)
            count = keras.ops.prod(shape) // shape[self.axis]
            count = keras.ops.cast(count, variance.dtype)
            self._move(self.moving_mean, mean)
            self._move(self.moving_variance, variance * (count / (count - 1)))
        return keras.ops.batch_normalization(
            inputs,
            mean,
            variance,
            self.axis,
            self.beta,
            self.gamma,
            self.epsilon,
        )

    def _move(self, moving, new):
        moving.assign(moving * self.momentum + new * (1.0 - self.momentum))
