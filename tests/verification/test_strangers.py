"""What a stranger's graph and the files beside a model cannot do to ``verify``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from tfmigrate.errors import UserError
from tfmigrate.graph import find_interface
from tfmigrate.graph.files import protos
from tfmigrate.sources import open_source
from tfmigrate.verification import Allowed, Comparison, verify
from tfmigrate.verification.correspondence import Pair
from tfmigrate.verification.subject import find_subject
from tfmigrate.worker import Worker
from tfmigrate.worker import model as opening


class Idle:
    """A worker that nothing may be asked of."""

    def call(self, *arguments: object, **options: object) -> None:
        pytest.fail("a worker was asked to do something")


IDLE = cast(tuple[Worker, Worker], (Idle(), Idle()))


def node(graph: Any, op: str, name: str, *inputs: str, **kinds: int) -> Any:
    """Adds an operation whose attributes are types."""
    made = graph.node.add(name=name, op=op, input=inputs)
    for key, kind in kinds.items():
        made.attr[key].type = kind
    return made


def network() -> Any:
    """x (any, 2) → y (any, 2), by one matrix; the shapes are written down."""
    graph = protos.GraphDef()
    graph.versions.producer = 134
    x = node(graph, "Placeholder", "x", dtype=1)
    w = node(graph, "Const", "w", dtype=1)
    node(graph, "Identity", "w/read", "w", T=1)
    y = node(graph, "MatMul", "y", "x", "w/read", T=1)
    tensor = w.attr["value"].tensor
    tensor.dtype = 1
    tensor.tensor_content = np.eye(2, dtype="f4").tobytes()
    shapes = [x.attr["shape"].shape, *(n.attr["_output_shapes"].list.shape.add() for n in (x, y))]
    for shape, sizes in [*((s, (-1, 2)) for s in shapes), (tensor.tensor_shape, (2, 2))]:
        for size in sizes:
            shape.dim.add(size=size)
    return graph


def reading_files(graph: Any) -> Any:
    """Beside the network: ``secret``, the size of a file that is on this machine."""
    name = node(graph, "Const", "file", dtype=7)
    name.attr["value"].tensor.dtype = 7
    name.attr["value"].tensor.tensor_shape.SetInParent()
    name.attr["value"].tensor.string_val.append(b"/etc/hostname")
    node(graph, "ReadFile", "content", "file")
    node(graph, "StringLength", "secret", "content")
    return graph


def saved(graph: Any, folder: Path) -> tuple[Path, Path]:
    """The graph in a file, and a model beside it that is never opened."""
    (folder / "frozen.pb").write_bytes(graph.SerializeToString())
    (folder / "model.keras").touch()
    return folder / "frozen.pb", folder / "model.keras"


def test_a_graph_that_contradicts_itself_is_the_users(tmp_path: Path) -> None:
    graph = network()
    graph.node[1].attr["value"].s = b"two"
    with pytest.raises(UserError, match="attribute 'value' of operation 'w' is a s"):
        verify(*saved(graph, tmp_path), workers=IDLE)


def test_a_graph_that_cannot_be_planned_is_compared_by_its_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object) -> None:
        raise KeyError("strides")

    monkeypatch.setattr("tfmigrate.layers.planning.build_plan", fails)
    with pytest.raises(pytest.fail.Exception, match="a worker was asked"):  # to open the model
        verify(*saved(network(), tmp_path), workers=IDLE)


def test_a_report_cannot_make_run_what_no_output_needs(tmp_path: Path) -> None:
    source = open_source(saved(reading_files(network()), tmp_path)[0])
    interface = find_interface(source.graph, ["x:0"], ["y:0"])
    opened: list[str] = []

    class Graph:
        """The original, which notes what it is to give."""

        def open(self, layers: list[str]) -> None:
            opened.extend(layers)
            raise InterruptedError

    class Model:
        described = ({"name": "dense", "calls": 9},)

    sides: tuple[Any, Any] = Graph(), Model()
    comparison = Comparison(source, interface, *sides, None, Allowed(), lambda event: None)
    named = ["y:0", "secret:0", "content:0", "^content", "content", "nowhere:0"]
    with pytest.raises(InterruptedError):
        comparison.run({}, [Pair("dense", call, tensor) for call, tensor in enumerate(named)])
    assert opened == ["y:0"]


@pytest.mark.parametrize("name", ["content:0", "^content"])
def test_a_name_cannot_stand_for_another_operation(name: str, tmp_path: Path) -> None:
    graph = reading_files(network())
    node(graph, "NoOp", name)
    with pytest.raises(UserError, match="is not a valid name of an operation"):
        open_source(saved(graph, tmp_path)[0])


@pytest.mark.parametrize(
    "part",
    [
        {"inputs": [{}]},
        {"inputs": "abc"},
        {"outputs": {"tensor": "y:0"}},
        {"outputs": ["y:0"]},
        {"outputs": [{"tensor": "y:0", "name": 1}]},
        {"layers": [7]},
        {"layers": [{"name": ["dense"]}]},
        {"fed": ["keep_prob"]},
        {"parity": "pass"},
        {"parity": {"examples": "64"}},
        {"parity": {"examples": -1}},
        {"parity": {"examples": 1 << 40}},
        {"parity": {"examples": None}},
    ],
)
def test_a_report_of_other_types_is_refused(part: dict[str, Any], tmp_path: Path) -> None:
    report = {"schema": 1, "source": {"path": "model.ckpt"}, **part}
    (tmp_path / "report.json").write_text(json.dumps(report))
    named = f"{next(iter(part))}.* is missing or wrong"
    with pytest.raises(UserError, match=rf"report\.json is damaged: {named}; expected the report"):
        verify(*saved(network(), tmp_path), workers=IDLE)


@pytest.mark.parametrize("text", ["[]", "null", '"schema"', '{"schema": 2, "inputs": 1}'])
def test_another_file_of_that_name_is_none_of_ours(text: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(text)
    saved(network(), tmp_path)
    assert find_subject(tmp_path).report == {}


@pytest.mark.parametrize("text", ["", "[" * 100_000, "\ud800", "{", '{"schema": 1, "sour', "\0"])
def test_a_report_that_is_cut_short_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(text, errors="surrogatepass")
    saved(network(), tmp_path)
    with pytest.raises(UserError, match=r"report\.json is damaged: .*; try converting again"):
        find_subject(tmp_path)


@pytest.mark.parametrize("inside", ["", "saved_model", "model.keras"])
def test_a_saved_model_is_judged_where_it_is_opened(inside: str, tmp_path: Path) -> None:
    source, beside = saved(network(), tmp_path)
    beside.unlink()
    model = tmp_path / "model"
    (model / inside).mkdir(parents=True)
    graph = protos.SavedModel(saved_model_schema_version=1)
    reading_files(graph.meta_graphs.add().graph_def)
    (model / inside / "saved_model.pb").write_bytes(graph.SerializeToString())

    class Opening:
        """The worker of the model, which does in this process what it is asked first."""

        def call(self, job: str, request: dict[str, Any], **options: object) -> None:
            assert job == "model"
            if request["trust"]:
                raise InterruptedError
            opening.run(request, {}, lambda event: None)

    workers = cast(tuple[Worker, Worker], (Idle(), Opening()))
    told = r"model.* contains operations that may not run: ReadFile \(reads files\).*--trust"
    with pytest.raises(UserError, match=told):
        verify(source, model, workers=workers)
    with pytest.raises(InterruptedError):
        verify(source, model, trust=True, workers=workers)
