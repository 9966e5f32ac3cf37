"""Optimizers for models with embeddings, whose gradients are rows and may name a row twice.

TensorFlow 1 sums the gradients of a row that occurs twice; Keras squares each
separately. And all TF1 optimizers except SGD, Adagrad and Adam do not change the rows
that a batch does not name, nor their slots. JAX and PyTorch give the gradient of an
embedding for all rows: there a batch names the rows whose gradient is not zero.
"""

import keras

from .momentum import Momentum
from .rmsprop import RMSProp


def has_rows(gradient):
    """Whether a gradient has only some rows, as ``tf.IndexedSlices`` has."""
    return hasattr(gradient, "dense_shape")


def summed(gradient, variable):
    """The gradient as a whole array, in which rows of the same index are added."""
    if not has_rows(gradient):
        return gradient
    count = variable.shape[0]
    return keras.ops.segment_sum(gradient.values, gradient.indices, num_segments=count)


def rows_named(gradient, variable):
    """Which rows a gradient names, (rows, 1); None where it is for the variable itself."""
    if has_rows(gradient):
        ones, count = keras.ops.ones_like(gradient.indices), variable.shape[0]
        named = keras.ops.segment_sum(ones, gradient.indices, num_segments=count) > 0
    elif keras.backend.backend() != "tensorflow" and variable.name == "embeddings":
        named = keras.ops.any(keras.ops.not_equal(gradient, 0), axis=-1)
    else:
        return None
    return keras.ops.expand_dims(named, -1)


def as_array(variable):
    """The value of a variable, which later updates do not change."""
    return keras.ops.copy(keras.ops.convert_to_tensor(variable))


class SummedRows:
    """For an optimizer that treats all other rows as rows with gradient zero."""

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable; sums the gradients of a row that occurs twice."""
        super().update_step(summed(gradient, variable), variable, learning_rate)


class TouchedRows:
    """For an optimizer that updates only the rows that its gradient names."""

    slots = ()

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable, then restores the rows that are not named."""
        index = self._get_variable_index(variable)
        lists = [getattr(self, name) for name in self.slots]
        changing = [variable, *(variables[index] for variables in lists if variables)]
        before = [as_array(changed) for changed in changing]
        super().update_step(summed(gradient, variable), variable, learning_rate)
        named = rows_named(gradient, variable)
        if named is not None:
            for changed, old in zip(changing, before, strict=True):
                self.assign(changed, keras.ops.where(named, as_array(changed), old))


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
