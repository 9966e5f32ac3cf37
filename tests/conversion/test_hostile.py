"""Damaged and hostile graphs through the whole command: a result or one clear line, never more."""

from __future__ import annotations

import ast
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tfmigrate import by_graph, conversion
from tfmigrate.errors import UserError
from tfmigrate.graph import protos
from tfmigrate.worker import Worker

from .hostile import NAMES, mutate

pytestmark = pytest.mark.xdist_group("hostile")

CASES = ["train_sgd", "layers_batchnorm_dense", "frozen_mlp", "slim_cnn_bn", "lstm_dynamic"]
ROUNDS = int(
    os.environ.get("TFMIGRATE_FUZZ", "4")
)  # of each case; thousands where time is no matter


class Kept:
    """Workers that outlive the conversions that use them; real ones, replaced when they die."""

    def __init__(self) -> None:
        self.workers: dict[str, Worker] = {}

    def __call__(self, name: str) -> Kept.Lent:
        dead = name in self.workers and self.workers[name]._process.poll() is not None
        if dead:
            self.workers.pop(name).close()
        if name not in self.workers:
            self.workers[name] = Worker(name)
        return Kept.Lent(self.workers[name])

    class Lent:
        def __init__(self, worker: Worker):
            self.worker = worker

        def __enter__(self) -> Worker:
            return self.worker

        def __exit__(self, *exception: object) -> None:
            pass


@pytest.fixture(scope="module")
def kept() -> Iterator[Kept]:
    kept = Kept()
    yield kept
    for worker in kept.workers.values():
        worker.close()


@pytest.fixture
def lent(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_graph, "Worker", kept)


def damaged_copy(case: Path, folder: Path, seed: int) -> Path:
    """The case with a mutated graph; gives the path to convert."""
    frozen = case / "frozen.pb"
    if frozen.exists():
        path = folder / "frozen.pb"
        path.write_bytes(mutate(frozen.read_bytes(), protos.GraphDef, seed))
        return path
    for file in case.glob("model.ckpt.[id]*"):
        shutil.copy(file, folder)
    meta = (case / "model.ckpt.meta").read_bytes()
    (folder / "model.ckpt.meta").write_bytes(mutate(meta, protos.MetaGraphDef, seed))
    return folder / "model.ckpt"


_MODULES = {"numpy", "tensorflow", "keras", "pathlib"}
_FORBIDDEN = {
    "exec", "eval", "compile", "open", "__import__", "getattr", "globals", "input", "breakpoint",
}  # fmt: skip


def assert_harmless(text: str) -> None:
    """The source is valid, imports only what it may, and calls nothing that reaches outside."""
    assert text.isascii()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            assert {alias.name.partition(".")[0] for alias in node.names} <= _MODULES
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] in _MODULES
        elif isinstance(node, ast.Name):
            assert node.id not in _FORBIDDEN
        elif isinstance(node, ast.Attribute):
            assert not node.attr.startswith("__") or node.attr == "__init__"


def converted_or_refused(path: Path, out: Path) -> str | None:
    """Converts; what is written is harmless, what is refused is refused in one printable line."""
    try:
        conversion.convert(path, out, timeout=60)
    except UserError as error:
        if not str(error).isprintable():
            pytest.fail(f"no printable line: {error!r}")
        return str(error)
    if (out / "model.py").exists():
        assert_harmless((out / "model.py").read_text())
    return None


@pytest.mark.parametrize("seed", range(ROUNDS))
@pytest.mark.parametrize("name", CASES)
def test_a_damaged_graph_ends_in_a_result_or_in_one_line(
    name: str, seed: int, shared: Path, tmp_path: Path, lent: None
) -> None:
    path = damaged_copy(shared / "goldens" / name, tmp_path, seed)
    out = tmp_path / "out"
    message = converted_or_refused(path, out)
    if message is None:
        assert (out / "report.json").exists()
    else:
        assert not out.exists()


@pytest.mark.parametrize("index", range(len(NAMES)))
def test_names_that_are_code_stay_data(
    index: int, shared: Path, tmp_path: Path, lent: None
) -> None:
    """Every node of a small network under a hostile name."""
    data = (shared / "goldens" / "frozen_mlp" / "frozen.pb").read_bytes()
    graph = protos.GraphDef.FromString(data)
    new = {
        node.name: NAMES[index] + (f"_{number}" if number else "")
        for number, node in enumerate(graph.node)
    }
    for node in graph.node:
        node.name = new[node.name]
        node.input[:] = [new[tensor] for tensor in node.input]
    (tmp_path / "frozen.pb").write_bytes(graph.SerializeToString())
    converted_or_refused(tmp_path / "frozen.pb", tmp_path / "out")


def test_a_very_deep_graph_ends_in_time(tmp_path: Path, lent: None) -> None:
    """200,000 operations in a row: TensorFlow itself may abort at it, and that is said."""
    graph = protos.GraphDef()
    graph.node.add(name="x", op="Placeholder").attr["dtype"].type = 1
    graph.node[0].attr["shape"].shape.dim.add(size=2)
    for number in range(200_000):
        node = graph.node.add(name=f"n{number}", op="Identity", input=[graph.node[-1].name])
        node.attr["T"].type = 1
    last = graph.node[-1].name
    weights = graph.node.add(name="w", op="Const")
    weights.attr["dtype"].type = 1
    tensor = weights.attr["value"].tensor
    tensor.dtype = 1
    tensor.tensor_shape.dim.add(size=2)
    tensor.tensor_content = np.ones(2, "f4").tobytes()
    graph.node.add(name="y", op="Mul", input=[last, "w"]).attr["T"].type = 1
    (tmp_path / "deep.pb").write_bytes(graph.SerializeToString())
    message = converted_or_refused(tmp_path / "deep.pb", tmp_path / "out")
    assert message is None or "the graph process was ended by SIG" in message


def small_graph(build: str, tmp_path: Path) -> Path:
    """x (2) → y, with one operation on the way that TensorFlow will run."""
    graph = protos.GraphDef()
    graph.versions.producer = 134
    x = graph.node.add(name="x", op="Placeholder")
    x.attr["dtype"].type = 1
    x.attr["shape"].shape.dim.add(size=2)
    for name, values, kind in (("w", np.ones(2, "f4"), 1), ("sizes", np.array([1 << 20] * 2), 9)):
        node = graph.node.add(name=name, op="Const")
        node.attr["dtype"].type = kind
        tensor = node.attr["value"].tensor
        tensor.dtype = kind
        tensor.tensor_shape.dim.add(size=2)
        tensor.tensor_content = values.tobytes()
    scaled = graph.node.add(name="scaled", op="Mul", input=["x", "w"])
    scaled.attr["T"].type = 1
    total = graph.node.add(name="total", op="Max", input=["scaled", "axis"])
    axis = graph.node.add(name="axis", op="Const")
    axis.attr["dtype"].type = 3
    axis.attr["value"].tensor.dtype = 3
    axis.attr["value"].tensor.tensor_shape.SetInParent()
    axis.attr["value"].tensor.int_val.append(0)
    total.attr["T"].type, total.attr["Tidx"].type = 1, 3
    if build == "eats":
        filled = graph.node.add(name="filled", op="Fill", input=["sizes", "total"])
        filled.attr["T"].type, filled.attr["index_type"].type = 1, 9
        last = graph.node.add(name="y", op="BesselI0e", input=["filled"])
        last.attr["T"].type = 1
    else:
        last = graph.node.add(name="y", op="ReadFile", input=["text"])
        text = graph.node.add(name="text", op="AsString", input=["total"])
        text.attr["T"].type = 1
    path = tmp_path / "frozen.pb"
    path.write_bytes(graph.SerializeToString())
    return path


def test_a_graph_that_eats_memory_ends_in_one_line(tmp_path: Path, lent: None) -> None:
    path = small_graph("eats", tmp_path)
    report = conversion.convert(path, tmp_path / "out", outputs=["y:0"], timeout=60).report
    assert report["parity"]["verdict"] == "not run"
    assert "not enough memory" in report["parity"]["reason"]


def test_a_graph_that_reads_files_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unused:
        """Nothing of a stranger's graph may reach a worker before it is judged."""

        def __init__(self, name: str):
            pass

        def __enter__(self) -> Unused:
            return self

        def __exit__(self, *exception: object) -> None:
            pass

        def call(self, *arguments: object, **options: object) -> None:
            pytest.fail("a worker was asked to do something")

    monkeypatch.setattr(by_graph, "Worker", Unused)
    path = small_graph("reads", tmp_path)
    with pytest.raises(UserError, match=r"ReadFile \(reads files\).*--trust"):
        conversion.convert(path, tmp_path / "out", outputs=["y:0"])
    assert not (tmp_path / "out").exists()
