"""cats in TensorFlow 2: cat or not in float64; Keras layers, a tape, a tf.data pipeline."""

import keras
import numpy as np
import tensorflow as tf


def augment(image, draws):
    """Half of the pictures mirrored, all of them shifted by up to 4 pixels either way.

    keras.layers.RandomFlip and RandomTranslation do the like, with random numbers of their own.

    Args:
        image: shape (height, width, 3).
        draws: three numbers in [0, 1).
    """
    image = image[:, ::-1] if draws[0] < 0.5 else image  # dataset.map makes a tf.cond of it
    padded = tf.pad(image, [[4, 4], [4, 4], [0, 0]], "SYMMETRIC")
    top, left = tf.unstack(tf.cast(draws[1:] * 9, tf.int32))
    height, width, _ = image.shape
    return padded[top : top + height, left : left + width]


class Dropout(keras.layers.Dropout):
    """Dropout whose masks come from TensorFlow's own random numbers, as those of TF1 do."""

    def call(self, inputs, training=False):
        """Drops units while training; scales the others by 1 / (1 - rate)."""
        return tf.nn.dropout(inputs, self.rate, seed=self.seed) if training else inputs


class Cats:
    """A Keras model, and the loop that trains it."""

    def __init__(
        self, size=64, hidden=(8, 8), l2=0.0, rate=0.0, augmented=False, learning_rate=0.001
    ):
        # --- inputs
        # Before the first layer: Keras casts to float32, whatever it is given, unless it is told.
        keras.config.set_floatx("float64")
        inputs = keras.Input((size, size, 3), name="x")

        # --- variables
        # A regularizer is called with the kernel whenever the model's losses are asked for.
        # keras.regularizers.L2(0.01) would make a float32 of it: 2.2e-8 less, in float64 too.
        regularizer = (lambda w: l2 * tf.reduce_sum(tf.square(w))) if l2 else None

        # --- forward
        layers = [inputs, keras.layers.Flatten()]
        for i, units in enumerate(hidden):
            name = f"hidden{i + 1}"
            layers.append(
                keras.layers.Dense(units, "relu", kernel_regularizer=regularizer, name=name)
            )
            if rate:
                layers.append(Dropout(rate, seed=10 + i))
        self.model = keras.Sequential([*layers, keras.layers.Dense(1, name="cat")], name="cats")
        self.layers = self.model.layers
        # Traced once, for batches of any size: a second trace would begin its dropout masks anew.
        images = tf.TensorSpec([None, size, size, 3], tf.float64)
        self.step = tf.function(self.step, [images, tf.TensorSpec([None, 1], tf.float64)])
        self.augmented, self.learning_rate, self.epoch = augmented, learning_rate, 0

    def __call__(self, x):
        """The logits, shape (examples, 1); above 0 is a cat."""
        return self.model(x, training=False)

    # --- loss
    def loss(self, x, y):
        """The mean cross-entropy and the penalties, which a loop of one's own must not forget."""
        logits = self.model(x, training=True)
        cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits)
        return tf.add_n([tf.reduce_mean(cross_entropy), *self.model.losses])

    # --- optimizer
    def step(self, x, y):
        """One update; returns the loss before it."""
        with tf.GradientTape() as tape:
            loss = self.loss(x, y)
        variables = self.model.trainable_variables
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(self.learning_rate * gradient)
        return loss

    # --- loop
    def train(self, x, y, batch_size=32):
        """One epoch, shuffled; returns the loss of each step, before its update."""
        self.epoch += 1
        dataset = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(64, seed=self.epoch)
        if self.augmented:

            def draw_and_augment(number, example):
                draws = tf.random.stateless_uniform([3], [self.epoch, number])
                return augment(example[0], draws), example[1]

            dataset = dataset.enumerate().map(draw_and_augment)
        return [self.step(*batch) for batch in dataset.batch(batch_size)]

    def evaluate(self, x, y):
        """The share of pictures whose class is right."""
        return np.mean((self(x) > 0) == (y > 0.5))  # sigmoid(0) is one half

    # --- save
    def save(self, path):
        """Writes an object-based checkpoint, in float64."""
        return tf.train.Checkpoint(model=self.model).write(path)


# --- splits
def values(x_train, y_train, x_dev, y_dev, x_test, y_test, weights, epochs=5, **_):
    """Trains on augmented pictures, and measures on the three parts of the data."""
    cats = Cats(x_train.shape[1], augmented=True)
    for layer in cats.layers:
        layer.set_weights([weights[f"{layer.name}/{v.name}"] for v in layer.weights])
    seen = {
        "augmented picture": augment(tf.constant(x_train[0]), tf.constant([0.1, 0.2, 0.9])),
        "losses": [cats.train(x_train, y_train) for _ in range(epochs)],
    }
    parts = {"training": (x_train, y_train), "dev": (x_dev, y_dev), "test": (x_test, y_test)}
    for name, part in parts.items():
        seen[f"accuracy, {name} set"] = cats.evaluate(*part)
    return seen
