"""The forms a training system comes in, made alike: TF1 session, TF2 tape, Keras fit.

What a twin has to offer. Legacy: ``build(..., seed)`` → a namespace with x and logits;
``train(session, net, x, y, batch_size)`` → the losses of one epoch; ``evaluate``, ``predict``,
``save``. Modern: for the tape, a class with ``train(x, y, batch_size)`` → losses, ``evaluate(x,
y)``, a call and ``save(path)``; for Keras, ``build_model(...)`` → a compiled model, ``train(model,
x, y, batch_size, epochs, callbacks)`` and ``save(model, path)``. Any such model can be trained by
``modern/fast_loop.py`` too.
"""

from __future__ import annotations

import importlib
import time
from types import ModuleType
from typing import Any

import numpy as np
import tensorflow as tf
from tensorboard.plugins.histogram.summary_v2 import histogram_pb

from .fit import Epoch, OnEpoch, batch_sizes, by_path, fit, measured, running_mean

# Not trained, but moved like weights: the names TF1's batch normalization gives them.
_MOVING = ("moving_mean", "moving_variance")


class _LoopSide:
    """What the forms share whose loop the twin writes itself."""

    first_step = 0.0

    def _train_epoch(self, x: Any, y: Any, batch_size: int) -> list[Any]:
        raise NotImplementedError

    def train(self, x: Any, y: Any, batch_size: int, epochs: int, on_epoch: OnEpoch) -> None:
        """Trains on the data in order; the very first step is timed on its own."""
        sizes = batch_sizes(len(x), batch_size)
        for epoch in range(epochs):
            start = time.perf_counter()
            losses: list[Any] = []
            begin = 0
            if epoch == 0:
                begin = sizes[0]
                losses = self._train_epoch(x[:begin], y[:begin], batch_size)
                self.first_step = time.perf_counter() - start
            start = time.perf_counter()
            if begin < len(x):
                losses = losses + self._train_epoch(x[begin:], y[begin:], batch_size)
            # An epoch of one step has nothing else that could be timed.
            seconds = time.perf_counter() - start if begin < len(x) else self.first_step
            loss = running_mean(losses, sizes, np.asarray(losses[0]).dtype.type)
            on_epoch(Epoch(loss, losses, seconds, len(x) - begin or len(x)))


class SessionSide(_LoopSide):
    """A legacy twin: a graph and a Session."""

    def __init__(self, module: ModuleType, arguments: dict[str, Any], device: str, log: str | None):
        v1 = tf.compat.v1
        self._module = module
        graph = tf.Graph()
        with graph.as_default(), tf.device(device):
            self._net = module.build(**arguments)
            initializer = v1.global_variables_initializer()
            trained = {v.op.name for v in v1.trainable_variables()}
            self._variables = {
                v.op.name: v
                for v in v1.global_variables()
                if v.op.name in trained or v.op.name.endswith(_MOVING)
            }
        config = v1.ConfigProto(allow_soft_placement=True)
        config.gpu_options.allow_growth = True
        # A Session makes devices of its own, and of CPUs only one unless it is told.
        config.device_count["CPU"] = len(tf.config.list_logical_devices("CPU"))
        self._session = v1.Session(graph=graph, config=config)
        self._session.run(initializer)
        self._writer = v1.summary.FileWriter(log, graph) if log else None

    def _train_epoch(self, x: Any, y: Any, batch_size: int) -> list[Any]:
        return list(self._module.train(self._session, self._net, x, y, batch_size))

    def evaluate(self, x: Any, y: Any) -> float:
        """The metric of the system: the share of examples whose class is right, or another."""
        return float(self._module.evaluate(self._session, self._net, x, y))

    def predict(self, x: Any) -> np.ndarray:
        """The logits."""
        return self._module.predict(self._session, self._net, x)

    @property
    def ends(self) -> tuple[str, str]:
        """The names of the tensors that take x and give the logits."""
        return self._net.x.name, self._net.logits.name

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
        """Scalars, and histograms of the weights, for TensorBoard."""
        if self._writer:
            for name, weight in self.weights().items():
                # As TF2 writes them, so that both sides share a chart.
                self._writer.add_summary(histogram_pb(name, weight).SerializeToString(), epoch)
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
        """Scalars, and histograms of the weights by TF1 name, for TensorBoard."""
        if self._writer:
            with self._writer.as_default(step=epoch):
                for name, weight in self.weights().items():
                    tf.summary.histogram(name, weight)
                for name, value in values.items():
                    tf.summary.scalar(name, value)
            self._writer.flush()


class TapeSide(_LoopSide, _ModernSide):
    """A modern twin as a tf.Module or keras.Model with tf.function and GradientTape."""

    def __init__(
        self,
        module: ModuleType,
        arguments: dict[str, Any],
        device: str,
        log: str | None,
        class_name: str,
        targets: dict[str, str],
    ):
        super().__init__(log)
        self._device = device
        with tf.device(device):
            self._model = getattr(module, class_name)(**arguments)
        if isinstance(self._model, tf.Module) and not hasattr(self._model, "layers"):
            self._targets = {v.name.partition(":")[0]: v for v in self._model.variables}
        else:
            self._targets = by_path(self._model, targets)

    def _train_epoch(self, x: Any, y: Any, batch_size: int) -> list[Any]:
        with tf.device(self._device):
            return [np.array(loss) for loss in self._model.train(x, y, batch_size)]

    def evaluate(self, x: Any, y: Any) -> float:
        """The metric of the system: the share of examples whose class is right, or another."""
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

    first_step = 0.0

    def __init__(
        self,
        module: ModuleType,
        arguments: dict[str, Any],
        device: str,
        log: str | None,
        function: str,
        targets: dict[str, str],
        metric: str,
        loop: str = "train",
    ):
        super().__init__(log)
        self._module, self._device, self._metric = module, device, metric
        self._loop = loop
        with tf.device(device):
            self.model = getattr(module, function)(**arguments)
        self._targets = by_path(self.model, targets)

    def train(self, x: Any, y: Any, batch_size: int, epochs: int, on_epoch: OnEpoch) -> None:
        """Trains on the data in order."""
        with tf.device(self._device):
            train = getattr(self._module, self._loop)
            self.first_step = fit(train, self.model, x, y, batch_size, epochs, on_epoch)

    def evaluate(self, x: Any, y: Any) -> float:
        """The metric of the system: the share of examples whose class is right, or another."""
        with tf.device(self._device):
            return measured(self.model, x, y, self._metric)

    def predict(self, x: Any) -> np.ndarray:
        """The logits."""
        with tf.device(self._device):
            # As a graph, like the session's: called eagerly, matmul, bias and ELU are not fused.
            return self.model.predict_on_batch(x)

    def placement(self, x: Any) -> str:
        """The device on which the logits of ``x`` are computed."""
        with tf.device(self._device):
            return self.model(x, training=False).device

    def save(self, path: str) -> None:
        """A .keras file; the ending is added."""
        self._module.save(self.model, f"{path}.keras")


class FusedSide(KerasSide):
    """A modern twin's Keras model, trained an epoch a call by ``modern/fast_loop.py``."""

    def train(self, x: Any, y: Any, batch_size: int, epochs: int, on_epoch: OnEpoch) -> None:
        """Trains on the data in order; what is timed as the first step is the tracing."""
        package = self._module.__name__.rpartition(".")[0]
        loops = importlib.import_module(f"{package}.fast_loop")
        loop = loops.FastLoop(self.model, batch_size, jit_compile=self._loop == "xla")
        sizes = batch_sizes(len(x), batch_size)
        with tf.device(self._device):
            x, y = tf.constant(x), tf.constant(y)
            start = time.perf_counter()
            loop.epoch.get_concrete_function(x, y)
            self.first_step = time.perf_counter() - start
            for _ in range(epochs):
                start = time.perf_counter()
                losses = loop.epoch(x, y).numpy()
                seconds = time.perf_counter() - start
                loss = running_mean(list(losses), sizes, losses.dtype.type)
                on_epoch(Epoch(loss, list(losses), seconds, len(x)))
