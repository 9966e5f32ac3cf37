"""Channels before positions: one permutation on the way in, one on the way out, none between."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from tfmigrate.conversion.output import build_model
from tfmigrate.emit import source as emit_source
from tfmigrate.graph import Graph, Node
from tfmigrate.layers import View, build_plan
from tfmigrate.plan import Plan, variable
from tfmigrate.worker import Worker

from .networks import kinds

GENERATOR = np.random.default_rng(0)
KERNEL = GENERATOR.normal(size=(1, 1, 3, 4)).astype(np.float32)
BIAS = GENERATOR.normal(size=4).astype(np.float32)
NCHW: dict[str, Any] = {"data_format": "NCHW", "dtype": "float32"}
PADS = np.array([[0, 0], [0, 0], [0, 2], [1, 1]], np.int32)


def node(name: str, op: str, *inputs: str, shape: tuple[int | None, ...], **attrs: Any) -> Node:
    return Node(name, op, inputs, attrs={"dtype": "float32", "_output_shapes": [shape], **attrs})


def network() -> Graph:
    """1×1 convolution, bias, ReLU, zeros around, maxima of 2×2 and the mean, NCHW throughout."""
    nodes = [
        node("x", "Placeholder", shape=(None, 3, 4, 6)),
        node("kernel", "VariableV2", shape=(1, 1, 3, 4)),
        node("bias", "VariableV2", shape=(4,)),
        Node("pads", "Const", attrs={"value": PADS, "dtype": "int32"}),
        Node("axes", "Const", attrs={"value": np.array([2, 3], np.int32), "dtype": "int32"}),
        node("conv", "Conv2D", "x:0", "kernel:0", shape=(None, 4, 4, 6), strides=[1, 1, 1, 1],
             padding="VALID", **NCHW),
        node("biased", "BiasAdd", "conv:0", "bias:0", shape=(None, 4, 4, 6), **NCHW),
        node("relu", "Relu", "biased:0", shape=(None, 4, 4, 6)),
        node("padded", "Pad", "relu:0", "pads:0", shape=(None, 4, 6, 8)),
        node("pooled", "MaxPool", "padded:0", shape=(None, 4, 3, 4), ksize=[1, 1, 2, 2],
             strides=[1, 1, 2, 2], padding="VALID", **NCHW),
        node("mean", "Mean", "pooled:0", "axes:0", shape=(None, 4)),
    ]  # fmt: skip
    return Graph({n.name: n for n in nodes})


def planned(output: str) -> Plan:
    recipes = {
        "kernel": variable("kernel", KERNEL.shape, "float32"),
        "bias": variable("bias", BIAS.shape, "float32"),
    }
    plan = Plan("net", "here")
    build_plan(View(network(), ["x:0"], [output], recipes), plan)
    return plan


def expected(x: np.ndarray) -> np.ndarray:
    made = np.einsum("bihw,io->bohw", x, KERNEL[0, 0]) + BIAS[:, None, None]
    padded = np.pad(np.maximum(made, 0), PADS)
    batch, channels, height, width = padded.shape
    return padded.reshape(batch, channels, height // 2, 2, width // 2, 2).max((3, 5))


def test_permutations_between_layers_cancel(keras_worker: Worker, tmp_path: Path) -> None:
    plan = planned("pooled:0")
    assert kinds(plan) == ["Permute", "Conv2D", "MaxPooling2D", "Permute"]
    assert [c.function for c in plan.calls if isinstance(c.function, str)] == ["keras.ops.pad"]
    x = GENERATOR.normal(size=(5, 3, 4, 6)).astype(np.float32)
    stored: Any = SimpleNamespace(read={"kernel": KERNEL, "bias": BIAS}.__getitem__)
    text = emit_source(plan)
    build_model(keras_worker, plan, stored, text, tmp_path / "model.keras", 60)
    made = keras_worker.call("build", {"step": "predict"}, {"0": x}, timeout=60).arrays["0"]
    np.testing.assert_allclose(made, expected(x), rtol=1e-5, atol=1e-5)


def test_a_mean_over_positions_needs_no_permutation_back() -> None:
    assert kinds(planned("mean:0")) == [
        "Permute", "Conv2D", "MaxPooling2D", "GlobalAveragePooling2D",
    ]  # fmt: skip
