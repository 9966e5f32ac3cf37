"""A trainable array on its own."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class Parameter(keras.layers.Layer):
    """A trainable array: returns it for any input."""

    def __init__(self, shape, value_regularizer=None, **options):
        super().__init__(**options)
        self.shape = tuple(shape)
        self.value_regularizer = keras.regularizers.get(value_regularizer)

    def build(self, input_shape):
        """Makes the array."""
        self.value = self.add_weight(
            name="value", shape=self.shape, regularizer=self.value_regularizer
        )

    def call(self, inputs):
        """The array."""
        return keras.ops.convert_to_tensor(self.value)

    def compute_output_spec(self, inputs):
        """The array's shape and dtype."""
        return keras.KerasTensor(self.shape, dtype=self.variable_dtype)

    def get_config(self):
        """The constructor's arguments."""
        regularizer = keras.regularizers.serialize(self.value_regularizer)
        given = {"value_regularizer": regularizer} if self.value_regularizer else {}
        return {**super().get_config(), "shape": self.shape, **given}
