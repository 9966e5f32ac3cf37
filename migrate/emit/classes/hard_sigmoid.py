"""The hard sigmoid of Keras 2, which Keras 3 changed."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
def hard_sigmoid(x):
    """``0.2 x + 0.5`` between 0 and 1; that of Keras 3 has another slope."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)
