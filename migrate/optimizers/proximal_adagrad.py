"""Adagrad with proximal regularization."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class ProximalAdagrad(keras.optimizers.Optimizer):
    """Adagrad, then soft thresholding, like tf.train.ProximalAdagradOptimizer."""

    def __init__(
        self,
        learning_rate=0.01,
        initial_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        name="proximal_adagrad",
        **options,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **options)
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength

    def build(self, variables):
        """Makes an accumulator of squares for each variable."""
        if not self.built:
            super().build(variables)
            self._accumulators = self.add_optimizer_variables(
                variables,
                "accumulator",
                keras.initializers.Constant(self.initial_accumulator_value),
            )

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable and its accumulator."""
        accumulator = self._accumulators[self._get_variable_index(variable)]
        self.assign_add(accumulator, keras.ops.square(gradient))
        rate = keras.ops.cast(learning_rate, variable.dtype)
        rate = rate * keras.ops.rsqrt(accumulator)
        l1, l2 = self.l1_regularization_strength, self.l2_regularization_strength
        moved = variable - rate * gradient
        size = keras.ops.maximum(keras.ops.abs(moved) - rate * l1, 0)
        self.assign(variable, keras.ops.sign(moved) * size / (1 + rate * l2))

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
        }
