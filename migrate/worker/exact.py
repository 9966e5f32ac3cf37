"""Keras optimizers that update by TF1's own operation, for the runs that show what else differs.

Keras writes an update out in operations of its own. With TF1's in its place, whatever is still
apart is the network's doing, and not the optimizer's.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf


class Adam(keras.optimizers.Adam):
    """tf.train.AdamOptimizer (tensorflow/python/training/adam.py), as a Keras optimizer.

    TF1 multiplies beta, a float32, into a float32 variable once a step; Keras takes a power. Next
    to 1 the two are a unit of float32 apart, and 1 - beta_2**t, which the update divides by, a
    thousand times as much.
    """

    def build(self, variables: Any) -> None:
        """Makes the powers beside the averages: after t steps beta**(t + 1)."""
        super().build(variables)
        self._powers = [tf.Variable(np.float32(beta)) for beta in (self.beta_1, self.beta_2)]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """One update; TF1 has all numbers as float32 first, whatever the variable is."""
        dtype, index = variable.dtype, self._get_variable_index(variable)
        m, v = self._momentums[index].value, self._velocities[index].value
        rate, beta_1, beta_2, epsilon, power_1, power_2 = (
            tf.cast(tf.cast(number, tf.float32), dtype)
            for number in (learning_rate, self.beta_1, self.beta_2, self.epsilon, *self._powers)
        )
        if isinstance(gradient, tf.IndexedSlices):
            rows, row = tf.unique(gradient.indices)
            # A row that occurs twice has one gradient: the sum.
            gradients = tf.math.unsorted_segment_sum(gradient.values, row, tf.size(rows))
            m.assign(m * beta_1)
            m.scatter_add(tf.IndexedSlices(gradients * (1 - beta_1), rows))
            v.assign(v * beta_2)
            v.scatter_add(tf.IndexedSlices(gradients * gradients * (1 - beta_2), rows))
            step = rate * tf.sqrt(1 - power_2) / (1 - power_1)
            variable.assign_sub(step * m / (tf.sqrt(v) + epsilon))
            return
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=m.handle,
            v=v.handle,
            beta1_power=power_1,
            beta2_power=power_2,
            lr=rate,
            beta1=beta_1,
            beta2=beta_2,
            epsilon=epsilon,
            grad=gradient,
        )

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Updates all variables, and then the powers."""
        super().apply(grads, trainable_variables)
        for power, beta in zip(self._powers, (self.beta_1, self.beta_2), strict=True):
            power.assign(power * np.float32(beta))


class _OneOperation(keras.optimizers.Optimizer):
    """What those have in common whose update is one operation on a variable and its slots."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """One update; TF1 has all numbers as float32 first, whatever the variable is."""
        index, dtype = self._get_variable_index(variable), variable.dtype

        def number(value: Any) -> Any:
            return tf.cast(tf.cast(value, tf.float32), dtype)

        self._apply(variable.handle, index, number(learning_rate), gradient, number)

    def _apply(self, var: Any, index: int, rate: Any, gradient: Any, number: Any) -> None:
        raise NotImplementedError


class Momentum(_OneOperation, keras.optimizers.SGD):
    """tf.train.MomentumOptimizer (tensorflow/python/training/momentum.py)."""

    def _apply(self, var: Any, index: int, rate: Any, gradient: Any, number: Any) -> None:
        tf.raw_ops.ResourceApplyMomentum(
            var=var,
            accum=self.momentums[index].value.handle,
            lr=rate,
            grad=gradient,
            momentum=number(self.momentum),
            use_nesterov=self.nesterov,
        )


class RMSProp(_OneOperation, keras.optimizers.RMSprop):
    """tf.train.RMSPropOptimizer (tensorflow/python/training/rmsprop.py)."""

    def build(self, variables: Any) -> None:
        """Starts the mean squares at 1, and makes the sums of a momentum of 0, which TF1 has."""
        super().build(variables)
        for velocity in self._velocities:
            velocity.assign(tf.ones_like(velocity))
        self._sums = [tf.Variable(tf.zeros_like(variable)) for variable in variables]

    def _apply(self, var: Any, index: int, rate: Any, gradient: Any, number: Any) -> None:
        tf.raw_ops.ResourceApplyRMSProp(
            var=var,
            ms=self._velocities[index].value.handle,
            mom=self._sums[index].handle,
            lr=rate,
            rho=number(self.rho),
            momentum=number(self.momentum),
            epsilon=number(self.epsilon),
            grad=gradient,
        )


class Adadelta(_OneOperation, keras.optimizers.Adadelta):
    """tf.train.AdadeltaOptimizer (tensorflow/python/training/adadelta.py)."""

    def _apply(self, var: Any, index: int, rate: Any, gradient: Any, number: Any) -> None:
        tf.raw_ops.ResourceApplyAdadelta(
            var=var,
            accum=self._accumulated_grads[index].value.handle,
            accum_update=self._accumulated_delta_vars[index].value.handle,
            lr=rate,
            rho=number(self.rho),
            epsilon=number(self.epsilon),
            grad=gradient,
        )


KERNELS = {kind.__name__: kind for kind in (Adadelta, Adam, Momentum, RMSProp)}


def recompile(model: Any, kernel: str) -> None:
    """Puts the optimizer of that name in the place of the model's, and leaves metrics out."""
    optimizer = KERNELS[kernel].from_config(model.optimizer.get_config())
    model.compile(optimizer, model.loss, jit_compile=False)
