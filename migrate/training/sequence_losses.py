"""Losses of label sequences, CTC and CRF, as one operation each in place of all that they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..graph.constants import static_value
from ..graph.nodes import Graph, Node
from ..graph.sources import is_placeholder
from ..layers.losses import CRF, CTC
from ..plan.training import SparseLabels

# Attributes of CTCLoss with the values for which keras.ops.ctc_loss computes the same.
_CTC_RULES = {
    "preprocess_collapse_repeated": False,
    "ctc_merge_repeated": True,
    "ignore_longer_outputs_than_inputs": False,
}
_PASSED = ("Identity", "Switch", "RefSwitch", "Enter", "Cast", "StopGradient")


def with_sequence_losses(graph: Graph) -> tuple[Graph, list[SparseLabels]]:
    """A graph in which CTC and CRF losses are one operation each, and sparse labels dense rows.

    Returns:
        The graph, and the labels that stand under the name of their values as rows.
    """
    nodes, labels = dict[str, Node](), list[SparseLabels]()
    for node in graph.of("CTCLoss"):  # in CTCLossV2 the blank is class 0
        if found := _ctc(graph, node):
            made, sparse = found
            rows = replace(
                graph.node(sparse.values),
                attrs={**graph.node(sparse.values).attrs, "_output_shapes": [(None, None)]},
            )
            nodes |= {made.name: made, rows.name: rows}
            labels.append(sparse)
    if any(graph.of("LoopCond")):
        for node in graph.of("Sub"):
            likelihood = _crf(graph, node)
            if likelihood is not None:
                # TensorFlow 1 loses the rank in its cond: what follows is of the same shape.
                shapes = {"_output_shapes": likelihood.attrs["_output_shapes"]}
                alike = (replace(n, attrs={**n.attrs, **shapes}) for n in _alike(graph, node))
                nodes |= {each.name: each for each in (*alike, likelihood)}
    return (replace(graph, nodes={**graph.nodes, **nodes}) if nodes else graph), labels


def _ctc(graph: Graph, node: Node) -> tuple[Node, SparseLabels] | None:
    """``tf.nn.ctc_loss`` of a fed SparseTensor, with the rules that Keras has too."""
    logits, indices, values, lengths = node.inputs
    fed = [graph.get(tensor) for tensor in (indices, values)]
    if any(each is None or not is_placeholder(each) for each in fed):
        return None
    if any(node.attrs.get(name, usual) != usual for name, usual in _CTC_RULES.items()):
        return None
    inputs = (values, logits, lengths)
    made = replace(node, op=CTC, inputs=inputs, attrs=_of_batch(graph, logits))
    return made, SparseLabels(values, indices, lengths)


def _of_batch(graph: Graph, tensor: str) -> dict[str, object]:
    """The attributes of an operation that gives a number for each example."""
    return {"T": graph.dtype(tensor) or "float32", "_output_shapes": [(None,)]}


def _crf(graph: Graph, node: Node) -> Node | None:
    """``tf.contrib.crf.crf_log_likelihood``: the score of the tags less the log of the norm."""
    score, norm = node.inputs
    loops = [n for n in _within(graph, norm) if n.op == "TensorArrayScatterV3"]
    if len(loops) != 1:
        return None
    rest = _passed(graph, loops[0].inputs[2], "Transpose")
    if rest is None or rest.op != "Slice" or _constant(graph, rest.inputs[1]) != [0, 1, 0]:
        return None
    logits = _source(graph, rest.inputs[0])
    classes = (graph.shape(logits) or (None,))[-1]
    pairs = [n for n in _within(graph, norm) if n.op == "ExpandDims"]
    tables = {t for n in pairs if graph.shape(t := _source(graph, n.inputs[0])) == (classes,) * 2}
    lengths = {
        _source(graph, n.inputs[0])
        for n in _within(graph, norm)
        if n.op == "Sub" and _constant(graph, n.inputs[1]) == 1
    }
    tags = {
        _source(graph, n.inputs[0])
        for n in _within(graph, score)
        if n.op == "Slice" and _constant(graph, n.inputs[1]) == [0, 0]
    }
    tags = {t for t in tags if (graph.dtype(t) or "").startswith("int")}
    if classes is None or not len(tables) == len(lengths) == len(tags) == 1:
        return None
    inputs = (*tags, logits, *tables, *lengths)
    return replace(node, op=CRF, inputs=inputs, attrs=_of_batch(graph, logits))


def _alike(graph: Graph, node: Node) -> Iterator[Node]:
    """What is made of a node number by number, as far as only its sign changes."""
    waiting = [node]
    for each in waiting:
        found = [n for n in graph.node_consumers(each.name) if n.op in ("Identity", "Neg")]
        yield from found
        waiting += found


def _within(graph: Graph, tensor: str) -> Iterator[Node]:
    yield from graph.ancestors([tensor]).values()


def _passed(graph: Graph, tensor: str, *ops: str) -> Node | None:
    """What makes a tensor, behind operations that only move it."""
    node = graph.get(tensor)
    while node is not None and node.op in (*_PASSED, *ops):
        node = graph.get(node.inputs[0])
    return node


def _source(graph: Graph, tensor: str) -> str:
    """A tensor before what only passes it on."""
    node = graph.get(tensor)
    while node is not None and node.op in _PASSED and node.inputs:
        tensor = node.inputs[0]
        node = graph.get(tensor)
    return tensor


def _constant(graph: Graph, tensor: str) -> object:
    value = static_value(graph, tensor)
    return None if value is None else np.asarray(value).tolist()
