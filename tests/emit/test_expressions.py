"""Formulas: a nested text computes, to the last bit, what its calls compute one after the other."""

import operator
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfmigrate.emit.flat import Functional
from tfmigrate.emit.parameters import Parameters
from tfmigrate.emit.render import WIDTH
from tfmigrate.plan import Call, Input, Network, Output, Value

_OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "**": operator.pow, "<": operator.lt, "&": operator.and_, "@": operator.matmul,
}  # fmt: skip
_KERAS = SimpleNamespace(ops=SimpleNamespace(square=np.square, negative=np.negative))


def network(calls: list[Call], inputs: list[Value], outputs: list[Value]) -> Network:
    given = [Input(f"{n}:0", f"in_{n}", value) for n, value in enumerate(inputs)]
    return Network("f", "f", given, [Output(f"{n}:0", v) for n, v in enumerate(outputs)], calls)


def value(hint: str = "") -> Value:
    return Value((3, 3), "float32", hint)


def function_lines(body: Network, names: list[str]) -> list[str]:
    """The body of a function that computes a network."""
    return Functional(body, Parameters(body), False).function_lines(names)


def evaluated(body: Network, names: list[str], *arguments: np.ndarray) -> np.ndarray:
    """What the text of a function returns."""
    lines = function_lines(body, names)
    assert all(len(line) <= WIDTH for line in lines), lines
    text = "\n".join([f"def f({', '.join(names)}):", *lines])
    scope = {"keras": _KERAS}
    exec(compile(text, "f", "exec"), scope)
    return scope["f"](*arguments)


def in_turn(calls: list[Call], known: dict[int, np.ndarray], end: Value) -> np.ndarray:
    """What calls compute, one after the other."""
    for call in calls:
        given = [known[id(a)] if isinstance(a, Value) else a for a in call.arguments]
        function = _OPERATORS.get(str(call.function)) or getattr(
            _KERAS.ops, str(call.function).rpartition(".")[2]
        )
        known[id(call.outputs[0])] = function(*given)
    return known[id(end)]


@st.composite
def formulas(draw):
    """Calls of operators and functions, each of values that are there and of numbers."""
    inputs = [value("weight"), value("gradient")]
    there, calls = list(inputs), []
    for _ in range(draw(st.integers(1, 14))):
        made = value(draw(st.sampled_from(["", "mul", "a_long_name_of_a_scope_in_the_graph"])))
        one = st.sampled_from(there)
        function = draw(st.sampled_from(["+", "-", "*", "/", "keras.ops.square"]))
        arguments = [draw(one)]
        if function in _OPERATORS:
            arguments.append(draw(one | st.sampled_from([-1.0, 0.5, 2.0])))
            arguments = arguments[:: draw(st.sampled_from([1, -1]))]
        calls.append(Call(function, tuple(arguments), {}, (made,)))
        there.append(made)
    return calls, inputs, made


@given(formulas())
def test_a_nested_text_computes_what_the_calls_compute(made):
    calls, inputs, end = made
    rng = np.random.default_rng(0)
    given = [rng.normal(size=(3, 3)).astype(np.float32) for _ in inputs]
    with np.errstate(all="ignore"):
        now = evaluated(network(calls, inputs, [end]), ["weight", "gradient"], *given)
        known = {id(v): array for v, array in zip(inputs, given, strict=True)}
        np.testing.assert_array_equal(now, in_turn(calls, known, end))


@pytest.mark.parametrize("outer", ["-", "/", "**", "<", "&", "@"])
@pytest.mark.parametrize("inner", ["-", "/", "**"])
def test_brackets_stand_where_operators_need_them(outer, inner):
    """Comparisons do not chain, and powers go from the right."""
    kind = np.float64 if outer != "&" else np.int64
    if kind is np.int64:
        inner = {"-": "-", "/": "+", "**": "*"}[inner]
    a, b, c = value(), value(), value()
    for swapped in (False, True):
        part, end = value(), value()
        operands = (c, part) if swapped else (part, c)
        calls = [Call(inner, (a, b), {}, (part,)), Call(outer, operands, {}, (end,))]
        given = [np.arange(1, 10, dtype=kind).reshape(3, 3) % 3 + n for n in range(3)]
        with np.errstate(all="ignore"):
            now = evaluated(network(calls, [a, b, c], [end]), ["a", "b", "c"], *given)
            known = {id(v): array for v, array in zip((a, b, c), given, strict=True)}
            np.testing.assert_array_equal(now, in_turn(calls, known, end))


def test_what_is_used_twice_has_a_line():
    x, noise, twice, end = value(), value(), value("noisy"), value()
    calls = [
        Call("keras.random.normal", ((3, 3),), {}, (noise,)),
        Call("+", (x, noise), {}, (twice,)),
        Call("*", (twice, twice), {}, (end,)),
    ]
    assert function_lines(network(calls, [x], [end]), ["x_in"]) == [
        "    x = x_in + keras.random.normal((3, 3))",
        "    return x * x",
    ]


def test_no_call_overtakes_another():
    x, first, second, end = value(), value("first"), value("second"), value()
    calls = [
        Call("keras.random.normal", ((3, 3),), {}, (first,)),
        Call("keras.random.uniform", ((3, 3),), {}, (second,)),
        Call("-", (second, first), {}, (end,)),
    ]
    assert function_lines(network(calls, [x], [end]), ["x_in"]) == [
        "    x = keras.random.normal((3, 3))",
        "    return keras.random.uniform((3, 3)) - x",
    ]
