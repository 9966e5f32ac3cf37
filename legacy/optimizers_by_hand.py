"""optimizers-by-hand in TensorFlow 1: update rules as operations, held against tf.train's."""

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them

START, CURVATURE = [2.0, -1.0], [1.0, 20.0]  # a valley twenty times steeper across than along
LR, MOMENTUM, RHO, BETA1, BETA2 = 0.02, 0.9, 0.9, 0.9, 0.999


def slot(value):
    """A variable of the shape of the weight, in which an optimizer remembers something."""
    return tf.Variable(tf.fill([2], value), trainable=False)


# --- gradient descent
def gradient_descent(w, g):
    """Downhill."""
    return w.assign_sub(LR * g)


# --- momentum
def momentum(w, g):
    """A heavy ball. The learning rate stays outside of what is summed up."""
    a = slot(0.0)
    return w.assign_sub(LR * a.assign(MOMENTUM * a + g))


# --- rmsprop
def rmsprop(w, g):
    """Steps of like size in all directions. In TF1 the mean of squares starts at 1."""
    ms = slot(1.0)
    ms = ms.assign(RHO * ms + (1 - RHO) * g**2)
    return w.assign_sub(LR * g / tf.sqrt(ms + 1e-10))


# --- adam
def adam(w, g):
    """Momentum and RMSProp, each divided by what it lacks at the start."""
    m, v, steps = slot(0.0), slot(0.0), tf.Variable(0.0, trainable=False)
    t = steps.assign_add(1.0)
    m = m.assign(BETA1 * m + (1 - BETA1) * g) / (1 - BETA1**t)
    v = v.assign(BETA2 * v + (1 - BETA2) * g**2) / (1 - BETA2**t)
    return w.assign_sub(LR * m / (tf.sqrt(v) + 1e-8))


# --- built in
def built_in():
    """What tf.train has of these, by name."""
    return {
        "gradient descent": tf.train.GradientDescentOptimizer(LR),
        "momentum": tf.train.MomentumOptimizer(LR, MOMENTUM),
        "RMSProp": tf.train.RMSPropOptimizer(LR, RHO),
        "Adam": tf.train.AdamOptimizer(LR, BETA1, BETA2),
    }


# --- loop
def path(rule, num_steps):
    """Where a rule leads, step by step: shape (num_steps, 2)."""
    with tf.Graph().as_default(), tf.Session() as session:
        w = tf.Variable(START)
        loss = tf.reduce_sum(CURVATURE * w**2) / 2
        (g,) = tf.gradients(loss, [w])
        update = rule(w, g)
        session.run(tf.global_variables_initializer())
        points = []
        for _ in range(num_steps):
            session.run(update)
            points.append(session.run(w))  # fetched together, w may be read before the update
    return np.array(points)


# --- average
def averages(series, beta):
    """The exponentially weighted average of a series, and the same without its bias to 0."""
    x = tf.placeholder(tf.float32, [])
    average, steps = tf.Variable(0.0), tf.Variable(0.0)
    average = average.assign(beta * average + (1 - beta) * x)
    corrected = average / (1 - beta ** steps.assign_add(1.0))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return np.array([session.run([average, corrected], {x: one}) for one in series]).T


# --- decay
def decayed(num_epochs):
    """Three ways to lower the learning rate: 1/(1 + epoch), 0.95^epoch, 1/sqrt(epoch)."""
    epoch = tf.placeholder(tf.float32, [])
    rates = [
        tf.train.inverse_time_decay(LR, epoch, decay_steps=1, decay_rate=1.0),
        tf.train.exponential_decay(LR, epoch, decay_steps=1, decay_rate=0.95),
        LR / tf.sqrt(epoch),
    ]
    with tf.Session() as session:
        return np.array([session.run(rates, {epoch: n}) for n in range(1, num_epochs + 1)]).T


def values(series, num_steps=20, num_epochs=10, beta=0.9):
    """The paths of all rules, by hand and built in; averages; learning rates."""
    rules = {
        "gradient descent": gradient_descent,
        "momentum": momentum,
        "RMSProp": rmsprop,
        "Adam": adam,
    }
    given = {}
    for name, optimizer in built_in().items():
        given[name] = path(rules[name], num_steps)
        theirs = path(lambda w, g, opt=optimizer: opt.apply_gradients([(g, w)]), num_steps)
        given[name + ", built in"] = theirs
        apart = np.abs(given[name] - theirs).max()
        print(f"{name}: by hand and tf.train at most {apart:.2g} apart in {num_steps} steps")
    given["average"], given["average, corrected"] = averages(series, beta)
    given["1/(1+epoch)"], given["0.95^epoch"], given["1/sqrt(epoch)"] = decayed(num_epochs)
    return given
