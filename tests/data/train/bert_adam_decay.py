"""A hand-written AdamWeightDecay as BERT has it: warm-up joined to a polynomial decay by a mask,
clip by global norm, LayerNorm and bias excluded, assigns.
"""

import re

from golden import *

rng = start(14)


class AdamWeightDecayOptimizer(tf.train.Optimizer):
    def __init__(self, rate, decay=0.01, excluded=("LayerNorm", "layer_norm", "bias")):
        super().__init__(False, "AdamWeightDecayOptimizer")
        self.rate, self.decay, self.excluded = rate, decay, excluded

    def apply_gradients(self, pairs, global_step=None, name=None):
        updates = []
        for g, v in pairs:
            zeros = tf.zeros_initializer()
            shape, name = v.shape.as_list(), v.op.name
            m = tf.get_variable(name + "/adam_m", shape, trainable=False, initializer=zeros)
            s = tf.get_variable(name + "/adam_v", shape, trainable=False, initializer=zeros)
            next_m = tf.multiply(0.9, m) + tf.multiply(0.1, g)
            next_s = tf.multiply(0.999, s) + tf.multiply(0.001, tf.square(g))
            update = next_m / (tf.sqrt(next_s) + 1e-6)
            if not any(re.search(e, name) for e in self.excluded):
                update += self.decay * v
            updates += [v.assign(v - self.rate * update), m.assign(next_m), s.assign(next_s)]
        return tf.group(*updates)


ids = tf.placeholder(tf.int32, [None, 6], "input_ids")
y = tf.placeholder(tf.int32, [None], "label_ids")
with tf.variable_scope("bert"):
    table = tf.get_variable(
        "word_embeddings", [25, 8], initializer=tf.truncated_normal_initializer(stddev=0.2)
    )
    h = tf.contrib.layers.layer_norm(
        tf.gather(table, ids), begin_norm_axis=-1, begin_params_axis=-1, scope="LayerNorm"
    )
    h = tf.layers.dense(tf.squeeze(h[:, 0:1, :], 1), 8, tf.tanh, name="pooler")
w = tf.get_variable("output_weights", [3, 8])
b = tf.get_variable("output_bias", [3], initializer=tf.zeros_initializer())
logits = tf.nn.bias_add(tf.matmul(h, w, transpose_b=True), b, name="logits")
loss = tf.reduce_mean(-tf.reduce_sum(tf.one_hot(y, 3) * tf.nn.log_softmax(logits), -1))
step = tf.train.get_or_create_global_step()
rate = tf.train.polynomial_decay(tf.constant(1e-2), step, 100, 0.0, 1.0, cycle=False)
warm = tf.cast(step, tf.float32) / tf.cast(12, tf.float32)
is_warm = tf.cast(step < 12, tf.float32)
rate = (1.0 - is_warm) * rate + is_warm * 1e-2 * warm
weights = tf.trainable_variables()
gradients, _ = tf.clip_by_global_norm(tf.gradients(loss, weights), 1.0)
applied = AdamWeightDecayOptimizer(rate).apply_gradients(zip(gradients, weights))
train = tf.group(applied, [step.assign(step + 1)])


def batch(n):
    words = rng.randint(0, 25, (n, 6))
    return {ids: words, y: words[:, 0] % 3}


write(
    "decoupled decay",
    "Exact continuation: warm-up to step 12 and polynomial decay, global_clipnorm=1, Adam without "
    "bias correction (epsilon 1e-6), decay 0.01 x rate but for LayerNorm and bias; or a plain "
    "warning that loss, optimizer or decay is not carried.",
    [ids],
    [logits],
    train,
    loss,
    batch,
    size=8,
)
