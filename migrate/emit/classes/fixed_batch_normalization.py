"""Batch normalization that is in inference mode while the rest is trained."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class FixedBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization by moving statistics, which stay; gamma and beta train."""

    def call(self, inputs, training=None, mask=None):
        """Normalizes, in training too, as ``is_training=False`` did."""
        return super().call(inputs, training=False, mask=mask)
