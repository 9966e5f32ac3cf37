"""Blocks and loops change the text alone: it makes the calls of the flat text, in its order."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cases import CaseOf
from hypothesis import given, settings
from hypothesis import strategies as st
from tfmigrate.emit import outline_of, source
from tfmigrate.graph.interface.interface import find_interface
from tfmigrate.layers.planning import inference_part, make_plan
from tfmigrate.plan import Call, Input, Layer, Output, Plan, Value
from tfmigrate.sources import open_source

from .tracing import Trace, same


class Maker:
    """A plan, call by call."""

    def __init__(self) -> None:
        self.x = self.value("image")
        self.mask = self.value("mask")
        self.calls: list[Call] = []

    def value(self, hint: str = "") -> Value:
        return Value((None, 8, 8, 4), "float32", hint)

    def layer(self, kind: str, name: str, *values: Any, **arguments: Any) -> Value:
        return self.call(Layer(name, kind, arguments, name.replace("_", "/")), *values)

    def call(self, function: Any, *values: Any, hint: str = "", **keywords: Any) -> Value:
        made = self.value(hint)
        self.calls.append(Call(function, values, keywords, (made,)))
        return made

    def plan(self, *results: Value) -> Plan:
        inputs = [Input("image:0", "image", self.x), Input("mask:0", "mask", self.mask)]
        outputs = [Output(f"y{i}:0", value) for i, value in enumerate(results)]
        return Plan("net", "model.ckpt", inputs, outputs, self.calls)


def convolution(maker: Maker, x: Value, name: str, filters: int, **more: Any) -> Value:
    """Convolution, normalization and activation."""
    x = maker.layer("Conv2D", f"{name}_conv", x, filters=filters, kernel_size=3, **more)
    x = maker.layer("BatchNormalization", f"{name}_bn", x, epsilon=0.001)
    return maker.layer("Activation", f"{name}_relu", x, activation="relu")


def unit(maker: Maker, x: Value, name: str, filters: int, strides: int = 1) -> Value:
    """A residual unit of a bottleneck."""
    more = {"strides": strides} if strides > 1 else {}
    short = x
    if strides > 1:
        short = maker.layer(
            "Conv2D", f"{name}_short", x, filters=4 * filters, kernel_size=1, **more
        )
    y = convolution(maker, x, f"{name}_a", filters, padding="same", **more)
    y = convolution(maker, y, f"{name}_b", 4 * filters, padding="same")
    return maker.layer("Add", f"{name}_add", [short, y])


def residual(*stages: int) -> Plan:
    """A residual network with so many units in its stages."""
    maker = Maker()
    x = convolution(maker, maker.x, "root", 16, strides=2)
    for stage, count in enumerate(stages, 1):
        for number in range(1, count + 1):
            strides = 2 if number == 1 else 1
            x = unit(maker, x, f"stage{stage}_unit{number}", 8 * 2**stage, strides)
    return maker.plan(maker.layer("Dense", "logits", x, units=10))


def encoder(layers: int) -> Plan:
    """Layers that take a mask, and a value that comes out of the second one."""
    maker = Maker()
    x = maker.layer("Dense", "embedding", maker.x, units=8)
    for number in range(layers):
        name = f"layer_{number}"
        parts = [maker.layer("Dense", f"{name}_{part}", x, units=8) for part in ("query", "key")]
        y = maker.call("keras.ops.matmul", *parts)
        y = maker.call("+", y, maker.mask)
        y = maker.layer("Activation", f"{name}_softmax", y, activation="softmax")
        for part in ("inner", "gate", "outer"):
            y = maker.layer("Dense", f"{name}_{part}", y, units=8)
        x = maker.layer("Add", f"{name}_add", [x, y])
    return maker.plan(x)


def defined(text: str) -> list[str]:
    return [n.name for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)]


def test_a_residual_network_is_a_loop_over_its_stages() -> None:
    text = source(residual(3, 3, 3))
    assert same(text, source(residual(3, 3, 3), style="flat"))
    body = text.partition("def build_model")[2]
    assert "for " in body
    assert len(text.splitlines()) < 70


@pytest.mark.parametrize(
    ("small", "large"), [(residual(3, 4, 6), residual(3, 8, 36)), (encoder(2), encoder(12))]
)
def test_depth_changes_numbers_and_not_the_text(small: Plan, large: Plan) -> None:
    assert same(source(large), source(large, style="flat"))
    few, many = source(small).splitlines(), source(large).splitlines()
    assert len(few) == len(many)
    assert sum(a != b for a, b in zip(few, many, strict=True)) <= 3


def test_sizes_that_are_multiples_are_written_so() -> None:
    assert "4 * filters" in source(residual(3, 3, 3))


def test_a_mask_is_passed_to_each_turn() -> None:
    text = source(encoder(4))
    assert "for i in range(4):" in text
    assert 'x = transformer_block(x, mask, name=f"layer_{i}")' in text


def transformer(layers: int) -> Plan:
    """Layers of attention, of values whose last axis has 4 numbers."""
    maker = Maker()
    x = maker.x
    for number in range(layers):
        name = f"layer_{number}"
        parts = [maker.layer("Dense", f"{name}_{part}", x, units=4) for part in "qkv"]
        y = maker.layer("DotProductAttention", f"{name}_attention", *parts, num_heads=2)
        x = maker.layer("Add", f"{name}_add", [x, y])
        y = maker.layer("Dense", f"{name}_inner", x, units=16)
        y = maker.call("keras.activations.gelu", y, approximate=True)
        y = maker.layer("Dense", f"{name}_outer", y, units=4)
        x = maker.layer("Add", f"{name}_outer_add", [x, y])
    return maker.plan(maker.layer("Dense", "logits", x, units=10))


def test_the_sizes_of_attention_are_arguments() -> None:
    text, flat = source(transformer(3)), source(transformer(3), style="flat")
    assert same(text, flat)
    built = next(n for n in ast.parse(text).body if getattr(n, "name", "") == "build_model")
    assert isinstance(built, ast.FunctionDef)
    names = [each.arg for each in built.args.args]
    defaults = dict(zip(names, map(ast.literal_eval, built.args.defaults), strict=True))
    assert defaults == {
        "hidden_size": 4, "num_heads": 2, "intermediate_size": 16, "logits_units": 10,
        "num_layers": 3,
    }  # fmt: skip
    given = {"hidden_size": 6, "num_heads": 3, "intermediate_size": 12}
    made = Trace(text, **given, num_layers=2).made
    assert len(made) == 2 * 8 + 1
    assert made == Trace(source(transformer(2), style="flat"), **given).made
    assert next(each for each in made if each[0] == "DotProductAttention")[1] == "(3,)"


def test_a_layer_that_is_called_again_and_again_is_made_once() -> None:
    maker = Maker()
    shared = [Layer(f"shared_{n}", "Dense", {"units": 8}, "shared") for n in range(9)]
    x = maker.x
    for _ in range(3):
        for layer in shared:
            x = maker.call(layer, x)
        x = maker.call("+", x, maker.mask)
    plan = maker.plan(x)
    text = source(plan)
    assert same(text, source(plan, style="flat"))
    assert text.count("keras.layers.Dense(") == 9
    assert "for _ in range(3):" in text


def test_rates_of_dropout_stay_arguments_and_are_passed_on() -> None:
    maker = Maker()
    x = maker.x
    for number in range(4):
        x = convolution(maker, x, f"part_{number}", 8)
        x = maker.layer("Dropout", f"part_{number}_dropout", x, rate=0.3)
    plan = maker.plan(x)
    text = source(plan)
    assert "def build_model(dropout_rate=0.3)" in text
    assert Trace(text, dropout_rate=0.7).made[-1][1] == "(0.7,)"
    assert same(text, source(plan, style="flat"))


def test_a_network_without_repetition_is_written_as_before() -> None:
    maker = Maker()
    x = maker.layer("Conv2D", "a", maker.x, filters=3, kernel_size=3)
    plan = maker.plan(maker.call("+", x, maker.mask))
    assert outline_of(plan) is None
    assert source(plan) == source(plan, style="flat")


@st.composite
def networks(draw: st.DrawFn) -> Plan:
    """Calls on earlier values, of few kinds and sizes: much of it occurs again."""
    maker = Maker()
    values, number = [maker.x, maker.mask], 0
    pattern = draw(
        st.lists(
            st.tuples(
                st.sampled_from(
                    ["conv", "bn", "relu", "add", "mul", "dense", "concat", "split", "attend"]
                ),
                st.integers(1, 4), st.integers(1, 6), st.booleans(),
            ),
            min_size=1, max_size=8,
        )
    )  # fmt: skip
    shared = Layer("shared", "Dense", {"units": 4})
    for turn in range(draw(st.integers(1, 6))):
        own = draw(st.booleans())  # another size in this turn
        for position, (kind, back, size, named) in enumerate(pattern):
            if draw(st.integers(0, 19)) == 0:
                continue
            number += 1
            x, other = values[-1], values[-min(back, len(values))]
            name = f"part{turn}_{kind}{position}" if named else f"odd_{number * 7 % 31}_{number}"
            if kind == "conv":
                more = {"strides": 2} if own and back > 2 else {}
                size = size * (turn + 1) if own else size
                y = maker.layer("Conv2D", name, x, filters=size, kernel_size=3, **more)
            elif kind == "bn":
                y = maker.layer("BatchNormalization", name if named else "", x)
            elif kind == "relu":
                y = maker.layer("Activation", name if named else "", x, activation="relu")
            elif kind == "add":
                y = maker.layer("Add", name, [x, other])
            elif kind == "mul":
                y = maker.call("*", x, 0.5 * size if own else other)
            elif kind == "dense":
                y = maker.call(shared, x)
            elif kind == "attend":
                x = maker.layer("Dense", f"{name}_query", x, units=4 * (size % 3 + 1))
                y = maker.layer("DotProductAttention", name, x, x, other, num_heads=2)
            elif kind == "concat":
                y = maker.call("keras.ops.concatenate", [x, other, maker.mask], axis=-1)
            else:
                parts = tuple(maker.value(f"half{i}") for i in range(2))
                maker.calls.append(Call("keras.ops.split", (x, 2), {"axis": -1}, parts))
                values.append(parts[0])
                y = parts[1]
            values.append(y)
    return maker.plan(values[-1], values[len(values) // 2])


@given(networks())
@settings(max_examples=300)
def test_any_network_makes_the_calls_of_its_flat_text(plan: Plan) -> None:
    assert same(source(plan), source(plan, style="flat"))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 5))
@settings(max_examples=30)
def test_networks_of_stages_make_the_calls_of_their_flat_text(
    stages: list[int], layers: int
) -> None:
    for plan in (residual(*stages), encoder(layers)):
        assert same(source(plan), source(plan, style="flat"))


def parts() -> st.SearchStrategy[Any]:
    """A network as it is thought: parts in parts, with their repetitions and their shortcuts."""
    leaves = st.sampled_from(["conv", "bn", "relu", "masked", "root", "around"])
    return st.recursive(
        leaves,
        lambda inner: st.tuples(
            st.sampled_from(["add", "concat", "plain"]),
            st.integers(1, 4),
            st.lists(inner, min_size=1, max_size=3),
        ),
        max_leaves=8,
    )


def build_part(
    maker: Maker, part: Any, values: tuple[Value, Value, Value], name: str, size: int
) -> Value:
    """The result of a part on what is before it, before the part around it, and at the start."""
    x, around, root = values
    if isinstance(part, tuple):
        ends, count, inner = part
        for turn in range(1, count + 1):
            before = x
            for number, one in enumerate(inner):
                scope = f"{name}_unit{turn}_{'abc'[number]}"
                x = build_part(maker, one, (x, before, root), scope, size * turn)
            if ends == "add":
                x = maker.layer("Add", f"{name}_unit{turn}_add", [before, x])
            elif ends == "concat":
                x = maker.call("keras.ops.concatenate", [x, around], axis=-1)
        return x
    if part == "conv":
        return maker.layer("Conv2D", f"{name}_conv", x, filters=size, kernel_size=3)
    if part == "bn":
        return maker.layer("BatchNormalization", f"{name}_bn", x)
    if part == "relu":
        return maker.layer("Activation", f"{name}_relu", x, activation="relu")
    other = {"masked": maker.mask, "root": root, "around": around}[part]
    return maker.call("*", x, other)


@given(parts(), parts())
@settings(max_examples=300)
def test_parts_in_parts_make_the_calls_of_their_flat_text(one: Any, other: Any) -> None:
    maker = Maker()
    x = build_part(maker, one, (maker.x, maker.x, maker.x), "one", 8)
    end = build_part(maker, other, (x, x, maker.x), "two", 4)
    plan = maker.plan(end, x)
    assert same(source(plan), source(plan, style="flat"))


@pytest.mark.parametrize("name", [
    "albert_shared_block", "attention_heads_by_split", "free_length_encoder", "inception_six",
    "residual_eight_equal", "residual_four_stages", "squeeze_excite",
])  # fmt: skip
def test_a_case_makes_the_calls_of_its_flat_text(name: str, case_of: CaseOf) -> None:
    opened = open_source(case_of(f"structure/{name}").source)
    assert opened.graph is not None
    interface = find_interface(opened.graph, saved=opened.recipes().keys())
    plan = make_plan(opened, interface, inference_part(opened, interface))
    text, flat = source(plan), source(plan, style="flat")
    assert same(text, flat)
    assert len(text.splitlines()) <= len(flat.splitlines())


def test_the_text_is_as_ruff_formats_it(tmp_path: Path) -> None:
    for number, plan in enumerate((residual(3, 4, 6), encoder(12), residual(2, 2))):
        (tmp_path / f"model_{number}.py").write_text(source(plan), encoding="utf-8")
    run = [sys.executable, "-m", "ruff", "format", "--check", "--diff", "--isolated", "--no-cache"]
    done = subprocess.run([*run, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_time_grows_with_the_network_and_not_with_its_square() -> None:
    def seconds(plan: Plan) -> float:
        start = time.process_time()
        outline_of(plan)
        return time.process_time() - start

    seconds(residual(30))
    assert seconds(residual(*[100] * 4)) < 40 * seconds(residual(*[10] * 4)) + 0.5
