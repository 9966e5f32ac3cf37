"""``--reference``: the original in TensorFlow 1 itself, held against what TensorFlow 1.15 wrote."""

from __future__ import annotations

import ast
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tfmigrate import convert, verify
from tfmigrate.cli.start import main
from tfmigrate.errors import UserError
from tfmigrate.layers.planning import bypassed, find_inference
from tfmigrate.sources import open_source
from tfmigrate.worker import Worker
from tfmigrate.worker import reference as module
from tfmigrate.worker.original import Original
from tfmigrate.worker.reference import ReferenceWorker

pytestmark = pytest.mark.xdist_group("reference")

Workers = tuple[Worker, Worker]

# The square root of a number below 0 is NaN, whose sign is 0 in TensorFlow 1.15 and NaN in 2.21, so
# that each takes the other branch; in neither is an output NaN.
BY_KERNEL = """
import sys
import numpy as np
import tensorflow as tf
x = tf.placeholder(tf.float32, [None, 6], "x")
w = tf.Variable(np.random.RandomState(0).randn(6, 8).astype("f"), name="w")
h = tf.matmul(x, w)
tf.where(tf.is_nan(tf.sign(tf.sqrt(h))), h, 2 * h, name="out")
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    tf.train.Saver().save(session, sys.argv[1])
"""


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Worker("graph") as graph, Worker("Keras") as keras:
        yield graph, keras


@pytest.fixture(scope="module")
def reference(tf1_python: str, workers: Workers) -> Iterator[ReferenceWorker]:
    with ReferenceWorker(tf1_python, workers[0]) as worker:
        yield worker


def marked(arrays: Any, mark: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(mark): arrays[name] for name in arrays if name.startswith(mark)}


@pytest.mark.parametrize(
    "name", ["lstm_dynamic", "slim_cnn_bn", "mlp_unnamed_dropout", "frozen_mlp", "saved_model_mlp"]
)
def test_outputs_are_those_of_tensorflow_1(
    name: str, goldens: Path, reference: ReferenceWorker, workers: Workers
) -> None:
    folder = goldens / name
    arrays, case = np.load(folder / "golden.npz"), json.loads((folder / "case.json").read_text())
    places = (folder / place for place in ("frozen.pb", "saved_model"))
    source = open_source(next((p for p in places if p.exists()), folder / "model.ckpt"))
    interface, inference = find_inference(
        source, case["inputs"], case["outputs"], None, workers[0], timeout=60
    )
    original = Original(source, interface, reference, bypass=bypassed(inference), timeout=60)
    original.open()
    found = original.run(marked(arrays, "in_"))
    for tensor, expected in marked(arrays, "out_").items():
        scale = np.abs(expected).max()  # sums in another order, by the processor
        np.testing.assert_allclose(found[tensor], expected, rtol=0, atol=1e-6 * scale)


def test_training_is_that_of_tensorflow_1(
    goldens: Path, reference: ReferenceWorker, workers: Workers
) -> None:
    folder = goldens / "train_adam"
    arrays, case = np.load(folder / "golden.npz"), json.loads((folder / "case.json").read_text())
    source = open_source(folder / "model.ckpt")
    interface, _ = find_inference(source, None, None, None, workers[0], timeout=60)
    whole = replace(interface, outputs=(case["loss"], case["train_op"]))
    original = Original(source, whole, reference, timeout=60)
    original.open()
    (x,), (y,), losses = case["inputs"], case["labels"], []
    for batch in zip(arrays["train_x"], arrays["train_y"], strict=True):
        given = dict(zip((x, y), batch, strict=True))
        losses.append(original.run(given, [case["loss"]])[case["loss"]])
        original.run(given, [case["train_op"]])
    np.testing.assert_allclose(losses, arrays["train_losses"], rtol=1e-6)
    after = marked(arrays, "after_")
    for name, value in original.values(list(after)).items():
        np.testing.assert_allclose(value, after[name], rtol=1e-5, atol=1e-7)


def test_a_conversion_and_a_verification_name_the_version(
    goldens: Path,
    tf1_python: str,
    reference: ReferenceWorker,
    workers: Workers,
    tmp_path: Path,
) -> None:
    version = f"TensorFlow {reference.version(60)}"
    source, folder = goldens / "train_adam" / "model.ckpt", tmp_path / "out"
    made = convert(source, folder, reference=tf1_python, workers=workers)
    report = json.loads((folder / "report.json").read_text())
    assert report["parity"]["run_by"] == version
    assert report["parity"]["verdict"] == "pass"
    assert report["training"]["check"]["verdict"] == "pass"
    assert report["training"]["check"]["run_by"] == version
    assert f"original run by {version}" in str(made)
    verified = verify(source, folder, train=3, reference=tf1_python, workers=workers)
    assert verified
    assert verified.to_dict()["run_by"] == version
    assert f"original run by {version}" in str(verified)
    assert len(verified.to_dict()["training"]["losses"]) == 3


def test_a_kernel_that_changed_is_seen(tf1_python: str, workers: Workers, tmp_path: Path) -> None:
    source = tmp_path / "model.ckpt"
    subprocess.run([tf1_python, "-c", BY_KERNEL, str(source)], check=True, capture_output=True)
    options: dict[str, Any] = {"outputs": ["out"], "workers": workers}
    blind = convert(source, tmp_path / "blind", **options)
    seeing = convert(source, tmp_path / "seeing", reference=tf1_python, **options)
    assert blind.report["parity"]["verdict"] == "pass"
    assert seeing.report["parity"]["verdict"] == "fail"


def test_a_graph_that_may_not_run_does_not_run_there_either(
    tf1_python: str, workers: Workers, tmp_path: Path
) -> None:
    touched = tmp_path / "touched"
    program = (
        "import sys, tensorflow as tf\n"
        "x = tf.placeholder(tf.float32, [None, 2], 'x')\n"
        "w = tf.Variable([[1.], [2.]], name='w')\n"
        "with tf.control_dependencies([tf.write_file(sys.argv[2], 'x')]):\n"
        "    tf.matmul(x, w, name='out')\n"
        "with tf.Session() as session:\n"
        "    session.run(tf.global_variables_initializer())\n"
        "    tf.train.Saver().save(session, sys.argv[1])\n"
    )
    source = tmp_path / "model.ckpt"
    subprocess.run(
        [tf1_python, "-c", program, str(source), str(touched)], check=True, capture_output=True
    )
    with pytest.raises(UserError, match="WriteFile"):
        convert(source, tmp_path / "out", reference=tf1_python, workers=workers)
    assert not touched.exists()


def test_the_process_of_tensorflow_1_leaves_memory_to_others(reference: ReferenceWorker) -> None:
    reference.version(60)
    limit, _ = resource.prlimit(reference._process.pid, resource.RLIMIT_DATA)
    assert 0 < limit < os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 2


@pytest.mark.parametrize(
    ("python", "said"),
    [
        ("no/such/python", "no program no/such/python for --reference"),
        (sys.executable, r"has TensorFlow 2\.\d+\.\d+; expected .* TensorFlow 1"),
        ("/bin/ls", "/bin/ls does not run TensorFlow"),
        ("/bin/cat", "/bin/cat does not run TensorFlow"),
    ],
)
def test_another_program_is_refused(
    python: str, said: str, goldens: Path, workers: Workers, tmp_path: Path
) -> None:
    source = goldens / "train_adam" / "model.ckpt"
    with pytest.raises(UserError, match=said):
        convert(source, tmp_path / "out", reference=python, workers=workers)
    assert not (tmp_path / "out").exists()


def test_a_python_without_tensorflow_is_refused(workers: Workers, tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -E "$@"\n')
    bare.chmod(0o755)
    with (
        ReferenceWorker(bare, workers[0]) as worker,
        pytest.raises(UserError, match="python has no TensorFlow that it can import"),
    ):
        worker.version(60)


def test_the_command_ends_with_2(goldens: Path, tmp_path: Path, capsys: Any) -> None:
    source = str(goldens / "train_adam" / "model.ckpt")
    arguments = ["convert-ckpt", source, "-o", str(tmp_path / "out"), "--reference", "no/such"]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "no program no/such for --reference" in capsys.readouterr().err


def test_the_program_for_tensorflow_1_is_python_3_5() -> None:
    text = module._SCRIPT.read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 5))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [])
        + [alias.name for alias in node.names if isinstance(node, ast.Import)]
        if name
    }
    assert imported - sys.stdlib_module_names == {"numpy", "tensorflow"}
