"""Attention between dense layers that a program has itself."""

import keras


@keras.saving.register_keras_serializable(package="tf1")
class DotProductAttention(keras.layers.Layer):
    """Attention of several heads over query, key and value that are projected already.

    Each is (batch, length, num_heads * size). A bias is added to the scores, which
    are (batch, num_heads, length of the query, length of the key). With ``causal``, a
    position attends to those up to its own.
    """

    def __init__(self, num_heads, scale=None, causal=False, dropout=0.0, **options):
        super().__init__(**options)
        self.num_heads, self.scale, self.causal = num_heads, scale, causal
        self.dropout = keras.layers.Dropout(dropout)

    def call(self, query, key, value, bias=None, training=None):
        """The weighted values, (batch, length of the query, num_heads * size)."""
        query, key, value = map(self.split_heads, (query, key, value))
        scale = query.shape[-1] ** -0.5 if self.scale is None else self.scale
        scores = scale * keras.ops.einsum("bqhd,bkhd->bhqk", query, key)
        if bias is not None:
            scores = scores + bias
        if self.causal:
            places = keras.ops.arange(keras.ops.shape(query)[1])
            scores = keras.ops.where(places[:, None] >= places, scores, -1e10)
        weights = self.dropout(keras.ops.softmax(scores), training=training)
        mixed = keras.ops.einsum("bhqk,bkhd->bqhd", weights, value)
        size = self.num_heads * value.shape[-1]
        return keras.ops.reshape(mixed, (-1, keras.ops.shape(query)[1], size))

    def split_heads(self, array):
        """The array as (batch, length, num_heads, size)."""
        size = array.shape[-1] // self.num_heads
        shape = (-1, keras.ops.shape(array)[1], self.num_heads, size)
        return keras.ops.reshape(array, shape)

    def compute_output_spec(self, query, key, value, bias=None, training=None):
        """The shape: the query's length, the value's size."""
        shape = (*query.shape[:-1], value.shape[-1])
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "scale": self.scale,
            "causal": self.causal,
            "dropout": self.dropout.rate,
        }
