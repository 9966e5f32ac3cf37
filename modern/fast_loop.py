"""fast-loop in Keras: the model of mlp trained by fit, by fit tuned, an epoch as one program."""

import keras
import tensorflow as tf

from .mlp import build_model, save

__all__ = ["FastLoop", "build_model", "save", "train", "train_tuned"]

# -------------------------------------------------------------------------------------- Keras fit


# --- inputs
def batches(x, y, batch_size):
    """The batches in order, cut once and kept."""
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size).cache()


# --- step
def return_less(model, steps=100):
    """Lets fit make so many steps in a call of a compiled function, without callbacks between."""
    loss, metrics = keras.losses.CategoricalCrossentropy(from_logits=True), ["accuracy"]
    model.compile(
        model.optimizer, loss, metrics=metrics, steps_per_execution=steps, jit_compile=False
    )


# --- loop
def train(model, x, y, batch_size=128, epochs=1, callbacks=None):
    """Trains on the data in order; returns Keras's History."""
    return model.fit(x, y, batch_size, epochs, verbose=0, shuffle=False, callbacks=callbacks)


def train_tuned(model, x, y, batch_size=128, epochs=1, callbacks=None):
    """The same steps, with fewer returns to Python."""
    return_less(model)
    data = batches(x, y, batch_size)
    return model.fit(data, epochs=epochs, verbose=0, shuffle=False, callbacks=callbacks)


# -------------------------------------------------------------------------- an epoch as one program


class FastLoop:
    """Trains a compiled Keras model, an epoch a call: Python does nothing between the steps.

    Any model whose fit makes plain steps: its loss, its optimizer, its dropout and batch
    normalization are its own. The batches are those of fit without shuffling.
    """

    def __init__(self, model, batch_size=128, jit_compile=False):
        self.model = model
        self.batch_size = batch_size
        # The optimizer's variables have to exist before a tf.function is traced.
        model.optimizer.build(model.trainable_variables)
        # With jit_compile XLA makes machine code of the loop, for one shape of the data.
        self.epoch = tf.function(self.epoch, jit_compile=jit_compile)

    # --- inputs
    def batch(self, arrays, start, size):
        """``array[start:start + size]`` of each; its shape is known before it runs, as XLA asks."""
        corners = [[start, *[0] * (len(array.shape) - 1)] for array in arrays]
        shapes = [[size, *array.shape[1:]] for array in arrays]
        return [tf.slice(*each) for each in zip(arrays, corners, shapes, strict=True)]

    # --- step
    def step(self, x, y):
        """One update; returns the loss before it."""
        with tf.GradientTape() as tape:
            loss = self.model.compute_loss(x, y, self.model(x, training=True))
        variables = self.model.trainable_variables
        self.model.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    # --- loop
    def epoch(self, x, y):
        """One epoch over the data in order; returns the loss of each step, before its update."""
        size = self.batch_size
        whole, rest = divmod(len(x), size)
        losses = tf.TensorArray(self.model.compute_dtype, whole + (rest > 0))
        for number in tf.range(whole):  # becomes a loop of the graph, not of Python
            losses = losses.write(number, self.step(*self.batch((x, y), number * size, size)))
        if rest:
            losses = losses.write(whole, self.step(*self.batch((x, y), whole * size, rest)))
        return losses.stack()

    def train(self, x, y, epochs=1):
        """Returns the losses, shape (epochs, steps)."""
        x, y = tf.constant(x), tf.constant(y)  # on the device once, not batch by batch
        losses = [self.epoch(x, y).numpy() for _ in range(epochs)]
        # As fit ends: an optimizer with use_ema puts its averages in the place of the weights.
        self.model.optimizer.finalize_variable_values(self.model.trainable_weights)
        return losses
