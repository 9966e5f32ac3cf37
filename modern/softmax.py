"""softmax in TensorFlow 2, twice: a tf.Module trained by GradientTape, and a Keras model."""

import keras
import tensorflow as tf

# ------------------------------------------------------------------ tf.function and GradientTape


class Softmax(tf.Module):
    """784 → 10, softmax regression, plain gradient descent."""

    # --- inputs
    # A call takes its input as an argument; the signature keeps tf.function from tracing again.
    signature = (tf.TensorSpec([None, None], name="x"), tf.TensorSpec([None, None], name="y"))

    # --- variables
    def __init__(self, num_inputs=784, num_classes=10, learning_rate=0.5):
        super().__init__()
        self.w = tf.Variable(tf.zeros([num_inputs, num_classes]), name="w")
        self.b = tf.Variable(tf.zeros([num_classes]), name="b")
        self.learning_rate = learning_rate

    # --- forward
    @tf.function(input_signature=signature[:1])
    def __call__(self, x):
        """The logits, shape (examples, classes); tf.nn.softmax makes probabilities of them."""
        return tf.nn.bias_add(tf.matmul(x, self.w), self.b)

    # --- loss
    def loss(self, x, y):
        """The mean cross-entropy of a batch."""
        cross_entropy = tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=self(x))
        return tf.reduce_mean(cross_entropy)

    # --- optimizer
    @tf.function(input_signature=signature)
    def step(self, x, y):
        """One update; returns the loss before it."""
        with tf.GradientTape() as tape:
            loss = self.loss(x, y)
        variables = self.trainable_variables
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(self.learning_rate * gradient)
        return loss

    # --- loop
    def train(self, x, y, batch_size=100):
        """One epoch over the data in order; returns the loss of each step, before its update."""
        losses = []
        for start in range(0, len(x), batch_size):
            batch = slice(start, start + batch_size)
            losses.append(self.step(x[batch], y[batch]))
        return losses

    def evaluate(self, x, y):
        """The share of examples whose class is right."""
        hits = tf.equal(tf.argmax(self(x), 1), tf.argmax(y, 1))
        return tf.reduce_mean(tf.cast(hits, tf.float32))

    # --- save
    def save(self, path):
        """Writes an object-based checkpoint: keys are attribute paths, not names."""
        return tf.train.Checkpoint(model=self).write(path)


# -------------------------------------------------------------------------------------- Keras


def build_model(num_inputs=784, num_classes=10, learning_rate=0.5):
    """The same as one Dense layer."""
    # --- inputs
    inputs = keras.Input((num_inputs,), name="x")

    # --- variables
    # Zeros as in TF1; Dense by itself would draw the kernel by Glorot's rule.
    dense = keras.layers.Dense(num_classes, kernel_initializer="zeros", name="logits")

    # --- forward
    model = keras.Sequential([inputs, dense], name="softmax")

    # --- loss
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)

    # --- optimizer
    model.compile(
        keras.optimizers.SGD(learning_rate), loss, metrics=["accuracy"], jit_compile=False
    )
    return model


# --- loop
def train(model, x, y, batch_size=100, epochs=1, callbacks=None):
    """Trains on the data in order; returns Keras's History."""
    return model.fit(x, y, batch_size, epochs, verbose=0, shuffle=False, callbacks=callbacks)


# --- save
def save(model, path):
    """Writes weights, architecture and the state of the optimizer into one .keras file."""
    model.save(path)
