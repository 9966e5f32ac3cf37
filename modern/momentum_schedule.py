"""momentum-schedule in Keras: SGD sums up steps, TF1 gradients; alike until the rate changes."""

import keras
import numpy as np
import tensorflow as tf

MOMENTUM, CHANGE = 0.9, 30  # the learning rate is 0.1 for 31 steps, and then 0.001


# --- forward
def build_model(num_inputs, num_classes, optimizer):
    """Softmax regression, and a learning rate that hangs on the step."""
    tf.random.set_seed(0)
    logits = keras.layers.Dense(num_classes)
    model = keras.Sequential([keras.Input((num_inputs,)), logits])
    # TensorFlow's own random numbers, not keras.initializers', to start where TF1 starts.
    logits.kernel.assign(tf.random.normal([num_inputs, num_classes], stddev=0.05, seed=1))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, jit_compile=False)
    return model


def schedule():
    """Of the optimizer's own count of steps."""
    return keras.optimizers.schedules.PiecewiseConstantDecay([CHANGE], [0.1, 0.001])


# --- trap
def trap(x_train, y_train, x_test, y_test, momentum=MOMENTUM, epochs=4):
    """v = m·v - rate·g; w += v: old steps go on at the old rate."""
    return run(keras.optimizers.SGD(schedule(), momentum), x_train, y_train, epochs)


# --- cure
class TF1Momentum(keras.optimizers.SGD):
    """a = m·a + g; w -= rate·a: the rate stays outside of the sum."""

    def update_step(self, gradient, variable, learning_rate):
        """One variable; momentums is what SGD has already."""
        a = self.momentums[self._get_variable_index(variable)]
        self.assign(a, self.momentum * a + gradient)
        self.assign_sub(variable, learning_rate * a)


def cure(x_train, y_train, x_test, y_test, momentum=MOMENTUM, epochs=4):
    """TF1 sums up gradients, and multiplies by the rate of now."""
    return run(TF1Momentum(schedule(), momentum), x_train, y_train, epochs)


# --- loop
def run(optimizer, x_train, y_train, epochs, batch_size=128):
    """Trains, and gives the loss and the weights after each step."""
    model = build_model(x_train.shape[1], y_train.shape[1], optimizer)
    losses, weights = [], []
    for _ in range(epochs):
        for start in range(0, len(x_train), batch_size):
            batch = slice(start, start + batch_size)
            losses.append(model.train_on_batch(x_train[batch], y_train[batch]))
            model.reset_metrics()
            weights.append(model.get_weights()[0])
    moved = np.abs(np.diff(weights, axis=0)).max((1, 2))
    print(f"longest step of a weight, just before the change {moved[CHANGE - 1]:.5f}")
    print(f"and just after it {moved[CHANGE]:.5f}")
    return {
        "loss, first 32 steps": np.array(losses[: CHANGE + 2], np.float32),
        "loss, thereafter": np.array(losses[CHANGE + 2 :], np.float32),
        "weights": weights[-1],
    }
