"""Losses as the operations that they are made of."""

from __future__ import annotations

import numpy as np
from tfmigrate.graph import Graph, Node
from tfmigrate.graph.training.losses import read_loss, summands

ANY = (None,)


def node(name: str, op: str, *inputs: str, shape: object = ANY, **attrs: object) -> Node:
    return Node(name, op, inputs, attrs={"dtype": "float32", "_output_shapes": [shape], **attrs})


def number(name: str, value: float) -> Node:
    return node(name, "Const", shape=(), value=np.float32(value))


def graph_of(*nodes: Node) -> Graph:
    return Graph({n.name: n for n in nodes})


def learned(tensor: str) -> bool:
    return tensor in ("logits:0", "prediction:0")


NETWORK = (
    node("y", "Placeholder"),
    node("logits", "Placeholder", shape=(None, 10)),
    node("axes", "Const", shape=(1,), value=np.array([0], "int32"), dtype="int32"),
)


def test_a_deterministic_sparse_cross_entropy_is_one() -> None:
    # As TensorFlow 2 writes it after enable_op_determinism (nn_ops.py).
    graph = graph_of(
        *NETWORK,
        node("log", "LogSoftmax", "logits:0", shape=(None, 10)),
        number("axis", 1),
        node("gather", "GatherV2", "log:0", "y:0", "axis:0", batch_dims=1),
        node("negative", "Neg", "gather:0"),
        number("zero", 0),
        node("outside", "Less", "y:0", "zero:0"),
        node("nothing", "Fill", "axes:0", "zero:0"),
        node("each", "Select", "outside:0", "nothing:0", "negative:0"),
        node("loss", "Mean", "each:0", "axes:0", shape=()),
    )
    loss = read_loss(graph, "loss:0", learned)
    assert (loss.kind, loss.reduction) == ("sparse_softmax_cross_entropy", "mean")
    assert (loss.logits, loss.label_inputs) == ("logits:0", ("y:0",))


def test_a_mask_over_its_sum_weighs_a_mean() -> None:
    graph = graph_of(
        *NETWORK,
        node("mask", "Placeholder"),
        node("each", "SparseSoftmaxCrossEntropyWithLogits", "logits:0", "y:0"),
        node("masked", "Mul", "mask:0", "each:0"),
        node("total", "Sum", "masked:0", "axes:0", shape=()),
        node("count", "Sum", "mask:0", "axes:0", shape=()),
        number("tiny", 1e-12),
        node("divisor", "Add", "count:0", "tiny:0", shape=()),
        node("loss", "RealDiv", "total:0", "divisor:0", shape=()),
    )
    loss = read_loss(graph, "loss:0", learned)
    assert (loss.kind, loss.reduction) == ("sparse_softmax_cross_entropy", "weighted_mean")
    assert loss.weights == "mask:0"


def test_a_sum_over_the_size_of_the_batch_is_a_mean() -> None:
    graph = graph_of(
        *NETWORK,
        node("each", "SparseSoftmaxCrossEntropyWithLogits", "logits:0", "y:0"),
        node("total", "Sum", "each:0", "axes:0", shape=()),
        node("sizes", "Shape", "y:0", shape=(1,)),
        node("begin", "Const", shape=(1,), value=np.array([0], "int32"), dtype="int32"),
        node("size", "StridedSlice", "sizes:0", "begin:0", "begin:0", "begin:0", shape=()),
        node("count", "Cast", "size:0", shape=(), SrcT="int32", DstT="float32"),
        node("loss", "RealDiv", "total:0", "count:0", shape=()),
    )
    loss = read_loss(graph, "loss:0", learned)
    assert (loss.kind, loss.reduction) == ("sparse_softmax_cross_entropy", "mean")


def test_the_summands_of_a_loss_have_their_factors() -> None:
    graph = graph_of(
        *NETWORK,
        node("a", "Mean", "y:0", "axes:0", shape=()),
        node("b", "Sum", "y:0", "axes:0", shape=()),
        number("half", 0.5),
        node("halved", "Mul", "half:0", "b:0", shape=()),
        number("one", 1),
        node("rest", "Sub", "one:0", "halved:0", shape=()),
        node("loss", "AddN", "a:0", "rest:0", shape=()),
    )
    assert summands(graph, "loss:0") == [("a:0", 1.0), ("one:0", 1.0), ("b:0", -0.5)]
