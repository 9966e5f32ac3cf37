"""An addition of a trainable array."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class Bias(keras.layers.Layer):
    """Adds a trainable array of the given shape, as numpy broadcasts."""

    def __init__(self, shape, bias_regularizer=None, **options):
        super().__init__(**options)
        self.shape = tuple(shape)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)

    def build(self, input_shape):
        """Makes the array."""
        self.bias = self.add_weight(
            name="bias",
            shape=self.shape,
            initializer="zeros",
            regularizer=self.bias_regularizer,
        )

    def call(self, inputs):
        """The sum."""
        return inputs + self.bias

    def compute_output_shape(self, input_shape):
        """The shape, as numpy broadcasts."""
        own = (1,) * (len(input_shape) - len(self.shape)) + self.shape
        given = (1,) * (len(own) - len(input_shape)) + tuple(input_shape)
        pairs = zip(given, own, strict=True)
        return tuple(size if fixed == 1 else fixed for size, fixed in pairs)

    def get_config(self):
        """The constructor's arguments."""
        regularizer = keras.regularizers.serialize(self.bias_regularizer)
        given = {"bias_regularizer": regularizer} if self.bias_regularizer else {}
        return {**super().get_config(), "shape": self.shape, **given}
