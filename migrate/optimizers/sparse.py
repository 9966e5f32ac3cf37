"""Optimizers for models with embeddings, whose gradients are rows and may name a row twice.

TensorFlow 1 sums the gradients of a row that occurs twice; Keras squares each
separately. And all TF1 optimizers except SGD, Adagrad and Adam do not change the rows
that a batch does not name, nor their slots.
"""

import keras
import tensorflow as tf

from .momentum import Momentum
from .rmsprop import RMSProp


class SummedRows:
    """For an optimizer that treats all other rows as rows with gradient zero."""

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable; sums the gradients of a row that occurs twice."""
        super().update_step(tf.convert_to_tensor(gradient), variable, learning_rate)


class TouchedRows:
    """For an optimizer that updates only the rows that its gradient names."""

    slots = ()

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable, then restores the rows that are not named."""
        index = self._get_variable_index(variable)
        lists = [getattr(self, name) for name in self.slots]
        changing = [variable, *(variables[index] for variables in lists if variables)]
        before = [tf.convert_to_tensor(changed) for changed in changing]
        super().update_step(tf.convert_to_tensor(gradient), variable, learning_rate)
        if isinstance(gradient, tf.IndexedSlices):
            rows = gradient.indices
            count = tf.shape(before[0], rows.dtype)[:1]
            named = tf.scatter_nd(rows[:, None], tf.ones_like(rows), count) > 0
            named = tf.reshape(named, [-1] + [1] * (before[0].shape.rank - 1))
            for changed, old in zip(changing, before, strict=True):
                new = tf.convert_to_tensor(changed)
                self.assign(changed, tf.where(named, new, old))


@keras.saving.register_keras_serializable(package="tf1")
class SparseAdam(SummedRows, keras.optimizers.Adam):
    """Adam for models with embeddings."""


@keras.saving.register_keras_serializable(package="tf1")
class SparseAdagrad(SummedRows, keras.optimizers.Adagrad):
    """Adagrad for models with embeddings."""


@keras.saving.register_keras_serializable(package="tf1")
class SparseMomentum(TouchedRows, Momentum):
    """Momentum for models with embeddings."""

    slots = ("_accumulators",)


@keras.saving.register_keras_serializable(package="tf1")
class SparseRMSProp(TouchedRows, RMSProp):
    """RMSProp for models with embeddings."""

    slots = ("_velocities", "_momentums", "_average_gradients")


@keras.saving.register_keras_serializable(package="tf1")
class SparseAdadelta(TouchedRows, keras.optimizers.Adadelta):
    """Adadelta for models with embeddings."""

    slots = ("_accumulated_grads", "_accumulated_delta_vars")


@keras.saving.register_keras_serializable(package="tf1")
class SparseFtrl(TouchedRows, keras.optimizers.Ftrl):
    """Ftrl for models with embeddings."""

    slots = ("_accumulators", "_linears")
