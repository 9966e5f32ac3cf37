"""Lifted graphs: TensorFlow 1.15's own outputs, and variables that can be trained."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tfmigrate.conversion.convert import convert
from tfmigrate.conversion.lifting import lift
from tfmigrate.emit.lifted import lifted_source
from tfmigrate.graph import find_interface
from tfmigrate.layers.planning import bypassed, inference_part
from tfmigrate.sources import open_source
from tfmigrate.worker import Worker

from ..layers.networks import unpack

pytestmark = pytest.mark.xdist_group("lifting")

# Frozen and not, reference and resource variables, partitions, batch norm, dropout, a v1 loop.
CASES = [
    "ema_shadow", "frozen_mlp", "layers_batchnorm_dense", "lstm_dynamic", "mlp_unnamed_dropout",
    "partitioned", "resnet_block", "saved_model_mlp", "slim_cnn_bn", "v1_format",
]  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_lifted_graph_computes_what_tensorflow_1_computed(
    name: str, goldens: Path, tmp_path: Path, lifter: Worker
) -> None:
    folder = goldens / name
    sources = [folder / kind for kind in ("frozen.pb", "saved_model") if (folder / kind).exists()]
    source = open_source(*(sources or [folder / "model.ckpt"]))
    assert source.graph is not None
    interface = find_interface(source.graph, saved=source.recipes().keys())
    bypass = bypassed(inference_part(source, interface))
    lifted = lift(source, interface, tmp_path / "saved_model", lifter, bypass=bypass, timeout=60)
    golden = np.load(folder / "golden.npz")
    given = {str(i): golden[f"in_{put.tensor}"] for i, put in enumerate(lifted.plan.inputs)}
    made = lifter.call("lift", {"step": "predict"}, given, timeout=60).arrays
    for index, output in enumerate(lifted.plan.outputs):
        expected = golden[f"out_{output.tensor}"]
        assert np.abs(made[str(index)] - expected).max() <= 2e-5 * np.abs(expected).max()
    if name == "lstm_dynamic":
        assert "while loops of TensorFlow 1" in lifted.gradients["reason"]
    else:
        assert lifted.gradients["reason"] is None
        assert lifted.gradients["with"]
        assert not lifted.gradients["without"]


TRAIN = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("model", sys.argv[1] + "/model.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
model = module.load_model()
import json, numpy as np
x = np.random.default_rng(0).normal(size=(32, *model.input_shape[1:])).astype("float32")
before = np.asarray(model(x))
model.compile("sgd", "mse")
losses = [model.train_on_batch(x, before * 0) for _ in range(5)]
assert not any(name.split(".")[0] == "tfmigrate" for name in sys.modules)
print(json.dumps([len(model.trainable_weights), *map(float, losses)]))
"""


def test_a_lifted_model_is_trained_by_plain_keras(
    goldens: Path, tmp_path: Path, lifter: Worker
) -> None:
    source = open_source(goldens / "slim_cnn_bn" / "model.ckpt")
    assert source.graph is not None
    interface = find_interface(source.graph, saved=source.recipes().keys())
    bypass = bypassed(inference_part(source, interface))
    lifted = lift(source, interface, tmp_path / "saved_model", lifter, bypass=bypass, timeout=60)
    (tmp_path / "model.py").write_text(lifted_source(lifted.plan))
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    count, *losses = json.loads(done.stdout.splitlines()[-1])
    assert count == len(lifted.gradients["with"])
    assert losses[-1] < losses[0]


def test_what_keras_has_no_form_for_is_lifted_and_says_so(shared: Path, tmp_path: Path) -> None:
    """An output that is assigned to a variable, which no layer does."""
    source = shared / "corpus" / "onnx__tensorflow-onnx" / "saved_model_assign"
    result = convert(source, tmp_path / "out")
    assert result
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["outcome"] == "lifted"
    assert report["parity"]["max_abs"] == 0
    assert report["prevented"]["ops"] == ["Assign"]
    assert any("no Keras form for Assign" in note for note in report["notes"])
    assert sorted(f.name for f in (tmp_path / "out").iterdir()) == [
        "model.py", "report.json", "saved_model",
    ]  # fmt: skip


def test_variables_that_a_while_loop_reads_are_lifted_without_gradients_and_that_is_said(
    tmp_path: Path,
) -> None:
    """The loop ends by what it computes, for which there is no layer."""
    unpack("loops", tmp_path)
    result = convert(tmp_path / "loop_until_found" / "model.ckpt", tmp_path / "out")
    assert result
    assert result.report["outcome"] == "lifted"
    assert "while loops of TensorFlow 1" in result.report["gradients"]["reason"]
    assert any("may not be trainable" in told for told in result.report["warnings"])
