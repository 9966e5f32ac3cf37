"""wide-deep in Keras: taxi fares by preprocessing layers; DenseFeatures is gone."""

import keras
import numpy as np
import tensorflow as tf

COLUMNS = ("pickuplon", "pickuplat", "dropofflon", "dropofflat", "passengers")
LATITUDES = np.linspace(40.64, 40.86, 9).tolist()  # of New York: ten buckets from south to north
LONGITUDES = np.linspace(-74.02, -73.78, 9).tolist()  # and from west to east
# TF1's epsilon and its float32 betas.
AS_TF1 = {"beta_1": float(np.float32(0.9)), "beta_2": float(np.float32(0.999)), "epsilon": 1e-8}


@keras.saving.register_keras_serializable("course")
class Cross(keras.layers.HashedCrossing):
    """A cross of any number of columns: Keras's own computes it, but gives a shape for two only."""

    def compute_output_shape(self, input_shape):
        """The same as that of each input."""
        return input_shape[0]


class Adam(keras.optimizers.Adam):
    """Adam that sums the gradients of a row before it squares them, as TF1 does.

    An embedding's gradient is a list of rows. Where a row occurs twice in a batch, Keras squares
    one by one what should be squared together, and goes another way from the first step on.
    """

    def update_step(self, gradient, variable, learning_rate):
        """As Keras, on the gradient as a whole array."""
        super().update_step(tf.convert_to_tensor(gradient), variable, learning_rate)


def crosses(features):
    """Three crosses: where the trip ends, where it begins, and both at once.

    TF1 makes one cross of four columns where two crosses are crossed. Crossing the two results
    would hash what is hashed already, and put the trips into other buckets.

    Args:
        features: tensors of shape (examples, 1), by name.

    Returns:
        Numbers of buckets, shape (examples, 1).
    """
    boundaries = {"lat": LATITUDES, "lon": LONGITUDES}
    bucket = {
        name: keras.layers.Discretization(boundaries[name[-3:]])(features[name])
        for name in COLUMNS[:4]
    }
    ends = [bucket["dropofflat"], bucket["dropofflon"]]
    begins = [bucket["pickuplat"], bucket["pickuplon"]]
    return Cross(100)(ends), Cross(100)(begins), Cross(10_000)([*ends, *begins])


def build_model(learning_rate=0.001):
    """A functional model, which takes the raw columns."""
    # --- inputs
    x = keras.Input((len(COLUMNS),), name="x")
    features = dict(zip(COLUMNS, keras.ops.split(x, len(COLUMNS), axis=1), strict=True))

    # --- variables
    # Preprocessing layers have none that are trained; the embedding is an ordinary layer.
    embedding = keras.layers.Embedding(10_000, 10, name="embedding")

    # --- columns
    # TF1 orders them by their names, the pair first; the rows of output's kernel follow.
    dropoff, pickup, pair = crosses(features)
    buckets = ((pair, 10_000), (dropoff, 100), (pickup, 100))
    wide = [keras.layers.CategoryEncoding(num, output_mode="one_hot")(b) for b, num in buckets]

    # --- forward
    h = keras.layers.Flatten()(embedding(pair))
    for i, units in enumerate((30, 20, 10)):
        h = keras.layers.Dense(units, "relu", name=f"hidden{i + 1}")(h)
    both = keras.layers.Concatenate()([h, *wide])
    fare = keras.layers.Dense(1, name="output")(both)
    model = keras.Model(x, fare, name="wide_deep")

    # --- loss
    metrics = ["mse", keras.metrics.RootMeanSquaredError(name="rmse")]

    # --- optimizer
    adam = Adam(learning_rate, **AS_TF1)
    model.compile(adam, loss="mse", metrics=metrics, jit_compile=False)
    return model


# --- loop
def train(model, x, y, batch_size=32, epochs=1, callbacks=None):
    """Trains on the data in order; returns Keras's History."""
    return model.fit(x, y, batch_size, epochs, verbose=0, shuffle=False, callbacks=callbacks)


# --- hashing
def values(x_train, **_):
    """The bucket of each trip in the three crosses; Adam's step for a row that occurs twice."""
    features = {name: x_train[:, i : i + 1] for i, name in enumerate(COLUMNS)}
    dropoff, pickup, pair = crosses(features)
    twice = Cross(10_000)([dropoff, pickup])
    return {
        "drop-off": dropoff[:, 0],
        "pick-up": pickup[:, 0],
        "pair": pair[:, 0],
        "pair, hashed twice": twice[:, 0],
        "pair, hashed twice: share in the same bucket": np.mean(twice == pair),
        "step of a row seen twice": step_of_a_row(Adam(0.001, **AS_TF1)),
        "step of a row seen twice, Keras": step_of_a_row(keras.optimizers.Adam(0.001, **AS_TF1)),
    }


def step_of_a_row(optimizer):
    """How far one step moves a row that a batch has twice."""
    table = keras.Variable([[0.0]])
    optimizer.build([table])
    gradient = tf.IndexedSlices(tf.ones([2, 1]), tf.constant([0, 0]), tf.constant([1, 1]))
    optimizer.apply([gradient])
    return -table[0, 0]


# --- save
def save(model, path):
    """Writes everything: the boundaries and the crosses are part of the model."""
    model.save(path)
