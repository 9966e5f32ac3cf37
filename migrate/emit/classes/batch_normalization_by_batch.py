"""Batch normalization by the batch's own statistics, in prediction too."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class BatchNormalizationByBatch(keras.layers.BatchNormalization):
    """Batch normalization that predicts as it trains: by each batch's own mean and variance.

    So TensorFlow 1 has it where ``training=True`` is written in the program. Moving statistics are
    kept, as its fused kernel keeps them, with the unbiased variance, and not used.
    """

    def call(self, inputs, training=None, mask=None):
        """The normalized batch; in training, the moving statistics are updated."""
        rank = len(inputs.shape)
        axes = [axis for axis in range(rank) if axis != self.axis % rank]
        mean, variance = keras.ops.moments(inputs, axes)
        if training and self.trainable:
            shape = keras.ops.shape(inputs)
            count = keras.ops.cast(keras.ops.prod(shape) // shape[self.axis], variance.dtype)
            unbiased = variance * (count / (count - 1))
            for moving, new in ((self.moving_mean, mean), (self.moving_variance, unbiased)):
                moving.assign(moving * self.momentum + new * (1.0 - self.momentum))
        return keras.ops.batch_normalization(
            inputs, mean, variance, self.axis, self.beta, self.gamma, self.epsilon
        )
