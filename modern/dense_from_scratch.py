"""dense-from-scratch in Keras: a dense layer as a subclass of keras.layers.Layer."""

import keras
import numpy as np
import tensorflow as tf


# --- layer
class MyDense(keras.layers.Layer):
    """sigmoid(x·W + b): an object that owns its two variables."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        """Makes the variables, when the layer first sees the shape of its input."""
        self.weight = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="random_normal", name="weight"
        )
        self.bias = self.add_weight(shape=(1, self.units), initializer="random_normal", name="bias")

    def call(self, x):
        """Computes; the variables are there by now.

        Args:
            x: shape (examples, features).

        Returns:
            A tensor of shape (examples, units).
        """
        return keras.ops.sigmoid(keras.ops.matmul(x, self.weight) + self.bias)

    def get_config(self):
        """What it takes to make such a layer again; a saved model holds this."""
        return {**super().get_config(), "units": self.units}


def values(points, weights, folder, num_units=3):
    """The outputs of both layers, and the gradient through the one by hand.

    Args:
        points: shape (n, inputs).
        weights: what the TF1 program saved, by name.
    """
    # --- inputs
    x = tf.constant(points)

    # --- variables
    layer = MyDense(num_units, name="my_dense")
    built_in = keras.layers.Dense(num_units, "sigmoid", name="dense")
    layer.build(x.shape)
    built_in.build(x.shape)
    layer.set_weights([weights["my_dense/weight"], weights["my_dense/bias"]])
    built_in.set_weights([weights["dense/kernel"], weights["dense/bias"]])

    # --- forward
    with tf.GradientTape() as tape:
        y = layer(x)
        total = tf.reduce_sum(y**2)

    # --- gradient
    gradient, bias_gradient = tape.gradient(total, [layer.weight, layer.bias])

    # --- loop
    # There is no session to run: y has its value already.
    # A graph, as TF1's: its optimizer fuses product, bias and sigmoid into one operation.
    fused = tf.function(built_in)(x).numpy()
    for variable in [*layer.weights, *built_in.weights]:
        print(variable.path, list(variable.shape))

    # --- save
    model = keras.Sequential([keras.Input((x.shape[1],)), layer])
    model.save(f"{folder}/dense.keras")
    custom = {"MyDense": MyDense}  # the file names the class; the code is not in it
    again = keras.saving.load_model(f"{folder}/dense.keras", custom_objects=custom)(x)

    return {
        "by hand": y.numpy(),
        "called again": again.numpy(),
        "built in": fused,
        "built in, without a graph": built_in(x).numpy(),
        "largest difference": np.abs(y - fused).max(),
        "gradient of the weight": gradient.numpy(),
        "gradient of the bias": bias_gradient.numpy(),
    }
