"""Gathers elements by coordinates; keras.ops has no function for it."""

import keras
import numpy as np


@keras.saving.register_keras_serializable(package="tf1")
class GatherNd(keras.layers.Layer):
    """Gathers elements of its first input at the coordinates in its second."""

    def call(self, inputs):
        """The elements: one for each row of coordinates."""
        array, coordinates = inputs
        sizes = keras.ops.shape(array)
        depth = coordinates.shape[-1]
        places = coordinates[..., 0]
        for axis in range(1, depth):
            places = places * sizes[axis] + coordinates[..., axis]
        known = array.shape[:depth]
        rows = -1 if None in known else int(np.prod(known))
        flat = keras.ops.reshape(array, (rows, *sizes[depth:]))
        return keras.ops.take(flat, places, axis=0)

    def compute_output_spec(self, inputs):
        """One element for each row of coordinates."""
        array, coordinates = inputs
        shape = (*coordinates.shape[:-1], *array.shape[coordinates.shape[-1] :])
        return keras.KerasTensor(shape, dtype=array.dtype)
