"""How programs were fed, named and saved: iterators, queues, devices, odd names and prefixes."""

import numpy as np
import tensorflow as tf

import endings
from harness import EXAMPLES, Program, case, normal, one_hot, random


@case
def dataset_one_shot_iterator():
    """tf.data instead of placeholders: the input is IteratorGetNext's first output."""
    features = normal(64, 9)
    labels = random(3).randint(0, 3, 64)
    dataset = tf.data.Dataset.from_tensor_slices((features, labels)).repeat().batch(EXAMPLES)
    x, y = dataset.make_one_shot_iterator().get_next()
    hidden = tf.layers.dense(x, 10, tf.nn.relu)
    logits = tf.layers.dense(hidden, 3, name="logits")
    loss = tf.losses.sparse_softmax_cross_entropy(y, logits)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    return Program({x: features[:EXAMPLES]}, logits, train=(train, {}))


@case
def shuffle_batch_queue():
    """2016's input queues: tf.train.shuffle_batch dequeues the input; queue runners saved."""
    image = tf.image.per_image_standardization(tf.random_uniform([6, 6, 3]))
    label = tf.random_uniform([], 0, 4, dtype=tf.int32)
    images, labels = tf.train.shuffle_batch([image, label], EXAMPLES, 100, 20)
    w = tf.get_variable("conv/weights", [3, 3, 3, 5])
    b = tf.get_variable("conv/biases", [5], initializer=tf.constant_initializer(0.1))
    net = tf.nn.relu(tf.nn.conv2d(images, w, [1, 2, 2, 1], "SAME") + b)
    net = tf.reshape(net, [EXAMPLES, -1])
    logits = tf.layers.dense(net, 4, name="softmax_linear")
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    data = {images: normal(EXAMPLES, 6, 6, 3)}
    return Program(data, logits, train=(train, {**data, labels: np.arange(EXAMPLES) % 4}))


@case
def input_with_default():
    """The input itself is a placeholder_with_default (a training batch of zeros)."""
    x = tf.placeholder_with_default(tf.zeros([4, 8]), [None, 8], name="observations")
    net = tf.layers.dense(x, 9, tf.nn.tanh, name="h")
    out = tf.layers.dense(net, 2, name="action")
    return Program({x: normal(EXAMPLES, 8)}, out)


@case
def prefix_without_basename():
    """saver.save(sess, "model/"): the files have no base name."""
    x = tf.placeholder(tf.float32, [None, 5], name="x")
    out = tf.layers.dense(tf.layers.dense(x, 6, tf.nn.relu), 2, name="out")
    return Program({x: normal(EXAMPLES, 5)}, out, prefix="model/")


@case
def prefix_with_spaces_and_step():
    """A prefix of spaces, equals signs and commas with a step at its end."""
    x = tf.placeholder(tf.float32, [None, 5], name="x")
    out = tf.layers.dense(tf.layers.dense(x, 6, tf.nn.relu), 2, name="out")
    return Program({x: normal(EXAMPLES, 5)}, out, prefix="lr=0.1, run (2).ckpt-15000")


@case
def awkward_names():
    """Names that are keywords, start with digits, hold dashes and dots, or shadow builtins."""
    x = tf.placeholder(tf.float32, [None, 6], name="lambda")
    with tf.variable_scope("class"):
        net = tf.layers.dense(x, 7, tf.nn.relu, name="def")
    with tf.variable_scope("1st-layer.v2"):
        net = tf.layers.dense(net, 7, tf.nn.relu, name="import")
    with tf.variable_scope("None"):
        net = tf.layers.dense(net, 7, tf.nn.relu, name="keras")
        net = tf.layers.dense(net, 7, tf.nn.relu, name="Keras")
    out = tf.layers.dense(net, 3, name="model")
    data = {x: normal(EXAMPLES, 6)}
    return Program(data, out, train=endings.fed(endings.notes(out, 3), data))


@case
def float64_network():
    """A network in double precision throughout."""
    x = tf.placeholder(tf.float64, [None, 6], name="x")
    w = tf.Variable(tf.random_normal([6, 8], stddev=0.4, dtype=tf.float64), name="w")
    b = tf.Variable(tf.zeros([8], tf.float64), name="b")
    out = tf.layers.dense(tf.tanh(tf.matmul(x, w) + b), 3, name="out")
    return Program({x: normal(EXAMPLES, 6)}, out)


@case
def uint8_images():
    """uint8 pixels cast, scaled, mean subtracted by channel, channels reversed to BGR."""
    x = tf.placeholder(tf.uint8, [None, 6, 6, 3], name="pixels")
    net = tf.cast(x, tf.float32)
    red, green, blue = tf.split(axis=3, num_or_size_splits=3, value=net)
    net = tf.concat(axis=3, values=[blue - 103.939, green - 116.779, red - 123.68])
    net = tf.layers.conv2d(net / 127.5, 5, 3, activation=tf.nn.relu)
    out = tf.layers.dense(tf.layers.flatten(net), 3)
    return Program({x: random(2).randint(0, 256, (EXAMPLES, 6, 6, 3))}, out)


@case
def device_towers():
    """Two towers on device strings over one batch split in two, weights shared by reuse."""
    x = tf.placeholder(tf.float32, [None, 8], name="x")
    towers = []
    for i, part in enumerate(tf.split(x, 2)):
        shared = tf.variable_scope("net", reuse=tf.AUTO_REUSE)
        with tf.device("/cpu:0"), tf.name_scope(f"tower_{i}"), shared:
            net = tf.layers.dense(part, 7, tf.nn.relu, name="h")
            towers.append(tf.layers.dense(net, 3, name="out"))
    out = tf.concat(towers, 0, name="merged")
    data = {x: normal(EXAMPLES, 8)}
    return Program(data, out, train=endings.fed(endings.notes(out, 3), data))


@case
def ddpg_four_networks():
    """Actor and critic with their targets, action gradients, soft updates; output the action."""
    state = tf.placeholder(tf.float32, [None, 5], name="s")
    next_state = tf.placeholder(tf.float32, [None, 5], name="s_")
    reward = tf.placeholder(tf.float32, [None, 1], name="r")

    def actor(inputs, scope, trainable):
        with tf.variable_scope(scope):
            net = tf.layers.dense(inputs, 8, tf.nn.relu, name="l1", trainable=trainable)
            net = tf.layers.dense(net, 2, tf.nn.tanh, name="a", trainable=trainable)
            return tf.multiply(net, 2.0, name="scaled_a")

    def critic(inputs, action, scope, trainable):
        with tf.variable_scope(scope):
            w_s = tf.get_variable("w1_s", [5, 8], trainable=trainable)
            w_a = tf.get_variable("w1_a", [2, 8], trainable=trainable)
            b = tf.get_variable("b1", [1, 8], trainable=trainable)
            net = tf.nn.relu(tf.matmul(inputs, w_s) + tf.matmul(action, w_a) + b)
            return tf.layers.dense(net, 1, trainable=trainable)

    with tf.variable_scope("Actor"):
        action = actor(state, "eval", True)
        next_action = actor(next_state, "target", False)
    with tf.variable_scope("Critic"):
        q = critic(state, action, "eval", True)
        next_q = critic(next_state, next_action, "target", False)
    loss = tf.losses.mean_squared_error(labels=reward + 0.9 * next_q, predictions=q)
    train_critic = tf.train.AdamOptimizer(1e-3).minimize(
        loss, var_list=tf.trainable_variables("Critic/eval")
    )
    train_actor = tf.train.AdamOptimizer(1e-3).minimize(
        -tf.reduce_mean(q), var_list=tf.trainable_variables("Actor/eval")
    )
    for scope in ("Actor", "Critic"):
        online = tf.global_variables(scope + "/eval")
        for target, source in zip(tf.global_variables(scope + "/target"), online):
            tf.assign(target, 0.99 * target + 0.01 * source)
    data = {state: normal(EXAMPLES, 5)}
    feeds = {next_state: normal(EXAMPLES, 5, salt=1), reward: normal(EXAMPLES, 1)}
    return Program(data, action, train=(tf.group(train_critic, train_actor), {**data, **feeds}))


@case
def actor_critic_two_outputs():
    """A shared trunk with policy probabilities and a value; the outputs are both."""
    state = tf.placeholder(tf.float32, [None, 6], name="state")
    actions = tf.placeholder(tf.int32, [None], name="actions")
    returns = tf.placeholder(tf.float32, [None], name="returns")
    net = tf.layers.dense(state, 9, tf.nn.relu, name="trunk")
    policy = tf.nn.softmax(tf.layers.dense(net, 3, name="pi"), name="policy")
    value = tf.squeeze(tf.layers.dense(net, 1, name="v"), axis=1, name="value")
    chosen = tf.reduce_sum(policy * tf.one_hot(actions, 3), 1)
    advantage = tf.stop_gradient(returns - value)
    policy_loss = -tf.reduce_mean(tf.log(chosen) * advantage)
    entropy = -tf.reduce_mean(tf.reduce_sum(policy * tf.log(policy + 1e-8), 1))
    value_loss = tf.reduce_mean(tf.square(returns - value))
    loss = policy_loss + 0.5 * value_loss - 0.01 * entropy
    train = tf.train.RMSPropOptimizer(1e-3, decay=0.99, epsilon=1e-5).minimize(loss)
    data = {state: normal(EXAMPLES, 6)}
    feeds = {**data, actions: random(1).randint(0, 3, EXAMPLES), returns: normal(EXAMPLES)}
    return Program(data, [policy, value], train=(train, feeds))


@case
def float_labels_before_input():
    """Labels are declared before the input, both unnamed and of the same width."""
    y = tf.placeholder(tf.float32, [None, 4])
    x = tf.placeholder(tf.float32, [None, 4])
    hidden = tf.layers.dense(x, 8, tf.nn.sigmoid)
    logits = tf.layers.dense(hidden, 4)
    train = endings.fed(endings.notes(logits, 4, y), {x: normal(EXAMPLES, 4)})
    train[1][y] = one_hot(4)
    return Program({x: normal(EXAMPLES, 4)}, logits, train=train)
