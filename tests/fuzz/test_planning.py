"""Graphs that TensorFlow refuses, through planning: each was once a finding of ``make fuzz``."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from tfmigrate import inspect
from tfmigrate.errors import UserError
from tfmigrate.graph.files import protos

from .planning import plan

_FLOAT, _INT32, _STRING = 1, 3, 7


def _network() -> protos.GraphDef:
    """``matmul(x, w)`` of a float32 (?, 2) and a kernel of ones."""
    graph = protos.GraphDef()
    x = graph.node.add(name="x", op="Placeholder")
    x.attr["dtype"].type = _FLOAT
    for size in (-1, 2):
        x.attr["shape"].shape.dim.add(size=size)
    _fill(graph, "w", _FLOAT, (2, 2), float_val=1.0)
    product = graph.node.add(name="product", op="MatMul", input=["x", "w"])
    product.attr["T"].type = _FLOAT
    return graph


def _fill(
    graph: protos.GraphDef, name: str, dtype: int, shape: tuple[int, ...], **value: object
) -> None:
    """Adds a constant whose one value fills the shape."""
    constant = graph.node.add(name=name, op="Const")
    constant.attr["dtype"].type = dtype
    tensor = constant.attr["value"].tensor
    tensor.dtype = dtype
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    for field, one in value.items():
        getattr(tensor, field).append(one)


def test_a_division_of_three_has_no_source(tmp_path: Path) -> None:
    graph = _network()
    _fill(graph, "third", _STRING, (), string_val=b"model")
    quotient = graph.node.add(name="y", op="RealDiv", input=["product", "product", "third"])
    quotient.attr["T"].type = _FLOAT
    try:
        written = plan([graph.SerializeToString()], tmp_path)
    except UserError:
        written = None
    assert written is None or "third" not in written  # plan() parses what is written


@pytest.mark.parametrize("op", ["Reshape", "Mean", "Tile"])
def test_a_trillion_sizes_take_no_memory(op: str, tmp_path: Path) -> None:
    graph = _network()
    _fill(graph, "sizes", _INT32, (1 << 40,), int_val=1)
    last = graph.node.add(name="y", op=op, input=["product", "sizes"])
    last.attr["T"].type = _FLOAT
    tracemalloc.start()
    try:
        plan([graph.SerializeToString()], tmp_path)
    except UserError:
        pass
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < 50 << 20


def test_a_variable_of_an_unknown_dtype_is_named(tmp_path: Path) -> None:
    graph = _network()
    variable = graph.node.add(name="v", op="VariableV2")
    variable.attr["dtype"].type = 999
    variable.attr["shape"].shape.dim.add(size=2)
    file = tmp_path / "x.meta"
    file.write_bytes(protos.MetaGraphDef(graph_def=graph).SerializeToString())
    with pytest.raises(UserError, match="variable 'v' of the graph has no dtype of TensorFlow 1"):
        inspect(file)


@pytest.mark.parametrize("end", ["", "\n", "\nnode", "\nnode {"])
def test_a_long_comment_ends_in_one_line(end: str, tmp_path: Path) -> None:
    file = tmp_path / "x.pbtxt"
    file.write_text("#" * 2000 + end)  # a search that tries each # as a comment takes years
    with pytest.raises(UserError):
        inspect(file)
