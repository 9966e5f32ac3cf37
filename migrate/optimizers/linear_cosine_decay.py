"""Linear cosine decay of the learning rate."""

import keras
import numpy as np


@keras.saving.register_keras_serializable(package="tf1")
class LinearCosineDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A cosine times a linear decay, like tf.train.linear_cosine_decay."""

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        num_periods=0.5,
        alpha=0.0,
        beta=0.001,
    ):
        super().__init__()
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.num_periods, self.alpha, self.beta = num_periods, alpha, beta

    def __call__(self, step):
        """Returns the learning rate at a step."""
        step = keras.ops.cast(step, "float32")
        done = keras.ops.minimum(step, self.decay_steps) / self.decay_steps
        turn = 0.5 * (1 + keras.ops.cos(2 * np.pi * self.num_periods * done))
        return self.initial_learning_rate * ((self.alpha + 1 - done) * turn + self.beta)

    def get_config(self):
        """The constructor's arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "num_periods": self.num_periods,
            "alpha": self.alpha,
            "beta": self.beta,
        }
