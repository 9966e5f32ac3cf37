"""Transformer encoder of free batch and length ([?, ?]): two blocks, mask, position table cut to
the length, heads by reshape with tf.shape.

Right: inputs [None, None] both; the position table keeps its 32 rows; 36 variables; two equal
blocks are one function or one loop.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

ids = tf.placeholder(tf.int32, [None, None], "input_ids")
mask = tf.placeholder(tf.int32, [None, None], "input_mask")
B, L, H, N = tf.shape(ids)[0], tf.shape(ids)[1], 16, 2


def gelu(x):
    return x * 0.5 * (1.0 + tf.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * tf.pow(x, 3))))


def norm(x):
    return tf.contrib.layers.layer_norm(
        x, begin_norm_axis=-1, begin_params_axis=-1, scope="LayerNorm"
    )


def heads(x, name):
    return tf.transpose(
        tf.reshape(tf.layers.dense(x, H, name=name), [B, L, N, H // N]), [0, 2, 1, 3]
    )


with tf.variable_scope("embeddings"):
    h = tf.reshape(tf.gather(var("word_embeddings", 50, H), tf.reshape(ids, [-1])), [B, L, H])
    h = norm(h + tf.slice(var("position_embeddings", 32, H), [0, 0], [L, -1]))
bias = (1.0 - tf.cast(mask, tf.float32))[:, None, None, :] * -10000.0
h = tf.reshape(h, [-1, H])
for i in range(2):
    with tf.variable_scope(f"layer_{i}"):
        with tf.variable_scope("attention"):
            q, k, v = heads(h, "query"), heads(h, "key"), heads(h, "value")
            a = tf.nn.softmax(
                tf.matmul(q, k, transpose_b=True) / np.sqrt(H // N).astype("f") + bias
            )
            c = tf.reshape(tf.transpose(tf.matmul(a, v), [0, 2, 1, 3]), [B * L, H])
            h = norm(h + tf.layers.dense(c, H, name="output"))
        with tf.variable_scope("ffn"):
            h = norm(
                h
                + tf.layers.dense(
                    tf.layers.dense(h, 32, gelu, name="intermediate"), H, name="output"
                )
            )
o = tf.identity(tf.reshape(h, [B, L, H]), "sequence_output")
finish(
    [o],
    {ids: R.randint(0, 50, (3, 8)), mask: (np.arange(8) < [[5], [8], [2]]).astype("i")},
    {ids: R.randint(0, 50, (2, 13)), mask: (np.arange(13) < [[13], [6]]).astype("i")},
)
