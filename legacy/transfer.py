"""transfer in TensorFlow 1: a Saver with a var_list fills one network from another's checkpoint."""

from types import SimpleNamespace

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


# --- inputs
def split(x, y):
    """A's task: eight classes, without 5 and 6. B's: is it a 6, rather than a 5."""
    of_b = (y == 5) | (y == 6)
    classes = y[~of_b] - 2 * (y[~of_b] > 6)  # 7, 8 and 9 become 5, 6 and 7
    return (x[~of_b], classes), (x[of_b], (y[of_b] == 6).astype(np.float32)[:, None])


# --- forward
def network(scope, x, num_outputs, seed):
    """Five hidden SELU layers and the logits, in a variable scope of their own."""
    with tf.variable_scope(scope):
        h = x
        for number, units in enumerate((300, 100, 50, 50, 50), 1):
            lecun = tf.initializers.lecun_normal(seed=seed + number)
            name = f"hidden{number}"
            h = tf.layers.dense(h, units, tf.nn.selu, kernel_initializer=lecun, name=name)
        lecun = tf.initializers.lecun_normal(seed=seed + 6)
        return tf.layers.dense(h, num_outputs, kernel_initializer=lecun, name="outputs")


def build(num_inputs=784, learning_rate=0.001, seed=0):
    """Both networks in one graph; their names begin with A and with B."""
    tf.set_random_seed(seed)
    x = tf.placeholder(tf.float32, [None, num_inputs], name="x")
    y_a = tf.placeholder(tf.int64, [None], name="y_a")
    y_b = tf.placeholder(tf.float32, [None, 1], name="y_b")
    a, b = network("A", x, 8, seed=1), network("B", x, 1, seed=11)

    # --- loss
    entropy_a = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y_a, logits=a)
    entropy_b = tf.nn.sigmoid_cross_entropy_with_logits(labels=y_b, logits=b)
    loss_a, loss_b = tf.reduce_mean(entropy_a), tf.reduce_mean(entropy_b)

    # --- optimizer
    # Frozen is what is not in the var_list of minimize(): each choice is an operation of its own.
    sgd = tf.train.GradientDescentOptimizer(learning_rate)
    train_a = sgd.minimize(loss_a)
    train_b = sgd.minimize(loss_b)
    train_b_outputs = sgd.minimize(loss_b, var_list=tf.trainable_variables("B/outputs"))

    # --- transfer
    # The keys of a Saver are names in the checkpoint, its values variables of this graph.
    hidden = tf.trainable_variables("B/hidden")
    from_a = tf.train.Saver({v.op.name.replace("B/", "A/"): v for v in hidden})
    return SimpleNamespace(
        x=x,
        a=SimpleNamespace(y=y_a, logits=a, loss=loss_a, train=train_a),
        b=SimpleNamespace(y=y_b, logits=b, loss=loss_b, train=train_b),
        b_outputs=SimpleNamespace(y=y_b, logits=b, loss=loss_b, train=train_b_outputs),
        from_a=from_a,
        saver=tf.train.Saver(save_relative_paths=True),
    )


# --- loop
def train(session, x, part, data, test, epochs, batch_size=32):
    """Trains in order; returns the loss on the test data after each epoch."""
    inputs, targets = data
    losses = []
    for _ in range(epochs):
        for start in range(0, len(inputs), batch_size):
            batch = slice(start, start + batch_size)
            session.run(part.train, {x: inputs[batch], part.y: targets[batch]})
        losses.append(session.run(part.loss, {x: test[0], part.y: test[1]}))
    return losses


def values(x_train, y_train, x_test, y_test, folder, epochs, frozen):
    """A; B from scratch; B on A's layers, which are frozen at first."""
    (data_a, data_b), (test_a, test_b) = split(x_train, y_train), split(x_test, y_test)
    data_b = tuple(part[:200] for part in data_b)
    with tf.Graph().as_default(), tf.Session() as session:
        net = build(x_train.shape[1])
        session.run(tf.global_variables_initializer())
        net.saver.save(session, f"{folder}/initial.ckpt")

        losses_a = train(session, net.x, net.a, data_a, test_a, epochs)
        logits_a = session.run(net.a.logits, {net.x: test_a[0]})
        net.saver.save(session, f"{folder}/a.ckpt")

        losses_alone = train(session, net.x, net.b, data_b, test_b, epochs)
        alone = session.run(net.b.logits, {net.x: test_b[0]})

        net.saver.restore(session, f"{folder}/initial.ckpt")  # all, as it was
        net.from_a.restore(session, f"{folder}/a.ckpt")  # B's hidden layers, from A's
        losses_on_a = train(session, net.x, net.b_outputs, data_b, test_b, frozen)
        losses_on_a += train(session, net.x, net.b, data_b, test_b, epochs - frozen)
        on_a = session.run(net.b.logits, {net.x: test_b[0]})
    return {
        "A: loss by epoch": np.array(losses_a),
        "A: logits": logits_a,
        "A: accuracy": (logits_a.argmax(axis=1) == test_a[1]).mean(),
        "B from scratch: loss by epoch": np.array(losses_alone),
        "B from scratch: logits": alone,
        "B from scratch: accuracy": ((alone > 0) == test_b[1]).mean(),
        "B on A: loss by epoch": np.array(losses_on_a),
        "B on A: logits": on_a,
        "B on A: accuracy": ((on_a > 0) == test_b[1]).mean(),
    }
