"""Batch normalization with the moving variance of Keras 2."""

import keras

from .fused_batch_normalization import FusedBatchNormalization


@keras.saving.register_keras_serializable(package="tf1")
class CorrectedBatchNormalization(FusedBatchNormalization):
    """Batch normalization that multiplies the variance it keeps by ``n / (n - c)``.

    Once for each c of ``corrections``: 1 in TensorFlow 1's fused kernel, and 1 plus
    epsilon in Keras 2, which corrects what that kernel has corrected once more.
    """

    def __init__(self, corrections=(1.0,), **options):
        super().__init__(**options)
        self.corrections = tuple(corrections)

    def missing(self, added, count):
        """What Keras 2 adds more, of what a batch of count numbers adds."""
        factor = 1.0
        for correction in self.corrections:
            factor = factor * count / (count - correction)
        return added * (factor - 1.0)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "corrections": self.corrections}
