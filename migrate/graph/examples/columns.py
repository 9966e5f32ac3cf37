"""Feature columns folded: lookups in sparse tensors become lookups in dense ones.

``tf.feature_column`` makes a sparse tensor of every categorical feature, whatever it was before:
the values that are not ``""`` or -1, then hashes, vocabularies, crosses of these, and lookups that
sort and count what they find. All of it is the same computed with dense numbers, of which -1 means
no value. The operations made here, which no TensorFlow has, take and give such numbers:

=================  ===============================================================================
``ColumnHash``     x → buckets of ``num_buckets``
``ColumnLookup``   x → places in ``vocabulary``; others in one of ``extra`` buckets, or ``default``
``ColumnLimit``    numbers → the same, but ``default`` for those not below ``limit``
``ColumnCross``    one or more x → buckets of all their combinations
``ColumnRows``     numbers (and weights), tables → rows combined by ``combiner``
=================  ===============================================================================

``absent`` (for a cross ``absents``) is what means no value in x, or None where x has always one;
``missing`` is what means no value in what a vocabulary gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...errors import UserError
from ..nodes import Folded, Graph, Node, SparseParts, split_tensor
from ..variables import resolve
from .looking import GATHERS, SELECTS, node_of, only_value
from .lookups import COMBINERS, DIVISIONS, combined
from .parsed import Parsed, parsed_features
from .vocabularies import find_vocabularies, vocabulary_lookup

COLUMN_OPS = ("ColumnHash", "ColumnLookup", "ColumnLimit", "ColumnCross", "ColumnRows")
"""What feature columns become."""

_NAMES = {"ColumnHash": "hashed", "ColumnLookup": "known", "ColumnLimit": "limited"}
_SIGNS = ("SparseToDense", "SparseCross", "Bucketize", "SparseFillEmptyRows", "ParseExample",
    "ParseExampleV2", "SparseSegmentMean", "SparseSegmentSum", "SparseSegmentSqrtN",
    "LookupTableFindV2", "LookupTableFind", "StringToHashBucketFast")  # fmt: skip


@dataclass(frozen=True)
class _Column:
    """A sparse tensor's values in a dense tensor, and what in it means that there is none."""

    tensor: str
    absent: Any


def fold_columns(graph: Graph) -> Graph:
    """The graph with its feature columns folded; the same where it has none.

    Nodes whose value is now made in another way keep their name; nothing is removed. A damaged
    graph stays as it is: whoever computes with it says what is wrong.
    """
    if not any(True for _ in graph.of(*_SIGNS)):
        return graph
    try:
        return _folded(graph) if graph.order else graph  # which refuses circles
    except (UserError, LookupError, TypeError, ValueError, AttributeError, RecursionError):
        return graph


def _folded(graph: Graph) -> Graph:
    parsed = parsed_features(graph)
    folding = _Folding(parsed.graph, parsed)
    folding.run()
    nodes = folding.nodes
    if nodes == graph.nodes:
        return graph
    used = {t: p for t, p in parsed.dense.items() if t in folding.dense_used}
    made = frozenset(nodes.keys() - graph.nodes.keys())
    folded = Folded(graph, made, used, parsed.counted, tuple(folding.initializers))
    return replace(graph, nodes=nodes, folded=folded)


class _Folding:
    """One run over a graph."""

    def __init__(self, graph: Graph, parsed: Parsed):
        self.graph = graph
        self.nodes: dict[str, Node] = dict(graph.nodes)
        self.initializers: list[str] = []
        self.dense_used: set[str] = set()
        self._parsed = parsed
        self._columns: dict[tuple[str, bool], _Column | None] = {}
        self._vocabularies = find_vocabularies(self.graph)

    def run(self) -> None:
        """Rewrites every node that makes something dense of something sparse."""
        moved: dict[str, str] = {}
        for node in list(self.graph.nodes.values()):
            made = None
            if node.op == "SparseToDense":
                made = self._dense(node)
            elif node.op in SELECTS:
                made = self._safe_lookup(node) or self._dense_lookup(node)
            elif node.op in (*COMBINERS, "SegmentSum", *DIVISIONS):
                made = self._rows(node, f"{node.name}:0")
            elif node.op in ("LookupTableFindV2", "LookupTableFind"):
                made = self._dense_lookup(node)
            elif node.op == "StringToHashBucketFast":
                made = self._dense_hash(node)
            elif node.op == "SparseCross" and (column := self._column(f"{node.name}:1")):
                shape = self._made(
                    "Shape", node.name + "/dense_shape", [column.tensor], (2,), out_type="int64"
                )
                moved[f"{node.name}:2"] = shape
            elif node.op == "SparseReshape" and self._keeps_rows(node):
                moved[f"{node.name}:1"] = node.inputs[1]
            if made is not None:
                self.nodes[node.name] = made
        for tensor, parts in self._parsed.dense.items():
            if tensor in self.dense_used:
                shape = self._made("Shape", f"{split_tensor(tensor)[0]}/dense_shape", [tensor],
                    (2,), out_type="int64")  # fmt: skip
                moved[parts.shape] = shape
        made_names = self.nodes.keys() - self.graph.nodes.keys()
        for name, node in list(self.nodes.items()):
            if name not in made_names and any(t in moved for t in node.inputs):
                inputs = tuple(_last(moved, tensor) for tensor in node.inputs)
                self.nodes[name] = replace(node, inputs=inputs)

    def _keeps_rows(self, node: Node) -> bool:
        """Whether a sparse tensor is brought into rows of values, which a column's are already."""
        before, after = self.graph.shape(node.inputs[1]), self.graph.shape(f"{node.name}:1")
        return before == (2,) and after in ((2,), None)

    def _made(
        self,
        op: str,
        name: str,
        inputs: Sequence[str],
        shape: tuple[int | None, ...] | None,
        **attrs: Any,
    ) -> str:
        """Adds a node that the file does not have; gives its tensor."""
        free = name
        while free in self.nodes:
            free += "_"
        self.nodes[free] = Node(free, op, tuple(inputs), attrs={**attrs, "_output_shapes": [shape]})
        return f"{free}:0"

    def _shape(self, tensor: str) -> tuple[int | None, ...] | None:
        shapes = self.nodes[split_tensor(tensor)[0]].attrs.get("_output_shapes")
        known = self.graph.shape(tensor)
        return known if known is not None else (shapes[0] if isinstance(shapes, list) else None)

    # ---- what becomes dense

    def _dense(self, node: Node) -> Node | None:
        """``SparseToDense`` of a column: the numbers themselves."""
        column = self._column(node.inputs[2]) if len(node.inputs) > 3 else None
        if column is None or column.absent not in (only_value(self.graph, node.inputs[3]), None):
            return None
        return replace(node, op="Identity", inputs=(column.tensor,), control_inputs=())

    def _safe_lookup(self, node: Node) -> Node | None:
        """The end of ``safe_embedding_lookup_sparse``: zeros where an example has no value."""
        if len(node.inputs) != 3 or node_of(self.graph, node.inputs[1]).op != "ZerosLike":
            return None
        tile = node_of(self.graph, node.inputs[0])
        empty = node_of(self.graph, tile.inputs[0]) if tile.op == "Tile" else tile
        empty = node_of(self.graph, empty.inputs[0]) if empty.op == "Reshape" else empty
        if empty.op != "SparseFillEmptyRows":
            return None
        return self._rows(node, resolve(self.graph, node.inputs[2]))

    def _rows(self, node: Node, tensor: str) -> Node | None:
        """Rows of tables that are added up by example, in place of a node."""
        found = combined(self.graph, node_of(self.graph, tensor))
        if found is None:
            return None
        combiner, (tables, in_turn), ids, weights = found
        column = self._column(ids)
        factors = None if weights is None else self._column(weights)
        if not tables or column is None or (weights is not None and factors is None):
            return None
        more = [] if factors is None else [factors.tensor]
        inputs = (column.tensor, *more, *tables)
        attrs = {
            "combiner": combiner,
            "weighted": factors is not None,
            "in_turn": in_turn,
            "absent": column.absent,
            "dtype": self.graph.dtype(tables[0]) or "float32",
            "_output_shapes": [self.graph.shape(f"{node.name}:0")],
        }
        return Node(node.name, "ColumnRows", inputs, attrs=attrs)

    def _dense_lookup(self, node: Node) -> Node | None:
        """A vocabulary that a dense tensor is looked up in."""
        found = vocabulary_lookup(self.graph, self._vocabularies, f"{node.name}:0")
        if found is None:
            return None
        source, vocabulary, extra, default = found
        shape = self.graph.shape(source)
        if self._column(source) is not None or shape is None:
            return None
        self.initializers += vocabulary.initializers
        attrs = vocabulary.attrs(extra, default, None, -1)
        kept = {"_output_shapes": [self.graph.shape(f"{node.name}:0")], "dtype": "int64"}
        return Node(node.name, "ColumnLookup", (source,), attrs={**kept, **attrs})

    def _dense_hash(self, node: Node) -> Node | None:
        """Hashes of a dense tensor."""
        source = self._unwritten(node.inputs[0])
        if self._column(source) is not None or self.graph.shape(source) is None:
            return None
        attrs = {"num_buckets": node.attrs["num_buckets"], "absent": None, "dtype": "int64"}
        attrs["_output_shapes"] = [self.graph.shape(f"{node.name}:0")]
        return Node(node.name, "ColumnHash", (source,), attrs=attrs)

    # ---- columns

    def _column(self, values: str, *, distinct: bool = False) -> _Column | None:
        """The dense form of a sparse tensor's values.

        Args:
            distinct: a value that a vocabulary does not have is to differ from no value.
        """
        tensor = resolve(self.graph, values)
        key = tensor, distinct
        if key not in self._columns:
            self._columns[key] = None  # for a circle
            self._columns[key] = self._find_column(tensor, distinct)
        return self._columns[key]

    def _find_column(self, tensor: str, distinct: bool) -> _Column | None:
        if tensor in self._parsed.values:
            dense = self._parsed.values[tensor]
            self.dense_used.add(dense)
            return _Column(dense, self._parsed.dense[dense].absent)
        node = self.graph.get(tensor)
        if node is None or not node.inputs:
            return None
        if node.op == "GatherNd":
            return self._dropped(node)
        if node.op in GATHERS:  # of what is not negative, before a lookup
            where = node_of(self.graph, node.inputs[1])
            where = node_of(self.graph, where.inputs[0]) if where.op == "Reshape" else where
            return self._column(node.inputs[0], distinct=distinct) if where.op == "Where" else None
        if node.op == "SparseFillEmptyRows" and tensor.endswith(":1"):
            return self._column(node.inputs[1], distinct=distinct)
        if node.op == "Cast":
            kinds = [str(node.attrs.get(key, "")) for key in ("SrcT", "DstT")]
            whole = all(kind.startswith(("int", "uint")) for kind in kinds)
            if whole and (bucketized := self._bucketized(node)) is not None:
                return bucketized
            return self._column(node.inputs[0], distinct=distinct) if whole else None
        if node.op == "StringToHashBucketFast":
            return self._hashed(node)
        if node.op == "SparseCross" and tensor.endswith(":1"):
            return self._crossed(node)
        if node.op in (*SELECTS, "LookupTableFindV2", "LookupTableFind"):
            return self._looked_up(tensor, distinct) or self._limited(node)
        return self._bucketized(node)

    def _dropped(self, node: Node) -> _Column | None:
        """``GatherNd(x, Where(NotEqual(x, absent)))``."""
        where = node_of(self.graph, node.inputs[1])
        unequal = node_of(self.graph, where.inputs[0]) if where.op == "Where" else where
        if unequal.op != "NotEqual":
            return None
        absent = only_value(self.graph, unequal.inputs[1])
        same = resolve(self.graph, unequal.inputs[0]) == resolve(self.graph, node.inputs[0])
        shape = self.graph.shape(node.inputs[0])
        if absent is None or not same or shape is None or len(shape) != 2:
            return None
        return _Column(node.inputs[0], absent)

    def _unwritten(self, tensor: str) -> str:
        """The numbers behind words that are written numbers."""
        node = node_of(self.graph, tensor)
        kind = str(node.attrs.get("T", ""))
        return node.inputs[0] if node.op == "AsString" and kind.startswith("int") else tensor

    def _hashed(self, node: Node) -> _Column | None:
        column = self._column(self._unwritten(node.inputs[0]))
        if column is None:
            return None
        attrs = {"num_buckets": node.attrs["num_buckets"], "absent": column.absent}
        return self._numbers("ColumnHash", node, [column], attrs)

    def _numbers(
        self, op: str, node: Node, columns: Sequence[_Column], attrs: Mapping[str, Any]
    ) -> _Column:
        """A node of ours that gives numbers, of the shape of the first column."""
        tensors = [column.tensor for column in columns]
        shape = self._shape(tensors[0])
        name = f"{node.name.rpartition('/')[0] or node.name}/{_NAMES[op]}"
        made = self._made(op, name, tensors, shape, dtype="int64", **attrs)
        absent = None if attrs.get("absent") is None else -1
        return _Column(made, absent)

    def _looked_up(self, tensor: str, distinct: bool) -> _Column | None:
        found = vocabulary_lookup(self.graph, self._vocabularies, tensor)
        column = self._column(found[0]) if found is not None else None
        if found is None or column is None:
            return None
        _, vocabulary, extra, default = found
        self.initializers += vocabulary.initializers
        missing = -2 if distinct and column.absent is not None else -1
        attrs = vocabulary.attrs(extra, default, column.absent, missing)
        made = self._numbers("ColumnLookup", self.graph.node(tensor), [column], attrs)
        # What a vocabulary does not have is no value either, for a lookup and an indicator.
        return replace(made, absent=missing if column.absent is not None else made.absent)

    def _limited(self, node: Node) -> _Column | None:
        """Numbers beyond a limit replaced by a default one."""
        if node.op not in SELECTS:
            return None
        either = node_of(self.graph, node.inputs[0])
        column = self._column(node.inputs[2])
        if either.op != "LogicalOr" or column is None:
            return None
        below, beyond = (node_of(self.graph, t) for t in either.inputs)
        if below.op != "Less" or beyond.op != "GreaterEqual":
            return None
        limit = only_value(self.graph, beyond.inputs[1])
        default = self._filling(node.inputs[1])
        if only_value(self.graph, below.inputs[1]) != 0 or limit is None or default is None:
            return None
        attrs = {"limit": limit, "default": default, "absent": column.absent}
        return self._numbers("ColumnLimit", node, [column], attrs)

    def _filling(self, tensor: str) -> Any:
        node = node_of(self.graph, tensor)
        return only_value(self.graph, node.inputs[1] if node.op == "Fill" else tensor)

    def _bucketized(self, node: Node) -> _Column | None:
        """Buckets of a column's dimensions, one after the other: bucket + dimension · buckets."""
        while node.op == "Cast":
            node = node_of(self.graph, node.inputs[0])
        if node.op not in ("Add", "AddV2"):
            return None
        flat, offset = (node_of(self.graph, t) for t in node.inputs)
        buckets = node_of(self.graph, flat.inputs[0]) if flat.op == "Reshape" else flat
        if buckets.op != "Bucketize" or offset.op != "Mul":
            return None
        tensor = f"{buckets.name}:0"
        shape, count = self.graph.shape(tensor), only_value(self.graph, offset.inputs[0])
        if shape is None or len(shape) != 2 or shape[1] is None or count is None:
            return None
        if shape[1] > 1:
            offsets = np.arange(shape[1], dtype=np.int32) * int(count)
            value = self._made("Const", f"{node.name}/offsets", [], (shape[1],), value=offsets,
                dtype="int32")  # fmt: skip
            tensor = self._made("AddV2", f"{node.name}/dense", [tensor, value], shape, T="int32")
        return _Column(tensor, None)

    def _crossed(self, node: Node) -> _Column | None:
        """``SparseCross`` to hashes; sparse columns come first, in what it takes and crosses."""
        if not node.attrs.get("hashed_output"):
            return None
        count = len(node.attrs.get("sparse_types") or ())
        values, dense = node.inputs[count : 2 * count], node.inputs[3 * count :]
        columns = [self._column(tensor, distinct=True) for tensor in values]
        columns += [_Column(tensor, None) for tensor in dense]
        known = [column for column in columns if column is not None]
        shapes = [self._shape(column.tensor) for column in known]
        if len(known) < len(columns) or any(s is None or len(s) != 2 for s in shapes):
            return None
        width: int | None = 1
        for shape in shapes:
            size = shape[1] if shape is not None else None
            width = None if width is None or size is None else width * size
        attrs = {
            "num_buckets": node.attrs["num_buckets"],
            "hash_key": node.attrs["hash_key"],
            "absents": [column.absent for column in known],
            "dtype": "int64",
        }
        batch = shapes[0][0] if shapes[0] is not None else None
        name = f"{node.name.rpartition('/')[0] or node.name}/crossed"
        made = self._made("ColumnCross", name, [c.tensor for c in known], (batch, width), **attrs)
        always = all(column.absent is None for column in known)
        return _Column(made, None if always else -1)


def _last(moved: Mapping[str, str], tensor: str) -> str:
    """Where a tensor's value is, after all moves."""
    for _ in range(len(moved) + 1):
        if tensor not in moved:
            break
        tensor = moved[tensor]
    return tensor


__all__ = ["COLUMN_OPS", "SparseParts", "fold_columns"]
