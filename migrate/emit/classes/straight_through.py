"""A function whose gradient a program replaces: rounding that learns, reversed gradients."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class StraightThrough(keras.layers.Layer):
    """Applies a function of keras.ops; the gradient passes, times a factor."""

    def __init__(self, function, factor=1.0, **options):
        super().__init__(**options)
        self.function, self.factor = function, factor

    def call(self, inputs):
        """The function's value."""

        @keras.ops.custom_gradient
        def passed(x):
            def gradient(*arguments, upstream=None):
                (upstream,) = arguments if upstream is None else (upstream,)
                return upstream * self.factor

            return getattr(keras.ops, self.function)(x), gradient

        return passed(keras.ops.convert_to_tensor(inputs))

    def compute_output_spec(self, inputs):
        """The shape and dtype of the input."""
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "function": self.function,
            "factor": self.factor,
        }
