"""The table of changed kernels is what both versions compute; which graphs a note is for.

``data/kernels.json`` was written by ``tests/tf115/kernels.py`` under TensorFlow 1.15.5.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tfmigrate.graph import Graph
from tfmigrate.graph.nodes import Node
from tfmigrate.verification.kernels import CHANGED, HINT, NEW, OLD, changed_in

STORED = Path(__file__).with_name("data") / "kernels.json"
SCRIPT = Path(__file__).parents[1] / "tf115" / "kernels.py"
CASES = [[row.code, list(row.x), list(row.y)] for row in CHANGED]


@cache
def computed(python: str) -> dict[str, Any]:
    run = subprocess.run(
        [python, str(SCRIPT)],
        input=json.dumps(CASES),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        env={**os.environ, "TF_USE_LEGACY_KERAS": "1"},
    )
    return json.loads(run.stdout)


def assert_same(found: list[list[float]], expected: list[tuple[float, ...]]) -> None:
    for row, one, other in zip(CHANGED, found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, err_msg=f"{row.code} of {row.x}")


def test_the_old_column_is_what_tensorflow_1_computed() -> None:
    stored = json.loads(STORED.read_text())
    assert stored["tensorflow"] == OLD
    assert json.dumps(stored["cases"]) == json.dumps(CASES), "write data/kernels.json again"
    assert_same(stored["values"], [row.old for row in CHANGED])


def test_the_new_column_is_what_tensorflow_computes_here() -> None:
    found = computed(sys.executable)
    assert found["tensorflow"].rpartition(".")[0] == NEW.rpartition(".")[0]
    assert_same(found["values"], [row.new for row in CHANGED])


def test_the_stored_values_are_those_of_tensorflow_1_here(tf1_python: str) -> None:
    found, stored = computed(tf1_python), json.loads(STORED.read_text())
    if found["tensorflow"] != OLD:
        pytest.skip(f"TFMIGRATE_TF1 has another version than {OLD}")
    assert_same(found["values"], stored["values"])


def test_every_row_differs() -> None:
    for row in CHANGED:
        assert not np.allclose(row.old, row.new, rtol=1e-3, equal_nan=True), row.code


def graph_of(*ops: str, **attrs: Any) -> Graph:
    """A chain of operations from a placeholder on."""
    nodes = [Node("x", "Placeholder")]
    for op in ops:
        nodes.append(Node(f"n{len(nodes)}", op, (f"{nodes[-1].name}:0",), attrs=attrs))
    return Graph({node.name: node for node in nodes})


@pytest.mark.parametrize(
    ("ops", "attrs", "training", "named"),
    [
        (("Sign",), {}, False, "Sign (NaN)"),
        (("Max", "Sqrt", "Rsqrt", "Exp", "Abs"), {}, True, None),  # in every network
        (("Max", "IsNan"), {}, False, "Max (NaN is ignored)"),
        (("FakeQuantWithMinMaxVars",), {"narrow_range": True}, False, "FakeQuantWithMinMaxVars ("),
        (("FakeQuantWithMinMaxVars",), {"narrow_range": False}, False, None),
        (("MatMul",), {"T": "float16"}, False, "MatMul (float16"),
        (("MatMul",), {"T": "float32"}, False, None),
        (("Cumprod",), {}, True, "Cumprod (gradient"),
        (("Cumprod",), {}, False, None),
    ],
)
def test_what_a_conversion_notes(
    ops: tuple[str, ...], attrs: dict[str, Any], training: bool, named: str | None
) -> None:
    graph = graph_of(*ops, **attrs)
    notes = changed_in(graph, [f"n{len(ops)}:0"], training=training)
    assert len(notes) == (named is not None)
    assert all(named is not None and named in note and HINT in note for note in notes)


def test_an_operation_that_the_outputs_do_not_need_is_not_noted() -> None:
    assert changed_in(graph_of("Relu", "Sign"), ["n1:0"], training=True) == []
