"""dropout-by-hand in Keras: a mask, a product, a division by what is kept, in a layer."""

import keras
import numpy as np
import tensorflow as tf


# --- layer
class MyDropout(keras.layers.Layer):
    """Drops each element with probability rate, and makes up for it.

    rate is the share that goes; TF1's keep_prob was the share that stays.
    """

    def __init__(self, rate, seed, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.seed = rate, seed

    def call(self, x, training=False):
        """Keras hands down whether it is in fit (True) or in predict and evaluate (False)."""
        if not training:
            return x
        uniform = tf.random.uniform(tf.shape(x), seed=self.seed)  # in [0, 1)
        mask = tf.cast(uniform >= self.rate, x.dtype)
        return x * mask / (1 - self.rate)


def values(activations, keep_prob=0.8):
    """What dropout makes of activations, in training and in use.

    Args:
        activations: shape (examples, units).
    """
    # --- inputs
    x = tf.constant(activations)
    rate = 1 - np.float32(keep_prob)  # in float32, as TF1's graph computes it

    # --- forward
    # set_seed starts the numbers anew, as a new session does: each draw is the first.
    tf.random.set_seed(0)
    by_hand = MyDropout(rate, seed=1)(x, training=True).numpy()
    tf.random.set_seed(0)
    by_rate = tf.nn.dropout(x, rate=rate, seed=1).numpy()
    in_use = MyDropout(rate, seed=1)(x).numpy()
    # Keras's layer counts its draws in a variable of its own, so its mask is another one.
    layer = keras.layers.Dropout(1 - keep_prob, seed=1)
    kept = layer(x, training=True).numpy()

    # --- loop
    # There is no session to run: by_hand has its value already.
    print(f"of {activations.size} elements {(by_hand == 0).sum()} are dropped")
    print(f"mean before {activations.mean():.4f}, after {by_hand.mean():.4f}")
    return {
        "by hand": by_hand,
        "tf.nn.dropout": by_rate,
        "by hand against tf.nn.dropout": np.abs(by_hand - by_rate).max(),
        "share dropped": (by_hand == 0).mean(),
        "mean before": activations.mean(),
        "mean after": by_hand.mean(),
        "mean after, not divided": (by_hand * np.float32(keep_prob)).mean(),
        "changed at test time": np.abs(in_use - activations).max(),
        "keras.layers.Dropout: share dropped": (kept == 0).mean(),
        "keras.layers.Dropout: mean after": kept.mean(),
    }
