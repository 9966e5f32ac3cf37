"""Hashed crosses of features with several values each, as in TensorFlow 1."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tf1")
class HashedCross(keras.layers.Layer):
    """Hashes every combination of the features' values into buckets, padded with -1.

    Inputs: strings or integers, each of shape (examples, values). ``absent`` gives, for
    each feature, the value that means no value, or None.
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
        """The shape: as many buckets as there can be combinations."""
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
