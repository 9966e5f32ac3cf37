"""Adagrad by dual averaging."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class AdagradDA(keras.optimizers.Optimizer):
    """Weights from the sums of all gradients, like tf.train.AdagradDAOptimizer."""

    def __init__(
        self,
        learning_rate=0.01,
        initial_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        name="adagrad_da",
        **options,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **options)
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength

    def build(self, variables):
        """Makes the sums of gradients and of their squares for each variable."""
        if not self.built:
            super().build(variables)
            start = keras.initializers.Constant(self.initial_accumulator_value)
            self._gradient_sums, self._square_sums = self.add_optimizer_variables(
                variables, ["gradient_sum", "square_sum"], ["zeros", start]
            )

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable and its sums; its old value has no effect."""
        index = self._get_variable_index(variable)
        total, squares = self._gradient_sums[index], self._square_sums[index]
        self.assign_add(total, gradient)
        self.assign_add(squares, keras.ops.square(gradient))
        rate = keras.ops.cast(learning_rate, variable.dtype)
        steps = keras.ops.cast(self.iterations + 1, variable.dtype)
        l1, l2 = self.l1_regularization_strength, self.l2_regularization_strength
        size = keras.ops.maximum(keras.ops.abs(total) - steps * l1, 0)
        shrinking = steps * rate * l2 + keras.ops.sqrt(squares)
        self.assign(variable, -rate * keras.ops.sign(total) * size / shrinking)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
        }
