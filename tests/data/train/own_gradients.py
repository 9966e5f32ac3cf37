"""rounding by stop_gradient, fake quantization, gradients that turn around."""

from golden import *

rng = start(72)


@tf.RegisterGradient("TurnedAround")
def turned(_, gradient):
    return [tf.negative(gradient) * 0.5]


x, y = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.int32, [None], "y")
with tf.variable_scope("net", use_resource=True):
    w = tf.get_variable("h/kernel", [6, 9])
    low, high = (
        tf.get_variable(n, [], None, tf.constant_initializer(v), trainable=False)
        for n, v in (("low", -0.6), ("high", 0.7))
    )
    h = tf.matmul(x, tf.fake_quant_with_min_max_vars(w, low, high, num_bits=4))
    h = tf.fake_quant_with_min_max_args(tf.nn.tanh(h), -1, 1)
    rounded = tf.round(h * 4) / 4
    h = h + tf.stop_gradient(rounded - h)
    with tf.get_default_graph().gradient_override_map({"Identity": "TurnedAround"}):
        turned_around = tf.identity(h)
    main = tf.layers.dense(h, 3, name="main")
    logits = main + tf.layers.dense(turned_around, 3, name="side")
loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
train = tf.train.GradientDescentOptimizer(0.2).minimize(loss)
write(
    "straight-through gradients",
    "Exact continuation: gradients pass through the rounding, within the limits through the fake "
    "quantization, and turned around on their way through the side.",
    [x],
    [logits],
    train,
    loss,
    classes(rng, x, y, 6, 3),
)
