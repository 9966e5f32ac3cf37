"""The job that trains one side of a system and reports every epoch."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import tensorflow as tf

from . import exact, settings, sides, strategies
from .disk import writing
from .events import Event


def run(
    request: dict[str, Any], arrays: dict[str, np.ndarray], emit: Event
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Trains.

    Args:
        request: ``kind`` (session, tape, keras), ``module`` (of the twin), ``function`` (or class,
            that builds), ``loop`` (of Keras: the twin's function, ``fused`` or ``xla``),
            ``arguments`` (of its build), ``seed``, ``device``, ``logical_cpus``,
            ``batch_size``, ``epochs``, ``metric``, ``floatx``, ``losses_alone`` (whether nothing
            but losses and weights is told: the rest takes time to trace), ``kernel`` (the TF1
            optimizer whose update replaces that of Keras's, or empty); ``strategy`` (one of
            ``strategies.py``, or empty) and its ``replicas``;
            ``initial`` and ``trained``: where to save before and after, or None; ``targets`` (TF1
            name → layer/variable); ``log``: the folder of TensorBoard's event files, or None.
        arrays: x_train, y_train, x_test, y_test; ``weight:<TF1 name>`` to start from.
        emit: gets an event an epoch: epoch, loss, metric, seconds, examples.

    Returns:
        The settings in force, the device that computed, the seconds of the first step, the names
        of a session's input and logits, and the arrays ``losses`` (of the steps that were
        watched), logits_before, logits_after and ``weight:<TF1 name>``.

    Raises:
        UserError: the disk refuses to hold the checkpoint or the event files.
    """
    places = [request.get(key) for key in ("trained", "log", "initial")]
    with writing(next(filter(None, places), "")):
        return _run(request, arrays, emit)


def _run(
    request: dict[str, Any], arrays: dict[str, np.ndarray], emit: Event
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    strategy, device = None, ""
    if request.get("strategy"):
        strategy = strategies.start(request["strategy"], request["replicas"])
    else:
        device = settings.apply(request["device"], logical_cpus=request["logical_cpus"])
    side = _make_side(request, device, strategy)
    weights = _starting_with("weight:", arrays)
    if weights:
        side.load(weights)
    if request["initial"]:
        side.save(request["initial"])
    x, y, x_test, y_test = (arrays[k] for k in ("x_train", "y_train", "x_test", "y_test"))
    losses_alone = request["losses_alone"]
    before = None
    if not losses_alone:
        before = side.predict(x_test)
        side.evaluate(x_test, y_test)  # so Keras has its metrics' variables, and traces fit() once
    side.log(0, {})  # the weights that all forms start from
    losses: list[Any] = []
    done = 0

    def on_epoch(epoch: sides.Epoch) -> None:
        nonlocal done
        done += 1
        losses.extend(epoch.losses)
        metric = float("nan") if losses_alone else side.evaluate(x_test, y_test)
        side.log(done, {"loss": epoch.loss, request["metric"]: metric})
        emit(
            {
                "epoch": done,
                "loss": epoch.loss,
                "metric": metric,
                "seconds": epoch.seconds,
                "examples": epoch.examples,
            }
        )

    side.train(x, y, request["batch_size"], request["epochs"], on_epoch)
    if request["trained"]:
        side.save(request["trained"])
    return {
        "settings": settings.describe(),
        "placement": "" if losses_alone else side.placement(x_test[:1]).partition("/device:")[2],
        "first_step": side.first_step,
        "ends": side.ends if isinstance(side, sides.SessionSide) else None,
    }, {
        "losses": np.array(losses, request["floatx"]),
        **({} if before is None else {"logits_before": before}),
        **({} if losses_alone else {"logits_after": side.predict(x_test)}),
        **{f"weight:{name}": value for name, value in side.weights().items()},
    }


def _make_side(
    request: dict[str, Any], device: str, strategy: tf.distribute.Strategy | None
) -> sides.SessionSide | sides.TapeSide | sides.KerasSide:
    import keras

    # The request comes from the catalogue, never from a file: the module is one of our twins.
    module = importlib.import_module(request["module"])
    kind, function, arguments = request["kind"], request["function"], request["arguments"]
    log = request["log"]
    if kind == "session":
        return sides.SessionSide(module, {**arguments, "seed": request["seed"]}, device, log)
    settings.as_delivered(keras, request["floatx"])
    keras.utils.set_random_seed(request["seed"])  # of initializers without a seed too
    if kind == "tape":
        return sides.TapeSide(module, arguments, device, log, function, request["targets"])
    metric = request["metric"]
    loop = request["loop"]
    if strategy is not None:
        targets = request["targets"]
        return strategies.ReplicatedSide(
            module, arguments, log, function, targets, metric, strategy
        )
    kind = sides.FusedSide if loop in ("fused", "xla") else sides.KerasSide
    side = kind(module, arguments, device, log, function, request["targets"], metric, loop)
    if request["kernel"]:
        exact.recompile(side.model, request["kernel"])
    return side


def _starting_with(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
