"""Max-norm inside the train op: after the apply, each kernel is assigned its clip_by_norm along
axis 0.
"""

from golden import *

rng = start(42)
x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
logits = tf.layers.dense(tf.layers.dense(x, 12, tf.nn.tanh, name="h"), 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
applied = tf.train.GradientDescentOptimizer(0.2).minimize(loss)
with tf.control_dependencies([applied]):
    train = tf.group(
        *[
            v.assign(tf.clip_by_norm(v.read_value(), 0.8, axes=[0]))
            for v in tf.trainable_variables()
            if v.shape.ndims == 2
        ],
        name="train",
    )
write(
    "max-norm after the apply inside the train op",
    "Exact continuation: MaxNorm(0.8, axis=0) constraints on both kernels; verify --train must "
    "run the outermost op. Or a plain warning.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
