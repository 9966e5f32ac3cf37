"""Keras optimizers with the arithmetic of TF1's, for the runs that show what is rounding.

Where a Keras optimizer parts from TF1's by more than rounding, however little, float64 does not
bring the two together. With these in its place it does, which shows that nothing else differs.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

# Steps for which powers of beta are at hand; later ones take the last, which is 0 or next to it.
_MOST_STEPS = 100_000


class Adam(keras.optimizers.Adam):
    """TF1 multiplies beta, a float32, into a float32 variable once a step; Keras takes a power.

    Next to 1 the two are a unit of float32 apart, and 1 - beta_2**t, which the update divides by, a
    thousand times as much. (tensorflow/python/training/adam.py)
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """One update, as ApplyAdam (tensorflow/core/kernels/training_ops.cc)."""
        dtype = variable.dtype
        beta_1, beta_2 = np.float32(self.beta_1), np.float32(self.beta_2)
        step = tf.minimum(tf.cast(self.iterations, tf.int64), _MOST_STEPS - 1)
        powers = [
            tf.cast(tf.gather(np.multiply.accumulate(np.full(_MOST_STEPS, beta)), step), dtype)
            for beta in (beta_1, beta_2)
        ]
        rate = tf.cast(learning_rate, dtype) * tf.sqrt(1 - powers[1]) / (1 - powers[0])
        index = self._get_variable_index(variable)
        m, v = self._momentums[index], self._velocities[index]
        m.assign_add((gradient - m) * (1 - tf.cast(beta_1, dtype)))
        v.assign_add((tf.square(gradient) - v) * (1 - tf.cast(beta_2, dtype)))
        variable.assign_sub(m * rate / (tf.sqrt(v) + self.epsilon))


_EXACT = {keras.optimizers.Adam: Adam}


def recompile(model: Any) -> None:
    """Puts the exact optimizer in the place of the model's, where there is one."""
    kinds = [kind for keras_kind, kind in _EXACT.items() if isinstance(model.optimizer, keras_kind)]
    for kind in kinds:
        model.optimizer = kind.from_config(model.optimizer.get_config())
        model.optimizer.build(model.trainable_variables)
