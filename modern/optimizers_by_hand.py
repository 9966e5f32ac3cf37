"""optimizers-by-hand in TensorFlow 2: update rules in Python, held against Keras's."""

import keras
import numpy as np
import tensorflow as tf

START, CURVATURE = [2.0, -1.0], [1.0, 20.0]  # a valley twenty times steeper across than along
LR, MOMENTUM, RHO, BETA1, BETA2 = 0.02, 0.9, 0.9, 0.9, 0.999


# --- gradient descent
def gradient_descent(w, g, memory):
    """Downhill."""
    w.assign_sub(LR * g)


# --- momentum
def momentum(w, g, memory):
    """A heavy ball, with TF1's arithmetic. Keras sums up steps, learning rate included."""
    a = memory["a"] = MOMENTUM * memory.get("a", 0.0) + g
    w.assign_sub(LR * a)


# --- rmsprop
def rmsprop(w, g, memory):
    """Steps of like size in all directions. In TF1 the mean of squares starts at 1."""
    ms = memory["ms"] = RHO * memory.get("ms", 1.0) + (1 - RHO) * g**2
    w.assign_sub(LR * g / tf.sqrt(ms + 1e-10))


# --- adam
def adam(w, g, memory):
    """Momentum and RMSProp, each divided by what it lacks at the start."""
    t = memory["t"] = memory.get("t", tf.constant(0.0)) + 1
    m = memory["m"] = BETA1 * memory.get("m", 0.0) + (1 - BETA1) * g
    v = memory["v"] = BETA2 * memory.get("v", 0.0) + (1 - BETA2) * g**2
    m, v = m / (1 - BETA1**t), v / (1 - BETA2**t)
    w.assign_sub(LR * m / (tf.sqrt(v) + 1e-8))


# --- built in
def built_in():
    """What Keras has of these, by name, with the constants of TF1."""
    optimizers = keras.optimizers
    return {
        "gradient descent": optimizers.SGD(LR),
        "momentum": optimizers.SGD(LR, MOMENTUM),
        "RMSProp": optimizers.RMSprop(LR, RHO, epsilon=1e-10),
        "Adam": optimizers.Adam(LR, BETA1, BETA2, epsilon=1e-8),
    }


# --- loop
def path(num_steps, rule=None, optimizer=None, mean_of_squares=1.0):
    """Where a rule or an optimizer leads, step by step: shape (num_steps, 2)."""
    w, memory, points = keras.Variable(START), {}, []
    if isinstance(optimizer, keras.optimizers.RMSprop):  # Keras starts it at 0, TF1 at 1
        optimizer.build([w])
        (velocity,) = [v for v in optimizer.variables if "velocity" in v.path]
        velocity.assign(tf.fill([2], mean_of_squares))
    for _ in range(num_steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(CURVATURE * w.value**2) / 2
        g = tape.gradient(loss, w.value)
        if optimizer:
            optimizer.apply([g], [w])
        else:
            rule(w.value, g, memory)
        points.append(w.numpy())
    return np.array(points)


# --- average
def averages(series, beta):
    """The exponentially weighted average of a series, and the same without its bias to 0."""
    average, points = tf.constant(0.0), []
    for t, x in enumerate(series, 1):
        average = beta * average + (1 - beta) * x
        points.append((average, average / (1 - beta ** tf.constant(t, tf.float32))))
    return np.array(points).T


# --- decay
class OverRoot(keras.optimizers.schedules.LearningRateSchedule):
    """1/sqrt(epoch), which Keras lacks; a schedule is anything that is called with a step."""

    def __call__(self, step):
        """The learning rate in that epoch."""
        return LR / tf.sqrt(step)


def decayed(num_epochs):
    """Three ways to lower the learning rate: 1/(1 + epoch), 0.95^epoch, 1/sqrt(epoch)."""
    schedules = keras.optimizers.schedules
    rates = [
        schedules.InverseTimeDecay(LR, decay_steps=1, decay_rate=1.0),
        schedules.ExponentialDecay(LR, decay_steps=1, decay_rate=0.95),
        OverRoot(),
    ]
    epochs = tf.range(1.0, num_epochs + 1)
    return np.array([[rate(epoch) for epoch in epochs] for rate in rates])


def values(series, num_steps=20, num_epochs=10, beta=0.9):
    """The paths of all rules, by hand and built in; averages; learning rates."""
    rules, given = (gradient_descent, momentum, rmsprop, adam), {}
    for rule, (name, optimizer) in zip(rules, built_in().items(), strict=True):
        given[name] = path(num_steps, rule)
        theirs = path(num_steps, optimizer=optimizer)
        given[name + ", built in"] = theirs
        apart = np.abs(given[name] - theirs).max()
        print(f"{name}: by hand and Keras at most {apart:.2g} apart in {num_steps} steps")
    from_zero = path(num_steps, optimizer=built_in()["RMSProp"], mean_of_squares=0.0)
    given["RMSProp from 0"] = from_zero
    given["RMSProp from 0: difference"] = np.abs(from_zero - given["RMSProp"]).max()
    given["average"], given["average, corrected"] = averages(series, beta)
    given["1/(1+epoch)"], given["0.95^epoch"], given["1/sqrt(epoch)"] = decayed(num_epochs)
    return given
