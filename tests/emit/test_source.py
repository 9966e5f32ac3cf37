"""Generated source: valid, harmless and formatted, whatever the names in a graph are."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from tfmigrate.emit import source
from tfmigrate.emit.classes import available, pieces
from tfmigrate.emit.render import WIDTH, Apply, Name, literal, render
from tfmigrate.layers.builder import literal as constant_of
from tfmigrate.plan import Call, Code, Input, Layer, Output, Plan, Value
from tfmigrate.plan.names import identifier, layer_name, snake
from tfmigrate.plan.training import Formula, New, OutputLoss, TrainingPlan


def chain(name: str = "net", origin: str = "model.ckpt", notes: list[str] | None = None) -> Plan:
    """Two dense layers and a dropout."""
    values = [Value((None, size), "float32") for size in (784, 256, 256, 10)]
    layers = [
        Layer("hidden", "Dense", {"units": 256, "activation": "relu"}),
        Layer("", "Dropout", {"rate": 0.5}),
        Layer("logits", "Dense", {"units": 10}),
    ]
    calls = [
        Call(layer, (before,), {}, (after,))
        for layer, before, after in zip(layers, values, values[1:], strict=False)
    ]
    return Plan(
        name, origin, [Input("x:0", "x", values[0])], [Output("logits:0", values[-1])], calls,
        notes=notes or [],
    )  # fmt: skip


def branched(hint: str) -> Plan:
    """A value that is used twice, and a layer that is called twice."""
    x, a, b, total = (Value((None, 4), "float32", hint) for _ in range(4))
    shared = Layer(layer_name(hint, otherwise="dense"), "Dense", {"units": 4})
    calls = [
        Call(shared, (x,), {}, (a,)),
        Call(shared, (a,), {}, (b,)),
        Call("+", (a, b), {}, (total,)),
    ]
    return Plan(hint, hint, [Input(hint, layer_name(hint, otherwise="input"), x)],
                [Output(hint, total)], calls)  # fmt: skip


def test_a_chain_is_a_sequential_model() -> None:
    body = source(chain()).partition("return ")[2]
    assert body == (
        "keras.Sequential(\n"
        "        [\n"
        '            keras.Input((784,), name="x"),\n'
        '            keras.layers.Dense(hidden_units, activation=activation, name="hidden"),\n'
        "            keras.layers.Dropout(dropout_rate),\n"
        '            keras.layers.Dense(logits_units, name="logits"),\n'
        "        ],\n"
        "    )\n"
    )


def test_sizes_rates_and_activations_are_arguments() -> None:
    tree = ast.parse(source(chain()))
    (function,) = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    defaults = [ast.literal_eval(default) for default in function.args.defaults]
    names = [argument.arg for argument in function.args.args]
    assert dict(zip(names, defaults, strict=True)) == {
        "hidden_units": 256,
        "logits_units": 10,
        "activation": "relu",
        "dropout_rate": 0.5,
    }


def test_a_layer_called_twice_is_made_once() -> None:
    text = source(branched("twin"))
    assert text.count("keras.layers.Dense(") == 1
    assert "return keras.Model(" in text


@pytest.mark.parametrize("hint", ["build_rnn_step", "hard_sigmoid", "graph_loss"])
def test_a_value_hides_nothing_that_the_module_defines(hint: str) -> None:
    x, a, b, c, y, z = (Value((None, 4), "float32", hint) for _ in range(6))
    given = [Input("y:0", "y", y), Input("z:0", "z", z)]
    body = Plan("", "", given, [Output("c:0", c)], [Call("-", (y, z), {}, (c,))])
    loss = OutputLoss(Formula("graph_loss", "c:0", body, True, ("float32",) * 2), None, 0, "")
    step = Plan("", "", [Input("x:0", "x", x)], [Output("x:0", x)])
    calls = [
        Call("keras.ops.square", (x,), {}, (a,)),
        Call(Layer("rnn", "Recurrence", {"step": step}), (x,), {}, (b,)),
        Call("+", (a, b), {}, (c,)),
    ]
    plan = Plan("net", "model.ckpt", [Input("x:0", "x", x)], [Output("c:0", c)], calls)
    plan.training = TrainingPlan(New("keras.optimizers.SGD"), losses=[loss])
    text = source(plan)
    assert f"    {hint}_square = keras.ops.square(inputs)" in text
    assert "Recurrence(build_rnn_step()" in text
    assert "loss=graph_loss" in text


def test_keras_2_has_its_own_names_for_arguments_and_the_plan_keeps_those_of_keras_3() -> None:
    plan = chain()
    plan.calls[1].function = Layer("leak", "LeakyReLU", {"negative_slope": 0.3})
    assert 'LeakyReLU(alpha=0.3, name="leak")' in source(plan, legacy_keras=True)
    assert 'LeakyReLU(negative_slope=0.3, name="leak")' in source(plan)


ODD = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ['"""', "'''", "\\", "class", "None", "a\nimport os", '"); import os; ("', "‮x", "../w",
         "{x}", "x", "inputs", "keras", "build_model", "", "1", "é", "print"]
    ),
)  # fmt: skip


@given(ODD, ODD)
@settings(max_examples=200)
def test_no_name_makes_the_source_do_more_than_build_a_model(one: str, two: str) -> None:
    for plan in (chain(one, two, [one, two]), branched(one)):
        tree = ast.parse(source(plan))
        kinds = [type(node) for node in tree.body]
        assert kinds[:2] == [ast.Expr, ast.Import]
        assert set(kinds[2:]) <= {ast.Import, ast.FunctionDef}
        imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        assert imported == {"keras"}
        called = {ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
        assert all(name.startswith("keras.") or name.isidentifier() for name in called)


@given(ODD)
def test_an_identifier_is_one_and_no_keyword_or_builtin(text: str) -> None:
    name = identifier(text)
    assert name.isidentifier()
    assert name.isascii()
    assert name not in {"class", "print", "keras", "None", "inputs"}


@given(ODD, st.sets(st.sampled_from(["x", "x_1", "dense", "dense_1"])))
def test_names_are_unique(text: str, taken: set[str]) -> None:
    assert identifier(text, taken) not in taken
    assert layer_name(text, taken, otherwise="dense") not in taken
    assert "/" not in layer_name(text, taken, otherwise="dense")


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()))
def test_a_literal_reads_back_as_it_was(value: object) -> None:
    assert repr(eval(literal(value))) == repr(value)


@given(st.floats(width=32))
def test_a_float32_literal_has_few_digits_and_the_same_bits(number: float) -> None:
    read = np.float32(eval(literal(np.float32(number))))
    assert np.isnan(read) if np.isnan(number) else read.tobytes() == np.float32(number).tobytes()


@given(arrays("float32", array_shapes(max_side=5), elements=st.floats(width=32)))
def test_an_array_of_any_numbers_reads_back_as_it_was(array: np.ndarray) -> None:
    x, y = Value(array.shape, "float32"), Value(array.shape, "float32")
    calls = [Call("+", (x, constant_of(array)), {}, (y,))]
    text = source(Plan("net", "", [Input("x:0", "x", x)], [Output("y:0", y)], calls))
    expression = text.partition("inputs + ")[2].rpartition("    return")[0]
    np.testing.assert_array_equal(eval(expression), array)
    assert eval(expression).dtype == array.dtype


@pytest.mark.parametrize("length", [88, 100])
def test_source_is_as_ruff_formats_it(tmp_path: Path, length: int) -> None:
    plan = branched("a rather long name for a value that the graph has")
    plan.calls[0].function.arguments |= {  # type: ignore[union-attr]
        "kernel_initializer": "glorot_uniform",
        "bias_initializer": "zeros",
        "use_bias": False,
    }
    odd = Value((None, 4), "float32")
    plan.calls.append(
        Call("keras.ops.concatenate", ([plan.inputs[0].value, odd],), {"axis": -1}, (odd,))
    )
    long = constant_of(np.array([np.inf, *range(10)], "float32"))
    plan.calls.append(Call("*", (odd, long), {}, (odd,)))
    plan.calls.append(Call("keras.ops.maximum", (odd, long), {}, (odd,)))
    plan.calls.insert(0, Call("[]", (plan.inputs[0].value, Code(":, 1:3")), {}, (odd,)))
    kinds = ["Bias", "LocalResponseNormalization", "Parameter", "Scale"]
    for kind in kinds:
        made = Value((None, 4), "float32")
        plan.calls.append(Call(Layer("", kind, {}), (odd,), {}, (made,)))
    for index, each in enumerate((chain(notes=["One. " * 40]), plan)):
        file = tmp_path / f"model_{index}.py"
        file.write_text(source(each), encoding="utf-8")
    options = ["--isolated", "--no-cache"]
    rules = ["--select", "E,F,W,I,UP,B,SIM,D1", "--ignore", "D107,F841"]
    for command in (
        ["format", "--check", "--diff", f"--line-length={length}"],
        ["check", f"--line-length={WIDTH}", *rules],
    ):
        run = [sys.executable, "-m", "ruff", *command, *options, str(tmp_path)]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_an_expression_that_does_not_fit_has_one_argument_a_line() -> None:
    long = Apply(Name("f"), ["a" * 40, "b" * 40])
    assert render(long) == f'f(\n    "{"a" * 40}",\n    "{"b" * 40}",\n)'


@pytest.mark.parametrize("name", sorted(available()))
def test_an_own_class_stands_alone_and_says_what_it_does(name: str) -> None:
    imports, text = pieces(name)
    assert set(imports) <= {"import keras", "import numpy as np", "import tensorflow as tf"}
    made = next(n for n in ast.parse(text).body if getattr(n, "name", "") == name)
    assert isinstance(made, (ast.ClassDef, ast.FunctionDef))
    assert ast.get_docstring(made)
    derived = isinstance(made, ast.FunctionDef) or made.bases
    assert not derived or "register_keras_serializable" in ast.unparse(made.decorator_list[0])
    assert max(map(len, text.splitlines())) <= WIDTH


@pytest.mark.parametrize(
    ("kind", "name"),
    [("Conv2D", "conv2d"), ("BatchNormalization", "batch_normalization"), ("LSTM", "lstm"),
     ("GlobalAveragePooling2D", "global_average_pooling2d")],
)  # fmt: skip
def test_kinds_are_spelled_as_keras_names_layers(kind: str, name: str) -> None:
    assert snake(kind) == name
    assert re.fullmatch(r"[a-z0-9_]+", name)


@pytest.mark.parametrize("name", sorted(available()))
def test_an_own_layer_states_its_output(name: str) -> None:
    """See findings/scalar-product-is-sparse.sh: else a product before it gives a wrong shape."""
    made = next(n for n in ast.parse(pieces(name)[1]).body if getattr(n, "name", "") == name)
    bases = [ast.unparse(base) for base in getattr(made, "bases", ())]
    methods = {n.name for n in ast.walk(made) if isinstance(n, ast.FunctionDef)}
    if "keras.layers.Layer" in bases and "call" in methods:
        assert methods & {"compute_output_spec", "compute_output_shape"}
