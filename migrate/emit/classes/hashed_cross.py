"""Crosses of features hashed as TensorFlow 1's, of any number of them, several values each."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tf1")
class HashedCross(keras.layers.Layer):
    """Hashes every combination of the features' values into buckets; -1 for no more.

    Takes words or numbers, each of shape (examples, values); ``absent`` says of each
    feature which value means none, or None where all mean something.
    """

    def __init__(self, num_buckets, absent, hash_key=0xDECAFCAFFE, **options):
        super().__init__(**options)
        self.num_buckets, self.absent = num_buckets, list(absent)
        self.hash_key = hash_key

    def call(self, features):
        """Buckets, shape (examples, combinations)."""
        sparse = []
        for feature, absent in zip(features, self.absent, strict=True):
            if feature.dtype != tf.string:
                feature = tf.cast(feature, tf.int64)
            there = tf.ones_like(feature, tf.bool)
            places = tf.where(there if absent is None else feature != absent)
            shape = tf.shape(feature, tf.int64)
            values = tf.gather_nd(feature, places)
            sparse.append(tf.SparseTensor(places, values, shape))
        crossed = tf.sparse.cross_hashed(sparse, self.num_buckets, self.hash_key)
        # As wide as there may be combinations, whatever a batch has.
        widths = [tf.shape(feature, tf.int64)[1] for feature in features]
        shape = tf.stack([crossed.dense_shape[0], tf.reduce_prod(widths)])
        crossed = tf.sparse.reset_shape(crossed, shape)
        buckets = tf.sparse.to_dense(crossed, default_value=-1)
        return tf.ensure_shape(buckets, self.compute_output_spec(features).shape)

    def compute_output_spec(self, features):
        """As many buckets as there are combinations, at most."""
        width = 1
        for feature in features:
            size = feature.shape[1]
            width = None if size is None or width is None else width * size
        return keras.KerasTensor((features[0].shape[0], width), "int64")

    def get_config(self):
        """The constructor's arguments."""
        own = {
            "num_buckets": self.num_buckets,
            "absent": self.absent,
            "hash_key": self.hash_key,
        }
        return {**super().get_config(), **own}
