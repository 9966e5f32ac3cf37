"""The three forms a training system comes in, made alike: TF1 session, TF2 tape, Keras fit."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import tensorflow as tf

# Called after each epoch with its loss and the seconds it took.
OnEpoch = Callable[[np.float32, float], None]


def running_mean(losses: list[np.float32], batches: list[int]) -> np.float32:
    """The loss of an epoch as Keras reports it, from the losses of its steps.

    Keras adds up loss times batch size in float32 and divides once
    (keras/src/metrics/reduction_metrics.py); a mean of the step losses would be another number.
    """
    total = np.float32(0)
    for loss, size in zip(losses, batches, strict=True):
        total += np.float32(loss) * np.float32(size)
    return total / np.float32(sum(batches))


def batch_sizes(examples: int, batch_size: int) -> list[int]:
    """The sizes of the batches of one epoch; the last may be smaller."""
    return [min(batch_size, examples - start) for start in range(0, examples, batch_size)]


class SessionSide:
    """A legacy twin: a graph and a Session."""

    title = "TF1 session"

    def __init__(self, module: ModuleType, arguments: dict[str, Any], device: str, log: str | None):
        v1 = tf.compat.v1
        self._module = module
        graph = tf.Graph()
        with graph.as_default(), tf.device(device):
            self._net = module.build(**arguments)
            initializer = v1.global_variables_initializer()
            self._variables = {v.op.name: v for v in v1.global_variables()}
        config = v1.ConfigProto(allow_soft_placement=True)
        config.gpu_options.allow_growth = True
        # A Session makes devices of its own, and of CPUs only one unless it is told.
        config.device_count["CPU"] = len(tf.config.list_logical_devices("CPU"))
        self._session = v1.Session(graph=graph, config=config)
        self._session.run(initializer)
        self._writer = v1.summary.FileWriter(log, graph) if log else None

    def train(self, x: Any, y: Any, batch_size: int, epochs: int, on_epoch: OnEpoch) -> None:
        """Trains on the data in order."""
        for _ in range(epochs):
            start = time.perf_counter()
            losses = self._module.train(self._session, self._net, x, y, batch_size)
            seconds = time.perf_counter() - start
            on_epoch(running_mean(losses, batch_sizes(len(x), batch_size)), seconds)

    def accuracy(self, x: Any, y: Any) -> float:
        """The share of examples whose class is right."""
        return float(self._module.evaluate(self._session, self._net, x, y))

    def predict(self, x: Any) -> np.ndarray:
        """The logits."""
        return self._module.predict(self._session, self._net, x)

    def placement(self, x: Any) -> str:
        """The device on which the logits of ``x`` are computed, as the run-time placed them."""
        v1 = tf.compat.v1
        options, seen = v1.RunOptions(output_partition_graphs=True), v1.RunMetadata()
        name = self._net.logits.op.name
        self._session.run(self._net.logits, {self._net.x: x}, options, seen)
        nodes = [node for graph in seen.partition_graphs for node in graph.node]
        return next(node.device for node in nodes if node.name == name)

    def weights(self) -> dict[str, np.ndarray]:
        """By TF1 name."""
        return self._session.run(self._variables)

    def load(self, weights: dict[str, np.ndarray]) -> None:
        """Sets each variable, by TF1 name."""
        for name, variable in self._variables.items():
            variable.load(weights[name], self._session)

    def save(self, path: str) -> None:
        """A Saver checkpoint under that prefix."""
        self._module.save(self._session, self._net, path)

    def log(self, epoch: int, values: dict[str, float]) -> None:
        """Scalars for TensorBoard."""
        if self._writer:
            summary = tf.compat.v1.Summary()
            for name, value in values.items():
                summary.value.add(tag=name, simple_value=value)
            self._writer.add_summary(summary, epoch)
            self._writer.flush()


class _ModernSide:
    """What the two modern forms share: weights by name, and TensorBoard."""

    _targets: dict[str, Any]  # TF1 name → variable

    def __init__(self, log: str | None):
        self._writer = tf.summary.create_file_writer(log) if log else None

    def load(self, weights: dict[str, np.ndarray]) -> None:
        """Sets each variable, by TF1 name."""
        for name, variable in self._targets.items():
            variable.assign(weights[name])

    def weights(self) -> dict[str, np.ndarray]:
        """By TF1 name."""
        return {name: np.array(variable) for name, variable in self._targets.items()}

    def log(self, epoch: int, values: dict[str, float]) -> None:
        """Scalars for TensorBoard."""
        if self._writer:
            with self._writer.as_default(step=epoch):
                for name, value in values.items():
                    tf.summary.scalar(name, value)
            self._writer.flush()


class TapeSide(_ModernSide):
    """A modern twin as a tf.Module with tf.function and GradientTape."""

    title = "TF2 tape"

    def __init__(
        self,
        module: ModuleType,
        arguments: dict[str, Any],
        device: str,
        log: str | None,
        class_name: str,
    ):
        super().__init__(log)
        self._device = device
        with tf.device(device):
            self._model = getattr(module, class_name)(**arguments)
        self._targets = {v.name.partition(":")[0]: v for v in self._model.variables}

    def train(self, x: Any, y: Any, batch_size: int, epochs: int, on_epoch: OnEpoch) -> None:
        """Trains on the data in order."""
        for _ in range(epochs):
            with tf.device(self._device):
                start = time.perf_counter()
                losses = [np.float32(loss) for loss in self._model.train(x, y, batch_size)]
                seconds = time.perf_counter() - start
            on_epoch(running_mean(losses, batch_sizes(len(x), batch_size)), seconds)

    def accuracy(self, x: Any, y: Any) -> float:
        """The share of examples whose class is right."""
        with tf.device(self._device):
            return float(self._model.evaluate(x, y))

    def predict(self, x: Any) -> np.ndarray:
        """The logits."""
        with tf.device(self._device):
            return self._model(x).numpy()

    def placement(self, x: Any) -> str:
        """The device on which the logits of ``x`` are computed."""
        with tf.device(self._device):
            return self._model(x).device

    def save(self, path: str) -> None:
        """An object-based checkpoint under that prefix."""
        self._model.save(path)


class KerasSide(_ModernSide):
    """A modern twin as a compiled Keras model."""

    title = "Keras fit"

    def __init__(
        self,
        module: ModuleType,
        arguments: dict[str, Any],
        device: str,
        log: str | None,
        targets: dict[str, str],
    ):
        super().__init__(log)
        self._module, self._device = module, device
        with tf.device(device):
            self._model = module.build_model(**arguments)
        by_path = {
            f"{layer.name}/{v.name}": v for layer in self._model.layers for v in layer.weights
        }
        self._targets = {name: by_path[path] for name, path in targets.items()}

    def train(self, x: Any, y: Any, batch_size: int, epochs: int, on_epoch: OnEpoch) -> None:
        """Trains on the data in order."""
        import keras

        class Clock(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
                self.start = time.perf_counter()

            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                seconds = time.perf_counter() - self.start
                on_epoch(np.float32(logs["loss"]), seconds)

        with tf.device(self._device):
            self._module.train(self._model, x, y, batch_size, epochs, [Clock()])

    def accuracy(self, x: Any, y: Any) -> float:
        """The share of examples whose class is right."""
        with tf.device(self._device):
            return float(self._model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"])

    def predict(self, x: Any) -> np.ndarray:
        """The logits."""
        with tf.device(self._device):
            return self._model(x, training=False).numpy()

    def placement(self, x: Any) -> str:
        """The device on which the logits of ``x`` are computed."""
        with tf.device(self._device):
            return self._model(x, training=False).device

    def save(self, path: str) -> None:
        """A .keras file; the ending is added."""
        self._module.save(self._model, f"{path}.keras")
