"""Vocabularies in a graph: tables whose keys are constants, and lookups in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..constants import static_value
from ..nodes import Graph, split_tensor
from ..variables import resolve
from .looking import SELECTS, node_of, only_value, plain

_FILLS = ("InitializeTable", "InitializeTableV2", "LookupTableImport", "LookupTableImportV2")


@dataclass(frozen=True)
class Vocabulary:
    """A table's keys, in the order of their numbers, and what fills it."""

    words: tuple[Any, ...]
    initializers: tuple[str, ...]

    def attrs(self, extra: int, default: int, absent: Any, missing: int) -> dict[str, Any]:
        """Of a ``ColumnLookup``."""
        return {
            "vocabulary": self.words,
            "extra": extra,
            "default": default,
            "absent": absent,
            "missing": missing,
        }


def find_vocabularies(graph: Graph) -> dict[str, Vocabulary]:
    """Tables whose contents are constants: keys numbered from 0."""
    found: dict[str, Vocabulary] = {}
    for node in graph.of(*_FILLS):
        if len(node.inputs) != 3:
            continue
        table = split_tensor(resolve(graph, node.inputs[0]))[0]
        keys, numbers = (static_value(graph, t) for t in node.inputs[1:])
        if keys is None or numbers is None or numbers.dtype.kind not in "iu":
            continue
        if keys.ndim == 1 and np.array_equal(numbers, np.arange(keys.size)):
            words = [plain(key) for key in keys]
            before = found[table].initializers if table in found else ()
            found[table] = Vocabulary(tuple(words), (*before, node.name))
    return found


def vocabulary_lookup(
    graph: Graph, vocabularies: Mapping[str, Vocabulary], tensor: str
) -> tuple[str, Vocabulary, int, int] | None:
    """What is looked up, in which vocabulary, with how many more buckets, else what."""
    node, extra = node_of(graph, tensor), 0
    if node.op in SELECTS:  # words that are not in it go to buckets behind it
        unequal, found, behind = (node_of(graph, t) for t in node.inputs)
        if unequal.op != "NotEqual" or behind.op not in ("Add", "AddV2"):
            return None
        hashes = [
            n
            for n in (node_of(graph, t) for t in behind.inputs)
            if n.op == "StringToHashBucketFast"
        ]
        if len(hashes) != 1:
            return None
        node, extra = found, int(hashes[0].attrs["num_buckets"])
    if node.op not in ("LookupTableFindV2", "LookupTableFind"):
        return None
    vocabulary = vocabularies.get(split_tensor(resolve(graph, node.inputs[0]))[0])
    default = only_value(graph, node.inputs[2])
    if vocabulary is None or default is None:
        return None
    return node.inputs[1], vocabulary, extra, int(default)
