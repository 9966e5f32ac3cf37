"""Tiling, slicing and reshaping with sizes that are known only at run time."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tf1")
class DynamicSizes(keras.layers.Layer):
    """Base of layers with sizes: each None is a size that is an input, in order."""

    def __init__(self, sizes, **options):
        super().__init__(**options)
        self.sizes = tuple(sizes)
        self.supports_jit = False  # XLA wants to know sizes before it runs

    def call(self, inputs):
        """The result for a list of the array and the sizes that are None."""
        array, *given = inputs
        waiting = iter(given)
        sizes = [next(waiting) if size is None else size for size in self.sizes]
        sizes = tf.stack([tf.cast(size, "int32") for size in sizes])
        result = self.compute(array, sizes)
        return tf.ensure_shape(result, self.shape_after(array.shape))

    def compute_output_spec(self, inputs):
        """The known part of the shape, and the dtype of the array."""
        array = inputs[0]
        shape = self.shape_after(tuple(array.shape))
        return keras.KerasTensor(shape, dtype=array.dtype)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "sizes": self.sizes}


@keras.saving.register_keras_serializable(package="tf1")
class DynamicTile(DynamicSizes):
    """Repeats an array along each axis as many times as its size says."""

    def compute(self, array, counts):
        """The repeated array."""
        return tf.tile(array, counts)

    def shape_after(self, shape):
        """The known part of the shape of the result."""
        pairs = zip(shape, self.sizes, strict=True)
        return tuple(None if None in pair else pair[0] * pair[1] for pair in pairs)


@keras.saving.register_keras_serializable(package="tf1")
class DynamicReshape(DynamicSizes):
    """Reshapes an array."""

    def compute(self, array, shape):
        """The reshaped array."""
        return tf.reshape(array, shape)

    def shape_after(self, shape):
        """The known part of the shape of the result."""
        return tuple(None if size == -1 else size for size in self.sizes)


@keras.saving.register_keras_serializable(package="tf1")
class DynamicSlice(DynamicSizes):
    """Slices an array; the sizes are the start, then the length, of each axis."""

    def compute(self, array, bounds):
        """The slice; a length of -1 extends to the end of the axis."""
        begins, lengths = tf.split(bounds, 2)
        return tf.slice(array, begins, lengths)

    def shape_after(self, shape):
        """The known part of the shape of the result."""
        rank, found = len(shape), []
        bounds = zip(self.sizes[:rank], self.sizes[rank:], strict=True)
        for size, (begin, length) in zip(shape, bounds, strict=True):
            rest = None if size is None or begin is None else size - begin
            found.append(rest if length == -1 else length)
        return tuple(found)
