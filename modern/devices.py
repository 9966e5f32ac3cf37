"""devices in TensorFlow 2: the same training pinned to each device there is, and timed."""

import time

import keras
import numpy as np
import tensorflow as tf


# --- devices
def available():
    """The devices that TensorFlow sees, as cpu:0, gpu:0 …"""
    # Physical devices are what is built in, logical ones what it has been divided into. To have
    # memory growth as in a session: tf.config.experimental.set_memory_growth, before first use.
    devices = tf.config.list_logical_devices("CPU") + tf.config.list_logical_devices("GPU")
    return sorted(device.name.split("device:")[-1].lower() for device in devices)


# --- forward
def build_model(num_inputs, num_classes):
    """A network; whatever is made inside tf.device stays there, Keras's variables too."""
    tf.random.set_seed(0)
    hidden, logits = keras.layers.Dense(256, "relu"), keras.layers.Dense(num_classes)
    model = keras.Sequential([keras.Input((num_inputs,)), hidden, logits])
    # TensorFlow's own random numbers, not keras.initializers', to start where TF1 starts.
    hidden.kernel.assign(tf.random.normal([num_inputs, 256], stddev=0.05, seed=1))
    logits.kernel.assign(tf.random.normal([256, num_classes], stddev=0.05, seed=2))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss, jit_compile=False)
    return model


# --- loop
def train(x_train, y_train, device, epochs, batch_size=128):
    """The loss of each step, and the seconds of all epochs but the first."""
    losses = []
    # With a GPU there, Keras takes it without being told; tf.device says which, or the CPU.
    with tf.device("/device:" + device.upper()):
        model = build_model(x_train.shape[1], y_train.shape[1])
        for epoch in range(epochs):
            if epoch <= 1:
                start = time.perf_counter()  # the first epoch traces
            for begin in range(0, len(x_train), batch_size):
                batch = slice(begin, begin + batch_size)
                losses.append(model.train_on_batch(x_train[batch], y_train[batch]))
                model.reset_metrics()
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
