"""Batch normalization by the batch's own statistics, in prediction too."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class BatchNormalizationByBatch(keras.layers.BatchNormalization):
    """Batch normalization that predicts as it trains: by each batch's own statistics.

    So TensorFlow 1 has it where ``training=True`` is written in the program. Moving
    statistics are kept, with the unbiased variance of its fused kernel, and not used.
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
