"""AddSign: larger steps where gradient and momentum agree."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class AddSign(keras.optimizers.Optimizer):
    """``w -= rate * (alpha + sign_decay * sign(g) * sign(m)) * g``, like the one of
    tf.contrib.opt."""

    def __init__(
        self,
        learning_rate=0.1,
        alpha=1.0,
        beta=0.9,
        sign_decay=1.0,
        name="add_sign",
        **options,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **options)
        self.alpha, self.beta, self.sign_decay = alpha, beta, sign_decay

    def build(self, variables):
        """Makes a moving average of gradients for each variable."""
        if not self.built:
            super().build(variables)
            self._averages = self.add_optimizer_variables(variables, "average")

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable and its average."""
        rate = keras.ops.cast(learning_rate, variable.dtype)
        average = self._averages[self._get_variable_index(variable)]
        self.assign(average, self.beta * average + (1 - self.beta) * gradient)
        agree = keras.ops.sign(gradient) * keras.ops.sign(average)
        scale = self.alpha + self.sign_decay * agree
        self.assign_sub(variable, rate * scale * gradient)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "alpha": self.alpha,
            "beta": self.beta,
            "sign_decay": self.sign_decay,
        }
