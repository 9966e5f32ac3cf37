"""Batch normalization that stays in inference mode during training."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class FixedBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization with fixed moving statistics; gamma and beta train."""

    def call(self, inputs, training=None, mask=None):
        """Normalizes as with ``is_training=False``, in training too."""
        return super().call(inputs, training=False, mask=mask)
