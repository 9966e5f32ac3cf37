"""Damaged and hostile graphs through the whole command: a result or one clear line, never more."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from tfmigrate import convert
from tfmigrate.errors import UserError
from tfmigrate.graph import find_interface
from tfmigrate.graph.files import protos
from tfmigrate.sources import open_source
from tfmigrate.worker import Worker
from tfmigrate.worker.original import Original, graph_request

from .hostile import NAMES, assert_harmless, mutate

pytestmark = pytest.mark.xdist_group("hostile")

CASES = ["train_sgd", "layers_batchnorm_dense", "frozen_mlp", "slim_cnn_bn", "lstm_dynamic"]
ROUNDS = 4  # of each case; ``make fuzz`` plans thousands


@pytest.fixture(scope="module")
def kept() -> Iterator[dict[str, Worker]]:
    """Workers that outlive the conversions that use them."""
    kept: dict[str, Worker] = {}
    yield kept
    for worker in kept.values():
        worker.close()


@pytest.fixture
def workers(kept: dict[str, Worker]) -> tuple[Worker, Worker]:
    """For the graph and for Keras; one that a graph has killed is replaced."""
    for name in ("graph", "Keras"):
        if name in kept and kept[name]._process.poll() is not None:
            kept.pop(name).close()
        if name not in kept:
            kept[name] = Worker(name)
    return kept["graph"], kept["Keras"]


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


def converted_or_refused(path: Path, out: Path, workers: tuple[Worker, Worker]) -> str | None:
    """Converts; what is written is harmless, what is refused is refused in one printable line."""
    try:
        convert(path, out, timeout=60, workers=workers)
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
    name: str, seed: int, goldens: Path, tmp_path: Path, workers: tuple[Worker, Worker]
) -> None:
    path = damaged_copy(goldens / name, tmp_path, seed)
    out = tmp_path / "out"
    message = converted_or_refused(path, out, workers)
    if message is None:
        assert (out / "report.json").exists()
    else:
        assert not out.exists()


# What TensorFlow takes as the name of a node, code or not; others it refuses.
NODE_NAME = re.compile(r"[A-Za-z0-9.][\w.\\/>-]*", re.ASCII)
REFUSED = "is not a valid name of an operation|not a complete TensorFlow graph|ValueError: Node '"
assert any(map(NODE_NAME.fullmatch, NAMES))


@pytest.mark.parametrize("index", range(len(NAMES)))
def test_names_that_are_code_stay_data(
    index: int, goldens: Path, tmp_path: Path, workers: tuple[Worker, Worker]
) -> None:
    """Every node of a small network under a hostile name."""
    data = (goldens / "frozen_mlp" / "frozen.pb").read_bytes()
    graph = protos.GraphDef.FromString(data)
    new = {
        node.name: NAMES[index] + (f"_{number}" if number else "")
        for number, node in enumerate(graph.node)
    }
    for node in graph.node:
        node.name = new[node.name]
        node.input[:] = [new[tensor] for tensor in node.input]
    (tmp_path / "frozen.pb").write_bytes(graph.SerializeToString())
    message = converted_or_refused(tmp_path / "frozen.pb", tmp_path / "out", workers)
    assert (tmp_path / "out" / "model.py").exists() == (message is None)
    if NODE_NAME.fullmatch(NAMES[index]):
        assert message is None
    else:
        assert re.search(REFUSED, message or "")


def test_a_very_deep_graph_ends_in_time(tmp_path: Path, workers: tuple[Worker, Worker]) -> None:
    """50,000 operations in a row: TensorFlow itself may abort at it, and that is said."""
    graph = protos.GraphDef()
    graph.node.add(name="x", op="Placeholder").attr["dtype"].type = 1
    graph.node[0].attr["shape"].shape.dim.add(size=2)
    for number in range(50_000):
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
    message = converted_or_refused(tmp_path / "deep.pb", tmp_path / "out", workers)
    assert message is None or "the graph process was terminated by SIG" in message


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


def test_a_graph_that_eats_memory_ends_in_one_line(
    tmp_path: Path, workers: tuple[Worker, Worker]
) -> None:
    path = small_graph("eats", tmp_path)
    report = convert(path, tmp_path / "out", outputs=["y:0"], timeout=60, workers=workers).report
    assert report["parity"]["verdict"] == "not proved"
    assert "not enough memory" in report["parity"]["reason"]


class Unused(Worker):
    """Nothing of a stranger's graph may reach a worker before it is judged."""

    def __init__(self) -> None:
        """Starts no process."""

    def call(self, *arguments: object, **options: object) -> NoReturn:
        pytest.fail("a worker was asked to do something")


def test_a_graph_that_reads_files_is_refused_before_anything_runs(tmp_path: Path) -> None:
    path = small_graph("reads", tmp_path)
    with pytest.raises(UserError, match=r"ReadFile \(reads files\).*--trust"):
        convert(path, tmp_path / "out", outputs=["y:0"], workers=(Unused(), Unused()))
    assert not (tmp_path / "out").exists()


def test_a_worker_judges_what_it_imports_whatever_it_is_told(
    tmp_path: Path, workers: tuple[Worker, Worker]
) -> None:
    source = open_source(small_graph("reads", tmp_path))
    assert source.graph is not None
    interface = find_interface(source.graph, ["x:0"], ["y:0"])
    with pytest.raises(UserError, match=r"ReadFile \(reads files\).*--trust"):
        Original(source, interface, workers[0]).open()
    asked = {**graph_request(source, interface), "outputs": [{"tensor": "y:0", "name": "y"}]}
    with pytest.raises(UserError, match=r"ReadFile \(reads files\).*--trust"):
        workers[1].call("lift", {"step": "open", **asked})


def test_no_attribute_puts_another_function_or_executor_in_place(
    tmp_path: Path, workers: tuple[Worker, Worker]
) -> None:
    graph = protos.GraphDef()
    x = graph.node.add(name="x", op="Placeholder")
    x.attr["dtype"].type = 1
    call = graph.node.add(name="y", op="PartitionedCall", input=["x"], device="/gpu:0")
    call.attr["f"].func.name = "body"
    for key in ("Tin", "Tout"):
        call.attr[key].list.type.append(1)
    call.attr["config_proto"].s = b"\x32\x00"
    call.attr["executor_type"].s = b"SINGLE_THREADED_EXECUTOR"
    for name in ("body", "other"):
        function = graph.library.function.add()
        function.signature.name = name
        function.attr["api_implements"].s = b"one of two"
        function.node_def.add(name="n", op="NoOp", device="/job:elsewhere")
    path = tmp_path / "frozen.pb"
    path.write_bytes(graph.SerializeToString())
    asked = {"path": str(path), "tags": [], "given": {"x:0": "float32"}, "bypass": {},
             "initializers": [], "trust": False, "fetches": ["y:0"]}  # fmt: skip
    reply = workers[0].call("rungraph", {"step": "graphdef", **asked})
    taken = protos.GraphDef.FromString(reply.arrays["graphdef"].tobytes())
    (function,) = taken.library.function  # the other one is not called
    nodes = {node.name: node for node in taken.node}
    assert set(nodes["y"].attr) == {"f", "Tin", "Tout"}
    assert dict(function.attr) == {}
    assert {node.device for node in (*taken.node, *function.node_def)} == {""}
