"""autoencoder in Keras: rows of 28 pixels to 3 numbers and back, by the Functional API."""

import keras
import numpy as np


def build_model(num_rows=28, num_columns=28, learning_rate=0.001):
    """Pictures to pictures, trained to be the same; see ``parts`` for its two halves."""
    # --- inputs
    x = keras.Input((num_rows, num_columns, 1), name="x")

    # --- variables
    # A layer makes its own when it is first called, and keeps them: parts() calls some again.

    # --- forward
    # Dense works on the last axis: each row of pixels for itself, with the same weights.
    h = keras.layers.Reshape((num_rows, num_columns))(x)
    h = keras.layers.Dense(16, "relu", name="encoder1")(h)
    h = keras.layers.Dense(10, "relu", name="encoder2")(h)
    h = keras.layers.Dense(5, "relu", name="encoder3")(h)
    code = keras.layers.Dense(3, "relu", name="code")(h)
    h = keras.layers.Dense(5, "relu", name="decoder1")(code)
    h = keras.layers.Dense(10, "relu", name="decoder2")(h)
    h = keras.layers.Dense(16, "relu", name="decoder3")(h)
    h = keras.layers.Dense(num_columns, "sigmoid", name="pixels")(h)
    picture = keras.layers.Reshape((num_rows, num_columns, 1), name="picture")(h)
    model = keras.Model(x, picture, name="autoencoder")

    # --- loss
    loss = keras.losses.MeanSquaredError()

    # --- optimizer
    # TF1's epsilon and its float32 betas.
    beta_1, beta_2 = float(np.float32(0.9)), float(np.float32(0.999))
    adam = keras.optimizers.Adam(learning_rate, beta_1, beta_2, epsilon=1e-8)
    model.compile(adam, loss, metrics=["mse"], jit_compile=False)
    return model


# --- loop
def train(model, x, y, batch_size=32, epochs=1, callbacks=None):
    """Trains on the data in order; returns Keras's History."""
    return model.fit(x, y, batch_size, epochs, verbose=0, shuffle=False, callbacks=callbacks)


# --- models
def parts(model):
    """Encoder and decoder as models of their own, which share the layers of the whole.

    The encoder ends at a tensor that is there already. The decoder has an input of its own, so its
    layers are called once more, on that.
    """
    encoder = keras.Model(model.input, model.get_layer("code").output, name="encoder")
    code = keras.Input(encoder.output_shape[1:], name="code")
    h = code
    for name in ("decoder1", "decoder2", "decoder3", "pixels", "picture"):
        h = model.get_layer(name)(h)
    return encoder, keras.Model(code, h, name="decoder")


def values(x_train, y_train, x_test, y_test, weights, **_):
    """Encoder and decoder, each for itself, with the weights that TF1 trained."""
    model = build_model(*x_train.shape[1:3])
    encoder, decoder = parts(model)
    for layer in model.layers:
        layer.set_weights([weights[f"{layer.name}/{v.name}"] for v in layer.weights])
    code = encoder(x_test)  # encoder and decoder have the weights too: the layers are the same
    picture = decoder(code)
    print(f"{x_test[0].size} pixels, {code[0].numpy().size} numbers in between")
    return {
        "code": code,
        "picture, from the code": picture,
        "picture, from the picture": model(x_test),
    }


# --- save
def save(model, path):
    """Writes the whole into one .keras file; encoder.save and decoder.save write the halves."""
    model.save(path)
