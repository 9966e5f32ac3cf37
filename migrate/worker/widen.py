"""An original graph in float64: the same program, computed far more precisely than it was.

What differs between two float32 programs only by rounding agrees here; what still differs means
something else.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np


def widen(definition: Any) -> None:
    """Rewrites a GraphDef in place: every float32 type and constant becomes float64.

    Operations that exist in float32 alone are written out where that is short: batch normalization
    with given statistics. Others are left, and importing the graph says so.
    """
    from tensorflow.core.framework import types_pb2 as types
    from tensorflow.python.framework import tensor_util

    for node in list(definition.node):
        if node.op.startswith("FusedBatchNorm") and _is_inference(node):
            _write_out(definition, node)
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
# float32 whatever the array holds, which loops carry along.
_CARRY = ("Enter", "Merge", "Switch", "NextIteration", "Exit", "Identity")
_ORDER = re.compile(r"TensorArray(Write|Scatter|Split)?(V\d)?")


def _flows(definition: Any) -> set[str]:
    """The nodes that merely carry the order of a TensorArray's uses."""
    nodes = {node.name: node for node in definition.node}
    users: dict[str, list[str]] = {}
    for node in definition.node:
        for tensor in node.input:
            users.setdefault(tensor, []).append(node.name)
    waiting = []
    for node in definition.node:
        match = _ORDER.fullmatch(node.op)
        if match:
            waiting.append(node.name if match[1] else f"{node.name}:1")
    found: set[str] = set()
    while waiting:
        for name in users.get(waiting.pop(), ()):
            if nodes[name].op in _CARRY and name not in found:
                found.add(name)
                waiting += [name, f"{name}:1"]
    return found


def _is_inference(node: Any) -> bool:
    # Asking for an attribute that is not written would write it; the default is to train.
    last = "data_format" not in node.attr or node.attr["data_format"].s == b"NHWC"
    return last and "is_training" in node.attr and not node.attr["is_training"].b


def _write_out(definition: Any, node: Any) -> None:
    """(x - mean) * (rsqrt(variance + epsilon) * scale) + offset, channels last."""
    from tensorflow.core.framework import types_pb2 as types

    x, scale, offset, mean, variance = node.input[:5]
    epsilon = node.attr["epsilon"].f if "epsilon" in node.attr else 1e-4  # nn_ops.cc

    def add(suffix: str, op: str, *inputs: str) -> str:
        new = definition.node.add()
        new.name, new.op, new.input[:] = f"{node.name}/tfmigrate_{suffix}", op, inputs
        new.attr["T"].type = types.DT_FLOAT
        return new.name

    constant = definition.node.add()
    constant.name, constant.op = f"{node.name}/tfmigrate_epsilon", "Const"
    constant.attr["dtype"].type = types.DT_FLOAT
    constant.attr["value"].tensor.dtype = types.DT_FLOAT
    constant.attr["value"].tensor.tensor_shape.SetInParent()
    constant.attr["value"].tensor.float_val.append(epsilon)
    spread = add("rsqrt", "Rsqrt", add("spread", "AddV2", variance, constant.name))
    factor = add("factor", "Mul", spread, scale)
    scaled = add("scaled", "Mul", add("centered", "Sub", x, mean), factor)
    node.op, node.input[:] = "AddV2", [scaled, offset]
    node.ClearField("attr")
    node.attr["T"].type = types.DT_FLOAT
