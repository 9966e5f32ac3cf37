"""The figures that matter most, each a ratio of things that ran in turns: one line of JSON.

    python benchmarks/headline.py [--turns 3] [--only train] [--page docs/benchmarks.md]

Every measurement is a process of its own; the median of the turns counts. Measure on an idle
machine. tf2onnx joins where it is installed (``--tf2onnx`` names an interpreter that has it).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import processes
from race import PYTHON

EPOCHS = 3

# MNIST in number and size; what is in it does not change the time of a step.
DATA = """
import os, sys, time
os.environ.update(TF_USE_LEGACY_KERAS="1", KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
import numpy as np
random = np.random.default_rng(0)
x = random.random((60_000, 784), dtype=np.float32)
y = np.eye(10, dtype=np.float32)[random.integers(0, 10, 60_000)]
def told(epoch):
    epoch()
    seconds = []
    for _ in range(int(sys.argv[1])):
        start = time.perf_counter()
        epoch()
        seconds.append(time.perf_counter() - start)
    print(min(seconds))
"""
TRAINING = {
    "fit": """
from tfmigrate.modern import fast_loop
model = fast_loop.build_model()
told(lambda: fast_loop.train(model, x, y))
""",
    "fit, tuned": """
from tfmigrate.modern import fast_loop
model = fast_loop.build_model()
fast_loop.return_less(model)
data = fast_loop.batches(x, y, 128)
told(lambda: model.fit(data, verbose=0, shuffle=False))
""",
    "step": """
from tfmigrate.modern import mlp
net = mlp.Mlp()
told(lambda: net.train(x, y)[-1].numpy())
""",
    "fused": """
import tensorflow as tf
from tfmigrate.modern import fast_loop
loop = fast_loop.FastLoop(fast_loop.build_model())
x, y = tf.constant(x), tf.constant(y)
told(lambda: loop.epoch(x, y).numpy())
""",
    "fused, XLA": """
import tensorflow as tf
from tfmigrate.modern import fast_loop
loop = fast_loop.FastLoop(fast_loop.build_model(), jit_compile=True)
x, y = tf.constant(x), tf.constant(y)
told(lambda: loop.epoch(x, y).numpy())
""",
    "session": """
from tfmigrate.legacy import mlp
net = mlp.build()
session = mlp.tf.Session()
session.run(mlp.tf.global_variables_initializer())
told(lambda: mlp.train(session, net, x, y))
""",
    # The five products of each step, and nothing else.
    "products": """
w, v = (random.random(s, dtype=np.float32) for s in ((784, 256), (256, 10)))
def epoch():
    for start in range(0, len(x), 128):
        batch, labels = x[start:start + 128], y[start:start + 128]
        hidden = batch @ w
        hidden @ v
        hidden.T @ labels
        batch.T @ (labels @ v.T)
told(epoch)
""",
}

MAKE = """
import sys
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
def dense(x, units, name, **options):
    shape = [int(x.shape[-1]), units]
    with tf.variable_scope(name):
        kernel, bias = tf.get_variable("kernel", shape), tf.get_variable("bias", [units])
    return tf.nn.bias_add(tf.matmul(x, kernel), bias)
def conv(x, filters, name):
    shape = [3, 3, int(x.shape[-1]), filters]
    with tf.variable_scope(name):
        kernel, bias = tf.get_variable("kernel", shape), tf.get_variable("bias", [filters])
    return tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, kernel, [1, 2, 2, 1], "SAME"), bias))
if sys.argv[2] == "mlp":
    x = net = tf.placeholder(tf.float32, [None, 784], "x")
    net = tf.nn.relu(dense(net, 256, "hidden"))
else:
    x = net = tf.placeholder(tf.float32, [None, 224, 224, 3], "x")
    for number, filters in enumerate((64, 128, 256, 512, 512)):
        net = conv(net, filters, f"conv_{number}")
    net = tf.reduce_mean(net, [1, 2])
y = tf.placeholder(tf.float32, [None, 10], "y")
logits = tf.identity(dense(net, 10, "dense"), "logits")
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
tf.train.AdamOptimizer().minimize(loss)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    tf.train.Saver().save(session, sys.argv[1])
"""
TENSORFLOW_INSPECT = "import sys, tensorflow as tf; print(tf.train.list_variables(sys.argv[1]))"
IMPORT = [*PYTHON, "-c", "import tensorflow, keras"]
LARGE = """
import sys
import numpy as np
from tfmigrate.checkpoint.writer import write_bundle
random = np.random.default_rng(0)
write_bundle(sys.argv[1], ((f"layer_{i}/kernel", random.random((1024, 4096), dtype="f4"))
                           for i in range(64)))
"""
ABOUT = {
    "train_vs_keras_fit": "seconds an epoch of the fast loop, over Keras fit",
    "train_vs_session": "over the loop of a TF1 session",
    "train_vs_blas_limit": "over only the matrix products, by numpy",
    "xla_vs_keras_fit": "the fast loop compiled by XLA, over Keras fit",
    "step_vs_session": "a tf.function step from Python, over the session",
    "tuned_fit_vs_fit": "fit with steps_per_execution and cached batches, over fit",
    "inspect_vs_tf": "`inspect` of an MLP, over TensorFlow listing its variables",
    "convert_vs_cp": "1 GiB of weights to safetensors, over cp",
    "mlp_convert_vs_import": "`convert-ckpt` of an MLP with its proof, over importing "
    "TensorFlow and Keras",
    "mlp_convert_peak_mib": "peak of all its processes, MiB",
    "convert_peak_mib": "peak of a convolutional network of 4 M parameters, 224 × 224, MiB",
    "convert_peak_vs_checkpoint": "the same, over the size of its checkpoint",
    "convert_vs_tf2onnx": "its seconds, over those of tf2onnx, which proves nothing",
    "convert_peak_vs_tf2onnx": "its peak, over that of tf2onnx",
    "mlp_convert_vs_tf2onnx": "seconds of the MLP, over those of tf2onnx",
}


def main() -> None:
    """Measures, and prints the line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--only", choices=("train", "files", "convert"))
    parser.add_argument("--tf2onnx", default=sys.executable, help="an interpreter that has tf2onnx")
    parser.add_argument("--page", type=Path, help="a Markdown file to write")
    given = parser.parse_args()
    found: dict[str, float | None] = {}
    with tempfile.TemporaryDirectory(prefix="tfmigrate-bench-") as name:
        folder = Path(name)
        if given.only in (None, "train"):
            found |= train(given.turns)
        if given.only in (None, "files"):
            found |= files(folder, given.turns)
        if given.only in (None, "convert"):
            found |= convert(folder, given.turns, given.tf2onnx)
    rounded = {key: value if value is None else round(value, 3) for key, value in found.items()}
    machine = {"machine": platform.machine(), "cores": os.cpu_count(), "turns": given.turns}
    line = json.dumps({**rounded, **machine, "python": platform.python_version()})
    if given.page:
        given.page.write_text(page(rounded, machine), encoding="utf-8")
    print(line)


def medians(rivals: dict[str, list[str]], turns: int) -> dict[str, tuple[float, float]]:
    """Median seconds and greatest MiB of commands that run in turns, after one that warms up."""
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in rivals}
    for turn in range(turns + 1):
        for name, command in rivals.items():
            out = Path(command[command.index("-o") + 1]) if "-o" in command else None
            if out is not None:
                shutil.rmtree(out, ignore_errors=True)
            measured = processes.measure(command)
            if turn:
                seen[name].append(measured)
    return {
        name: (statistics.median(s for s, _ in each), max(m for _, m in each))
        for name, each in seen.items()
    }


def train(turns: int) -> dict[str, float | None]:
    """An epoch of 784 → 256 → 10 on 60,000 examples in batches of 128, in each way."""
    seen: dict[str, list[float]] = {name: [] for name in TRAINING}
    for _ in range(turns):
        for name, text in TRAINING.items():
            command = [*PYTHON, "-W", "ignore", "-c", DATA + text, str(EPOCHS)]
            made = subprocess.run(command, capture_output=True, text=True, check=True)
            seen[name].append(float(made.stdout.split()[-1]))
    took = {name: statistics.median(seconds) for name, seconds in seen.items()}
    return {
        "train_vs_keras_fit": took["fused"] / took["fit"],
        "train_vs_session": took["fused"] / took["session"],
        "train_vs_blas_limit": took["fused"] / took["products"],
        "xla_vs_keras_fit": took["fused, XLA"] / took["fit"],
        "step_vs_session": took["step"] / took["session"],
        "tuned_fit_vs_fit": took["fit, tuned"] / took["fit"],
    }


def files(folder: Path, turns: int) -> dict[str, float | None]:
    """Reading a small checkpoint and rewriting a large one."""
    small, large = folder / "small", folder / "large"
    subprocess.run([*PYTHON, "-c", MAKE, small, "mlp"], capture_output=True, check=True)
    subprocess.run([*PYTHON, "-c", LARGE, large], check=True)
    data = Path(f"{large}.data-00000-of-00001")
    command = [*PYTHON, "-m", "tfmigrate"]
    found = medians(
        {
            "inspect": [*command, "inspect", str(small)],
            "tensorflow": [*PYTHON, "-c", TENSORFLOW_INSPECT, str(small)],
            "safetensors": [*command, "convert-ckpt", str(large), "--to", "safetensors", "-q",
                "-o", str(folder / "out")],
            "cp": ["cp", str(data), str(folder / "copy")],
        },
        turns,
    )  # fmt: skip
    data.unlink()
    return {
        "inspect_vs_tf": found["inspect"][0] / found["tensorflow"][0],
        "convert_vs_cp": found["safetensors"][0] / found["cp"][0],
    }


def convert(folder: Path, turns: int, python: str) -> dict[str, float | None]:
    """Two networks with Adam in mid-flight: converted and proved, and by tf2onnx."""
    rivals = {"import": IMPORT}
    there = subprocess.run([python, "-c", "import tf2onnx"], capture_output=True).returncode == 0
    if not there:
        print("tf2onnx is not installed: its ratios are null", file=sys.stderr)
    for name in ("mlp", "conv"):
        prefix = str(folder / name)
        subprocess.run([*PYTHON, "-c", MAKE, prefix, name], capture_output=True, check=True)
        command = [*PYTHON, "-m", "tfmigrate", "convert-ckpt", prefix, "-q"]
        rivals[name] = [*command, "-o", f"{prefix}-keras"]
        if there:
            ends = ["--inputs", "x:0", "--outputs", "logits:0", "--output", f"{prefix}.onnx"]
            meta = ["--checkpoint", f"{prefix}.meta"]
            rivals[f"{name} onnx"] = [python, "-m", "tf2onnx.convert", *meta, *ends]
    found = medians(rivals, turns)
    size = (folder / "conv.data-00000-of-00001").stat().st_size / 2**20

    def over(name: str, other: str, which: int) -> float | None:
        return found[name][which] / found[other][which] if other in found else None

    return {
        "mlp_convert_vs_import": over("mlp", "import", 0),
        "mlp_convert_peak_mib": found["mlp"][1],
        "convert_peak_mib": found["conv"][1],
        "convert_peak_vs_checkpoint": found["conv"][1] / size,
        "convert_vs_tf2onnx": over("conv", "conv onnx", 0),
        "convert_peak_vs_tf2onnx": over("conv", "conv onnx", 1),
        "mlp_convert_vs_tf2onnx": over("mlp", "mlp onnx", 0),
    }


def page(found: dict[str, float | None], machine: dict[str, object]) -> str:
    """The figures as a page."""
    rows = [
        f"| `{key}` | {'not measured' if found[key] is None else found[key]} | {text} |"
        for key, text in ABOUT.items()
        if key in found
    ]
    return f"""\
# Benchmarks

`make bench-json` measures these figures, each of things that ran in turns in one run; the median
of the turns ({machine["turns"]}) counts. Ratios below 1 are faster or smaller. This run:
{machine["machine"]}, {machine["cores"]} cores, no GPU. Memory is that of all processes of a
command; pages that several have are counted once.

| figure | value | of what |
|---|---|---|
{chr(10).join(rows)}

Training is the network `mlp` on 60,000 examples of 784 numbers in batches of 128. `tfmigrate lesson
fast-loop` shows the code of the fast loop.
"""


if __name__ == "__main__":
    main()
