"""Gradient descent with proximal regularization."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class ProximalGradientDescent(keras.optimizers.Optimizer):
    """Gradient descent, then soft thresholding, as in TensorFlow 1."""

    def __init__(
        self,
        learning_rate=0.01,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        name="proximal_gradient_descent",
        **options,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **options)
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable."""
        rate = keras.ops.cast(learning_rate, variable.dtype)
        l1, l2 = self.l1_regularization_strength, self.l2_regularization_strength
        moved = variable - rate * gradient
        size = keras.ops.maximum(keras.ops.abs(moved) - rate * l1, 0)
        self.assign(variable, keras.ops.sign(moved) * size / (1 + rate * l2))

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
        }
