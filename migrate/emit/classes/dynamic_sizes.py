"""Arrays tiled, sliced, padded, reshaped and filled to sizes that only a run knows."""

import keras


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
        return self.compute(array, self.completed(given))

    def completed(self, given):
        """The sizes, those that are None from the inputs."""
        waiting = iter(given)
        return [next(waiting) if size is None else size for size in self.sizes]

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
        return keras.ops.tile(array, counts)

    def shape_after(self, shape):
        """The known part of the shape of the result."""
        pairs = zip(shape, self.sizes, strict=True)
        return tuple(None if None in pair else pair[0] * pair[1] for pair in pairs)


@keras.saving.register_keras_serializable(package="tf1")
class DynamicReshape(DynamicSizes):
    """Reshapes an array."""

    def compute(self, array, shape):
        """The reshaped array."""
        return keras.ops.reshape(array, tuple(shape))

    def shape_after(self, shape):
        """The known part of the shape of the result."""
        return tuple(None if size == -1 else size for size in self.sizes)


@keras.saving.register_keras_serializable(package="tf1")
class DynamicBroadcast(DynamicSizes):
    """Repeats the axes of size 1 up to the sizes."""

    def compute(self, array, shape):
        """The repeated array."""
        return keras.ops.broadcast_to(array, tuple(shape))

    def shape_after(self, shape):
        """The known part of the shape of the result."""
        return self.sizes


@keras.saving.register_keras_serializable(package="tf1")
class DynamicPad(DynamicSizes):
    """Pads an array; the sizes are the widths before and after each axis in turn."""

    def __init__(self, sizes, value=0, mode="constant", **options):
        super().__init__(sizes, **options)
        self.value, self.mode = value, mode

    def compute(self, array, widths):
        """The padded array."""
        pairs = tuple(zip(widths[::2], widths[1::2], strict=True))
        if self.mode == "constant":
            return keras.ops.pad(array, pairs, constant_values=self.value)
        return keras.ops.pad(array, pairs, mode=self.mode)

    def shape_after(self, shape):
        """The known part of the shape of the result."""
        parts = zip(shape, self.sizes[::2], self.sizes[1::2], strict=True)
        return tuple(None if None in part else sum(part) for part in parts)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "value": self.value, "mode": self.mode}


@keras.saving.register_keras_serializable(package="tf1")
class DynamicSlice(DynamicSizes):
    """Slices an array; the sizes are the start, then the length, of each axis."""

    def compute(self, array, bounds):
        """The slice; a length of -1 extends to the end of the axis."""
        rank = len(bounds) // 2
        index = []
        for begin, length in zip(bounds[:rank], bounds[rank:], strict=True):
            whole = isinstance(length, int) and length == -1
            index.append(slice(begin, None if whole else begin + length))
        return array[tuple(index)]

    def shape_after(self, shape):
        """The known part of the shape of the result."""
        rank, found = len(shape), []
        bounds = zip(self.sizes[:rank], self.sizes[rank:], strict=True)
        for size, (begin, length) in zip(shape, bounds, strict=True):
            rest = None if size is None or begin is None else size - begin
            found.append(rest if length == -1 else length)
        return tuple(found)


@keras.saving.register_keras_serializable(package="tf1")
class DynamicSegmentSum(DynamicSizes):
    """Adds up the rows of each segment, of as many segments as the size says."""

    def call(self, inputs):
        """The sums for a list of the rows, the segment of each, and the size."""
        rows, segments, *given = inputs
        (count,) = self.completed(given)
        return keras.ops.segment_sum(rows, segments, num_segments=count)

    def shape_after(self, shape):
        """The known part of the shape of the result."""
        return (*self.sizes, *shape[1:])


@keras.saving.register_keras_serializable(package="tf1")
class DynamicFull(DynamicSizes):
    """An array of one number, of a list of sizes."""

    def __init__(self, sizes, value=0.0, **options):
        super().__init__(sizes, **options)
        self.value = value

    def call(self, inputs):
        """The array for a list of the sizes that are None."""
        shape = tuple(self.completed(inputs))
        return keras.ops.full(shape, self.value, dtype=self.compute_dtype)

    def compute_output_spec(self, inputs):
        """The known part of the shape, and the dtype."""
        return keras.KerasTensor(self.sizes, dtype=self.compute_dtype)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "value": self.value}


@keras.saving.register_keras_serializable(package="tf1")
class DynamicRange(DynamicSizes):
    """The numbers of a range; the sizes are its start, its stop and its step."""

    def __init__(self, sizes, dtype="int32", **options):
        super().__init__(sizes, dtype=dtype, **options)

    def call(self, inputs):
        """The numbers for a list of the sizes that are None."""
        return keras.ops.arange(*self.completed(inputs), dtype=self.compute_dtype)

    def compute_output_spec(self, inputs):
        """One dimension of any length."""
        return keras.KerasTensor((None,), dtype=self.compute_dtype)
