"""The sum of squared errors, as a loss."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class SquaredErrorSum(keras.losses.Loss):
    """``sum((y_pred - y_true) ** 2)`` over the whole batch."""

    def call(self, y_true, y_pred):
        """The sum, a scalar."""
        error = y_pred - keras.ops.cast(y_true, y_pred.dtype)
        return keras.ops.sum(keras.ops.square(error))
