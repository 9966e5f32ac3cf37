"""GPT-2-like language model: logits and `present` (keys and values of all layers).

Right: input ids [None, None]; output logits [None, None, 30] (and present, where asked); wpe keeps
its 24 rows, wte is one weight used twice.
"""

from golden import *

describe(__doc__, expect_outcome="keras")

X = tf.placeholder(tf.int32, [None, None], "ids")
B, L, E, N = tf.shape(X)[0], tf.shape(X)[1], 12, 2


def norm(x, scope):
    with tf.variable_scope(scope):
        u = tf.reduce_mean(x, -1, keepdims=True)
        s = tf.reduce_mean(tf.square(x - u), -1, keepdims=True)
        return (x - u) * tf.rsqrt(s + 1e-5) * var("g", E) + var("b", E)


def conv1d(x, n, scope):
    with tf.variable_scope(scope):
        k = x.shape[-1].value
        w = var("w", 1, k, n)
        return tf.reshape(
            tf.matmul(tf.reshape(x, [-1, k]), tf.reshape(w, [-1, n])) + var("b", n), [B, -1, n]
        )


def split(x):
    return tf.transpose(tf.reshape(x, [B, -1, N, E // N]), [0, 2, 1, 3])


def gelu(x):
    return 0.5 * x * (1 + tf.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * tf.pow(x, 3))))


with tf.variable_scope("model"):
    wte, wpe = var("wte", 30, E), var("wpe", 24, E)
    presents = []
    h = tf.gather(wte, X) + tf.gather(wpe, tf.tile(tf.expand_dims(tf.range(L), 0), [B, 1]))
    for i in range(2):
        with tf.variable_scope(f"h{i}"):
            with tf.variable_scope("attn"):
                q, k, v = map(split, tf.split(conv1d(norm(h, "ln_1"), 3 * E, "c_attn"), 3, 2))
                presents.append(tf.stack([k, v], 1))
                w = tf.matmul(q, k, transpose_b=True) * tf.rsqrt(tf.cast(E // N, tf.float32))
                r = tf.range(L)
                m = tf.cast(r[:, None] >= r, tf.float32)[None, None]
                a = tf.matmul(tf.nn.softmax(w * m - 1e10 * (1 - m)), v)
                h = h + conv1d(tf.reshape(tf.transpose(a, [0, 2, 1, 3]), [B, -1, E]), E, "c_proj")
            with tf.variable_scope("mlp"):
                h = h + conv1d(gelu(conv1d(norm(h, "ln_2"), 4 * E, "c_fc")), E, "c_proj")
    present = tf.stack(presents, 1, name="present")
    logits = tf.reshape(
        tf.matmul(tf.reshape(norm(h, "ln_f"), [-1, E]), wte, transpose_b=True),
        [B, L, 30],
        name="logits",
    )
finish([logits, present], {X: R.randint(0, 30, (2, 7))}, {X: R.randint(0, 30, (3, 11))})
