"""Whole architectures: residual and parallel paths, shared weights, several networks."""

import numpy as np
import tensorflow as tf

import endings
from harness import EXAMPLES, Program, case, normal, one_hot, random

slim = tf.contrib.slim


def images(size=8, channels=3):
    x = tf.placeholder(tf.float32, [None, size, size, channels], name="images")
    return x, {x: normal(EXAMPLES, size, size, channels)}


def ids(high, *shape, **options):
    return random(options.get("salt", 1)).randint(0, high, shape).astype("int32")


@case
def residual_v2():
    """Pre-activation residual blocks, projection shortcut, fixed padding, final batch norm."""
    x, data = images()
    training = tf.placeholder(tf.bool, name="training")

    def batch_norm_relu(net):
        return tf.nn.relu(
            tf.layers.batch_normalization(
                net, axis=3, momentum=0.9, epsilon=1e-5, training=training, fused=True
            )
        )

    def conv_fixed_padding(net, filters, size, strides):
        if strides > 1:
            before = (size - 1) // 2
            pads = [before, size - 1 - before]
            net = tf.pad(net, [[0, 0], pads, pads, [0, 0]])
        return tf.layers.conv2d(
            net, filters, size, strides, use_bias=False, padding="SAME" if strides == 1 else "VALID"
        )

    def block(net, filters, strides, project):
        shortcut = net
        net = batch_norm_relu(net)
        if project:
            shortcut = conv_fixed_padding(net, filters, 1, strides)
        net = batch_norm_relu(conv_fixed_padding(net, filters, 3, strides))
        return conv_fixed_padding(net, filters, 3, 1) + shortcut

    net = tf.identity(conv_fixed_padding(x, 6, 3, 1), "initial_conv")
    net = block(net, 6, 1, False)
    net = tf.identity(block(net, 8, 2, True), "block_layer1")
    net = tf.reduce_mean(batch_norm_relu(net), [1, 2], keepdims=True)
    net = tf.squeeze(tf.identity(net, "final_reduce_mean"), [1, 2])
    out = tf.identity(tf.layers.dense(net, 4), "final_dense")
    train = endings.fed(endings.estimator(out, 4), {**data, training: True})
    return Program(data, out, feed={training: False}, train=train)


@case
def inception_block():
    """Four parallel branches joined by tf.concat, slim scopes, average pool branch."""
    x, data = images()
    arguments = slim.arg_scope([slim.conv2d, slim.avg_pool2d], stride=1, padding="SAME")
    with arguments, tf.variable_scope("Mixed_5b"):
        with tf.variable_scope("Branch_0"):
            branch_0 = slim.conv2d(x, 4, [1, 1], scope="Conv2d_0a_1x1")
        with tf.variable_scope("Branch_1"):
            branch_1 = slim.conv2d(x, 3, [1, 1], scope="Conv2d_0a_1x1")
            branch_1 = slim.conv2d(branch_1, 4, [1, 5], scope="Conv2d_0b_1x5")
            branch_1 = slim.conv2d(branch_1, 4, [5, 1], scope="Conv2d_0c_5x1")
        with tf.variable_scope("Branch_2"):
            branch_2 = slim.avg_pool2d(x, [3, 3], scope="AvgPool_0a_3x3")
            branch_2 = slim.conv2d(branch_2, 3, [1, 1], scope="Conv2d_0b_1x1")
        net = tf.concat(axis=3, values=[branch_0, branch_1, branch_2])
    net = slim.flatten(slim.avg_pool2d(net, [8, 8], padding="VALID"))
    out = slim.fully_connected(net, 4, activation_fn=None, scope="Logits")
    return Program(data, out, train=endings.fed(endings.slim(out, 4), data))


@case
def highway_network():
    """Highway layers: H * T + x * (1 - T), negative carry bias; raw variables in scopes."""
    x = tf.placeholder(tf.float32, [None, 9], name="x")
    net = x
    for i in range(3):
        with tf.name_scope(f"highway{i}"):
            w = tf.Variable(tf.truncated_normal([9, 9], stddev=0.1), name="weight")
            b = tf.Variable(tf.constant(0.1, shape=[9]), name="bias")
            w_t = tf.Variable(tf.truncated_normal([9, 9], stddev=0.1), name="weight_transform")
            b_t = tf.Variable(tf.constant(-1.0, shape=[9]), name="bias_transform")
            h = tf.nn.relu(tf.matmul(net, w) + b, name="input_gate")
            t = tf.sigmoid(tf.matmul(net, w_t) + b_t, name="transform_gate")
            c = tf.subtract(1.0, t, name="carry_gate")
            net = tf.add(tf.multiply(h, t), tf.multiply(net, c), "y")
    out = tf.layers.dense(net, 3)
    data = {x: normal(EXAMPLES, 9)}
    return Program(data, out, train=endings.fed(endings.notes(out, 3), data))


@case
def squeeze_excite():
    """A squeeze-and-excitation block: global mean, two dense layers, reshape, multiply."""
    x, data = images()
    net = tf.layers.conv2d(x, 8, 3, padding="same", activation=tf.nn.relu)
    squeeze = tf.reduce_mean(net, axis=[1, 2])
    excitation = tf.layers.dense(squeeze, 4, use_bias=False, activation=tf.nn.relu)
    excitation = tf.layers.dense(excitation, 8, use_bias=False, activation=tf.nn.sigmoid)
    net = net * tf.reshape(excitation, [-1, 1, 1, 8])
    out = tf.layers.dense(tf.layers.flatten(tf.layers.max_pooling2d(net, 2, 2)), 3)
    return Program(data, out, train=endings.fed(endings.estimator(out, 3), data))


@case
def unet_small():
    """Contracting and expanding path, skip concatenations, transposed convolutions, masks."""
    x, data = images(8, 1)

    def double(net, filters, name):
        with tf.variable_scope(name):
            net = tf.layers.conv2d(net, filters, 3, padding="same", activation=tf.nn.relu)
            return tf.layers.conv2d(net, filters, 3, padding="same", activation=tf.nn.relu)

    down_1 = double(x, 4, "down1")
    down_2 = double(tf.layers.max_pooling2d(down_1, 2, 2), 6, "down2")
    middle = double(tf.layers.max_pooling2d(down_2, 2, 2), 8, "middle")
    up_2 = tf.layers.conv2d_transpose(middle, 6, 2, 2, name="up2")
    up_2 = double(tf.concat([up_2, down_2], axis=-1), 6, "conv_up2")
    up_1 = tf.image.resize_nearest_neighbor(up_2, [8, 8])
    up_1 = double(tf.concat([up_1, down_1], axis=-1), 4, "conv_up1")
    out = tf.layers.conv2d(up_1, 1, 1, name="mask_logits")
    labels = tf.placeholder(tf.float32, [None, 8, 8, 1], name="masks")
    loss = tf.losses.sigmoid_cross_entropy(labels, out)
    train = tf.train.AdamOptimizer(1e-3).minimize(loss)
    masks = (normal(EXAMPLES, 8, 8, 1, salt=2) > 0).astype("float32")
    return Program(data, out, train=(train, {**data, labels: masks}))


@case
def siamese_shared():
    """One tower twice by variable_scope reuse, euclidean distance, contrastive loss."""
    left = tf.placeholder(tf.float32, [None, 10], name="left")
    right = tf.placeholder(tf.float32, [None, 10], name="right")
    same = tf.placeholder(tf.float32, [None], name="same")

    def tower(inputs):
        net = tf.layers.dense(inputs, 12, activation=tf.nn.relu, name="fc1")
        return tf.layers.dense(net, 6, name="fc2")

    with tf.variable_scope("siamese") as scope:
        a = tower(left)
        scope.reuse_variables()
        b = tower(right)
    squared = tf.reduce_sum(tf.square(a - b), 1)
    distance = tf.sqrt(squared + 1e-6, name="distance")
    loss = tf.reduce_mean(
        same * squared + (1.0 - same) * tf.square(tf.maximum(0.0, 5.0 - distance))
    )
    train = tf.train.MomentumOptimizer(1e-3, 0.9).minimize(loss)
    data = {left: normal(EXAMPLES, 10), right: normal(EXAMPLES, 10, salt=1)}
    labels = {same: one_hot(2)[:, 0]}
    return Program(data, distance, train=(train, {**data, **labels}))


@case
def two_heads():
    """A trunk with a class head and a box head; the outputs are both heads; summed losses."""
    x, data = images()
    net = tf.layers.conv2d(x, 6, 3, activation=tf.nn.relu, name="trunk/conv")
    net = tf.layers.dense(tf.layers.flatten(net), 12, tf.nn.relu, name="trunk/fc")
    classes = tf.layers.dense(net, 3, name="class_head")
    boxes = tf.layers.dense(net, 4, name="box_head")
    labels = tf.placeholder(tf.int64, [None], name="class_labels")
    targets = tf.placeholder(tf.float32, [None, 4], name="box_targets")
    loss = tf.losses.sparse_softmax_cross_entropy(labels, classes)
    loss += 0.5 * tf.losses.huber_loss(targets, boxes)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    feeds = {**data, labels: ids(3, EXAMPLES), targets: normal(EXAMPLES, 4, salt=2)}
    return Program(data, [classes, boxes], train=(train, feeds))


@case
def autoencoder_dense_notes():
    """Encoder and decoder functions over dictionaries, sigmoid everywhere, RMSProp, y_true = X."""
    x = tf.placeholder("float", [None, 16])
    sizes = {
        "encoder_h1": [16, 10],
        "encoder_h2": [10, 4],
        "decoder_h1": [4, 10],
        "decoder_h2": [10, 16],
    }
    weights = {k: tf.Variable(tf.random_normal(v)) for k, v in sizes.items()}
    biases = {k: tf.Variable(tf.random_normal(v[1:])) for k, v in sizes.items()}
    net = x
    for k in sizes:
        net = tf.nn.sigmoid(tf.add(tf.matmul(net, weights[k]), biases[k]))
    y_pred, y_true = net, x
    cost = tf.reduce_mean(tf.pow(y_true - y_pred, 2))
    train = tf.train.RMSPropOptimizer(0.01).minimize(cost)
    data = {x: np.abs(normal(EXAMPLES, 16)).clip(0, 1)}
    return Program(data, y_pred, train=(train, data))


@case
def autoencoder_tied_weights():
    """Denoising autoencoder whose decoder uses tf.transpose(W), and transpose_b elsewhere."""
    x = tf.placeholder(tf.float32, [None, 12], name="x")
    w1 = tf.Variable(tf.random_uniform([12, 8], -0.3, 0.3), name="W1")
    w2 = tf.Variable(tf.random_uniform([8, 5], -0.3, 0.3), name="W2")
    b1, b2 = tf.Variable(tf.zeros([8])), tf.Variable(tf.zeros([5]))
    c2, c1 = tf.Variable(tf.zeros([8])), tf.Variable(tf.zeros([12]))
    net = tf.nn.tanh(tf.matmul(x, w1) + b1)
    code = tf.nn.tanh(tf.matmul(net, w2) + b2, name="code")
    net = tf.nn.tanh(tf.matmul(code, w2, transpose_b=True) + c2)
    out = tf.nn.tanh(tf.matmul(net, tf.transpose(w1)) + c1, name="reconstruction")
    train = tf.train.AdamOptimizer(0.01).minimize(tf.sqrt(tf.reduce_mean(tf.square(out - x))))
    data = {x: normal(EXAMPLES, 12)}
    return Program(data, out, train=(train, data))


@case
def autoencoder_conv():
    """Strided convolutions down, resize and convolutions up, sigmoid cross entropy on pixels."""
    x, _ = images(8, 1)
    targets = tf.placeholder(tf.float32, (None, 8, 8, 1), name="targets")
    net = tf.layers.conv2d(x, 8, (3, 3), padding="same", activation=tf.nn.relu)
    net = tf.layers.max_pooling2d(net, (2, 2), (2, 2), padding="same")
    net = tf.layers.conv2d(net, 4, (3, 3), padding="same", activation=tf.nn.relu)
    encoded = tf.layers.max_pooling2d(net, (2, 2), (2, 2), padding="same", name="encoded")
    net = tf.image.resize_nearest_neighbor(encoded, (4, 4))
    net = tf.layers.conv2d(net, 4, (3, 3), padding="same", activation=tf.nn.relu)
    net = tf.image.resize_nearest_neighbor(net, (8, 8))
    logits = tf.layers.conv2d(net, 1, (3, 3), padding="same", activation=None)
    tf.nn.sigmoid(logits, name="decoded")
    loss = tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits)
    train = tf.train.AdamOptimizer(0.001).minimize(tf.reduce_mean(loss))
    pixels = np.abs(normal(EXAMPLES, 8, 8, 1)).clip(0, 1)
    return Program({x: pixels}, logits, train=(train, {x: pixels, targets: pixels}))


@case
def vae_encoder_mean():
    """A variational autoencoder; a random op samples the latent, so the mean is the output."""
    x = tf.placeholder(tf.float32, [None, 14], name="x")
    net = tf.layers.dense(x, 10, tf.nn.softplus, name="encoder")
    z_mean = tf.layers.dense(net, 3, name="z_mean")
    z_log_sigma_sq = tf.layers.dense(net, 3, name="z_log_sigma_sq")
    eps = tf.random_normal(tf.shape(z_mean), 0, 1, dtype=tf.float32)
    z = tf.add(z_mean, tf.multiply(tf.sqrt(tf.exp(z_log_sigma_sq)), eps))
    net = tf.layers.dense(z, 10, tf.nn.softplus, name="decoder")
    recon = tf.layers.dense(net, 14, tf.nn.sigmoid, name="x_mean")
    reconstruction = -tf.reduce_sum(
        x * tf.log(1e-10 + recon) + (1 - x) * tf.log(1e-10 + 1 - recon), 1
    )
    latent = -0.5 * tf.reduce_sum(
        1 + z_log_sigma_sq - tf.square(z_mean) - tf.exp(z_log_sigma_sq), 1
    )
    train = tf.train.AdamOptimizer(0.001).minimize(tf.reduce_mean(reconstruction + latent))
    data = {x: np.abs(normal(EXAMPLES, 14)).clip(0, 1)}
    return Program(data, z_mean, train=(train, data))


@case
def vae_decoder_from_z():
    """A generator alone, from its latent placeholder, as a SavedModel."""
    z = tf.placeholder(tf.float32, [None, 3], name="z")
    with tf.variable_scope("generator"):
        net = tf.layers.dense(z, 10, tf.nn.relu)
        net = tf.layers.dense(net, 4 * 4 * 4, tf.nn.relu)
        net = tf.reshape(net, [-1, 4, 4, 4])
        net = tf.layers.conv2d_transpose(net, 1, 4, strides=2, padding="same")
        out = tf.nn.sigmoid(net, name="generated")
    return Program({z: normal(EXAMPLES, 3)}, out, form="saved_model")


@case
def dqn_online_target():
    """Online and target nets, copy ops, one-hot actions; the output is the online net's values."""
    state = tf.placeholder(tf.float32, [None, 6], name="s")
    next_state = tf.placeholder(tf.float32, [None, 6], name="s_")
    q_target = tf.placeholder(tf.float32, [None, 4], name="Q_target")

    def build(inputs, collection):
        collections = [collection, tf.GraphKeys.GLOBAL_VARIABLES]
        options = {"collections": collections, "initializer": tf.random_normal_initializer(0, 0.3)}
        with tf.variable_scope("l1"):
            w1 = tf.get_variable("w1", [6, 10], **options)
            b1 = tf.get_variable("b1", [1, 10], **options)
            net = tf.nn.relu(tf.matmul(inputs, w1) + b1)
        with tf.variable_scope("l2"):
            w2 = tf.get_variable("w2", [10, 4], **options)
            b2 = tf.get_variable("b2", [1, 4], **options)
            return tf.matmul(net, w2) + b2

    with tf.variable_scope("eval_net"):
        q_eval = build(state, "eval_net_params")
    with tf.variable_scope("loss"):
        loss = tf.reduce_mean(tf.squared_difference(q_target, q_eval))
    with tf.variable_scope("train"):
        train = tf.train.RMSPropOptimizer(0.01).minimize(loss)
    with tf.variable_scope("target_net"):
        build(next_state, "target_net_params")
    pairs = zip(tf.get_collection("target_net_params"), tf.get_collection("eval_net_params"))
    for target, online in pairs:
        tf.assign(target, online)
    data = {state: normal(EXAMPLES, 6)}
    return Program(data, q_eval, train=(train, {**data, q_target: normal(EXAMPLES, 4)}))


@case
def gan_pair():
    """Generator and discriminator, two optimizers by var_list; the output is what is generated."""
    noise = tf.placeholder(tf.float32, shape=[None, 5], name="disc_noise")
    real = tf.placeholder(tf.float32, shape=[None, 8], name="disc_input")

    def generator(inputs):
        with tf.variable_scope("Generator"):
            net = tf.layers.dense(inputs, 9, tf.nn.leaky_relu, name="g1")
            return tf.layers.dense(net, 8, tf.nn.tanh, name="g2")

    def discriminator(inputs, reuse=False):
        with tf.variable_scope("Discriminator", reuse=reuse):
            net = tf.layers.dense(inputs, 9, tf.nn.leaky_relu, name="d1")
            return tf.layers.dense(net, 1, name="d2")

    sample = generator(noise)
    logits_real, logits_fake = discriminator(real), discriminator(sample, reuse=True)
    cross = tf.nn.sigmoid_cross_entropy_with_logits
    d_loss = tf.reduce_mean(cross(logits=logits_real, labels=tf.ones_like(logits_real)))
    d_loss += tf.reduce_mean(cross(logits=logits_fake, labels=tf.zeros_like(logits_fake)))
    g_loss = tf.reduce_mean(cross(logits=logits_fake, labels=tf.ones_like(logits_fake)))
    g_train = tf.train.AdamOptimizer(2e-4, beta1=0.5).minimize(
        g_loss, var_list=tf.trainable_variables("Generator")
    )
    d_train = tf.train.AdamOptimizer(2e-4, beta1=0.5).minimize(
        d_loss, var_list=tf.trainable_variables("Discriminator")
    )
    data = {noise: normal(EXAMPLES, 5)}
    train = (tf.group(g_train, d_train), {**data, real: normal(EXAMPLES, 8)})
    return Program(data, sample, train=train)


@case
def ema_of_weights():
    """ExponentialMovingAverage over trainable variables; shadows beside the weights in the file."""
    x, data = images(6)
    net = tf.layers.conv2d(x, 5, 3, activation=tf.nn.relu)
    out = tf.layers.dense(tf.layers.flatten(net), 3)
    labels = tf.placeholder(tf.float32, [None, 3], name="labels")
    cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=out, labels=labels))
    step = tf.train.get_or_create_global_step()
    train = tf.train.GradientDescentOptimizer(0.05).minimize(cost, global_step=step)
    ema = tf.train.ExponentialMovingAverage(0.99, step)
    with tf.control_dependencies([train]):
        train = ema.apply(tf.trainable_variables())
    return Program(data, out, train=(train, {**data, labels: one_hot(3)}))


@case
def trainable_only_saver():
    """A Saver over a var_list: the checkpoint holds the weights alone, the graph has Adam slots."""
    x = tf.placeholder(tf.float32, [None, 7], name="state")
    net = tf.layers.dense(x, 9, tf.nn.tanh, name="policy/h")
    out = tf.layers.dense(net, 2, name="policy/logits")
    actions = tf.placeholder(tf.int32, [None], name="actions")
    rewards = tf.placeholder(tf.float32, [None], name="discounted_rewards")
    negative = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=out, labels=actions)
    train = tf.train.AdamOptimizer(0.01).minimize(tf.reduce_mean(negative * rewards))
    saver = tf.train.Saver(tf.trainable_variables(), max_to_keep=2)
    data = {x: normal(EXAMPLES, 7)}
    feeds = {**data, actions: ids(2, EXAMPLES), rewards: normal(EXAMPLES)}
    return Program(data, out, train=(train, feeds), saver=saver)


@case
def elementwise_mix():
    """Reductions, slices, stack, split, tile, norms, minimum, exp, log, power, where, cumsum."""
    x = tf.placeholder(tf.float32, [None, 12], name="x")
    a, b, c = tf.split(tf.layers.dense(x, 12, name="proj"), 3, axis=1)
    net = tf.stack([a, tf.minimum(b, 0.5), tf.exp(-tf.abs(c))], axis=1)
    net = net / tf.sqrt(tf.reduce_sum(tf.square(net), 2, keepdims=True) + 1e-6)
    mixed = tf.where(net > 0.0, tf.log1p(tf.abs(net)), tf.negative(net) ** 2)
    mixed = tf.cumsum(mixed, axis=1)
    tiled = tf.tile(tf.expand_dims(tf.reduce_max(mixed, 1), 1), [1, 3, 1])
    net = tf.concat([mixed, tiled, tf.reverse(mixed, [1])], 2)[:, 1:, ::2]
    net = tf.nn.l2_normalize(tf.layers.flatten(net), 1)
    out = tf.layers.dense(net, 3, name="out")
    data = {x: normal(EXAMPLES, 12)}
    return Program(data, out, train=endings.fed(endings.notes(out, 3), data))


@case
def frozen_siamese():
    """A frozen graph of shared towers: Const weights used twice, cosine similarity."""
    left = tf.placeholder(tf.float32, [None, 10], name="left")
    right = tf.placeholder(tf.float32, [None, 10], name="right")
    w = tf.get_variable("w", [10, 6])
    b = tf.get_variable("b", [6], initializer=tf.zeros_initializer())
    a, c = (tf.nn.l2_normalize(tf.tanh(tf.matmul(t, w) + b), 1) for t in (left, right))
    out = tf.reduce_sum(a * c, axis=1, name="similarity")
    data = {left: normal(EXAMPLES, 10), right: normal(EXAMPLES, 10, salt=1)}
    return Program(data, out, form="frozen")
