"""A Keras twin on several devices: its replicas share each batch, and add up their gradients."""

from __future__ import annotations

import functools
import time
from types import ModuleType
from typing import Any

import tensorflow as tf

from . import settings
from .fit import STEPS_WATCHED, Epoch, OnEpoch, batch_sizes, fit, running_mean
from .sides import KerasSide

MIRRORED, MULTI_WORKER = "mirrored", "multi-worker"


@functools.cache  # TensorFlow makes its devices once
def start(name: str, replicas: int) -> tf.distribute.Strategy:
    """The strategy of that name, before TensorFlow has made its devices.

    Args:
        name: ``mirrored``: the CPU is divided into devices; ``multi-worker``: this process is one
            of those that ``TF_CONFIG`` lists.
        replicas: how many there are.
    """
    if name == MULTI_WORKER:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
        settings.pin()
        return strategy
    settings.apply("cpu", logical_cpus=replicas)
    return tf.distribute.MirroredStrategy([f"CPU:{number}" for number in range(replicas)])


class ReplicatedSide(KerasSide):
    """A compiled Keras model in the scope of a strategy.

    A second model outside of it, with the same weights, predicts and is measured: what a strategy
    predicts on one batch comes once from each replica.
    """

    def __init__(
        self,
        module: ModuleType,
        arguments: dict[str, Any],
        log: str | None,
        function: str,
        targets: dict[str, str],
        metric: str,
        strategy: tf.distribute.Strategy,
    ):
        super().__init__(module, arguments, "/device:CPU:0", log, function, targets, metric)
        self._strategy = strategy
        with strategy.scope():
            self._spread = getattr(module, function)(**arguments)

    def train(self, x: Any, y: Any, batch_size: int, epochs: int, on_epoch: OnEpoch) -> None:
        """Trains on the data in order, from the weights of the model that predicts."""
        self._spread.set_weights(self.model.get_weights())

        def on_end(epoch: Epoch) -> None:
            self.model.set_weights(self._spread.get_weights())
            on_epoch(epoch)

        with self._strategy.scope():  # not around the loop: the other model is measured in it
            self._spread.optimizer.build(self._spread.trainable_variables)
        loop = self._fit if self._strategy.extended.worker_devices[1:] else self._steps
        self.first_step = loop(x, y, batch_size, epochs, on_end)

    def _fit(self, x: Any, y: Any, batch_size: int, epochs: int, on_epoch: OnEpoch) -> float:
        train = self._module.train
        return fit(train, self._spread, x, y, batch_size, epochs, on_epoch, replicated=True)

    def _steps(self, x: Any, y: Any, batch_size: int, epochs: int, on_epoch: OnEpoch) -> float:
        """The loop of fit: that of Keras 3 cannot run with one replica in each process."""
        model, strategy = self._spread, self._strategy
        options, by_data = tf.data.Options(), tf.data.experimental.AutoShardPolicy.DATA
        options.experimental_distribute.auto_shard_policy = by_data
        data = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size).with_options(options)
        shares = strategy.experimental_distribute_dataset(data)
        tracker = next(metric for metric in model.metrics if metric.name == "loss")
        sizes, first, done = batch_sizes(len(x), batch_size), 0.0, 0

        @tf.function
        def step(share: Any) -> None:
            strategy.run(model.train_step, args=(share,))

        for _ in range(epochs):
            watched, losses, examples = done < STEPS_WATCHED, list[float](), len(x)
            model.reset_metrics()
            begin = time.perf_counter()
            for share in shares:
                if watched:
                    tracker.reset_state()
                step(share)
                if watched:
                    losses.append(float(tracker.result()))
                if not done:
                    first = time.perf_counter() - begin
                    if len(sizes) > 1:
                        examples, begin = len(x) - sizes[0], time.perf_counter()
                done += 1
            loss = running_mean(losses, sizes, x.dtype.type) if watched else float(tracker.result())
            on_epoch(Epoch(loss, losses, time.perf_counter() - begin, examples))
        return first

    def placement(self, x: Any) -> str:
        """The devices of this process on which the replicas compute."""
        names = [name.rpartition("/device:")[2] for name in self._strategy.extended.worker_devices]
        return f"/device:{' + '.join(names)}"

    def save(self, path: str) -> None:
        """A .keras file, with the optimizer's state; the ending is added."""
        with self._strategy.scope():
            self._module.save(self._spread, f"{path}.keras")
