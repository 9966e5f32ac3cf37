"""summary in Keras: what a model consists of, by summary(), and drawn by hand."""

import keras
import numpy as np


# --- forward
def mlp_deep(num_hidden):
    """784 → 256 → 256 → 10, or with other hidden layers."""
    return keras.Sequential(
        [
            keras.Input((784,), name="x"),
            keras.layers.Dense(num_hidden, "relu", name="hidden1"),
            keras.layers.Dense(num_hidden, "relu", name="hidden2"),
            keras.layers.Dense(10, name="outputs"),
        ],
        name="mlp_deep",
    )


def batch_norm(before_activation=False):
    """784 → 300 → 100 → 10, each after a batch normalization; or with it before the activation."""
    x = keras.Input((784,), name="x")
    h = keras.layers.BatchNormalization(name="bn0")(x)
    for number, units in enumerate((300, 100), 1):
        if before_activation:  # beta is a bias already
            h = keras.layers.Dense(units, use_bias=False, name=f"hidden{number}")(h)
            h = keras.layers.BatchNormalization(name=f"bn{number}")(h)
            h = keras.layers.Activation("relu", name=f"relu{number}")(h)
        else:
            h = keras.layers.Dense(units, "relu", name=f"hidden{number}")(h)
            h = keras.layers.BatchNormalization(name=f"bn{number}")(h)
    return keras.Model(x, keras.layers.Dense(10, name="outputs")(h), name="batch_norm")


# --- parameters
def parameters(model):
    """Layer → how many; layers without any are left out."""
    counts = {layer.name: layer.count_params() for layer in model.layers}
    return {name: count for name, count in counts.items() if count}


# --- picture
def picture(model):
    """Layer → the shape of what leaves it. Functional models have an InputLayer to start with."""
    shapes = {"x": list(model.input_shape)}
    return shapes | {layer.name: list(layer.output.shape) for layer in model.layers}


def draw(shapes):
    """Boxes and arrows. keras.utils.plot_model draws better, where Graphviz is installed."""
    width = max(len(f"{name} {shape}") for name, shape in shapes.items())
    for number, (name, shape) in enumerate(shapes.items()):
        if number:
            print("↓".center(width + 4).rstrip())
        print(f"┌{'─' * (width + 2)}┐")
        print(f"│ {f'{name} {shape}'.ljust(width)} │")
        print(f"└{'─' * (width + 2)}┘")


# --- loop
def values(num_hidden=256):
    """Counts and draws three networks."""
    given = {}
    model = mlp_deep(num_hidden)
    model.summary(line_length=60, print_fn=print)
    given["mlp-deep: parameters per layer"] = np.array(list(parameters(model).values()))
    given["mlp-deep: parameters"] = np.array(model.count_params())
    given["mlp-deep: units a layer"] = np.array([s[1] for s in picture(model).values()])
    draw(picture(model))
    for name, before in (("batch-norm", False), ("before the activation", True)):
        model = batch_norm(before)
        trainable = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
        given[f"{name}: parameters per layer"] = np.array(list(parameters(model).values()))
        given[f"{name}: parameters"] = np.array(model.count_params())
        given[f"{name}: trainable"] = np.array(trainable)
    return given
