"""Binary cross entropy of probabilities, with TensorFlow 1's guard against log(0)."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class LogLoss(keras.losses.Loss):
    """tf.losses.log_loss: ``epsilon`` is added inside the logarithms."""

    def __init__(self, epsilon=1e-7, name="log_loss", **options):
        super().__init__(name=name, **options)
        self.epsilon = epsilon

    def call(self, y_true, y_pred):
        """The mean over units, one value per example."""
        y_true = keras.ops.cast(y_true, y_pred.dtype)
        losses = -y_true * keras.ops.log(y_pred + self.epsilon)
        losses -= (1 - y_true) * keras.ops.log(1 - y_pred + self.epsilon)
        return keras.ops.mean(losses, axis=-1)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "epsilon": self.epsilon}
