"""Reading and writing weights: time and memory as ratios to cp and to TensorFlow, in one run.

The exit status is 1 if a target is missed; how it is measured, ``race.py`` says.

    python benchmarks/weights.py [--gib 1] [--turns 3] [--folder PLACE_FOR_3_GIB]
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from race import PYTHON, race, tell

INSPECT = [*PYTHON, "-m", "tfmigrate", "inspect"]

OURS = """
import sys
from pathlib import Path
from tfmigrate.checkpoint import open_checkpoint
from tfmigrate.formats import write_formats
write_formats(open_checkpoint(sys.argv[1]), Path(sys.argv[2]), [sys.argv[3]])
"""
TENSORFLOW = """
import sys
import safetensors.numpy
import tensorflow as tf
reader = tf.train.load_checkpoint(sys.argv[1])
names = reader.get_variable_to_shape_map()
safetensors.numpy.save_file({n: reader.get_tensor(n) for n in names}, sys.argv[2] + "/x")
"""
TENSORFLOW_INSPECT = """
import sys
from tensorflow.python.tools import inspect_checkpoint
inspect_checkpoint.print_tensors_in_checkpoint_file(sys.argv[1], "", False, all_tensor_names=True)
"""


# The checkpoints that are measured: each a dictionary of shapes, filled with random bits.
MAKE = """
import json, sys
import numpy as np
from tfmigrate.checkpoint.writer import write_bundle
rng = np.random.default_rng(0)
shapes = json.load(sys.stdin)
write_bundle(sys.argv[1], ((n, rng.integers(0, 1 << 31, s, "i4").view("f4"))
                           for n, s in shapes.items()))
"""


def make(prefix: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    subprocess.run([*PYTHON, "-c", MAKE, prefix], input=json.dumps(shapes), text=True, check=True)


def large(folder: Path, gib: float, turns: int) -> tuple[list[dict], list[tuple[str, bool]]]:
    """A checkpoint of weights of 16 MiB each, into every format."""
    prefix = folder / "large"
    make(prefix, {f"layer_{i}/kernel": (1024, 4096) for i in range(round(gib * 64))})
    data = folder / "large.data-00000-of-00001"
    out = folder / "out"
    rivals = {"cp": ["cp", str(data), str(out)]}
    for name in ("safetensors", "npz", "weights", "tf2"):
        rivals[name] = [*PYTHON, "-c", OURS, str(prefix), str(out), name]
    rivals["TensorFlow + safetensors"] = [*PYTHON, "-c", TENSORFLOW, str(prefix), str(out)]
    found = race(rivals, turns, out)
    for path in (data, prefix.with_suffix(".index")):
        path.unlink()
    shutil.rmtree(out)
    cp = found["cp"]["seconds"]
    rows = [
        {"what": f"{gib:g} GiB: {name}", **v, "ratio": v["seconds"] / cp, "to": "cp"}
        for name, v in found.items()
    ]
    ours = found["safetensors"]
    return rows, [
        ("safetensors at most 3 times cp", ours["seconds"] <= 3 * cp),
        ("safetensors at most 300 MiB", ours["mib"] <= 300),
    ]


def small(folder: Path, turns: int) -> tuple[list[dict], list[tuple[str, bool]]]:
    """inspect on the checkpoint of an MLP, beside TensorFlow's own inspect_checkpoint."""
    shapes = {"w0": (784, 256), "b0": (256,), "w1": (256, 10), "b1": (10,)}
    shapes |= {f"{n}/{s}": shape for n, shape in shapes.items() for s in ("Adam", "Adam_1")}
    prefix = folder / "mlp.ckpt"
    make(prefix, shapes)
    found = race(
        {
            "tfmigrate inspect": [*INSPECT, str(prefix)],
            "inspect_checkpoint": [*PYTHON, "-c", TENSORFLOW_INSPECT, str(prefix)],
        },
        turns,
    )
    ours, theirs = found.values()
    rows = [
        {
            "what": f"MLP: {n}",
            **v,
            "ratio": v["seconds"] / theirs["seconds"],
            "to": "TensorFlow's inspect_checkpoint",
        }
        for n, v in found.items()
    ]
    return rows, [
        ("inspect at most 0.25 s", ours["seconds"] <= 0.25),
        ("inspect at most 80 MiB", ours["mib"] <= 80),
        ("inspect 10 times as fast as TensorFlow", 10 * ours["seconds"] <= theirs["seconds"]),
    ]


def many(folder: Path, turns: int) -> tuple[list[dict], list[tuple[str, bool]]]:
    """inspect on 100,000 variables."""
    prefix = folder / "many.ckpt"
    make(prefix, {f"tower/block_{i}/kernel": (4,) for i in range(100_000)})
    (found,) = race({"": [*INSPECT, "--json", str(prefix)]}, turns).values()
    row = {"what": "100,000 variables: tfmigrate inspect", **found, "ratio": None, "to": None}
    return [row], [("100,000 variables at most 3 s", found["seconds"] <= 3)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=1.0)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="a disk with three times that free")
    options = parser.parse_args()
    rows: list[dict] = []
    targets: list[tuple[str, bool]] = []
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        for found, met in (
            small(Path(scratch), options.turns),
            large(Path(scratch), options.gib, options.turns),
            many(Path(scratch), options.turns),
        ):
            rows += found
            targets += met
    return tell(rows, targets)


if __name__ == "__main__":
    sys.exit(main())
