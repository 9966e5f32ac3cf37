"""Rounding to the steps of an integer type, with the gradient of a straight line."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class FakeQuantization(keras.layers.Layer):
    """Rounds like TF1's ``tf.quantization.fake_quant_with_min_max_vars``.

    The range is from the weight ``min`` to the weight ``max``, one for all of the input
    or (``per_channel``) one for each channel; they do not train.
    """

    def __init__(
        self,
        num_bits=8,
        narrow_range=False,
        per_channel=False,
        **options,
    ):
        super().__init__(**options)
        self.num_bits, self.narrow_range = num_bits, narrow_range
        self.per_channel = per_channel

    def build(self, input_shape):
        """Makes the range."""
        shape = (input_shape[-1],) if self.per_channel else ()
        for name, initializer in (("min", "zeros"), ("max", "ones")):
            made = self.add_weight(
                name=name,
                shape=shape,
                initializer=initializer,
                trainable=False,
            )
            setattr(self, name, made)

    def call(self, inputs):
        """The rounded input."""
        return keras.quantizers.fake_quant_with_min_max_vars(
            inputs,
            keras.ops.convert_to_tensor(self.min),
            keras.ops.convert_to_tensor(self.max),
            num_bits=self.num_bits,
            narrow_range=self.narrow_range,
            axis=-1 if self.per_channel else None,
        )

    def compute_output_spec(self, inputs):
        """The shape and dtype of the input."""
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_bits": self.num_bits,
            "narrow_range": self.narrow_range,
            "per_channel": self.per_channel,
        }
