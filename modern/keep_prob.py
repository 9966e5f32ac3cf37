"""keep-prob in Keras: Dropout takes the share to drop; who hands it the share to keep is misled."""

import keras
import numpy as np
import tensorflow as tf

KEEP_PROB = 0.8


# --- forward
class Dropout(keras.layers.Layer):
    """keras.layers.Dropout with the random numbers of TensorFlow, to drop what TF1 drops."""

    def __init__(self, rate, seed):
        super().__init__()
        self.rate, self.seed = rate, seed

    def call(self, x, training=False):
        """Off unless training: fit sets this, evaluate and predict do not."""
        return tf.nn.dropout(x, rate=self.rate, seed=self.seed) if training else x


def build_model(num_inputs, num_classes, rate):
    """A hidden layer with dropout."""
    tf.random.set_seed(0)
    hidden, logits = keras.layers.Dense(128, "relu"), keras.layers.Dense(num_classes)
    model = keras.Sequential([keras.Input((num_inputs,)), hidden, Dropout(rate, seed=3), logits])
    # TensorFlow's own random numbers, not keras.initializers', to start where TF1 starts.
    hidden.kernel.assign(tf.random.normal([num_inputs, 128], stddev=0.05, seed=1))
    logits.kernel.assign(tf.random.normal([128, num_classes], stddev=0.05, seed=2))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss, metrics=["accuracy"], jit_compile=False)
    return model


# --- trap
def trap(x_train, y_train, x_test, y_test, keep_prob=KEEP_PROB, epochs=5):
    """The number that was keep_prob, in the place of rate."""
    given = run(keep_prob, x_train, y_train, x_test, y_test, epochs)
    # In TF1 the program itself turned dropout off, by feeding 1; that is now a rate too.
    given["accuracy, dropout off"] = given.pop("accuracy")
    return given


# --- cure
def cure(x_train, y_train, x_test, y_test, keep_prob=KEEP_PROB, epochs=5):
    """What is dropped is what is not kept."""
    return run(1 - keep_prob, x_train, y_train, x_test, y_test, epochs)


# --- loop
def run(rate, x_train, y_train, x_test, y_test, epochs, batch_size=128):
    """Trains with dropout, and evaluates without."""
    model = build_model(x_train.shape[1], y_train.shape[1], rate)
    losses = []
    # Full batches only: for a smaller one Keras traces again, and the masks begin anew.
    for _ in range(epochs):
        for start in range(0, len(x_train) - batch_size + 1, batch_size):
            batch = slice(start, start + batch_size)
            losses.append(model.train_on_batch(x_train[batch], y_train[batch])[0])
            model.reset_metrics()
    share = np.mean(Dropout(rate, seed=4)(tf.ones([100, 100]), training=True) == 0)
    reached = model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]
    print(f"rate {rate:.1f}: {share:.0%} dropped in training")
    print(f"loss after {len(losses)} steps {losses[-1]:.4f}; accuracy {reached:.4f}")
    return {
        "share dropped": share,
        "loss": np.array(losses, np.float32),
        "accuracy": np.float32(reached),
    }
