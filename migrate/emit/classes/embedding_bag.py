"""Embeddings of several values per example, combined into one; values may be absent."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class EmbeddingBag(keras.layers.Layer):
    """Sums or averages the rows of a table for each example; -1 means no row.

    Inputs: row numbers of shape (examples, values), and optional weights of that shape.
    Output: one row per example, zeros if it names none.
    """

    def __init__(self, input_dim, output_dim, combiner="mean", **options):
        super().__init__(**options)
        self.input_dim, self.output_dim = input_dim, output_dim
        self.combiner = combiner

    def build(self, *shapes, **named):
        """Makes the table."""
        shape = (self.input_dim, self.output_dim)
        self.embeddings = self.add_weight(name="embeddings", shape=shape)

    def call(self, numbers, weights=None):
        """The combined rows, shape (examples, output_dim)."""
        ops = keras.ops
        named = numbers >= 0
        if weights is not None and self.combiner != "sum":
            named = ops.logical_and(named, weights > 0)
        # In place of an absent one the example's own greatest, which then counts for
        # nothing: no row gets a gradient that its example does not name.
        own = ops.max(ops.where(named, numbers, -1), axis=-1, keepdims=True)
        numbers = ops.where(named, numbers, ops.maximum(own, 0))
        rows = ops.take(self.embeddings, numbers, axis=0)
        factors = ops.cast(named, rows.dtype)
        if weights is not None:
            factors = factors * ops.cast(weights, rows.dtype)
        total = ops.sum(rows * factors[..., None], axis=-2)
        if self.combiner == "sum":
            return total
        if self.combiner == "sqrtn":
            size = ops.sqrt(ops.sum(factors**2, axis=-1, keepdims=True))
        else:
            size = ops.sum(factors, axis=-1, keepdims=True)
        return total / ops.where(size == 0, 1.0, size)

    def compute_output_spec(self, numbers, weights=None):
        """The shape: one row per example."""
        shape = (*numbers.shape[:-1], self.output_dim)
        return keras.KerasTensor(shape, self.compute_dtype)

    def get_config(self):
        """The constructor's arguments."""
        own = {
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "combiner": self.combiner,
        }
        return {**super().get_config(), **own}
