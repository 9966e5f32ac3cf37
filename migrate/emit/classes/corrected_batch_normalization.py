"""Batch normalization with the moving variance of Keras 2."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class CorrectedBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization that multiplies the variance it keeps by ``n / (n - c)``.

    Once for each c of ``corrections``: 1 in TensorFlow 1's fused kernel, and 1 plus
    epsilon in Keras 2, which corrects what that kernel has corrected once more. Keras 3
    keeps the batch's own variance.
    """

    def __init__(self, corrections=(1.0,), **options):
        super().__init__(**options)
        self.corrections = tuple(corrections)

    def call(self, inputs, training=None, mask=None):
        """The normalized batch; in training, the moving statistics are updated."""
        kept = self.momentum * self.moving_variance
        outputs = super().call(inputs, training=training, mask=mask)
        if training and self.trainable:
            shape = keras.ops.shape(inputs)
            count = keras.ops.prod(shape) // shape[self.axis]
            added, factor = self.moving_variance - kept, 1.0
            count = keras.ops.cast(count, added.dtype)
            for correction in self.corrections:
                factor = factor * count / (count - correction)
            self.moving_variance.assign_add(added * (factor - 1.0))
        return outputs

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "corrections": self.corrections}
