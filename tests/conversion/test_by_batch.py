"""Batch normalization by the batch's own statistics, against numpy."""

from __future__ import annotations

import numpy as np
from tfmigrate.emit.classes import pieces
from tfmigrate.worker import Worker

BUILD = """

def build_model():
    inputs = keras.Input((5, 4))
    return keras.Model(inputs, BatchNormalizationByBatch(epsilon=0.01, name="bn")(inputs))
"""


def test_it_normalizes_by_the_batch_where_keras_would_by_moving_statistics(
    keras_worker: Worker,
) -> None:
    imports, text = pieces("BatchNormalizationByBatch")
    source = "\n".join(imports) + "\n\n" + text + BUILD
    keras_worker.call("build", {"step": "source", "keras": "keras", "source": source})
    random = np.random.default_rng(0)
    gamma, beta, mean, variance = random.uniform(0.5, 2, (4, 4)).astype("f4")
    given = {"gamma": gamma, "beta": beta, "moving_mean": mean, "moving_variance": variance}
    keras_worker.call("build", {"step": "assign"}, {f"bn/{n}": a for n, a in given.items()})
    x = (3 * random.standard_normal((6, 5, 4)) + 7).astype("f4")
    made = keras_worker.call("build", {"step": "predict"}, {"0": x}).arrays["0"]
    centered = (x - x.mean((0, 1))) / np.sqrt(x.var((0, 1)) + 0.01)
    np.testing.assert_allclose(made, centered * gamma + beta, rtol=0, atol=1e-5)
