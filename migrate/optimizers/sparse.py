"""Optimizers for models with embeddings, whose gradients are rows and may name a row twice.

TensorFlow 1 sums the gradients of a row that occurs twice; Keras squares each
separately. And all TF1 optimizers except SGD, Adagrad and Adam do not change the rows
that a batch does not name, nor their slots. JAX and PyTorch give the gradient of an
embedding for all rows: there a batch names the rows whose gradient is not zero.
"""

import keras

from .momentum import Momentum
from .rmsprop import RMSProp


class ByRows:
    """For an optimizer of embeddings: adds the gradients of a row that occurs twice.

    ``slots`` are the optimizer's lists of variables, for one that does not change rows
    that a gradient does not name; None for one that takes their gradient as 0.
    """

    slots = None

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable, then restores the rows that may not change."""
        kept = []
        named = None if self.slots is None else self.rows_named(gradient, variable)
        if named is not None:
            index = self._get_variable_index(variable)
            lists = [getattr(self, name) for name in self.slots]
            for changing in [variable, *(held[index] for held in lists if held)]:
                kept.append((changing, self.value_of(changing)))
        super().update_step(self.summed(gradient, variable), variable, learning_rate)
        for changed, old in kept:
            self.assign(changed, keras.ops.where(named, self.value_of(changed), old))

    def summed(self, gradient, variable):
        """The gradient for all rows, in which those of the same index are added."""
        if not hasattr(gradient, "dense_shape"):  # which tf.IndexedSlices has
            return gradient
        rows, count = gradient.indices, variable.shape[0]
        return keras.ops.segment_sum(gradient.values, rows, num_segments=count)

    def rows_named(self, gradient, variable):
        """Which rows a gradient names, (rows, 1); None for a variable without rows."""
        if hasattr(gradient, "dense_shape"):
            rows, count = gradient.indices, variable.shape[0]
            ones = keras.ops.ones_like(rows)
            named = keras.ops.segment_sum(ones, rows, num_segments=count) > 0
        elif keras.backend.backend() != "tensorflow" and variable.name == "embeddings":
            named = keras.ops.any(keras.ops.not_equal(gradient, 0), axis=-1)
        else:
            return None
        return keras.ops.expand_dims(named, -1)

    def value_of(self, variable):
        """The value of a variable, which later updates do not change."""
        return keras.ops.copy(keras.ops.convert_to_tensor(variable))


@keras.saving.register_keras_serializable(package="tf1")
class SparseAdam(ByRows, keras.optimizers.Adam):
    """Adam for models with embeddings."""


@keras.saving.register_keras_serializable(package="tf1")
class LazyAdam(ByRows, keras.optimizers.Adam):
    """Adam for models with embeddings: other rows keep their moments as well."""

    slots = ("_momentums", "_velocities")


@keras.saving.register_keras_serializable(package="tf1")
class SparseAdagrad(ByRows, keras.optimizers.Adagrad):
    """Adagrad for models with embeddings."""


@keras.saving.register_keras_serializable(package="tf1")
class SparseMomentum(ByRows, Momentum):
    """Momentum for models with embeddings."""

    slots = ("_accumulators",)


@keras.saving.register_keras_serializable(package="tf1")
class SparseRMSProp(ByRows, RMSProp):
    """RMSProp for models with embeddings."""

    slots = ("_velocities", "_momentums", "_average_gradients")


@keras.saving.register_keras_serializable(package="tf1")
class SparseAdadelta(ByRows, keras.optimizers.Adadelta):
    """Adadelta for models with embeddings."""

    slots = ("_accumulated_grads", "_accumulated_delta_vars")


@keras.saving.register_keras_serializable(package="tf1")
class SparseFtrl(ByRows, keras.optimizers.Ftrl):
    """Ftrl for models with embeddings."""

    slots = ("_accumulators", "_linears")
