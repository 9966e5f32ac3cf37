"""Programs to be continued whose losses take more than a label: masks, weights, several heads."""

import numpy as np
import tensorflow as tf

from harness import EXAMPLES, Training, case, random
from problem import CLASSES, FEATURES, HIDDEN, STEPS, batches, mlp, placeholders

TIME, VOCABULARY = 6, 9


def _sequences():
    """Thirty batches of tokens, the tokens after them, and a mask of their true lengths."""
    generator = random(41)
    made = []
    for _ in range(STEPS):
        ids = generator.randint(0, VOCABULARY, (EXAMPLES, TIME + 1)).astype("int32")
        lengths = generator.randint(2, TIME + 1, EXAMPLES)
        mask = (np.arange(TIME) < lengths[:, None]).astype("float32")
        made.append((ids[:, :-1], ids[:, 1:], mask, lengths.astype("int32")))
    return made


def _language_model(ids):
    table = tf.get_variable("embedding", [VOCABULARY, 8])
    net = tf.nn.embedding_lookup(table, ids)
    net = tf.layers.conv1d(net, HIDDEN, 2, padding="same", activation=tf.nn.tanh, name="conv")
    return tf.layers.dense(net, VOCABULARY, name="logits")


@case
def train_sequence_loss_mask():
    """contrib.seq2seq.sequence_loss with a placeholder of weights; clipped Adam."""
    ids = tf.placeholder(tf.int32, [None, TIME], name="ids")
    targets = tf.placeholder(tf.int32, [None, TIME], name="targets")
    mask = tf.placeholder(tf.float32, [None, TIME], name="mask")
    logits = _language_model(ids)
    cost = tf.contrib.seq2seq.sequence_loss(logits, targets, mask)
    optimizer = tf.train.AdamOptimizer(0.01)
    pairs = [(tf.clip_by_value(g, -5.0, 5.0), v) for g, v in optimizer.compute_gradients(cost)]
    train = optimizer.apply_gradients(pairs)
    made = [(x, [y, m]) for x, y, m, _ in _sequences()]
    return Training(ids, [targets, mask], logits, cost, train, made)


@case
def train_sequence_loss_lengths():
    """Sparse cross entropy times sequence_mask(lengths), over the sum of the mask; Adam."""
    ids = tf.placeholder(tf.int32, [None, TIME], name="ids")
    targets = tf.placeholder(tf.int32, [None, TIME], name="targets")
    lengths = tf.placeholder(tf.int32, [None], name="lengths")
    logits = _language_model(ids)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
    mask = tf.sequence_mask(lengths, TIME, dtype=tf.float32)
    cost = tf.reduce_sum(losses * mask) / tf.reduce_sum(mask)
    train = tf.train.AdamOptimizer(0.01).minimize(cost)
    made = [(x, [y, n]) for x, y, _, n in _sequences()]
    return Training(ids, [targets, lengths], logits, cost, train, made)


@case
def train_sequence_padding_zero():
    """Padding is token 0: the mask is computed from the labels themselves; Momentum."""
    ids = tf.placeholder(tf.int32, [None, TIME], name="ids")
    targets = tf.placeholder(tf.int32, [None, TIME], name="targets")
    logits = _language_model(ids)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
    mask = tf.cast(tf.not_equal(targets, 0), tf.float32)
    cost = tf.reduce_sum(losses * mask) / tf.reduce_sum(mask)
    train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(cost)
    made = [(x, [y * (m > 0)]) for x, y, m, _ in _sequences()]
    return Training([ids], [targets], logits, cost, train, made)


@case
def train_sequence_weighted_mean():
    """Cross entropy of one-hot steps times a mask, the mean over steps, then over the batch."""
    ids = tf.placeholder(tf.int32, [None, TIME], name="ids")
    targets = tf.placeholder(tf.float32, [None, TIME, VOCABULARY], name="targets")
    mask = tf.placeholder(tf.float32, [None, TIME], name="mask")
    logits = _language_model(ids)
    losses = tf.nn.softmax_cross_entropy_with_logits_v2(labels=targets, logits=logits)
    each = tf.reduce_sum(losses * mask, 1) / tf.reduce_sum(mask, 1)
    cost = tf.reduce_mean(each)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(cost)
    eye = np.eye(VOCABULARY, dtype="float32")
    made = [(x, [eye[y], m]) for x, y, m, _ in _sequences()]
    return Training(ids, [targets, mask], logits, cost, train, made)


def _weighted(width, labels="one_hot"):
    generator = random(43)
    return [
        (x, [y, generator.uniform(0, 2, EXAMPLES).astype("float32")])
        for x, y in batches(labels=labels, width=width)
    ]


@case
def train_losses_weights():
    """tf.losses.softmax_cross_entropy with a placeholder of example weights; Adam."""
    x, y = placeholders()
    weights = tf.placeholder(tf.float32, [None], name="example_weights")
    logits = mlp(x)
    loss = tf.losses.softmax_cross_entropy(y, logits, weights=weights)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    made = _weighted(CLASSES)
    for _, (_, weight) in made:
        weight[:3] = 0
    return Training(x, [y, weights], logits, loss, train, made)


@case
def train_policy_gradient():
    """REINFORCE: mean of -log pi(action) * return, actions as class numbers; Adam."""
    x = tf.placeholder(tf.float32, [None, FEATURES], name="observations")
    actions = tf.placeholder(tf.int32, [None], name="actions_num")
    values = tf.placeholder(tf.float32, [None], name="actions_value")
    hidden = tf.layers.dense(x, HIDDEN, tf.nn.tanh, name="fc1")
    logits = tf.layers.dense(hidden, CLASSES, name="fc2")
    tf.nn.softmax(logits, name="act_prob")
    negative = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=logits, labels=actions)
    loss = tf.reduce_mean(negative * values)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    made = [(x_, [y.argmax(1).astype("int32"), v - 1]) for x_, (y, v) in _weighted(CLASSES)]
    return Training(x, [actions, values], logits, loss, train, made)


@case
def train_q_learning():
    """DQN's loss: the value of the action that was taken, by a one-hot product, to a target."""
    x = tf.placeholder(tf.float32, [None, FEATURES], name="state")
    actions = tf.placeholder(tf.float32, [None, CLASSES], name="action_input")
    targets = tf.placeholder(tf.float32, [None], name="y_input")
    values = mlp(x)
    taken = tf.reduce_sum(tf.multiply(values, actions), reduction_indices=1)
    cost = tf.reduce_mean(tf.square(targets - taken))
    train = tf.train.AdamOptimizer(0.01).minimize(cost)
    made = [(x_, [v, y]) for x_, (y, v) in _weighted(CLASSES)]
    return Training(x, [targets, actions], values, cost, train, made)


@case
def train_class_weights_by_label():
    """Class weights, a constant, picked by the one-hot label and times the cross entropy."""
    x, y = placeholders()
    logits = mlp(x)
    weights = tf.reduce_sum(tf.constant([1.0, 2.0, 0.5, 3.0]) * y, axis=1)
    losses = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    loss = tf.reduce_mean(losses * weights)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    return Training(x, y, logits, loss, train, batches())


@case
def train_two_heads_summed():
    """A class head and a regression head, their losses summed with a factor; Adam."""
    x = tf.placeholder(tf.float32, [None, FEATURES], name="x")
    label = tf.placeholder(tf.int32, [None], name="label")
    box = tf.placeholder(tf.float32, [None, 3], name="box")
    trunk = tf.layers.dense(x, HIDDEN, tf.nn.relu, name="trunk")
    logits = tf.layers.dense(trunk, CLASSES, name="class_head")
    boxes = tf.layers.dense(trunk, 3, name="box_head")
    class_loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=label, logits=logits)
    )
    box_loss = tf.reduce_mean(tf.reduce_sum(tf.square(boxes - box), axis=1))
    loss = class_loss + 0.5 * box_loss
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    generator = random(47)
    made = [
        (x_, [y.argmax(1).astype("int32"), generator.normal(0, 1, (EXAMPLES, 3)).astype("float32")])
        for x_, y in batches()
    ]
    return Training(x, [label, box], [logits, boxes], loss, train, made)


@case
def train_two_heads_weighted_and_unknown():
    """A weighted sigmoid on one head, a cubed error on the other, L2 beside; Momentum."""
    x = tf.placeholder(tf.float32, [None, FEATURES], name="x")
    flags = tf.placeholder(tf.float32, [None, 2], name="flags")
    value = tf.placeholder(tf.float32, [None, 1], name="value")
    trunk = tf.layers.dense(x, HIDDEN, tf.nn.relu, name="trunk")
    logits = tf.layers.dense(trunk, 2, name="flag_head")
    values = tf.layers.dense(trunk, 1, name="value_head")
    weighted = tf.nn.weighted_cross_entropy_with_logits(
        targets=flags, logits=logits, pos_weight=3.0
    )
    cubed = tf.pow(tf.abs(values - value), 3)
    decay = tf.nn.l2_loss(tf.trainable_variables()[0])
    loss = tf.reduce_mean(weighted) + 0.1 * tf.reduce_mean(cubed) + 0.01 * decay
    train = tf.train.MomentumOptimizer(0.02, 0.9).minimize(loss)
    generator = random(53)
    made = [
        (x_, [y, generator.normal(0, 1, (EXAMPLES, 1)).astype("float32")])
        for x_, y in batches(labels="binary", width=2)
    ]
    return Training(x, [flags, value], [logits, values], loss, train, made)


@case
def train_sum_over_batch_size():
    """Sparse cross entropy summed over everything, divided by the size of the batch; SGD."""
    x = tf.placeholder(tf.float32, [None, FEATURES], name="x")
    y = tf.placeholder(tf.int32, [None], name="y")
    logits = tf.layers.dense(x, CLASSES, name="logits")
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    loss = tf.reduce_sum(losses) / tf.cast(tf.shape(x)[0], tf.float32)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return Training(x, y, logits, loss, train, batches())


@case
def train_mean_of_sums():
    """mean(sum(square)) of images that are flattened: an autoencoder's usual loss; Adam."""
    x, y = placeholders(3)
    prediction = mlp(x, 3)
    cost = tf.reduce_mean(tf.reduce_sum(tf.square(y - prediction), 1)) * 0.5
    train = tf.train.AdamOptimizer(0.01).minimize(cost)
    return Training(x, y, prediction, cost, train, batches(labels="real", width=3))


@case
def train_hinge():
    """tf.losses.hinge_loss on one logit, labels 0 and 1; SGD."""
    x, y = placeholders(1)
    logits = mlp(x, 1)
    loss = tf.losses.hinge_loss(y, logits)
    train = tf.train.GradientDescentOptimizer(0.05).minimize(loss)
    return Training(x, y, logits, loss, train, batches(labels="binary", width=1))


@case
def train_svm_by_hand():
    """A linear SVM: mean(max(0, 1 - y * f)) + alpha * l2, labels -1 and 1; SGD."""
    x, y = placeholders(1)
    w = tf.Variable(tf.random_normal([FEATURES, 1]), name="A")
    b = tf.Variable(tf.random_normal([1, 1]), name="b")
    output = tf.subtract(tf.matmul(x, w), b)
    norm = tf.reduce_sum(tf.square(w))
    term = tf.reduce_mean(tf.maximum(0.0, tf.subtract(1.0, tf.multiply(output, y))))
    loss = tf.add(term, tf.multiply(tf.constant([0.01]), norm))
    train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    made = [(x_, 2 * y_ - 1) for x_, y_ in batches(labels="binary", width=1)]
    return Training(x, y, output, loss, train, made)


@case
def train_cosine_distance():
    """tf.losses.cosine_distance of normalized vectors; Adam."""
    x, y = placeholders(3)
    prediction = mlp(x, 3)
    unit = tf.nn.l2_normalize(prediction, 1)
    loss = tf.losses.cosine_distance(tf.nn.l2_normalize(y, 1), unit, axis=1)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    return Training(x, y, unit, loss, train, batches(labels="real", width=3))


@case
def train_kl_divergence():
    """KL of a softmax from soft labels: mean(sum(y * log(y / p))); Adam."""
    x, y = placeholders()
    p = tf.nn.softmax(mlp(x), name="p")
    cost = tf.reduce_mean(tf.reduce_sum(y * tf.log((y + 1e-8) / (p + 1e-8)), axis=1))
    train = tf.train.AdamOptimizer(0.01).minimize(cost)
    generator = random(59)
    made = [
        (x_, generator.dirichlet([1.0] * CLASSES, EXAMPLES).astype("float32"))
        for x_, _ in batches()
    ]
    return Training(x, y, p, cost, train, made)


@case
def train_focal_loss():
    """Focal loss as people write it on sigmoid outputs, with tf.where; Adam."""
    x, y = placeholders(3)
    p = tf.nn.sigmoid(mlp(x, 3), name="p")
    ones = tf.where(tf.equal(y, 1), p, tf.ones_like(p))
    zeros = tf.where(tf.equal(y, 0), p, tf.zeros_like(p))
    loss = -tf.reduce_mean(0.25 * tf.pow(1.0 - ones, 2.0) * tf.log(ones + 1e-7)) - tf.reduce_mean(
        0.75 * tf.pow(zeros, 2.0) * tf.log(1.0 - zeros + 1e-7)
    )
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    return Training(x, y, p, loss, train, batches(labels="binary", width=3))


@case
def train_dice_loss():
    """A soft dice loss over the batch beside the cross entropy, of the same output; Adam."""
    x, y = placeholders(3)
    logits = mlp(x, 3)
    p = tf.nn.sigmoid(logits, name="p")
    overlap = 2.0 * tf.reduce_sum(p * y) + 1.0
    dice = 1.0 - overlap / (tf.reduce_sum(p) + tf.reduce_sum(y) + 1.0)
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits)
    loss = tf.reduce_mean(entropy) + dice
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    return Training(x, y, logits, loss, train, batches(labels="binary", width=3))


@case
def train_one_hot_of_classes():
    """Class numbers made one-hot in the graph, a cross entropy by hand with clipping; Adagrad."""
    x = tf.placeholder(tf.float32, [None, FEATURES], name="x")
    y = tf.placeholder(tf.int32, [None], name="y")
    p = tf.nn.softmax(tf.layers.dense(x, CLASSES, name="out"), name="p")
    encoded = tf.one_hot(y, CLASSES)
    cost = -tf.reduce_mean(tf.reduce_sum(encoded * tf.log(tf.clip_by_value(p, 1e-10, 1.0)), 1))
    train = tf.train.AdagradOptimizer(0.1).minimize(cost)
    return Training(x, y, p, cost, train, batches())


@case
def train_gathered_log_probability():
    """-log of the probability gathered at the label: gather_nd over range and label; SGD."""
    x = tf.placeholder(tf.float32, [None, FEATURES], name="x")
    y = tf.placeholder(tf.int32, [None], name="y")
    p = tf.nn.softmax(tf.layers.dense(x, CLASSES, name="out"), name="p")
    places = tf.stack([tf.range(tf.shape(y)[0]), y], axis=1)
    loss = -tf.reduce_mean(tf.log(tf.gather_nd(p, places)))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return Training(x, y, p, loss, train, batches())


@case
def train_pairwise_squared():
    """tf.losses.mean_pairwise_squared_error; Adam."""
    x, y = placeholders(3)
    prediction = mlp(x, 3)
    loss = tf.losses.mean_pairwise_squared_error(y, prediction)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    return Training(x, y, prediction, loss, train, batches(labels="real", width=3))


@case
def train_reduction_sum():
    """tf.losses with Reduction.SUM and a scalar weight; SGD."""
    x, y = placeholders()
    logits = mlp(x)
    loss = tf.losses.softmax_cross_entropy(
        y, logits, weights=0.3, reduction=tf.losses.Reduction.SUM
    )
    train = tf.train.GradientDescentOptimizer(0.02).minimize(loss)
    return Training(x, y, logits, loss, train, batches())


@case
def train_label_smoothing_of_classes():
    """tf.losses with smoothed labels that the graph makes of class numbers; Adam."""
    x = tf.placeholder(tf.float32, [None, FEATURES], name="x")
    classes = tf.placeholder(tf.int64, [None], name="classes")
    logits = mlp(x)
    labels = tf.one_hot(classes, CLASSES)
    loss = tf.losses.softmax_cross_entropy(labels, logits, label_smoothing=0.1)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    made = [(x_, [y.argmax(1)]) for x_, y in batches()]
    return Training(x, [classes], logits, loss, train, made)


@case
def train_contrastive():
    """Two towers that share weights: the squared distance, or what it lacks to a margin; Adam."""
    left = tf.placeholder(tf.float32, [None, FEATURES], name="left")
    right = tf.placeholder(tf.float32, [None, FEATURES], name="right")
    same = tf.placeholder(tf.float32, [None, 1], name="same")

    def tower(x):
        hidden = tf.layers.dense(x, HIDDEN, tf.nn.relu, name="fc1", reuse=tf.AUTO_REUSE)
        return tf.layers.dense(hidden, 3, name="fc2", reuse=tf.AUTO_REUSE)

    apart = tf.reduce_sum(tf.pow(tower(left) - tower(right), 2), 1, keepdims=True)
    distance = tf.sqrt(apart)
    near = same * tf.square(distance)
    far = (1 - same) * tf.square(tf.maximum(1.5 - distance, 0))
    loss = tf.reduce_mean(far + near) / 2
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    pairs = zip(batches(), batches(labels="binary", width=1))
    made = [([x, x[::-1]], [y]) for (x, _), (_, y) in pairs]
    return Training([left, right], [same], distance, loss, train, made)


@case
def train_q_target_network():
    """A DQN with its target network in the graph, the action picked by its number; RMSProp."""
    state = tf.placeholder(tf.float32, [None, FEATURES], name="state")
    after = tf.placeholder(tf.float32, [None, FEATURES], name="next_state")
    reward = tf.placeholder(tf.float32, [None], name="reward")
    action = tf.placeholder(tf.int32, [None], name="action")
    with tf.variable_scope("evaluated"):
        values = tf.layers.dense(tf.layers.dense(state, HIDDEN, tf.nn.relu), CLASSES, name="q")
    with tf.variable_scope("target"):
        others = tf.layers.dense(tf.layers.dense(after, HIDDEN, tf.nn.relu), CLASSES, name="q")
    target = tf.stop_gradient(reward + 0.9 * tf.reduce_max(others, axis=1), name="target_value")
    rows = tf.stack([tf.range(tf.shape(action)[0]), action], axis=1)
    taken = tf.gather_nd(values, rows)
    loss = tf.reduce_mean(tf.squared_difference(target, taken))
    train = tf.train.RMSPropOptimizer(0.01).minimize(loss)
    made = [(x, [v, y.argmax(1).astype("int32")]) for x, (y, v) in _weighted(CLASSES)]
    return Training(state, [target, action], values, loss, train, made)


@case
def train_stopped_weight():
    """A focal loss whose weight, computed from the output, learns nothing; Adam."""
    x, y = placeholders(3)
    p = tf.nn.sigmoid(mlp(x, 3), name="p")
    missed = tf.stop_gradient(tf.square(y - p))
    entropy = y * tf.log(p + 1e-7) + (1 - y) * tf.log(1 - p + 1e-7)
    loss = -tf.reduce_mean(tf.reduce_sum(missed * entropy, axis=1))
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    return Training(x, y, p, loss, train, batches(labels="binary", width=3))


@case
def train_clipped_surrogate():
    """PPO: the ratio to the probability that the action had, clipped, times its advantage; Adam."""
    x = tf.placeholder(tf.float32, [None, FEATURES], name="observations")
    actions = tf.placeholder(tf.int32, [None], name="actions")
    advantages = tf.placeholder(tf.float32, [None], name="advantages")
    before = tf.placeholder(tf.float32, [None], name="old_log_probability")
    logits = mlp(x)
    log_all = tf.nn.log_softmax(logits)
    log_taken = tf.reduce_sum(tf.one_hot(actions, CLASSES) * log_all, axis=1)
    ratio = tf.exp(log_taken - before)
    clipped = tf.clip_by_value(ratio, 0.8, 1.2)
    surrogate = tf.reduce_mean(tf.minimum(ratio * advantages, clipped * advantages))
    entropy = -tf.reduce_mean(tf.reduce_sum(tf.nn.softmax(logits) * log_all, axis=1))
    loss = -surrogate - 0.01 * entropy
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    made = [(x_, [y.argmax(1).astype("int32"), v - 1, -v]) for x_, (y, v) in _weighted(CLASSES)]
    return Training(x, [actions, advantages, before], logits, loss, train, made)


@case
def train_mean_and_deviation():
    """Two heads, a mean and the logarithm of a variance, in one likelihood; a penalty; Adam."""
    x, y = placeholders(1)
    hidden = tf.layers.dense(x, HIDDEN, tf.nn.tanh, name="fc1")
    mean = tf.layers.dense(hidden, 1, name="mean")
    logarithm = tf.layers.dense(hidden, 1, name="log_variance")
    squared = tf.square(y - mean) * tf.exp(-logarithm)
    penalties = [tf.nn.l2_loss(v) for v in tf.trainable_variables() if "kernel" in v.name]
    loss = 0.5 * tf.reduce_mean(squared + logarithm) + 0.001 * tf.add_n(penalties)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    return Training([x], [y], [mean, logarithm], loss, train, batches(labels="real", width=1))
