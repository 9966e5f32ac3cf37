"""A part of a graph without weights as a function in keras.ops: a loss or a learning rate."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..errors import UserError
from ..graph import extract, values_reach
from ..graph.nodes import Graph, Node, split_tensor
from ..graph.variables import VARIABLE_OPS
from ..plan import Call, Layer, Network, Value
from .losses import DETACHED
from .matching import build_plan
from .registry import UnsupportedError
from .view import View

# Layers that a function may make anew each time it is traced.
_WITHOUT_STATE = (
    "CRFLogLikelihood", "CTCLoss", "DynamicBroadcast", "DynamicFull", "DynamicPad",
    "DynamicRange", "DynamicReshape", "DynamicSegmentSum", "DynamicSlice", "DynamicTile", "Filled",
    "Flatten", "GatherNd", "Positions", "RepeatForBatch", "Reshape", "Resize", "SequenceMask",
    "Size",
)  # fmt: skip


def formula(
    graph: Graph, inputs: Sequence[str], output: str, fixed: Mapping[str, np.ndarray]
) -> Network | str:
    """A tensor computed from others, as a plan whose calls are functions, operators and layers
    without state.

    Args:
        inputs: tensors that are given.
        output: the tensor that is computed.
        fixed: names of nodes (variables, say) → values that they have here.

    Returns:
        What stands against it: operations without such a form, or layers with weights.
    """
    nodes = dict(graph.nodes)
    for name, value in fixed.items():
        attrs = {"value": value, "dtype": value.dtype.name, "_output_shapes": [value.shape]}
        nodes[name] = Node(name, "Const", attrs=attrs)
    for tensor in inputs:
        node = graph.node(tensor)
        if node.op in VARIABLE_OPS:
            nodes[node.name] = Node(node.name, "Placeholder", attrs=node.attrs)
    return formulas(replace(graph, nodes=nodes), inputs, [output])


def formulas(graph: Graph, inputs: Sequence[str], outputs: Sequence[str]) -> Network | str:
    """Several tensors computed from others; as :func:`formula` has it."""
    plan = Network("", "")
    try:
        part = extract(graph, inputs, outputs)
        build_plan(View(part.graph, part.inputs, [part.sources[o] for o in outputs], {}), plan)
    except UnsupportedError as error:
        return ", ".join(error.ops)
    except UserError as error:
        return str(error)
    calls = [(call, plain(call)) for call in plan.calls]
    layers = [call.function for call, made in calls if made is None]
    if layers or plan.weights:
        kinds = (layer.kind for layer in layers if isinstance(layer, Layer))
        return ", ".join(dict.fromkeys(kinds)) or "weights"
    plan.calls = [made for _, made in calls if made is not None]
    return plan


def detached(graph: Graph, tensors: Iterable[str], ends: Iterable[str]) -> Graph:
    """The graph with an operation of its own wherever gradients stop between ends and tensors.

    Everywhere else StopGradient changes nothing, and is passed over.
    """
    after = values_reach(graph, [split_tensor(tensor)[0] for tensor in tensors])
    between = {n.name: n for n in graph.ancestors(ends).values() if n.name in after}
    stops = [n for n in between.values() if n.op == "StopGradient"]
    changed = {n.name: replace(n, op=DETACHED) for n in stops if not _cancels(graph, n, between)}
    return replace(graph, nodes={**graph.nodes, **changed})


def _cancels(graph: Graph, stop: Node, between: Collection[str]) -> bool:
    """Whether gradients would be none in any case: of a mean in tf.nn.moments, and of the greatest
    number in reduce_logsumexp (tensorflow/python/ops/nn_impl.py and math_ops.py).
    """
    given = graph.node(stop.inputs[0])
    if given.op in ("Select", "SelectV2") and graph.node(given.inputs[0]).op == "IsFinite":
        return True
    # Only those of the network: the gradients of a mean are computed from it too.
    users = [user for user in graph.node_consumers(stop.name) if user.name in between]
    return given.op == "Mean" and all(
        user.op == "SquaredDifference" and given.inputs[0] in user.inputs for user in users
    )


def plain(call: Call) -> Call | None:
    """A call without a layer, or None where only a layer does it."""
    if not isinstance(call.function, Layer):
        return call
    kind, arguments = call.function.kind, call.function.arguments
    if kind == "Activation" and isinstance(arguments.get("activation"), str):
        # keras.ops.gelu is the approximation by default, and the activation is not.
        module = "activations" if arguments["activation"] == "gelu" else "ops"
        function = f"keras.{module}.{arguments['activation']}"
        return Call(function, call.arguments, {}, call.outputs)
    if kind == "Concatenate":
        axis = {"axis": -1 if arguments.get("axis") is None else arguments["axis"]}
        return Call("keras.ops.concatenate", call.arguments, axis, call.outputs)
    if kind == "LeakyReLU":
        slope = {"negative_slope": arguments["negative_slope"]}
        return Call("keras.ops.leaky_relu", call.arguments, slope, call.outputs)
    if kind == "Add" and call.arguments and isinstance(call.arguments[0], (list, tuple)):
        terms = call.arguments[0]
        if len(terms) == 2 and all(isinstance(term, Value) for term in terms):
            return Call("+", tuple(terms), {}, call.outputs)
    return call if kind in _WITHOUT_STATE else None
