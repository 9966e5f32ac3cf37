"""Gathers elements by coordinates; keras.ops has no function for it."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tf1")
class GatherNd(keras.layers.Layer):
    """Gathers elements of its first input at the coordinates in its second."""

    def call(self, inputs):
        """The elements: one for each row of coordinates."""
        array, coordinates = inputs
        return tf.gather_nd(array, coordinates)
