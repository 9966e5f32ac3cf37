"""schedules in Keras: the learning rate as an object of its own, or in the hands of a callback."""

import keras
import numpy as np

# --- schedule
SCHEDULES = keras.optimizers.schedules


class OneCycle(SCHEDULES.LearningRateSchedule):
    """Up to 0.05, down again, and at last nearly to 0; no class of Keras does it."""

    def __init__(self, steps):
        self.steps, self.half = steps, int(0.45 * steps)
        self.up = SCHEDULES.PolynomialDecay(0.005, self.half, 0.05)
        self.down = SCHEDULES.PolynomialDecay(0.05, self.half, 0.005)
        self.last = SCHEDULES.PolynomialDecay(0.005, steps - 2 * self.half, 5e-6)

    def __call__(self, step):
        """The rate of that step, a scalar tensor."""
        up, down = self.up(step), self.down(step - self.half)
        last = self.last(step - 2 * self.half)
        where = keras.ops.where
        return where(step < self.half, up, where(step < 2 * self.half, down, last))

    def get_config(self):
        """The constructor's arguments."""
        return {"steps": self.steps}


def schedule(name, steps_per_epoch, epochs):
    """Functions of optimizer.iterations, which counts by itself."""
    steps = epochs * steps_per_epoch
    if name == "power":
        return SCHEDULES.InverseTimeDecay(0.01, decay_steps=1, decay_rate=1e-4)
    if name == "exponential":
        return SCHEDULES.ExponentialDecay(0.01, 20 * steps_per_epoch, decay_rate=0.1)
    if name == "piecewise":  # a boundary is the last step of its piece, not the first of the next
        boundaries = [5 * steps_per_epoch - 1, 15 * steps_per_epoch - 1]
        return SCHEDULES.PiecewiseConstantDecay(boundaries, [0.01, 0.005, 0.001])
    if name == "1cycle":
        return OneCycle(steps)
    return SCHEDULES.ExponentialDecay(1e-5, steps, decay_rate=1e6)  # the finder: up to 10


class Momentum(keras.optimizers.SGD):
    """TF1's momentum: sums gradients, not steps, so a new rate applies to the past ones too."""

    def update_step(self, gradient, variable, learning_rate):
        """a = momentum * a + gradient; variable -= rate * a."""
        sums = self.momentums[self._get_variable_index(variable)]
        self.assign(sums, self.momentum * sums + gradient)
        self.assign_sub(variable, learning_rate * sums)


def build_model(
    num_inputs=784, num_classes=10, rate="power", steps_per_epoch=1719, epochs=25, optimizer=None
):
    """One SELU net; ``rate`` is the name of a schedule, or there is an optimizer without one."""
    # --- inputs
    x = keras.Input((num_inputs,), name="x")

    # --- variables
    options = {"activation": "selu", "kernel_initializer": "lecun_normal"}

    # --- forward
    hidden1 = keras.layers.Dense(300, **options, name="hidden1")
    hidden2 = keras.layers.Dense(100, **options, name="hidden2")
    outputs = keras.layers.Dense(num_classes, kernel_initializer="lecun_normal", name="outputs")
    model = keras.Sequential([x, hidden1, hidden2, outputs], name="schedules")

    # --- loss
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    # --- optimizer
    if optimizer is None:
        optimizer = keras.optimizers.SGD(schedule(rate, steps_per_epoch, epochs))
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    return model


# --- loop
def train(model, x, y, batch_size=32, epochs=1, callbacks=None):
    """Trains on the data in order; returns Keras's History."""
    return model.fit(x, y, batch_size, epochs, verbose=0, shuffle=False, callbacks=callbacks)


def find_rate(model, x, y, epochs=2):
    """The loss of each step, while the rate grows."""
    losses = []
    for _ in range(epochs):
        for start in range(0, len(x), 32):
            model.reset_metrics()  # or the loss would be the mean of all steps so far
            loss, _ = model.train_on_batch(x[start : start + 32], y[start : start + 32])
            losses.append(loss)
    return np.array(losses)


def halve_on_plateau(model, x, y, validation, epochs, patience, gain):
    """Performance scheduling: the rate and the validation loss of each epoch."""
    plateau = keras.callbacks.ReduceLROnPlateau(
        factor=0.5, patience=patience, min_delta=gain, verbose=1
    )
    history = model.fit(
        x, y, 32, epochs, 0, [plateau], validation_data=validation, shuffle=False
    ).history
    return np.array(history["learning_rate"]), np.array(history["val_loss"], np.float32)


def values(x_train, y_train, x_test, y_test, weights, epochs, patience, gain, **_):
    """The learning-rate finder, then performance scheduling, from the same weights."""
    sizes = {"num_inputs": x_train.shape[1], "num_classes": int(y_train.max()) + 1}

    def start(**how):
        model = build_model(**sizes, **how)
        for layer in model.layers:
            layer.set_weights([weights[f"{layer.name}/{v.name}"] for v in layer.weights])
        return model

    steps = 2 * -(-len(x_train) // 32)
    model = start(rate="finder", steps_per_epoch=steps // 2, epochs=2)
    losses = find_rate(model, x_train, y_train)
    rates = 1e-5 * 1e6 ** (np.arange(steps) / steps)

    how = x_train, y_train, (x_test, y_test), epochs, patience, gain
    model = start(optimizer=Momentum(0.02, momentum=0.9))
    rate, loss = halve_on_plateau(model, *how)
    own = start(optimizer=keras.optimizers.SGD(0.02, momentum=0.9))
    return {
        "finder: loss of each step": losses,
        "finder: rate of the least loss": rates[np.nanargmin(losses)],
        "performance: rate": rate,
        "performance: validation loss": loss,
        "validation loss, Keras's momentum": halve_on_plateau(own, *how)[1],
    }


# --- save
def save(model, path):
    """Writes weights, architecture, the schedule's arguments and the step into one .keras file."""
    model.save(path)
