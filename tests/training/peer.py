"""A process with TensorFlow and Keras, for tests to ask: models that go on training, kernels.

Reads pickled (function name, arguments) from stdin and answers on stdout, until stdin ends.
"""

from __future__ import annotations

import importlib.util
import os
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def go_on(folder: str, batches: list[tuple[Any, ...]]) -> dict[str, Any]:
    """The losses of ``train_on_batch`` on model.keras as plain Keras opens it, and variables.

    A batch is x and y, and weights of the examples where the loss takes them.
    """
    import keras

    module = _module(Path(folder) / "model.py")
    model = keras.models.load_model(Path(folder) / "model.keras")
    members = getattr(model.optimizer, "optimizers", [model.optimizer])
    before = {v.path: np.array(v.value) for each in members for v in each.variables}
    losses = []
    for batch in batches:
        told = model.train_on_batch(*batch, return_dict=True)
        losses.append(float(told["loss"]))
        model.reset_metrics()
    fresh = module.compile_model(module.build_model())
    fresh.train_on_batch(*batches[0])
    return {
        "losses": np.array(losses, "float32"),
        "weights": {v.path: np.asarray(v.value) for v in model.variables},
        "optimizer": before,
        "fresh_step": int(fresh.optimizer.iterations.numpy()),
        "trainable": [v.path for v in model.trainable_variables],
    }


def go_on_in_turn(folder: str, steps: list[tuple[str | None, tuple[Any, ...]]]) -> dict[str, Any]:
    """As :func:`go_on`, where each step is of the whole model or of one that a function makes."""
    import keras

    module = _module(Path(folder) / "model.py")
    model = keras.models.load_model(Path(folder) / "model.keras")
    functions = dict.fromkeys(function for function, _ in steps if function is not None)
    parts = {None: model} | {name: getattr(module, name)(model) for name in functions}
    losses = []
    for function, batch in steps:
        losses.append(float(parts[function].train_on_batch(*batch, return_dict=True)["loss"]))
        parts[function].reset_metrics()
    fresh = module.compile_model(module.build_model())
    for function, batch in reversed(steps[:2]):  # whichever comes first
        part = fresh if function is None else getattr(module, function)(fresh)
        part.train_on_batch(*batch)
    model.save(Path(folder) / "after.keras")
    again = keras.models.load_model(Path(folder) / "after.keras")
    pairs = zip(model.optimizer.variables, again.optimizer.variables, strict=True)
    return {
        "losses": np.array(losses, "float32"),
        "weights": {v.path: np.asarray(v.value) for v in model.variables},
        "kept": all((np.asarray(one) == np.asarray(other)).all() for one, other in pairs),
        "steps": [int(each.iterations) for each in model.optimizer.optimizers],
    }


def steps_without_gradient(folder: str, steps: int) -> list[np.ndarray]:
    """What the changes of model.py's optimizer make of gradients of 0, by steps of rate 1."""
    import keras

    module = _module(Path(folder) / "model.py")
    gradients = module.GraphOptimizer.gradients
    own = type("Own", (module.ChangedSteps, keras.optimizers.SGD), {"gradients": gradients})
    layer = keras.layers.Dense(150, name="h")
    keras.Sequential([keras.Input((150,)), layer])
    optimizer, found = own(1.0), []
    for _ in range(steps):
        before = np.asarray(layer.kernel)
        optimizer.apply([np.zeros_like(before)], [layer.kernel])
        found.append((before - np.asarray(layer.kernel)).reshape(-1))
    return found


def first_step_of_fit(text: str) -> np.ndarray:
    """A weight of 1 after one step of ``fit`` on a squared error whose gradient is 6."""
    import keras
    import tfmigrate.optimizers

    optimizer = eval(text, {"keras": keras, **vars(tfmigrate.optimizers)})
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    model = keras.Sequential([keras.Input((3,)), dense])
    model.compile(optimizer, "mse")
    model.fit(np.ones((4, 3), "float32"), np.zeros((4, 1), "float32"), verbose=0)
    return np.asarray(dense.kernel)


def rates(text: str, steps: list[int]) -> np.ndarray:
    """What a schedule, written as source, gives."""
    import keras
    import tfmigrate.optimizers

    schedule = eval(text, {"keras": keras, **vars(tfmigrate.optimizers)})
    return np.array([float(schedule(step)) for step in steps])


def steps_of_class(
    text: str, start: np.ndarray, gradients: list[Any], rates: list[float]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """A variable and the optimizer's state after these gradients, each under its rate."""
    import keras
    import tensorflow as tf
    import tfmigrate.optimizers

    variable = keras.Variable(start, dtype=start.dtype.name)
    optimizer = eval(text, {"keras": keras, **vars(tfmigrate.optimizers)})
    optimizer.build([variable])
    for gradient, rate in zip(gradients, rates, strict=True):
        optimizer.learning_rate.assign(rate)
        if isinstance(gradient, tuple):
            rows = tf.IndexedSlices(*map(tf.constant, gradient), tf.shape(variable.value))
            optimizer.apply([rows], [variable])
            continue
        optimizer.apply([tf.constant(gradient)], [variable])
    state = [np.asarray(v.value) for v in optimizer.variables[2:]]
    return np.asarray(variable.value), state


def steps_of_kernel(
    kernel: str,
    start: np.ndarray,
    slots: dict[str, float],
    constants: dict[str, float],
    gradients: list[Any],
    rates: list[float],
) -> tuple[np.ndarray, list[np.ndarray]]:
    """The same by TensorFlow's own kernel, ``ResourceApply…`` or, for rows, ``ResourceSparse…``.

    Rows that a gradient names twice are summed before, as tf.train.Optimizer of 1.15 does.
    """
    import tensorflow as tf

    variable = tf.Variable(start)
    held = {name: tf.Variable(np.full_like(start, value)) for name, value in slots.items()}
    for index, (gradient, rate) in enumerate(zip(gradients, rates, strict=True)):
        arguments: dict[str, Any] = {"var": variable.handle, "lr": tf.constant(rate, start.dtype)}
        arguments |= {name: v.handle for name, v in held.items()}
        arguments |= {
            name: value if isinstance(value, bool) else tf.constant(value, start.dtype)
            for name, value in constants.items()
        }
        if kernel == "AdagradDA":
            arguments["global_step"] = tf.constant(index + 1, tf.int64)
        if kernel == "Adam":
            powers = {"beta1_power": "beta1", "beta2_power": "beta2"}
            for power, beta in powers.items():
                arguments[power] = tf.constant(constants[beta] ** (index + 1), start.dtype)
        if isinstance(gradient, tuple):
            rows, places = np.unique(gradient[1], return_inverse=True)
            sums = np.zeros((len(rows), *start.shape[1:]), start.dtype)
            np.add.at(sums, places, gradient[0])
            arguments["indices"], given = tf.constant(rows), tf.constant(sums)
        else:
            given = tf.constant(gradient)
        sparse = "Sparse" if "indices" in arguments else ""
        apply = getattr(tf.raw_ops, f"Resource{sparse}Apply{kernel}")
        if kernel == "ProximalGradientDescent":
            arguments["alpha"] = arguments.pop("lr")
        dense_descent = kernel == "ProximalGradientDescent" and not sparse
        arguments["delta" if dense_descent else "grad"] = given
        apply(**arguments)
    return variable.numpy(), [v.numpy() for v in held.values()]


def moving_variance(images: np.ndarray, momentum: float) -> tuple[np.ndarray, np.ndarray]:
    """After one training step from 1: by our layer as generated sources have it, by the kernel."""
    import keras
    import tensorflow as tf
    from tfmigrate.emit.classes import pieces

    namespace: dict[str, Any] = {"keras": keras}
    exec(pieces("FusedBatchNormalization")[1], namespace)
    layer = namespace["FusedBatchNormalization"](momentum=momentum)
    layer(images, training=True)
    ones, zeros = np.ones(images.shape[-1], "float32"), np.zeros(images.shape[-1], "float32")
    nothing = np.array([], "float32")
    result = tf.raw_ops.FusedBatchNormV3(
        x=images, scale=ones, offset=zeros, mean=nothing, variance=nothing, is_training=True
    )
    expected = ones * momentum + result.batch_variance.numpy() * (1 - momentum)
    return np.asarray(layer.moving_variance.value), expected


def fused_normalization(images: np.ndarray, trains: bool) -> tuple[list[Any], list[Any]]:
    """Results and gradients of TF's fused kernel, and those of the same graph in float64."""
    import tensorflow as tf
    from tfmigrate.worker.widen import widen

    v1, channels = tf.compat.v1, images.shape[-1]
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [None, *images.shape[1:]], name="x")
        scale, offset = (tf.constant(np.linspace(a, 2, channels, dtype="f4")) for a in (0.5, -1))
        held = (None, None) if trains else (tf.constant(np.ones(channels, "f4") / 2),) * 2
        made = v1.nn.fused_batch_norm(x, scale, offset, *held, is_training=trains)[:3]
        made += tuple(tf.gradients(tf.reduce_sum(made[0] ** 3), [x, scale, offset]))
        names = [tf.identity(result).name for result in made]
        expected = v1.Session().run(names, {x: images})
    definition = graph.as_graph_def()
    widen(definition)
    with tf.Graph().as_default():
        tf.import_graph_def(definition, name="")
        found = v1.Session().run(names, {"x:0": images.astype("f8")})
    return expected, found


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("converted_model", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            name, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer = True, globals()[name](*arguments)
        except Exception as error:
            answer = False, f"{type(error).__name__}: {error}"
        pickle.dump(answer, replies)
        replies.flush()


if __name__ == "__main__":
    main()
