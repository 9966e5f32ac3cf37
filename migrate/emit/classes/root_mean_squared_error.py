"""The root of the mean squared error, as a loss."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class RootMeanSquaredError(keras.losses.Loss):
    """``sqrt(mean((y_pred - y_true) ** 2))``, one root over the whole batch."""

    def call(self, y_true, y_pred):
        """The root, a scalar."""
        error = y_pred - keras.ops.cast(y_true, y_pred.dtype)
        return keras.ops.sqrt(keras.ops.mean(keras.ops.square(error)))
