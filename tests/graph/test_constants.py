"""Constant folding gives what a TensorFlow 1.15 session gave."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfmigrate.errors import UserError
from tfmigrate.graph import Evaluator, Graph, Node, partial_value, static_value
from tfmigrate.graph.files import protos
from tfmigrate.graph.files.tensors import decode_tensor

from .conftest import EXPECTED


@pytest.mark.parametrize("tensor", EXPECTED["constants"]["values"])
def test_each_operation_folds_as_in_a_session(graph_of, tensor):
    dtype, shape, values = EXPECTED["constants"]["values"][tensor]
    folded = static_value(graph_of("constants"), tensor)
    assert list(folded.shape) == shape
    if dtype == "string":
        assert [item.decode() for item in folded.ravel()] == values
    else:
        assert str(folded.dtype) == dtype
        exact = folded.real if dtype == "complex64" else folded
        assert exact.astype("f8").ravel().tolist() == values


def constant(name: str, value: object) -> Node:
    return Node(name, "Const", attrs={"value": np.asarray(value), "dtype": "int32"})


def graph(*nodes: Node) -> Graph:
    return Graph({node.name: node for node in nodes})


def test_shapes_with_an_unknown_batch_fold_in_part():
    built = graph(
        Node("x", "Placeholder", attrs={"shape": (None, 7, 7, 64), "dtype": "float32"}),
        Node("shape", "Shape", ("x:0",), attrs={"out_type": "int32"}),
        *(constant(name, [value]) for name, value in (("zero", 0), ("one", 1))),
        Node(
            "batch", "StridedSlice", ("shape:0", "zero:0", "one:0", "one:0"),
            attrs={"shrink_axis_mask": 1},
        ),
        constant("flat", 7 * 7 * 64),
        Node("target", "Pack", ("batch:0", "flat:0"), attrs={"axis": 0}),
    )  # fmt: skip
    assert static_value(built, "target:0") is None
    assert partial_value(built, "target:0") == (None, 3136)
    assert partial_value(built, "flat:0") == (3136,)


def test_one_size_of_a_shape_with_an_unknown_batch_is_an_array():
    built = graph(  # as partitioned feature columns read the width of a lookup
        Node("x", "Placeholder", attrs={"shape": (None, 7), "dtype": "int64"}),
        Node("shape", "Shape", ("x:0",), attrs={"out_type": "int32"}),
        *(constant(name, value) for name, value in (("zero", 0), ("one", 1), ("axis", 0))),
        Node("size", "GatherV2", ("shape:0", "one:0", "axis:0")),
        Node("batch", "GatherV2", ("shape:0", "zero:0", "axis:0")),
    )
    size = static_value(built, "size:0")
    assert isinstance(size, np.ndarray)
    assert (size.shape, int(size)) == ((), 7)
    assert static_value(built, "batch:0") is None


@pytest.mark.parametrize("taken", [True, False])
def test_a_cond_is_decided_by_what_is_fed(graph_of, taken):
    evaluator = Evaluator(graph_of("while_and_cond"), {"flag:0": taken, "x:0": [[1.0, 2.0, 3.0]]})
    assert evaluator.value("cond/Merge:0").tolist() == [[2, 4, 6] if taken else [2, 3, 4]]
    assert evaluator.is_dead("cond/add:0") == taken


def test_what_would_fill_the_memory_is_not_folded():
    size = constant("size", [1 << 20, 1 << 20])
    value = constant("value", 1)
    filled = Node("filled", "Fill", ("size:0", "value:0"))
    twice = Node("twice", "Add", ("filled:0", "filled:0"))
    assert static_value(graph(size, value, filled, twice), "twice:0") is None


def tensor(**fields: object) -> object:
    shape = fields.pop("shape", ())
    message = protos.TensorProto(**fields)
    for side in shape:
        message.tensor_shape.dim.add(size=side)
    return message


@given(
    values=st.lists(st.integers(-100, 100), min_size=1, max_size=5),
    size=st.integers(5, 12),
)
def test_the_last_value_fills_what_a_tensor_does_not_spell_out(values, size):
    decoded = decode_tensor(tensor(dtype=3, shape=[size], int_val=values))
    assert decoded.tolist() == values + [values[-1]] * (size - len(values))


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"dtype": 19, "half_val": [0x3C00, 0xC000]}, [1.0, -2.0]),
        ({"dtype": 14, "half_val": [0x3F80, 0xC000]}, [1.0, -2.0]),
        ({"dtype": 10, "bool_val": [True, False]}, [True, False]),
        ({"dtype": 8, "scomplex_val": [1, 2, 3, 4]}, [1 + 2j, 3 + 4j]),
        ({"dtype": 23, "uint64_val": [2**64 - 1, 0]}, [2**64 - 1, 0]),
        ({"dtype": 7, "string_val": [b"a", b"\xff"]}, [b"a", b"\xff"]),
        ({"dtype": 6, "tensor_content": b"\x01\xff"}, [1, -1]),
    ],
)
def test_every_dtype_has_its_own_field(fields, wanted):
    assert decode_tensor(tensor(shape=[2], **fields)).tolist() == wanted


def test_an_absurd_shape_allocates_nothing():
    assert decode_tensor(tensor(dtype=1, shape=[1 << 31, 1 << 20], float_val=[0.5])).ndim == 2


@pytest.mark.parametrize(
    "message",
    [
        tensor(dtype=1, shape=[1 << 40, 1 << 40], float_val=[1.0]),
        tensor(dtype=1, shape=[1 << 40], float_val=[1.0, 2.0]),
        tensor(dtype=1, shape=[-1], float_val=[1.0]),
        tensor(dtype=1, shape=[2], tensor_content=b"123"),
        tensor(dtype=3, shape=[1], int_val=[1, 2]),
        tensor(dtype=20, shape=[]),
        tensor(dtype=99, shape=[]),
        tensor(dtype=1, shape=[1] * 65, float_val=[1.0]),
    ],
)
def test_a_constant_that_cannot_be_is_refused(message):
    with pytest.raises(UserError):
        decode_tensor(message)
