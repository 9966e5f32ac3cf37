"""What parses serialized examples: its results become the inputs, sparse ones in dense form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..constants import static_value
from ..nodes import Graph, Node, SparseParts, split_tensor
from ..sources import PARSED
from ..variables import resolve


@dataclass
class Parsed:
    """The features of a graph's examples.

    Attributes:
        graph: with them as inputs.
        dense: tensor of a placeholder that was made → the sparse tensor it stands for.
        values: tensor of a sparse one's values → that of the placeholder.
        counted: placeholders of serialized examples.
    """

    graph: Graph
    dense: dict[str, SparseParts] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    counted: tuple[str, ...] = ()


def parsed_features(graph: Graph) -> Parsed:
    """The graph with parsed features, and sparse placeholders, as inputs."""
    parsed = Parsed(graph)
    nodes = dict(graph.nodes)
    for node in graph.of("ParseExample", "ParseExampleV2"):
        layout = _layout(graph, node)
        if layout is not None:
            _open_parser(graph, node, layout, nodes, parsed)
    for node in graph.of("Placeholder"):
        parts = _sparse_placeholder(graph, node)
        if parts is not None:
            name = node.name.removesuffix("/values")
            _add_dense(graph, nodes, parsed, name, parts, graph.dtype(parts.values))
    parsed.graph = replace(graph, nodes=nodes)
    return parsed


@dataclass(frozen=True)
class _Layout:
    """The names of a parser's features, its results' dtypes and shapes."""

    sparse: Sequence[str]
    dense: Sequence[str]
    sparse_types: Sequence[str]
    dense_types: Sequence[str]
    dense_shapes: Sequence[Any]


def _layout(graph: Graph, node: Node) -> _Layout | None:
    kinds = node.attrs.get("sparse_types") or []
    dense_kinds = node.attrs.get("Tdense") or []
    shapes = node.attrs.get("dense_shapes") or []
    if node.op == "ParseExample":
        names = [static_value(graph, t) for t in node.inputs[2 : 2 + len(kinds) + len(dense_kinds)]]
        if any(name is None for name in names):
            return None
        keys = [_text(name.reshape(-1)[0]) for name in names if name is not None]
        sparse, dense = keys[: len(kinds)], keys[len(kinds) :]
    else:
        if node.attrs.get("ragged_value_types"):
            return None
        lists = [static_value(graph, tensor) for tensor in node.inputs[2:4]]
        if any(names is None for names in lists):
            return None
        sparse, dense = (
            [_text(n) for n in names.reshape(-1)] for names in lists if names is not None
        )
    if (len(sparse), len(dense)) != (len(kinds), len(dense_kinds)) or len(shapes) != len(dense):
        return None
    return _Layout(sparse, dense, kinds, dense_kinds, shapes)


def _open_parser(
    graph: Graph, node: Node, layout: _Layout, nodes: dict[str, Node], parsed: Parsed
) -> None:
    count = len(layout.sparse)
    kinds = ["int64"] * count + [*layout.sparse_types] + ["int64"] * count + [*layout.dense_types]
    keys = [*layout.sparse] * 3 + [*layout.dense]
    shapes: list[Any] = [(None, 2)] * count + [(None,)] * count + [(2,)] * count
    shapes += [None if s is None else (None, *s) for s in layout.dense_shapes]
    attrs = {"dtypes": kinds, "keys": keys, "_output_shapes": shapes}
    nodes[node.name] = Node(node.name, PARSED, attrs=attrs)
    for index, key in enumerate(layout.sparse):
        indices, values, shape = (f"{node.name}:{index + count * part}" for part in range(3))
        parts = SparseParts(indices, values, shape, _absent(layout.sparse_types[index]))
        _add_dense(graph, nodes, parsed, key, parts, layout.sparse_types[index])
    # How many examples there are is asked of the features, not of what was parsed.
    serialized = resolve(graph, node.inputs[0])
    first = next(
        (i for i in range(3 * count, len(kinds)) if graph.consumers(f"{node.name}:{i}")), -1
    )
    given = f"{node.name}:{first}" if first >= 0 else None
    if given is None:
        given = next(
            (d for d, p in parsed.dense.items() if p.indices.startswith(f"{node.name}:")), None
        )
    asking = [n for n in graph.consumers(serialized) if n.op == "Shape"]
    parsed.counted += (serialized,)
    for user in asking if given is not None else ():
        _count_by(nodes, user, str(given))


def _count_by(nodes: dict[str, Node], user: Node, given: str) -> None:
    """Makes ``Shape`` of a vector of examples the first size of a feature."""
    sizes, start, one = (f"{user.name}/{part}" for part in ("of_feature", "begin", "size"))
    kind = user.attrs.get("out_type", "int32")
    nodes[sizes] = Node(sizes, "Shape", (given,), attrs={"out_type": kind})
    for name, number in ((start, 0), (one, 1)):
        value = np.array([number], np.int32)
        nodes[name] = Node(name, "Const", attrs={"value": value, "dtype": "int32"})
    inputs = (f"{sizes}:0", f"{start}:0", f"{one}:0")
    attrs = {"T": kind, "_output_shapes": [(1,)]}
    nodes[user.name] = Node(user.name, "Slice", inputs, attrs=attrs)


def _sparse_placeholder(graph: Graph, node: Node) -> SparseParts | None:
    """``tf.sparse_placeholder``, by the name of its values."""
    name, slash, last = node.name.rpartition("/")
    indices, shape = graph.get(f"{name}/indices"), graph.get(f"{name}/shape")
    if not slash or last != "values" or indices is None or shape is None:
        return None
    if indices.op != "Placeholder" or shape.op not in ("Placeholder", "Const"):
        return None
    absent = _absent(graph.dtype(f"{node.name}:0") or "")
    return SparseParts(f"{indices.name}:0", f"{node.name}:0", f"{shape.name}:0", absent)


def _absent(dtype: str) -> Any:
    """What a feature column takes for no value in a dense feature (feature_column_v2.py)."""
    return "" if dtype == "string" else -1 if dtype.startswith("int") else 0.0


def _add_dense(
    graph: Graph,
    nodes: dict[str, Node],
    parsed: Parsed,
    name: str,
    parts: SparseParts,
    dtype: str | None,
) -> None:
    while name in nodes or not name:
        name += "_dense"
    width = static_value(graph, parts.shape)
    columns = int(width.reshape(-1)[1]) if width is not None and width.size == 2 else None
    shape = (None, columns)
    attrs = {"dtype": dtype or "float32", "shape": shape, "_output_shapes": [shape]}
    nodes[name] = Node(name, "Placeholder", attrs=attrs)
    parsed.dense[f"{name}:0"] = parts
    parsed.values[parts.values] = f"{name}:0"


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


__all__ = ["PARSED", "Parsed", "parsed_features", "split_tensor"]
