"""Adam with Nesterov's momentum, like the one of TensorFlow 1's contrib."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class NesterovAdam(keras.optimizers.Adam):
    """tf.contrib.opt.NadamOptimizer; Keras's Nadam also varies its momentum by step."""

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable and its moments."""
        index = self._get_variable_index(variable)
        m, v = self._momentums[index], self._velocities[index]
        step = keras.ops.cast(self.iterations + 1, variable.dtype)
        first, second = (
            1 - keras.ops.power(keras.ops.cast(beta, variable.dtype), step)
            for beta in (self.beta_1, self.beta_2)
        )
        rate = keras.ops.cast(learning_rate, variable.dtype)
        rate = rate * keras.ops.sqrt(second) / first
        self.assign_add(m, (gradient - m) * (1 - self.beta_1))
        self.assign_add(v, (keras.ops.square(gradient) - v) * (1 - self.beta_2))
        ahead = self.beta_1 * m + (1 - self.beta_1) * gradient
        self.assign_sub(variable, rate * ahead / (keras.ops.sqrt(v) + self.epsilon))
