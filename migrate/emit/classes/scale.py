"""A multiplication by a trainable array."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class Scale(keras.layers.Layer):
    """Multiplies by a trainable array of the given shape, as numpy broadcasts."""

    def __init__(self, shape, **options):
        super().__init__(**options)
        self.shape = tuple(shape)

    def build(self, input_shape):
        """Makes the array."""
        self.scale = self.add_weight(name="scale", shape=self.shape, initializer="ones")

    def call(self, inputs):
        """The product."""
        return inputs * self.scale

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "shape": self.shape}
