"""The table of what backends compute differently, held against the backends themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from interpreters import skip_without
from tfmigrate.plan import Call, Layer, Network, Plan, Value
from tfmigrate.plan.training import New, TrainingPlan
from tfmigrate.verification.divergences import DIVERGENCES, divergences
from tfmigrate.worker.backends import BACKENDS

FACTS = Path(__file__).with_name("backend_facts.py")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_computes_what_the_table_says(backend: str) -> None:
    python = sys.executable if backend == "tensorflow" else skip_without(backend)
    environment = {"KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}
    run = subprocess.run(
        [python, str(FACTS)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(run.stdout.splitlines()[-1])
    assert found == {each.names[0]: each.on(backend) for each in DIVERGENCES}


def test_a_model_is_told_of_what_it_uses() -> None:
    x, y = Value((None, 3), "float32"), Value((None, 3), "float32")
    inner = Network("step", "", calls=[Call("keras.ops.abs", (x,), {}, (y,))])
    loop = Layer("loop", "Recurrence", {"step": inner})
    plan = Plan("model", "", calls=[Call(loop, (x,), {}, (y,)), Call("*", (x, x), {}, (y,))])
    assert divergences(plan, "torch") == []
    assert divergences(plan, "jax") == ["keras.ops.abs, gradient at 0: 1 on jax, 0 on TensorFlow"]


def test_an_optimizer_is_told_of_too() -> None:
    training = TrainingPlan(New("SparseMomentum", {"learning_rate": 0.1}), [])
    (told,) = divergences(Plan("model", "", training=training), "torch")
    assert told.startswith("SparseMomentum, an embedding's row in the batch, with gradient 0: not")


def test_clipping_is_told_of_beside_an_embedding_only() -> None:
    x, y = Value((None, 3), "int32"), Value((None, 3, 2), "float32")
    training = TrainingPlan(New("keras.optimizers.SGD", {"global_clipnorm": 1.0}), [])
    assert divergences(Plan("model", "", training=training), "jax") == []
    call = Call(Layer("words", "Embedding", {"input_dim": 9}), (x,), {}, (y,))
    found = divergences(Plan("model", "", calls=[call], training=training), "jax")
    assert any(told.startswith("global_clipnorm, of 1, two gradients") for told in found)


def test_a_row_of_one_dtype_is_for_models_of_that_dtype() -> None:
    for dtype, told in (
        ("float32", []),
        (
            "float64",
            ["Dense, a float64 product has the precision of: float32 on torch, float64 on "
             "TensorFlow"],
        ),
    ):  # fmt: skip
        x, y = Value((None, 3), dtype), Value((None, 3), dtype)
        layer = Layer("dense", "Dense", {"units": 3})
        plan = Plan("model", "", calls=[Call(layer, (x,), {}, (y,))])
        assert divergences(plan, "torch") == told
