"""An original graph in float64: the same program, computed far more precisely than it was.

What differs between two float32 programs only by rounding agrees here; what still differs means
something else.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..graph import node_of


def widen(definition: Any) -> None:
    """Rewrites a GraphDef in place: every float32 type and constant becomes float64.

    Operations that exist in float32 alone are written out where that is short: fused batch
    normalization and its gradient. Others are left, and importing the graph says so.
    """
    from tensorflow.core.framework import types_pb2 as types
    from tensorflow.python.framework import tensor_util

    _write_out_normalization(definition)
    flows = _flows(definition)
    for node in definition.node:
        if node.name in flows:
            continue
        for value in node.attr.values():
            kind = value.WhichOneof("value")
            if kind == "type" and value.type == types.DT_FLOAT:
                value.type = types.DT_DOUBLE
            elif kind == "list":
                value.list.type[:] = [
                    types.DT_DOUBLE if t == types.DT_FLOAT else t for t in value.list.type
                ]
            elif kind == "tensor" and value.tensor.dtype == types.DT_FLOAT:
                wide = tensor_util.MakeNdarray(value.tensor).astype(np.float64)
                value.tensor.CopyFrom(tensor_util.make_tensor_proto(wide))


# A TensorArray's second output (TensorArrayV3), or only one (its writes), orders its uses: a
# float32 whatever the array holds, which loops carry along and their gradients add up.
_CARRY = ("Enter", "Merge", "Switch", "NextIteration", "Exit", "Identity", "Add", "AddV2", "AddN")
_ORDER = re.compile(r"TensorArray(Grad|Write|Scatter|Split)?(V\d)?")


def _flows(definition: Any) -> set[str]:
    """The nodes that merely carry the order of a TensorArray's uses."""
    nodes = {node.name: node for node in definition.node}
    users: dict[str, list[str]] = {}
    for node in definition.node:
        for tensor in node.input:
            users.setdefault(tensor, []).append(node.name)
    waiting: list[str] = []
    for node in definition.node:
        match = _ORDER.fullmatch(node.op)
        if match:
            second = match[1] in (None, "Grad")
            waiting += users.get(f"{node.name}:1" if second else node.name, ())
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in found or nodes[name].op not in (*_CARRY, "Const"):
            continue
        found.add(name)
        if nodes[name].op != "Const":  # the 0 that a sum starts from serves it alone
            waiting += [*users.get(name, ()), *users.get(f"{name}:1", ())]
            waiting += [node_of(t) for t in nodes[name].input if not t.startswith("^")]
    return found


def _write_out_normalization(definition: Any) -> None:
    """Puts single operations in the place of FusedBatchNorm and its gradient, channels last."""
    stands: dict[str, str] = {}  # result of an operation → what gives it now
    for node in list(definition.node):
        match = re.fullmatch(r"FusedBatchNorm(Grad)?(V\d)?", node.op)
        # Asking for an attribute that is not written would write it.
        last = "data_format" not in node.attr or node.attr["data_format"].s == b"NHWC"
        if match and last:
            stands |= (_gradient if match[1] else _normalized)(_Written(definition, node))
    for node in definition.node:
        node.input[:] = [stands.get(tensor, tensor) for tensor in node.input]


class _Written:
    """Operations on float32 that are added to a graph, beside one that they stand for."""

    def __init__(self, definition: Any, node: Any):
        self._definition, self.node = definition, node
        self.trains = "is_training" not in node.attr or node.attr["is_training"].b
        epsilon = node.attr["epsilon"].f if "epsilon" in node.attr else 1e-4  # nn_ops.cc
        self.epsilon = self.constant("epsilon", np.float32(epsilon))

    def constant(self, suffix: str, value: Any) -> str:
        """The name of a constant."""
        from tensorflow.python.framework import tensor_util

        proto = tensor_util.make_tensor_proto(value)
        new = self._new(suffix, "Const")
        new.attr["value"].tensor.CopyFrom(proto)
        new.attr["dtype"].type = proto.dtype
        return new.name

    def add(self, suffix: str, op: str, *inputs: str, **types: int) -> str:
        """The name of an operation on tensors."""
        from tensorflow.core.framework import types_pb2

        new = self._new(suffix, op, *inputs)
        for key, kind in {"T": types_pb2.DT_FLOAT, **types}.items():
            new.attr[key].type = kind
        return new.name

    def over_rows(self, suffix: str, op: str, tensor: str) -> str:
        """A mean or sum over all axes but the channels."""
        from tensorflow.core.framework import types_pb2

        axes = self.constant(f"{suffix}_axes", np.arange(3, dtype=np.int32))
        return self.add(suffix, op, tensor, axes, Tidx=types_pb2.DT_INT32)

    def become(self, op: str, *inputs: str) -> None:
        """Makes the operation itself another one, which gives its first result."""
        from tensorflow.core.framework import types_pb2

        waited = [tensor for tensor in self.node.input if tensor.startswith("^")]
        self.node.op, self.node.input[:] = op, [*inputs, *waited]
        self.node.ClearField("attr")
        self.node.attr["T"].type = types_pb2.DT_FLOAT

    def _new(self, suffix: str, op: str, *inputs: str) -> Any:
        new = self._definition.node.add()
        new.name, new.op = f"{self.node.name}/tfmigrate_{suffix}", op
        new.input[:] = inputs
        return new


def _normalized(w: _Written) -> dict[str, str]:
    """(x - mean) * (rsqrt(variance + epsilon) * scale) + offset."""
    x, scale, offset, mean, variance = w.node.input[:5]
    name, unbiased = w.node.name, variance
    if w.trains:
        mean = w.over_rows("mean", "Mean", x)
        squares = w.add("squares", "Square", w.add("from_mean", "Sub", x, mean))
        variance = w.over_rows("variance", "Mean", squares)
        ones = w.add("ones", "OnesLike", squares)
        count = w.over_rows("count", "Sum", ones)
        one = w.constant("one", np.float32(1))
        others = w.add("others", "Maximum", w.add("less", "Sub", count, one), one)
        total = w.over_rows("total", "Sum", squares)
        unbiased = w.add("unbiased", "RealDiv", total, others)
    spread = w.add("rsqrt", "Rsqrt", w.add("spread", "AddV2", variance, w.epsilon))
    factor = w.add("factor", "Mul", spread, scale)
    scaled = w.add("scaled", "Mul", w.add("centered", "Sub", x, mean), factor)
    w.become("AddV2", scaled, offset)
    results = [mean, unbiased, mean, variance, mean]  # the last: for the kernels of a GPU
    return {f"{name}:{index}": tensor for index, tensor in enumerate(results, 1)}


def _gradient(w: _Written) -> dict[str, str]:
    """That of x, scale and offset, by the gradient of the result and the statistics."""
    given, x, scale, mean, variance = w.node.input[:5]
    spread = w.add("rsqrt", "Rsqrt", w.add("spread", "AddV2", variance, w.epsilon))
    centered = w.add("centered", "Sub", x, mean)
    product = w.add("product", "Mul", given, centered)
    of_offset = w.over_rows("of_offset", "Sum", given)
    of_scale = w.add("of_scale", "Mul", w.over_rows("products", "Sum", product), spread)
    through = given
    if w.trains:
        through = w.add("less_mean", "Sub", given, w.over_rows("mean", "Mean", given))
        squared = w.add("square", "Square", spread)
        mean_product = w.over_rows("mean_product", "Mean", product)
        slope = w.add("slope", "Mul", squared, mean_product)
        through = w.add("through", "Sub", through, w.add("moved", "Mul", centered, slope))
    w.become("Mul", through, w.add("factor", "Mul", spread, scale))
    return {f"{w.node.name}:1": of_scale, f"{w.node.name}:2": of_offset}
