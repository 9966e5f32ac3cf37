"""Every golden case: found without hints, built, and equal to what TensorFlow 1.15 computed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cases import Case
from tfmigrate.conversion.output import build_model
from tfmigrate.emit import source as emit_source
from tfmigrate.graph.interface.interface import find_interface
from tfmigrate.layers.planning import bypassed, inference_part, make_plan
from tfmigrate.plan.examples import random_inputs
from tfmigrate.sources import open_source
from tfmigrate.worker import Worker
from tfmigrate.worker.original import Original, complete_shapes

CASES = [
    "ema_shadow", "frozen_mlp", "layers_batchnorm_dense", "layers_mlp_activations", "lenet_raw",
    "mlp_unnamed_dropout", "partitioned", "resnet_block", "saved_model_mlp", "slim_cnn_bn",
    "softmax_regression", "train_adam_l2", "train_adam_unnamed", "v1_format",
]  # fmt: skip
OF_SCALE = 2e-5  # of the greatest output: what the project promises


@pytest.mark.parametrize("name", CASES)
def test_the_model_computes_what_tensorflow_1_computed(
    name: str, goldens: Path, tmp_path: Path, keras_worker: Worker, graph_worker: Worker
) -> None:
    case = Case(goldens / name)
    source = open_source(case.source)
    assert source.graph is not None
    interface = find_interface(source.graph, saved=source.recipes().keys())
    assert list(interface.outputs) == case.meta["outputs"]
    complete_shapes(source, interface, graph_worker, 60)
    inference = inference_part(source, interface)
    plan = make_plan(source, interface, inference)
    text = emit_source(plan)
    build_model(keras_worker, plan, source, text, tmp_path / "model.keras", 60)

    arrays = case.arrays
    given = {str(i): arrays[f"in_{put.tensor}"] for i, put in enumerate(plan.inputs)}
    made = keras_worker.call("build", {"step": "predict"}, given, timeout=60).arrays
    for index, output in enumerate(plan.outputs):
        expected = arrays[f"out_{output.tensor}"]
        assert made[str(index)].shape == expected.shape
        apart = np.abs(made[str(index)] - expected).max()
        assert apart <= OF_SCALE * np.abs(expected).max()

    examples = random_inputs(plan)
    session = Original(source, interface, graph_worker, bypass=bypassed(inference), timeout=60)
    session.open()
    original = session.run(examples)
    numbered = {str(index): array for index, array in enumerate(examples.values())}
    again = keras_worker.call("build", {"step": "predict"}, numbered, timeout=60).arrays
    for index, output in enumerate(plan.outputs):
        expected = original[output.tensor]
        apart = np.abs(again[str(index)] - expected).max()
        assert apart <= OF_SCALE * np.abs(expected).max()


@pytest.mark.parametrize(
    "name",
    ["batch_of_one", "fold_unfold_lstm", "free_length_encoder", "reshape_after_dynamic_rnn"],
)
def test_batch_and_length_are_those_of_the_run(
    name: str,
    case_of: Callable[[str], Case],
    tmp_path: Path,
    keras_worker: Worker,
) -> None:
    case = case_of(f"structure/{name}")
    source = open_source(case.source)
    assert source.graph is not None
    interface = find_interface(source.graph, saved=source.recipes().keys())
    plan = make_plan(source, interface, inference_part(source, interface))
    build_model(keras_worker, plan, source, emit_source(plan), tmp_path / "model.keras", 60)
    for mark in ("", "2"):
        inputs, outputs = case.marked(f"in{mark}_"), case.marked(f"out{mark}_")
        given = {str(i): inputs[put.tensor] for i, put in enumerate(plan.inputs)}
        made = keras_worker.call("build", {"step": "predict"}, given, timeout=60).arrays
        for index, output in enumerate(plan.outputs):
            expected = outputs[output.tensor]
            assert made[str(index)].shape == expected.shape
            apart = np.abs(made[str(index)] - expected).max()
            assert apart <= OF_SCALE * np.abs(expected).max()
