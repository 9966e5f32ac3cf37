"""Placeholders that steer a network rather than feed it: dropout, training flags."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..constants import static_value
from ..nodes import Graph, Node
from ..training.optimizers import scalar
from ..variables import resolve

_TESTING = re.compile(r"(?i)(?:^|[/_])(?:is_?)?(?:test|testing|inference|infer|eval|determin)")
_KEEPING = re.compile(r"(?i)keep|(?:^|[/_])kp(?:$|_)|retain")
_DROPPING = re.compile(r"(?i)drop")
_MEETS_NOISE = ("Add", "AddV2", "GreaterEqual", "Less", "Greater", "LessEqual")
_LOOPS = ("While", "StatelessWhile")
_RANDOM = ("RandomUniform", "StatelessRandomUniform", "StatelessRandomUniformV2")


def inference_value(graph: Graph, node: Node, behind: Mapping[str, Node]) -> float | bool | None:
    """What a placeholder is fed for inference, or None where it is an input of the network.

    Args:
        behind: the nodes that the network's outputs depend on.
    """
    tensor = f"{node.name}:0"
    shape, dtype = graph.shape(tensor), graph.dtype(tensor)
    default = static_value(graph, tensor) if node.op == "PlaceholderWithDefault" else None
    if shape:  # one dimension or more
        return None
    if dtype == "bool":
        if _TESTING.search(node.name):
            return True
        named = re.search(r"(?i)train|phase|learn", node.name)
        return bool(default) if default is not None and not named else False
    if dtype in ("float32", "float64", "float16"):
        dropout = dropout_value(graph, tensor, behind)
        if dropout is not None:
            return dropout
        if _KEEPING.search(node.name):
            return 1.0
        if _DROPPING.search(node.name):
            # "dropout" alone is fed as keep_prob as often as not; structure said nothing.
            return 1.0 if "rate" not in node.name else 0.0
    if default is not None and default.shape == ():
        return default.item()
    return None


def dropout_value(graph: Graph, tensor: str, behind: Mapping[str, Node]) -> float | None:
    """1.0 for a keep probability, 0.0 for a dropout rate, as tf.nn.dropout uses it.

    Until 1.12 ``floor(keep_prob + random)``, since then ``random >= rate``; one may be computed
    from the other.
    """
    forms = {tensor: False}  # tensor → whether it is 1 minus the placeholder
    waiting = [tensor]
    while waiting:
        current = waiting.pop()
        for user in graph.consumers(current):
            if user.name not in behind:
                continue
            result = f"{user.name}:0"
            if user.op in ("Identity", "Switch", "Cast", "StopGradient", "Enter"):
                for index in (0, 1) if user.op == "Switch" else (0,):
                    if f"{user.name}:{index}" not in forms:
                        forms[f"{user.name}:{index}"] = forms[current]
                        waiting.append(f"{user.name}:{index}")
            elif user.op == "Sub" and user.inputs[1] == current and _is_one(graph, user):
                if result not in forms:
                    forms[result] = not forms[current]
                    waiting.append(result)
            elif user.op in _MEETS_NOISE and any(
                _is_random(graph, other) for other in user.inputs if other != current
            ):
                return float((user.op in ("Add", "AddV2")) != forms[current])
            elif user.op in _LOOPS:
                found = _value_in_body(graph, user, current)
                if found is not None:
                    return found if not forms[current] else 1.0 - found
    return None


def _is_one(graph: Graph, node: Node) -> bool:
    return scalar(graph, node.inputs[0]) == 1.0


def _value_in_body(graph: Graph, loop: Node, tensor: str) -> float | None:
    """What a tensor that a loop takes is fed, as the loop's body uses it."""
    body = graph.functions.get(str(loop.attrs.get("body")))
    if body is None or len(body.arguments) != len(loop.inputs):
        return None
    argument, _ = body.arguments[loop.inputs.index(tensor)]
    return dropout_value(body.graph, f"{argument}:0", body.graph.nodes)


def _is_random(graph: Graph, tensor: str) -> bool:
    """Whether a tensor is uniform noise: random_uniform scales what the operation draws."""
    for _ in range(6):
        node = graph.get(resolve(graph, tensor))
        if node is None or not node.inputs:
            return False
        if node.op in _RANDOM:
            return True
        if node.op not in ("Add", "AddV2", "Mul"):
            return False
        tensor = node.inputs[0]
    return False
