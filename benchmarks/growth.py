"""How cost grows with size: processor seconds, slopes and a plot; writes docs/growth.md.

    python benchmarks/growth.py [--largest 100000] [--only TEXT]

A slope is that of a straight line through the larger half of the sizes, both on log scales: 1 is
linear, 0 is constant. Reading, planning and block finding are timed in this process by its own
seconds, which other work on the machine hardly changes. Training is timed by the clock, so run
this on an idle machine.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from networks import repeated, varying
from tfmigrate.checkpoint import open_checkpoint
from tfmigrate.checkpoint.writer import write_bundle
from tfmigrate.course.floor import seconds_of_products
from tfmigrate.emit import outline_of
from tfmigrate.formats import write_formats
from tfmigrate.graph.interface.interface import find_interface
from tfmigrate.layers.planning import inference_part, make_plan
from tfmigrate.sources import open_source

DOCS = Path(__file__).resolve().parent.parent / "docs"
PLOT = DOCS / "pictures" / "growth.svg"
ROUNDS = 3
STEEP = 1.15
_WHY = {
    "blocks of varying units": "a larger network has more kinds of blocks, and each takes a pass "
    "over it; 60 are looked for at most"
}


INTRODUCTION = """\
# How cost grows

`benchmarks/growth.py` writes this page. A slope is that of a straight line through the larger half
of the sizes, both on log scales: 1 is linear, 0 is constant. Seconds are those of the processor,
except for training.
"""


@dataclass(frozen=True)
class Growth:
    """What was measured: ``seconds`` of something for each of some ``sizes``.

    Attributes:
        why: what makes it steeper than linear, where it is.
    """

    what: str
    unit: str
    sizes: Sequence[int]
    seconds: Sequence[float]
    why: str = ""

    @property
    def slope(self) -> float:
        """Of the larger half of the sizes."""
        half = len(self.sizes) // 2
        x, y = np.log(self.sizes[half:]), np.log(self.seconds[half:])
        return float(np.polyfit(x, y, 1)[0])


def main() -> None:
    """Measures, and writes the page and its picture."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--largest", type=int, default=100_000, help="variables and operations")
    parser.add_argument("--only", default="", help="what contains this; writes no page")
    arguments = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for growth in measured(Path(folder), arguments.largest, arguments.only):
            print(f"{growth.what:44} slope {growth.slope:5.2f}", flush=True)
            found.append(growth)
    if not arguments.only:
        plot(found)
        (DOCS / "growth.md").write_text(page(found), encoding="utf-8")


def measured(folder: Path, largest: int, only: str) -> Iterator[Growth]:
    """All that is measured, one after the other."""
    counts = [n for n in (10, 100, 1000, 10_000, 100_000) if n <= largest]
    nodes = [n for n in (100, 300, 1000, 3000, 10_000, 30_000, 100_000) if n <= largest]
    calls = [n for n in nodes if n <= 20_000]
    everything: list[tuple[str, str, Sequence[int], Callable[[int], Callable[[], object]]]] = [
        ("listing variables", "variables", counts, lambda n: listing(folder, n)),
        ("weights to safetensors", "MiB", (1, 4, 16, 64, 256, 1024), lambda n: moving(folder, n)),
        ("planning dense layers", "operations", nodes, lambda n: planning(folder, n)),
        ("blocks of repeated units", "calls", calls, lambda n: outlining(repeated, n)),
        ("blocks of varying units", "calls", calls, lambda n: outlining(varying, n)),
    ]
    for what, unit, sizes, prepare in everything:
        if only in what:
            yield Growth(
                what, unit, sizes, [cost(prepare(size)) for size in sizes], _WHY.get(what, "")
            )
    for what, unit, sizes in (
        ("training, by examples in a batch", "examples", (16, 64, 256, 1024, 4096)),
        ("training, by units of a layer", "units", (64, 256, 1024, 4096)),
    ):
        if only in what:
            yield Growth(what, unit, sizes, [training(unit, size) for size in sizes])


def cost(work: Callable[[], object]) -> float:
    """Processor seconds, the median of some rounds."""
    return statistics.median(_processor(work) for _ in range(ROUNDS))


def _processor(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def listing(folder: Path, count: int) -> Callable[[], object]:
    """Opens a checkpoint of so many variables, and takes their names, shapes and dtypes."""
    path = folder / f"variables-{count}"
    write_bundle(path, ((f"scope/layer_{n}/kernel", np.zeros(4, "float32")) for n in range(count)))
    return lambda: [(v.name, v.shape, v.dtype) for v in open_checkpoint(path).variables.values()]


def moving(folder: Path, mib: int) -> Callable[[], object]:
    """Writes a checkpoint of so many MiB as safetensors."""
    path, out = folder / f"size-{mib}", folder / f"out-{mib}"
    write_bundle(path, ((f"part_{n}", np.ones(2**18, "float32")) for n in range(mib)))

    def work() -> None:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        write_formats(open_checkpoint(path), out, ["safetensors"])

    return work


def planning(folder: Path, count: int) -> Callable[[], object]:
    """Finds the network of so many operations, and plans its Keras model."""
    import tensorflow.compat.v1 as tf

    path = folder / f"graph-{count}.pb"
    with tf.Graph().as_default() as graph:
        y = tf.placeholder(tf.float32, [None, 4], "x")
        for n in range(count // 5):  # kernel, product, bias, sum, activation
            product = tf.matmul(y, tf.constant(np.eye(4, dtype=np.float32), name=f"kernel_{n}"))
            y = tf.nn.relu(tf.nn.bias_add(product, tf.constant([0.0] * 4, name=f"bias_{n}")))
        path.write_bytes(graph.as_graph_def().SerializeToString())

    def work() -> object:
        source = open_source(path)
        interface = find_interface(source.graph, saved=source.recipes().keys())
        return make_plan(source, interface, inference_part(source, interface))

    return work


def outlining(make: Callable[[int], object], count: int) -> Callable[[], object]:
    """Finds the blocks of a network."""
    plan = make(count)
    return lambda: outline_of(plan)


def training(unit: str, size: int) -> float:
    """Seconds an epoch of 4,096 examples by the fast loop, over those of its matrix products."""
    import keras
    import tensorflow as tf
    from tfmigrate.modern.fast_loop import FastLoop

    batch, width = (size, 256) if unit == "examples" else (128, size)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4096, 256)).astype(np.float32)
    y = rng.integers(0, 10, 4096)
    model = keras.Sequential([keras.layers.Dense(width, "relu"), keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.01), loss)
    model.build(x.shape)
    loop, data = FastLoop(model, batch), [tf.constant(x), tf.constant(y)]
    loop.epoch(*data)
    turns = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        np.asarray(loop.epoch(*data))
        turns.append(time.perf_counter() - begun)
    weights = [np.asarray(weight) for weight in model.get_weights()]
    return min(turns) / (seconds_of_products(weights, x, batch) or 1.0)


def plot(found: Sequence[Growth]) -> None:
    """Cost per unit of size, relative to the smallest: what is level is linear."""
    from matplotlib.figure import Figure

    figure = Figure((7, 4), layout="constrained")
    axes = figure.subplots()
    for growth in found:
        if growth.what.startswith("training"):
            continue
        each = np.array(growth.seconds) / growth.sizes
        axes.loglog(growth.sizes, each / each[-1], marker="o", label=growth.what)
    axes.set_xlabel("size: variables, MiB, operations or calls")
    axes.set_ylabel("cost per unit, relative to the largest")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False)
    PLOT.parent.mkdir(exist_ok=True)
    figure.savefig(PLOT, format="svg", metadata={"Date": None})


def page(found: Sequence[Growth]) -> str:
    """The page."""
    machine = f"Measured on {os.cpu_count()} cores, {platform.system()} {platform.machine()}."
    lines = [INTRODUCTION, machine, "", "![Cost per unit of size](pictures/growth.svg)", ""]
    lines += ["| what | sizes | seconds | slope |", "|---|---|---|---|"]
    trained = [growth for growth in found if growth.what.startswith("training")]
    for growth in found:
        if growth not in trained:
            cells = (growth.what, _sizes(growth), _numbers(growth), _slope(growth))
            lines.append(f"| {' | '.join(cells)} |")
    if trained:
        told = "An epoch of the fast loop of a network of two layers, over its matrix products:"
        lines += ["", told, ""]
        lines += ["| what | sizes | times the products |", "|---|---|---|"]
        lines += [f"| {g.what} | {_sizes(g)} | {_numbers(g)} |" for g in trained]
    return "\n".join(lines) + "\n"


def _sizes(growth: Growth) -> str:
    return f"{', '.join(f'{size:,}' for size in growth.sizes)} {growth.unit}"


def _numbers(growth: Growth) -> str:
    return ", ".join(f"{seconds:.2g}" for seconds in growth.seconds)


def _slope(growth: Growth) -> str:
    why = f": {growth.why}" if growth.why else ""
    steep = f" (steeper than linear{why})" if growth.slope > STEEP else ""
    return f"{growth.slope:.2f}{steep}"


if __name__ == "__main__":
    main()
