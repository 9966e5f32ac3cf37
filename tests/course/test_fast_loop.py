"""An epoch as one program makes the same steps as fit, to the bit, whatever a step consists of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

EXAMPLES, BATCH = 50, 16  # the last batch has two


def dense(keras: Any) -> list[Any]:
    return [keras.layers.Dense(8, "relu", kernel_regularizer="l2"), keras.layers.Dense(3)]


def noisy(keras: Any) -> list[Any]:
    normal, drop = keras.layers.BatchNormalization(), keras.layers.Dropout(0.4, seed=3)
    return [keras.layers.Dense(8), normal, keras.layers.Activation("tanh"), drop, *dense(keras)]


def convolved(keras: Any) -> list[Any]:
    shaped = keras.layers.Reshape((3, 2, 1)), keras.layers.Conv2D(4, 2)
    return [*shaped, keras.layers.Flatten(), keras.layers.Dense(3)]


@pytest.mark.parametrize(
    ("layers", "optimizer"),
    [
        (dense, {"class_name": "SGD", "config": {"momentum": 0.9, "clipnorm": 0.1}}),
        (noisy, {"class_name": "Adam", "config": {"weight_decay": 0.01}}),
        (convolved, {"class_name": "RMSprop", "config": {"use_ema": True, "ema_momentum": 0.9}}),
    ],
)
def test_it_makes_the_steps_of_fit(layers: Any, optimizer: dict[str, Any]) -> None:
    import keras
    from tfmigrate.modern.fast_loop import FastLoop, train

    random = np.random.default_rng(0)
    x = random.standard_normal((EXAMPLES, 6)).astype("float32")
    y = random.integers(0, 3, EXAMPLES)

    def built() -> Any:
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((6,)), *layers(keras)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.deserialize(optimizer), loss, jit_compile=False)
        return model

    fitted, looped = built(), built()
    told = train(fitted, x, y, BATCH, epochs=2).history["loss"]
    losses = FastLoop(looped, BATCH).train(x, y, epochs=2)
    assert [epoch.shape for epoch in losses] == [(4,), (4,)]
    sizes = np.array([BATCH, BATCH, BATCH, 2])
    np.testing.assert_allclose([epoch @ sizes / EXAMPLES for epoch in losses], told, rtol=1e-6)
    pairs = zip(fitted.get_weights(), looped.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)
    assert int(looped.optimizer.iterations) == 8
