"""Momentum, for learning rates that change."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class Momentum(keras.optimizers.Optimizer):
    """``a = momentum * a + g; w -= rate * a``, like tf.train.MomentumOptimizer.

    Keras's SGD stores ``-rate * a``, which differs after the learning rate changes.
    """

    def __init__(
        self,
        learning_rate=0.01,
        momentum=0.9,
        nesterov=False,
        name="momentum",
        **options,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **options)
        self.momentum, self.nesterov = momentum, nesterov

    def build(self, variables):
        """Makes an accumulator for each variable."""
        if not self.built:
            super().build(variables)
            self._accumulators = self.add_optimizer_variables(variables, "accumulator")

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable and its accumulator."""
        rate = keras.ops.cast(learning_rate, variable.dtype)
        accumulator = self._accumulators[self._get_variable_index(variable)]
        self.assign(accumulator, self.momentum * accumulator + gradient)
        if self.nesterov:
            self.assign_sub(variable, rate * (gradient + self.momentum * accumulator))
        else:
            self.assign_sub(variable, rate * accumulator)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "nesterov": self.nesterov,
        }
