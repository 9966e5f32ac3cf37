"""The registry: every handler says what it does, and patterns come before single operations."""

import ast

import numpy as np
import pytest
from tfmigrate.emit import source
from tfmigrate.errors import UserError
from tfmigrate.graph import Graph, Node
from tfmigrate.layers import Handler, UnsupportedError, View, build_plan, handlers
from tfmigrate.layers.dimensions import Dimension, shape_of
from tfmigrate.layers.naming import scope_of
from tfmigrate.plan import Layer, Plan, variable


def graph_of(*nodes: Node) -> Graph:
    return Graph({node.name: node for node in nodes})


def node(name: str, op: str, *inputs: str, **attrs: object) -> Node:
    return Node(name, op, inputs, attrs=attrs)


def const(name: str, value: object, dtype: str = "float32") -> Node:
    return Node(name, "Const", attrs={"value": np.array(value, dtype), "dtype": dtype})


def planned(*nodes: Node, output: str, shape: tuple[int | None, ...] = (None, 4)) -> Plan:
    """The plan of a graph of an input ``x`` and variables ``w`` (4, 3), ``b`` (3,)."""
    graph = graph_of(
        node("x", "Placeholder", dtype="float32", shape=shape),
        node("w", "VariableV2", dtype="float32", shape=(4, 3)),
        node("b", "VariableV2", dtype="float32", shape=(3,)),
        *nodes,
    )
    recipes = {"w": variable("w", (4, 3), "float32"), "b": variable("b", (3,), "float32")}
    plan = Plan("net", "here")
    build_plan(View(graph, ["x:0"], [output], recipes), plan)
    return plan


def kinds(plan: Plan) -> list[str]:
    return [c.function.kind if isinstance(c.function, Layer) else c.function for c in plan.calls]


@pytest.mark.parametrize("handler", handlers(), ids=lambda h: f"{h.family}.{h.name}")
def test_every_handler_is_a_row_of_the_table(handler: Handler) -> None:
    assert handler.ops
    assert handler.keras
    assert handler.summary.endswith(".") or "``" in handler.summary


@pytest.mark.parametrize("add", ["Add", "AddV2", "BiasAdd"])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_dense_layer_in_every_spelling(add: str, swapped: bool) -> None:
    sides = ("b:0", "product:0") if swapped and add != "BiasAdd" else ("product:0", "b:0")
    plan = planned(
        node("product", "MatMul", "x:0", "w:0"), node("logits", add, *sides), output="logits:0"
    )
    assert kinds(plan) == ["Dense"]
    assert [w.target for w in plan.weights] == ["logits/kernel", "logits/bias"]


def test_a_product_that_is_needed_elsewhere_is_not_taken_in() -> None:
    plan = planned(
        node("product", "MatMul", "x:0", "w:0"),
        node("sum", "Add", "product:0", "b:0"),
        node("both", "Mul", "sum:0", "product:0"),
        output="both:0",
    )
    assert kinds(plan) == ["Dense", "Bias", "*"]


def test_an_activation_goes_into_the_layer_before_unless_that_is_an_output_too() -> None:
    nodes = (
        node("product", "MatMul", "x:0", "w:0"),
        node("sum", "Add", "product:0", "b:0"),
        node("relu", "Relu", "sum:0"),
    )
    assert kinds(planned(*nodes, output="relu:0")) == ["Dense"]
    twice = node("twice", "Mul", "relu:0", "sum:0")
    assert kinds(planned(*nodes, twice, output="twice:0")) == ["Dense", "Activation", "*"]


def test_a_kernel_that_is_multiplied_transposed_is_stored_transposed() -> None:
    plan = planned(
        node("product", "MatMul", "x:0", "w:0", transpose_b=True),
        output="product:0",
        shape=(None, 3),
    )
    (weight,) = plan.weights
    assert weight.recipe.shape == (3, 4)


@pytest.mark.parametrize("mask", [[0, -np.inf, np.nan, 1], [-np.inf] * 4, [-np.inf] * 5])
def test_a_mask_of_what_is_not_finite_is_written_as_python_reads_it(mask: list[float]) -> None:
    width = len(mask)
    text = source(
        planned(
            const("mask", mask), node("y", "AddV2", "x:0", "mask:0"),
            output="y:0", shape=(None, width),
        )
    )  # fmt: skip
    names = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
    assert 'float("-inf")' in text
    assert not names & {"inf", "nan"}


@pytest.mark.parametrize("words", [b"yes", [b"yes"], [b"yes"] * 5, [b"yes", b"no"] * 9])
@pytest.mark.parametrize("op", ["Equal", "AddV2", "Maximum"])
def test_a_constant_of_strings_that_is_computed_with_is_refused(op: str, words: object) -> None:
    with pytest.raises(UnsupportedError, match=r"arithmetic with strings \(at y:0\)"):
        planned(const("words", words, "object"), node("y", op, "x:0", "words:0"), output="y:0")


def test_a_constant_of_one_string_is_text() -> None:
    view = View(graph_of(const("word", [b"yes"], "object"), const("half", 0.5)), [], [], {})
    assert view.scalar("word:0") == "yes"
    assert view.scalar("half:0") == 0.5


@pytest.mark.parametrize(("axis", "becomes"), [(0, ["[]"]), (1, ["Size", "DynamicSlice"])])
def test_a_slice_is_whole_where_its_size_is_that_of_the_same_axis(
    axis: int, becomes: list[str]
) -> None:
    plan = planned(
        node("shape", "Shape", "x:0", out_type="int32"),
        const("at", [axis], "int32"), const("to", [axis + 1], "int32"), const("one", [1], "int32"),
        node("count", "StridedSlice", "shape:0", "at:0", "to:0", "one:0", shrink_axis_mask=1,
             _output_shapes=[()], T="int32"),
        const("width", 2, "int32"), node("sizes", "Pack", "count:0", "width:0", T="int32"),
        const("begin", [0, 1], "int32"), node("y", "Slice", "x:0", "begin:0", "sizes:0"),
        output="y:0", shape=(None, None),
    )  # fmt: skip
    assert kinds(plan) == becomes


def test_the_first_rows_of_a_batch_are_taken_by_an_index_that_keras_knows() -> None:
    plan = planned(
        const("none", [0], "int32"), const("four", [4], "int32"), const("one", [1], "int32"),
        node("y", "StridedSlice", "x:0", "none:0", "four:0", "one:0", begin_mask=1),
        output="y:0",
    )  # fmt: skip
    assert "inputs[:4, ...]" in source(plan)


def test_an_operation_without_a_form_is_named() -> None:
    with pytest.raises(UnsupportedError, match="Frobnicate"):
        planned(node("y", "Frobnicate", "x:0"), output="y:0")


def test_a_circle_ends_in_an_error() -> None:
    with pytest.raises(UserError, match="in a cycle"):
        planned(node("a", "Relu", "c:0"), node("c", "Exp", "a:0"), output="a:0")


@pytest.mark.parametrize(
    ("variables", "operation", "name"),
    [
        (["hidden/kernel", "hidden/bias"], "hidden/BiasAdd", "hidden"),
        (["conv1/BatchNorm/gamma"], "conv1/BatchNorm/FusedBatchNorm", "conv1/BatchNorm"),
        (["rnn/basic_lstm_cell/kernel"], "rnn/transpose", "rnn"),
        (["w0", "b0"], "logits", "logits"),
        (["Variable", "Variable_1"], "Add_1", ""),
        (["W_conv1", "b_conv1"], "add", "conv1"),
        (["w0", "b0"], "add", ""),
        (["Variable"], "tower/layer3/add", "tower/layer3"),
    ],
)
def test_a_layer_is_called_what_a_person_called_it(
    variables: list[str], operation: str, name: str
) -> None:
    assert scope_of(variables, operation) == name


def test_sizes_of_reshapes_in_a_row_are_traced_in_time_and_depth_that_grow_with_them() -> None:
    nodes, last = [], "x:0"
    for at in range(1500):
        nodes += [
            node(f"shape{at}", "Shape", last, out_type="int32", _output_shapes=[(2,)]),
            *(
                node(f"size{at}_{axis}", "StridedSlice", f"shape{at}:0", f"at{axis}:0",
                     f"at{axis + 1}:0", "at1:0", shrink_axis_mask=1, _output_shapes=[()], T="int32")
                for axis in (0, 1)
            ),
            node(f"sizes{at}", "Pack", f"size{at}_0:0", f"size{at}_1:0", T="int32"),
            node(f"y{at}", "Reshape", last, f"sizes{at}:0", _output_shapes=[(None, None)]),
        ]  # fmt: skip
        last = f"y{at}:0"
    ends = [const(f"at{axis}", [axis], "int32") for axis in range(3)]
    given = node("x", "Placeholder", dtype="float32", shape=(None, None))
    view = View(graph_of(given, *ends, *nodes), ["x:0"], [last], {})
    assert shape_of(view, last) == [Dimension("x:0", 0), Dimension("x:0", 1)]
