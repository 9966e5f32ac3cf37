"""Trains a compiled Keras model by its twin's ``train``, step by step watched and timed.

This file needs nothing but Keras and numpy, so that ``backend.py`` can use it in another
interpreter.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

# So many steps, at least, are held together one by one. Keras tells a running mean of the loss; to
# have the loss of each step the mean is started anew every time, which takes a while.
STEPS_WATCHED = 100


@dataclass(frozen=True)
class Epoch:
    """One epoch, trained.

    Attributes:
        loss: the mean over the examples of the loss before each step's update.
        losses: of each step, or empty where it was no longer watched.
        seconds, examples: trained in that time; of the first epoch, all but the first step, which
            traces, compiles and allocates.
    """

    loss: float
    losses: list[Any]
    seconds: float
    examples: int


OnEpoch = Callable[[Epoch], None]


def running_mean(losses: list[Any], batches: list[int], dtype: Any = np.float32) -> float:
    """The loss of an epoch as Keras reports it, from the losses of its steps.

    Keras adds up loss times batch size in float32 and divides once
    (keras/src/metrics/reduction_metrics.py); a mean of the step losses would be another number.
    """
    total = dtype(0)
    for loss, size in zip(losses, batches, strict=True):
        total += dtype(loss) * dtype(size)
    return float(total / dtype(sum(batches)))


def batch_sizes(examples: int, batch_size: int) -> list[int]:
    """The sizes of the batches of one epoch; the last may be smaller."""
    return [min(batch_size, examples - start) for start in range(0, examples, batch_size)]


def by_path(model: Any, targets: dict[str, str]) -> dict[str, Any]:
    """TF1 name → variable, by ``layer/variable``; the same name on both sides without targets."""
    found = {f"{layer.name}/{v.name}": v for layer in model.layers for v in layer.weights}
    return {name: found[path] for name, path in targets.items()} if targets else found


def fit(
    train: Callable[..., Any],
    model: Any,
    x: Any,
    y: Any,
    batch_size: int,
    epochs: int,
    on_epoch: OnEpoch,
    *,
    replicated: bool = False,
) -> float:
    """Trains on the data in order; returns the seconds of the first step.

    Args:
        train: ``train(model, x, y, batch_size, epochs, callbacks)`` of the twin.
        on_epoch: called with each epoch as it ends.
        replicated: whether a strategy of TensorFlow trains: it tells the loss of one replica.
    """
    import keras

    sizes = batch_sizes(len(x), batch_size)

    class Clock(keras.callbacks.Callback):
        steps = 0
        first_step = 0.0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            # Several steps in one call tell their mean.
            self.watched = self.steps < STEPS_WATCHED and self.model.steps_per_execution == 1
            self.losses: list[float] = []
            self.examples = len(x)
            self.tracker = next(m for m in self.model.metrics if m.name == "loss")
            self.start = time.perf_counter()

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            if self.watched:
                if self.steps and keras.backend.backend() == "jax":
                    self.model.jax_state_sync()  # during fit, variables are not in the model
                self.tracker.reset_state()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if self.watched:
                self.losses.append(float(self.tracker.result() if replicated else logs["loss"]))
            if not self.steps:
                self.first_step = time.perf_counter() - self.start
                if len(sizes) > batch + 1:
                    self.examples -= sum(sizes[: batch + 1])
                    self.start = time.perf_counter()
            self.steps += 1

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            loss = float(logs["loss"])  # waits until it is computed
            seconds = time.perf_counter() - self.start
            if self.watched:
                loss = running_mean(self.losses, sizes, np.dtype(keras.config.floatx()).type)
            on_epoch(Epoch(loss, self.losses, seconds, self.examples))

    # Where the first step makes variables, tf.function traces it twice.
    model.optimizer.build(model.trainable_variables)
    clock = Clock()
    train(model, x, y, batch_size, epochs, [clock])
    return clock.first_step


def measured(model: Any, x: Any, y: Any, metric: str) -> float:
    """The metric of that name: the share of examples whose class is right, or another."""
    from keras import ops

    model.reset_metrics()
    # All at once, like the session; evaluate() would make and trace a pipeline for it.
    made = ops.convert_to_tensor(model.predict_on_batch(x))
    return float(model.compute_metrics(x, ops.convert_to_tensor(y), made)[metric])
