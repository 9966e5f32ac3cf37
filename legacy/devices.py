"""devices in TensorFlow 1: the same training pinned to each device there is, and timed."""

import time

import numpy as np
import tensorflow.compat.v1 as tf  # in TensorFlow 1: import tensorflow as tf

tf.disable_v2_behavior()  # graphs, sessions and reference variables, as TensorFlow 1 had them


# --- devices
def session():
    """A session on all devices; of CPUs it takes only one unless it is told."""
    count = len(tf.config.experimental.list_logical_devices("CPU"))
    config = tf.ConfigProto(
        device_count={"CPU": count},
        allow_soft_placement=True,  # what has no GPU kernel goes to the CPU, silently
    )
    config.gpu_options.allow_growth = True  # or the whole memory of the GPU is taken at once
    return tf.Session(config=config)


def available():
    """The devices that TensorFlow sees, as cpu:0, gpu:0 …"""
    with tf.Graph().as_default(), session() as s:
        devices = [device for device in s.list_devices() if device.device_type in ("CPU", "GPU")]
    return sorted(device.name.split("device:")[-1].lower() for device in devices)


# --- forward
def build(num_inputs, num_classes, device):
    """A network whose variables and operations are all on one device."""
    with tf.device("/device:" + device.upper()):
        tf.set_random_seed(0)
        x = tf.placeholder(tf.float32, [None, num_inputs])
        y = tf.placeholder(tf.float32, [None, num_classes])
        w0 = tf.Variable(tf.random_normal([num_inputs, 256], stddev=0.05, seed=1))
        b0 = tf.Variable(tf.zeros([256]))
        w1 = tf.Variable(tf.random_normal([256, num_classes], stddev=0.05, seed=2))
        b1 = tf.Variable(tf.zeros([num_classes]))
        hidden = tf.nn.relu(tf.nn.bias_add(tf.matmul(x, w0), b0))
        logits = tf.nn.bias_add(tf.matmul(hidden, w1), b1)
        cross_entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
        loss = tf.reduce_mean(cross_entropy)
        step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return x, y, loss, step


# --- loop
def train(x_train, y_train, device, epochs, batch_size=128):
    """The loss of each step, and the seconds of all epochs but the first."""
    losses = []
    with tf.Graph().as_default(), session() as s:
        x, y, loss, step = build(x_train.shape[1], y_train.shape[1], device)
        s.run(tf.global_variables_initializer())
        for epoch in range(epochs):
            if epoch <= 1:
                start = time.perf_counter()  # the first epoch allocates and plans
            for begin in range(0, len(x_train), batch_size):
                batch = slice(begin, begin + batch_size)
                losses.append(s.run([loss, step], {x: x_train[batch], y: y_train[batch]})[0])
    return np.array(losses), time.perf_counter() - start


def values(x_train, y_train, x_test, y_test, epochs=6):
    """Trains on each device, from the same weights."""
    given = {}
    devices = available()
    for device in devices:
        given["loss, " + device], seconds = train(x_train, y_train, device, epochs)
        print(f"{device}: {len(x_train) * (epochs - 1) / seconds:,.0f} examples/s")
        apart = np.abs(given["loss, " + device] - given["loss, cpu:0"]).max()
        if device != "cpu:0":
            print(f"{device} against cpu:0: losses at most {apart:.2g} apart")
    if not any(device.startswith("gpu") for device in devices):
        print(f"no GPU: TensorFlow sees {', '.join(devices)}")
    return given
