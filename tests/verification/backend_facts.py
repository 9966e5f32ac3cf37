"""Computes every case of ``divergences.py`` on the backend of KERAS_BACKEND; prints JSON."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops


def gradient(function: Callable[[Any], Any], x: Any) -> np.ndarray:
    """The gradient of the sum of a function."""
    start = np.asarray(x, "float32")
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        variable = tf.Variable(start)
        with tf.GradientTape() as tape:
            total = ops.sum(function(variable))
        return tf.convert_to_tensor(tape.gradient(total, variable)).numpy()
    if keras.backend.backend() == "jax":
        import jax

        return np.asarray(jax.grad(lambda z: ops.sum(function(z)))(start))
    import torch

    tensor = torch.tensor(start, requires_grad=True)
    ops.sum(function(tensor)).backward()
    return tensor.grad.numpy()


def value(function: Callable[[], Any]) -> np.ndarray | str:
    """What a function gives, or that it raises."""
    try:
        return ops.convert_to_numpy(function())
    except Exception:
        return "an error"


def text(found: np.ndarray | str) -> str:
    """As the table has it: numbers, once where they are all the same gradient."""
    return found if isinstance(found, str) else " ".join(f"{n:g}" for n in np.ravel(found))


def first(found: np.ndarray) -> np.ndarray:
    """One number of several that are the same."""
    assert len({f"{n:g}" for n in np.ravel(found)}) == 1
    return np.ravel(found)[:1]


def segments() -> np.ndarray | str:
    """Whether a number of a segment that does not exist is dropped."""
    numbers, places = np.array([1, 4], "float32"), np.array([0, 5])
    found = value(lambda: ops.segment_sum(numbers, places, num_segments=2))
    return "dropped" if not isinstance(found, str) and found.tolist() == [1, 0] else found


def product() -> np.ndarray | str:
    """The precision in which two matrices of float64 are multiplied."""
    close = np.array([[1 + 2**-40]])
    kept = ops.matmul(ops.convert_to_tensor(close), ops.convert_to_tensor(np.ones((1, 1))))
    return "float64" if ops.convert_to_numpy(kept).item() == close.item() else "float32"


def row_of_gradient_zero() -> str:
    """Whether momentum moves a row that a batch names, with gradient 0, in the second step."""
    folder = Path(__file__).parents[2] / "migrate" / "optimizers"
    spec = importlib.util.spec_from_file_location(
        "optimizers", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["optimizers"] = module
    spec.loader.exec_module(module)
    table = keras.Variable(np.zeros((2, 1), "float32"), name="embeddings")
    optimizer = module.SparseMomentum(0.5, 0.5)
    optimizer.build([table])
    for gradient in (1.0, 0.0):  # of row 0
        whole = ops.convert_to_tensor(np.array([[gradient], [0.0]], "float32"))
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            whole = tf.IndexedSlices(whole[:1], tf.constant([0]), tf.constant([2, 1]))
        before = ops.convert_to_numpy(table)[0, 0]
        optimizer.apply([whole], [table])
    moved = ops.convert_to_numpy(table)[0, 0] != before
    return "updated" if moved else "not updated"


def clipped_row(**clip: float) -> np.ndarray:
    """How far a row moves that a batch names twice, each time with gradient 1."""
    inputs = keras.Input((2,), dtype="int32")
    table = keras.layers.Embedding(2, 1, embeddings_initializer="zeros")
    model = keras.Model(inputs, ops.sum(table(inputs), axis=(1, 2)))
    model.compile(optimizer=keras.optimizers.SGD(1.0, **clip), loss=lambda y, out: ops.sum(out))
    model.train_on_batch(np.zeros((1, 2), "int32"), np.zeros(1, "float32"))
    return np.array(round(float(-model.get_weights()[0][0, 0]), 2))


equal, numbers = np.ones(4, "float32"), np.arange(4, dtype="float32")
rows = np.arange(3, dtype="float32")
FACTS: dict[str, np.ndarray | str] = {
    "keras.ops.abs": gradient(ops.abs, 0),
    "keras.ops.maximum": gradient(lambda x: ops.maximum(x, 0.0), 0),
    "keras.ops.minimum": gradient(lambda x: ops.minimum(x, 0.0), 0),
    "keras.ops.clip": first(gradient(lambda x: ops.clip(x, 0.0, 1.0), [0, 1])),
    "keras.ops.leaky_relu": gradient(lambda x: ops.leaky_relu(x, 0.2), 0),
    "keras.ops.norm": first(gradient(ops.norm, [0, 0])),
    "keras.ops.std": first(gradient(ops.std, [1, 1])),
    "keras.ops.normalize": first(gradient(lambda x: ops.normalize(x, axis=-1), [[0, 0]])),
    "keras.ops.sqrt": gradient(lambda x: ops.where(x > 0, ops.sqrt(x), 0.0), 0),
    "keras.ops.top_k": value(lambda: ops.top_k(equal, 3)[1]),
    "keras.ops.sign": value(lambda: ops.sign(np.float32("nan"))),
    "keras.ops.one_hot": value(lambda: ops.one_hot(np.array(9), 3)),
    "keras.ops.take": value(lambda: ops.take(rows, np.array([-1, 5]), axis=0)),
    "keras.ops.slice": value(lambda: ops.slice(numbers, [3], [3])),
    "keras.ops.segment_sum": segments(),
    "keras.ops.floor_divide": value(
        lambda: ops.floor_divide(np.array(1, "int32"), np.array(0, "int32"))
    ),
    "keras.ops.matmul": product(),
    "SparseMomentum": row_of_gradient_zero(),
    "global_clipnorm": clipped_row(global_clipnorm=1.0),
    "clipvalue": clipped_row(clipvalue=1.0),
}

if __name__ == "__main__":
    print(json.dumps({name: text(found) for name, found in FACTS.items()}))
