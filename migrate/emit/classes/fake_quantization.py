"""Rounding to as many levels as an integer has, between two numbers."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class FakeQuantization(keras.layers.Layer):
    """Rounds to levels of integers between two numbers, which are not trained.

    Gradients pass between the two numbers, like those of tf.quantization.
    """

    def __init__(self, shape=(), num_bits=8, narrow_range=False, **options):
        super().__init__(**options)
        self.shape = tuple(shape)
        self.num_bits, self.narrow_range = num_bits, narrow_range

    def build(self, input_shape):
        """Makes the two numbers, of each channel where there are several."""
        given = {"shape": self.shape, "trainable": False}
        self.least = self.add_weight(name="least", initializer="zeros", **given)
        self.greatest = self.add_weight(name="greatest", initializer="ones", **given)

    def call(self, inputs):
        """The rounded input."""
        return keras.quantizers.fake_quant_with_min_max_vars(
            inputs,
            self.least,
            self.greatest,
            num_bits=self.num_bits,
            narrow_range=self.narrow_range,
            axis=-1 if self.shape else None,
        )

    def compute_output_spec(self, inputs):
        """The shape and dtype of the input."""
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def get_config(self):
        """The constructor's arguments."""
        given = {"num_bits": self.num_bits, "narrow_range": self.narrow_range}
        return {**super().get_config(), "shape": self.shape, **given}
