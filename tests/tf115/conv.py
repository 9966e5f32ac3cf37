"""Convolutional networks: layouts, strides, dilation, pooling, padding, resizing."""

import tensorflow as tf

import endings
from harness import EXAMPLES, Program, case, normal

slim = tf.contrib.slim


def images(size=8, channels=3):
    x = tf.placeholder(tf.float32, [None, size, size, channels], name="images")
    return x, {x: normal(EXAMPLES, size, size, channels)}


def weight_variable(shape):
    return tf.Variable(tf.truncated_normal(shape, stddev=0.1))


def bias_variable(shape):
    return tf.Variable(tf.constant(0.1, shape=shape))


def conv2d(x, w):
    return tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="SAME")


def max_pool_2x2(x):
    return tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")


@case
def deep_mnist_notes():
    """The well-known tutorial: helper functions, flat pixels, dropout, one-hot labels."""
    x = tf.placeholder(tf.float32, shape=[None, 64])
    y_ = tf.placeholder(tf.float32, shape=[None, 5])
    x_image = tf.reshape(x, [-1, 8, 8, 1])
    h_conv1 = tf.nn.relu(conv2d(x_image, weight_variable([5, 5, 1, 6])) + bias_variable([6]))
    h_pool1 = max_pool_2x2(h_conv1)
    h_conv2 = tf.nn.relu(conv2d(h_pool1, weight_variable([3, 3, 6, 8])) + bias_variable([8]))
    h_pool2 = max_pool_2x2(h_conv2)
    h_pool2_flat = tf.reshape(h_pool2, [-1, 2 * 2 * 8])
    w_fc1, b_fc1 = weight_variable([32, 16]), bias_variable([16])
    h_fc1 = tf.nn.relu(tf.matmul(h_pool2_flat, w_fc1) + b_fc1)
    keep_prob = tf.placeholder(tf.float32)
    h_fc1_drop = tf.nn.dropout(h_fc1, keep_prob)
    y_conv = tf.matmul(h_fc1_drop, weight_variable([16, 5])) + bias_variable([5])
    data = {x: normal(EXAMPLES, 64)}
    train = endings.fed(endings.notes(y_conv, 5, y_), {**data, keep_prob: 0.5})
    return Program(data, y_conv, feed={keep_prob: 1.0}, train=train)


@case
def layers_conv2d_cnn():
    """tf.layers conv2d and max_pooling2d, strides, VALID, tf.layers.flatten, global step."""
    x, data = images()
    net = tf.layers.conv2d(x, 6, [3, 3], padding="same", activation=tf.nn.relu)
    net = tf.layers.max_pooling2d(net, [2, 2], 2)
    net = tf.layers.conv2d(net, 8, (3, 2), strides=(1, 2), activation=tf.nn.elu)
    logits = tf.layers.dense(tf.layers.flatten(net), 4)
    return Program(data, logits, train=endings.fed(endings.estimator(logits, 4), data))


@case
def conv1d_text_like():
    """tf.layers.conv1d with strides, raw tf.nn.conv1d, max_pooling1d, reduce_max over time."""
    x = tf.placeholder(tf.float32, [None, 16, 5], name="signal")
    net = tf.layers.conv1d(x, 8, 5, padding="same", activation=tf.nn.relu)
    net = tf.layers.max_pooling1d(net, 2, 2)
    filters = tf.get_variable("filters", [3, 8, 6])
    bias = tf.get_variable("bias", [6], initializer=tf.zeros_initializer())
    net = tf.nn.relu(tf.nn.conv1d(net, filters, stride=2, padding="VALID") + bias)
    logits = tf.layers.dense(tf.reduce_max(net, axis=1), 3)
    data = {x: normal(EXAMPLES, 16, 5)}
    return Program(data, logits, train=endings.fed(endings.scoped(logits, 3), data))


@case
def conv3d_video():
    """tf.layers.conv3d, raw tf.nn.conv3d with bias_add, max_pooling3d, global average."""
    x = tf.placeholder(tf.float32, [None, 4, 6, 6, 2], name="clips")
    net = tf.layers.conv3d(x, 4, 3, padding="same", activation=tf.nn.relu)
    net = tf.layers.max_pooling3d(net, (1, 2, 2), (1, 2, 2))
    kernel = tf.get_variable("kernel", [2, 3, 3, 4, 5])
    bias = tf.get_variable("bias", [5], initializer=tf.zeros_initializer())
    net = tf.nn.conv3d(net, kernel, strides=[1, 2, 1, 1, 1], padding="VALID")
    net = tf.nn.relu(tf.nn.bias_add(net, bias))
    out = tf.layers.dense(tf.reduce_mean(net, [1, 2, 3]), 3)
    data = {x: normal(EXAMPLES, 4, 6, 6, 2)}
    return Program(data, out, train=endings.fed(endings.notes(out, 3), data))


@case
def dilated_layers():
    """dilation_rate in tf.layers, tf.nn.atrous_conv2d (SpaceToBatchND), dilations= in conv2d."""
    x, data = images(10)
    net = tf.layers.conv2d(x, 5, 3, dilation_rate=2, padding="same", activation=tf.nn.relu)
    w = tf.get_variable("atrous/weights", [3, 3, 5, 6])
    net = tf.nn.relu(tf.nn.atrous_conv2d(net, w, rate=2, padding="SAME"))
    w = tf.get_variable("dilations/weights", [3, 3, 6, 6])
    net = tf.nn.relu(tf.nn.conv2d(net, w, [1, 1, 1, 1], "VALID", dilations=[1, 2, 2, 1]))
    net = slim.conv2d(net, 6, [3, 3], rate=3, scope="slim")
    out = tf.layers.conv2d(net, 2, 1, name="score")
    return Program(data, tf.identity(out, name="segmentation"))


@case
def dilated_conv1d():
    """WaveNet-like: causal padding by tf.pad, dilated conv1d, gated tanh × sigmoid, residuals."""
    x = tf.placeholder(tf.float32, [None, 12, 4], name="wave")
    net = tf.layers.conv1d(x, 6, 1, name="front")
    skips = []
    for dilation in (1, 2, 4):
        with tf.variable_scope(f"block_{dilation}"):
            padded = tf.pad(net, [[0, 0], [dilation, 0], [0, 0]])
            filtered = tf.layers.conv1d(padded, 6, 2, dilation_rate=dilation, name="filter")
            gate = tf.layers.conv1d(padded, 6, 2, dilation_rate=dilation, name="gate")
            gated = tf.tanh(filtered) * tf.sigmoid(gate)
            skips.append(tf.layers.conv1d(gated, 5, 1, name="skip"))
            net = net + tf.layers.conv1d(gated, 6, 1, name="residual")
    out = tf.layers.conv1d(tf.nn.relu(tf.add_n(skips)), 3, 1, name="post")
    return Program({x: normal(EXAMPLES, 12, 4)}, out)


@case
def mobilenet_like():
    """Depthwise convolution, batch norm, relu6, pointwise; strides; global pool; 1x1 logits."""
    x, data = images()
    training = tf.placeholder(tf.bool, [], name="is_training")
    net = x
    for i, (filters, stride) in enumerate([(8, 1), (10, 2), (12, 1)]):
        with tf.variable_scope(f"block{i}"):
            channels = net.shape[-1].value
            depthwise = tf.get_variable("depthwise", [3, 3, channels, 1])
            net = tf.nn.depthwise_conv2d(net, depthwise, [1, stride, stride, 1], "SAME")
            net = tf.layers.batch_normalization(net, training=training)
            net = tf.layers.conv2d(tf.nn.relu6(net), filters, 1, use_bias=False)
            net = tf.nn.relu6(tf.layers.batch_normalization(net, training=training))
    net = tf.reduce_mean(net, [1, 2], keepdims=True, name="global_pool")
    net = slim.conv2d(net, 4, [1, 1], activation_fn=None, normalizer_fn=None, scope="Conv2d_1x1")
    logits = tf.squeeze(net, [1, 2], name="SpatialSqueeze")
    train = endings.fed(endings.scoped(logits, 4), {**data, training: True})
    return Program(data, logits, feed={training: False}, train=train)


@case
def separable_kinds():
    """tf.layers, slim and raw separable convolutions; depth multiplier 2; separable_conv1d."""
    x, data = images()
    net = tf.layers.separable_conv2d(x, 6, 3, depth_multiplier=2, activation=tf.nn.relu)
    net = slim.separable_conv2d(net, 6, [3, 3], depth_multiplier=1, scope="slim")
    net = slim.separable_conv2d(net, None, [3, 3], depth_multiplier=1, stride=2, scope="dw")
    depthwise = tf.get_variable("depthwise", [2, 2, 6, 1])
    pointwise = tf.get_variable("pointwise", [1, 1, 6, 5])
    net = tf.nn.separable_conv2d(net, depthwise, pointwise, [1, 1, 1, 1], "VALID")
    net = tf.reshape(net, [-1, 4, 5])
    net = tf.layers.separable_conv1d(net, 4, 2, activation=tf.nn.tanh)
    out = tf.contrib.layers.flatten(net)
    return Program(data, tf.layers.dense(out, 3, name="out"))


@case
def transposed_layers():
    """tf.layers.conv2d_transpose and slim's, strides 2 and 1, SAME and VALID; sigmoid image."""
    z = tf.placeholder(tf.float32, [None, 6], name="z")
    net = tf.layers.dense(z, 2 * 2 * 8, activation=tf.nn.relu)
    net = tf.reshape(net, [-1, 2, 2, 8])
    net = tf.layers.conv2d_transpose(net, 6, 3, strides=2, padding="same", activation=tf.nn.relu)
    net = slim.conv2d_transpose(net, 5, [2, 2], stride=2, padding="VALID", scope="up")
    net = tf.layers.conv2d_transpose(net, 1, 3, strides=1, padding="valid")
    out = tf.nn.sigmoid(net, name="image")
    return Program({z: normal(EXAMPLES, 6)}, out)


@case
def transposed_raw_shape():
    """tf.nn.conv2d_transpose with output_shape packed from tf.shape, and a fixed batch size."""
    x = tf.placeholder(tf.float32, [None, 3, 3, 4], name="x")
    batch = tf.shape(x)[0]
    w1 = tf.get_variable("w1", [3, 3, 6, 4])
    b1 = tf.get_variable("b1", [6], initializer=tf.zeros_initializer())
    net = tf.nn.conv2d_transpose(x, w1, tf.stack([batch, 6, 6, 6]), [1, 2, 2, 1])
    net = tf.nn.relu(tf.nn.bias_add(net, b1))
    w2 = tf.get_variable("w2", [2, 2, 2, 6])
    b2 = tf.get_variable("b2", [2], initializer=tf.zeros_initializer())
    net = tf.nn.conv2d_transpose(net, w2, [batch, 12, 12, 2], [1, 2, 2, 1], padding="VALID")
    out = tf.tanh(net + b2, name="generated")
    return Program({x: normal(EXAMPLES, 3, 3, 4)}, out)


@case
def alexnet_lrn():
    """AlexNet-like: LRN with its own constants, overlapping VALID pools, dropout, -1 reshape."""
    x, data = images(14)
    keep_prob = tf.placeholder(tf.float32, name="keep_prob")
    with tf.name_scope("conv1") as scope:
        kernel = tf.Variable(tf.truncated_normal([5, 5, 3, 8], stddev=1e-1), name="weights")
        biases = tf.Variable(tf.constant(0.0, shape=[8]), name="biases")
        conv = tf.nn.conv2d(x, kernel, [1, 2, 2, 1], padding="SAME")
        conv1 = tf.nn.relu(tf.nn.bias_add(conv, biases), name=scope)
    lrn1 = tf.nn.lrn(conv1, 4, bias=1.0, alpha=0.001 / 9.0, beta=0.75, name="lrn1")
    pool1 = tf.nn.max_pool(lrn1, [1, 3, 3, 1], [1, 2, 2, 1], padding="VALID", name="pool1")
    conv2 = tf.layers.conv2d(pool1, 8, 3, padding="same", activation=tf.nn.relu, name="conv2")
    lrn2 = tf.nn.local_response_normalization(conv2)
    pool2 = tf.nn.avg_pool(lrn2, [1, 2, 2, 1], [1, 1, 1, 1], padding="VALID", name="pool2")
    dim = pool2.get_shape()[1:].num_elements()
    flat = tf.reshape(pool2, [-1, dim])
    fc = tf.nn.dropout(tf.layers.dense(flat, 12, tf.nn.relu, name="fc6"), keep_prob)
    out = tf.layers.dense(fc, 4, name="fc8")
    train = endings.fed(endings.notes(out, 4), {**data, keep_prob: 0.5})
    return Program(data, out, feed={keep_prob: 1.0}, train=train)


@case
def padded_valid():
    """tf.pad CONSTANT, REFLECT and SYMMETRIC before VALID convolutions; ResNet's fixed padding."""
    x, data = images(9)
    net = tf.pad(x, [[0, 0], [3, 3], [3, 3], [0, 0]], "REFLECT")
    net = tf.layers.conv2d(net, 5, 7, strides=2, activation=tf.nn.relu)
    net = tf.pad(net, [[0, 0], [1, 1], [1, 1], [0, 0]])
    net = tf.layers.max_pooling2d(net, 3, 2, padding="valid")
    net = tf.pad(net, [[0, 0], [1, 0], [0, 2], [0, 0]], mode="SYMMETRIC")
    net = tf.layers.conv2d(net, 4, 2, activation=tf.nn.tanh)
    out = tf.layers.dense(tf.layers.flatten(net), 3)
    return Program(data, out, train=endings.fed(endings.estimator(out, 3), data))


@case
def resized_four_ways():
    """resize_bilinear and nearest, align_corners both, sizes fixed and from tf.shape."""
    x, data = images(5)
    a = tf.image.resize_bilinear(x, [10, 10])
    b = tf.image.resize_bilinear(x, [10, 10], align_corners=True)
    c = tf.image.resize_nearest_neighbor(x, tf.shape(x)[1:3] * 2)
    d = tf.image.resize_images(x, [10, 10], tf.image.ResizeMethod.NEAREST_NEIGHBOR, True)
    net = tf.concat([a, b, c, d], axis=3)
    net = tf.layers.conv2d(net, 6, 3, padding="same", activation=tf.nn.relu)
    net = tf.image.resize_bilinear(net, [4, 6])
    out = tf.layers.conv2d(net, 2, 1, name="map")
    return Program(data, out)


@case
def pooling_kinds():
    """Average and max pooling SAME with odd sizes, global max, mean with keepdims, slim pools."""
    x, data = images(9)
    net = tf.layers.conv2d(x, 6, 3, activation=tf.nn.relu, padding="same")
    net = tf.layers.average_pooling2d(net, 2, 2, padding="same")
    net = slim.max_pool2d(net, [3, 3], stride=1, padding="SAME", scope="pool")
    net = slim.avg_pool2d(net, [2, 3], stride=[2, 1], scope="avg")
    a = tf.reduce_max(net, axis=[1, 2])
    b = tf.reshape(tf.reduce_mean(net, [1, 2], keep_dims=True), [-1, 6])
    c = tf.contrib.layers.flatten(tf.nn.avg_pool(net, [1, 2, 3, 1], [1, 1, 1, 1], "VALID"))
    out = tf.layers.dense(tf.concat([a, b, c], 1), 3)
    return Program(data, out, train=endings.fed(endings.scoped(out, 3), data))


@case
def channels_first_input():
    """NCHW input transposed to NHWC before the convolutions, and back before flattening."""
    x = tf.placeholder(tf.float32, [None, 3, 8, 8], name="x")
    net = tf.transpose(x, [0, 2, 3, 1])
    net = tf.layers.conv2d(net, 6, 3, strides=2, padding="same", activation=tf.nn.relu)
    net = tf.transpose(net, [0, 3, 1, 2])
    out = tf.layers.dense(tf.layers.flatten(net), 4, name="fc")
    data = {x: normal(EXAMPLES, 3, 8, 8)}
    return Program(data, out, train=endings.fed(endings.notes(out, 4), data))


@case
def vgg_slim():
    """slim.repeat of conv2d, max_pool2d, convolution as fully connected, dropout, squeeze."""
    x, data = images()
    with slim.arg_scope([slim.conv2d], activation_fn=tf.nn.relu, padding="SAME"):
        net = slim.repeat(x, 2, slim.conv2d, 6, [3, 3], scope="conv1")
        net = slim.max_pool2d(net, [2, 2], scope="pool1")
        net = slim.repeat(net, 2, slim.conv2d, 8, [3, 3], scope="conv2")
        net = slim.max_pool2d(net, [2, 2], scope="pool2")
        net = slim.conv2d(net, 12, [2, 2], padding="VALID", scope="fc6")
        net = slim.dropout(net, 0.5, is_training=False, scope="dropout6")
        net = slim.conv2d(net, 5, [1, 1], activation_fn=None, scope="fc8")
        logits = tf.squeeze(net, [1, 2], name="fc8/squeezed")
    return Program(data, logits, train=endings.fed(endings.slim(logits, 5), data))
