"""The Huber loss, with a delta that is saved with the model."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class Huber(keras.losses.Huber):
    """Keras's Huber loss; Keras itself does not save ``delta``."""

    def __init__(self, delta=1.0, **options):
        super().__init__(delta=delta, **options)
        self.delta = delta

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "delta": self.delta}
