"""Blocks of positions as examples of the batch, and back: TF1's space_to_batch_nd."""

import keras
import numpy as np

from .dynamic_sizes import DynamicSizes


@keras.saving.register_keras_serializable(package="tf1")
class SpaceToBatch(DynamicSizes):
    """Pads, then moves each position of a block to an example of its own.

    The sizes are the widths before and after each axis that has a block.
    """

    def __init__(self, block, sizes, **options):
        super().__init__(sizes, **options)
        self.block = tuple(block)
        self.examples = int(np.prod(self.block))

    def compute(self, array, widths):
        """The blocks, (block positions * batch, …)."""
        count, rank = len(self.block), len(array.shape)
        pairs = tuple(zip(widths[::2], widths[1::2], strict=True))
        rest = ((0, 0),) * (rank - count - 1)
        array = keras.ops.pad(array, ((0, 0), *pairs, *rest))
        batch, *sizes = keras.ops.shape(array)
        spread = [batch]
        for size, block in zip(sizes, self.block, strict=False):
            spread += [size // block, block]
        array = keras.ops.reshape(array, (*spread, *sizes[count:]))
        inside, outside = range(2, 2 * count + 2, 2), range(1, 2 * count + 1, 2)
        kept = range(2 * count + 1, rank + count)
        array = keras.ops.transpose(array, (*inside, 0, *outside, *kept))
        shape = (-1, *spread[1::2], *sizes[count:])
        return keras.ops.reshape(array, shape)

    def shape_after(self, shape):
        """The known part of the shape of the result."""
        count = len(self.block)
        found = []
        for axis, block in enumerate(self.block):
            parts = (shape[axis + 1], *self.sizes[2 * axis : 2 * axis + 2])
            found.append(None if None in parts else sum(parts) // block)
        batch = None if shape[0] is None else shape[0] * self.examples
        return (batch, *found, *shape[count + 1 :])

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "block": self.block}


@keras.saving.register_keras_serializable(package="tf1")
class BatchToSpace(SpaceToBatch):
    """The inverse: examples become positions of blocks, and a margin is cut off."""

    def compute(self, array, widths):
        """The positions of each example, (batch, …)."""
        count, rank = len(self.block), len(array.shape)
        batch, *sizes = keras.ops.shape(array)
        batch = batch // self.examples
        array = keras.ops.reshape(array, (*self.block, batch, *sizes))
        axes = [count]
        for axis in range(count):
            axes += [count + 1 + axis, axis]
        array = keras.ops.transpose(array, (*axes, *range(2 * count + 1, rank + count)))
        index = [slice(None)]
        spread = [batch]
        for axis, (size, block) in enumerate(zip(sizes, self.block, strict=False)):
            spread.append(size * block)
            before, after = widths[2 * axis : 2 * axis + 2]
            index.append(slice(before, size * block - after))
        array = keras.ops.reshape(array, (*spread, *sizes[count:]))
        return array[tuple(index)]

    def shape_after(self, shape):
        """The known part of the shape of the result."""
        count = len(self.block)
        found = []
        for axis, block in enumerate(self.block):
            size, before, after = shape[axis + 1], *self.sizes[2 * axis : 2 * axis + 2]
            parts = (size, before, after)
            found.append(None if None in parts else size * block - before - after)
        batch = None if shape[0] is None else shape[0] // self.examples
        return (batch, *found, *shape[count + 1 :])
