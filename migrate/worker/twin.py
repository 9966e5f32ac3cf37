"""The job that calls one function of a twin file and brings back what it gives and prints."""

from __future__ import annotations

import contextlib
import importlib
import io
import time
from typing import Any

import numpy as np
import tensorflow as tf

from . import settings
from .events import Event


def run(
    request: dict[str, Any], arrays: dict[str, np.ndarray], emit: Event
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Calls it.

    Args:
        request: ``module``, ``function``, ``arguments``, ``seed`` (of TensorFlow 2's random
            numbers), ``device``, ``logical_cpus``.
        arrays: ``<name>``: keyword arguments; ``weight:<name>``: collected into ``weights``.

    Returns:
        ``texts`` (the values that are texts), ``printed``, ``seconds``, the settings in force; and
        the other values as arrays.
    """
    device = settings.apply(request["device"], logical_cpus=request["logical_cpus"])
    module = importlib.import_module(request["module"])
    keywords: dict[str, Any] = dict(request["arguments"])
    weights = {}
    for name, array in arrays.items():
        if name.startswith("weight:"):
            weights[name.removeprefix("weight:")] = array
        else:
            keywords[name] = array
    if weights:
        keywords["weights"] = weights
    printed = io.StringIO()
    start = time.perf_counter()
    if request["graph"]:
        # Not a graph of ours around it: a twin may reset the default graph itself.
        tf.compat.v1.reset_default_graph()
    else:
        import keras

        settings.as_delivered(keras)
        tf.random.set_seed(request["seed"])
    with tf.device(device), contextlib.redirect_stdout(printed):
        values = getattr(module, request["function"])(**keywords)
    seconds = time.perf_counter() - start
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    return {
        "texts": texts,
        "printed": printed.getvalue(),
        "seconds": seconds,
        "settings": settings.describe(),
        "order": list(values),
    }, {name: np.asarray(value) for name, value in values.items() if name not in texts}
