"""A multiplication by a trainable array."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class Scale(keras.layers.Layer):
    """Multiplies by a trainable array of the given shape, as numpy broadcasts."""

    def __init__(self, shape, scale_regularizer=None, **options):
        super().__init__(**options)
        self.shape = tuple(shape)
        self.scale_regularizer = keras.regularizers.get(scale_regularizer)

    def build(self, input_shape):
        """Makes the array."""
        self.scale = self.add_weight(
            name="scale",
            shape=self.shape,
            initializer="ones",
            regularizer=self.scale_regularizer,
        )

    def call(self, inputs):
        """The product."""
        return inputs * self.scale

    def compute_output_shape(self, input_shape):
        """The shape, as numpy broadcasts."""
        own = (1,) * (len(input_shape) - len(self.shape)) + self.shape
        given = (1,) * (len(own) - len(input_shape)) + tuple(input_shape)
        pairs = zip(given, own, strict=True)
        return tuple(size if fixed == 1 else fixed for size, fixed in pairs)

    def get_config(self):
        """The constructor's arguments."""
        regularizer = keras.regularizers.serialize(self.scale_regularizer)
        given = {"scale_regularizer": regularizer} if self.scale_regularizer else {}
        return {**super().get_config(), "shape": self.shape, **given}
