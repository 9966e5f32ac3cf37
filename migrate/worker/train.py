"""The job that trains one side of a system and reports every epoch."""

from __future__ import annotations

import importlib
import time
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from . import settings, sides
from .client import Event


def run(
    request: dict[str, Any], arrays: dict[str, np.ndarray], emit: Event
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Trains.

    Args:
        request: ``form`` (session, tape, keras), ``module`` (of the twin), ``arguments`` (of its
            build), ``seed``, ``device``, ``logical_cpus``, ``batch_size``, ``epochs``; ``initial``
            and ``trained``: where to save before and after, or None; ``class`` for the tape;
            ``targets`` (TF1 name → layer/variable) for Keras; ``logdir`` or None.
        arrays: x_train, y_train, x_test, y_test; ``weight:<TF1 name>`` to start from.
        emit: gets an event an epoch: epoch, loss, accuracy, seconds, examples.

    Returns:
        The settings in force, the device that computed, the seconds of the first step, and the
        arrays logits_before, logits_after and ``weight:<TF1 name>``.
    """
    device = settings.apply(request["device"], logical_cpus=request["logical_cpus"])
    side = _make_side(request, device)
    weights = _starting_with("weight:", arrays)
    if weights:
        side.load(weights)
    if request["initial"]:
        side.save(request["initial"])
    x, y, x_test, y_test = (arrays[k] for k in ("x_train", "y_train", "x_test", "y_test"))
    batch_size, epochs = request["batch_size"], request["epochs"]
    before = side.predict(x_test)

    # The first step traces, compiles and allocates: it is timed on its own, and the rest of the
    # first epoch goes on from it.
    finished: list[tuple[np.float32, int, float]] = []

    def on_part(examples: int) -> sides.OnEpoch:
        return lambda loss, seconds: finished.append((loss, examples, seconds))

    start = time.perf_counter()
    first = slice(0, batch_size)
    side.train(x[first], y[first], batch_size, 1, on_part(len(x[first])))
    first_step = time.perf_counter() - start
    rest = slice(batch_size, None)
    if len(x[rest]):
        side.train(x[rest], y[rest], batch_size, 1, on_part(len(x[rest])))

    done = 0

    def on_epoch(loss: np.float32, seconds: float, examples: int = len(x)) -> None:
        nonlocal done
        done += 1
        values = {"loss": float(loss), "accuracy": side.accuracy(x_test, y_test)}
        side.log(done, values)
        emit({"epoch": done, **values, "seconds": seconds, "examples": examples})

    # Only the part after the first step counts for the speed of the first epoch.
    loss = sides.running_mean([part[0] for part in finished], [part[1] for part in finished])
    on_epoch(loss, finished[-1][2], finished[-1][1])
    if epochs > 1:
        side.train(x, y, batch_size, epochs - 1, on_epoch)

    if request["trained"]:
        side.save(request["trained"])
    return {
        "settings": settings.describe(),
        "placement": side.placement(x_test[:1]).partition("/device:")[2],
        "first_step": first_step,
    }, {
        "logits_before": before,
        "logits_after": side.predict(x_test),
        **{f"weight:{name}": value for name, value in side.weights().items()},
    }


def _make_side(
    request: dict[str, Any], device: str
) -> sides.SessionSide | sides.TapeSide | sides.KerasSide:
    # The request comes from the catalogue, never from a file: the module is one of our twins.
    module = importlib.import_module(request["module"])
    form, arguments = request["form"], request["arguments"]
    log = str(Path(request["logdir"], request["device"], form)) if request["logdir"] else None
    if form == "session":
        return sides.SessionSide(module, {**arguments, "seed": request["seed"]}, device, log)
    tf.random.set_seed(request["seed"])
    if form == "tape":
        return sides.TapeSide(module, arguments, device, log, request["class"])
    return sides.KerasSide(module, arguments, device, log, request["targets"])


def _starting_with(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
