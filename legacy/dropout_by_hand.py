"""dropout-by-hand in TensorFlow 1: a mask, a product, a division by keep_prob."""

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


# --- layer
def my_dropout(x, keep_prob, seed):
    """Keeps each element with probability keep_prob, and makes up for the others.

    Dividing by keep_prob ("inverted") keeps the expected value, so that nothing has to be done
    when the network is used.
    """
    uniform = tf.random_uniform(tf.shape(x), seed=seed)  # in [0, 1)
    # uniform < keep_prob is as good; this way round it is the mask of tf.nn.dropout.
    mask = tf.cast(uniform >= 1 - keep_prob, x.dtype)
    return x * mask / keep_prob


def build(num_units):
    """The same dropout three times: by hand, by keep_prob, by rate."""
    # --- inputs
    x = tf.placeholder(tf.float32, [None, num_units], name="x")
    # The graph is the same in training and in use; a placeholder turns dropout off.
    keep_prob = tf.placeholder_with_default(1.0, [], name="keep_prob")

    # --- forward
    tf.set_random_seed(0)
    by_hand = my_dropout(x, keep_prob, seed=1)
    built_in = tf.nn.dropout(x, keep_prob=keep_prob, seed=1)  # TensorFlow 1's argument
    by_rate = tf.nn.dropout(x, rate=1 - keep_prob, seed=1)  # from 1.13 on, and in TensorFlow 2
    return x, keep_prob, by_hand, built_in, by_rate


# --- loop
def values(activations, keep_prob=0.8):
    """What dropout makes of activations, in training and in use.

    Args:
        activations: shape (examples, units).
    """
    x, keep, by_hand, built_in, by_rate = build(activations.shape[1])
    with tf.Session() as session:
        training = session.run([by_hand, built_in, by_rate], {x: activations, keep: keep_prob})
        in_use = session.run(by_hand, {x: activations})  # keep_prob is 1 where nobody feeds it
    by_hand, built_in, by_rate = training
    print(f"of {activations.size} elements {(by_hand == 0).sum()} are dropped")
    print(f"mean before {activations.mean():.4f}, after {by_hand.mean():.4f}")
    return {
        "by hand": by_hand,
        "tf.nn.dropout": by_rate,
        "keep_prob against rate": np.abs(built_in - by_rate).max(),
        "by hand against tf.nn.dropout": np.abs(by_hand - by_rate).max(),
        "share dropped": (by_hand == 0).mean(),
        "mean before": activations.mean(),
        "mean after": by_hand.mean(),
        "mean after, not divided": (by_hand * np.float32(keep_prob)).mean(),
        "changed at test time": np.abs(in_use - activations).max(),
    }
