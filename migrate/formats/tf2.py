"""A TF2 object-based checkpoint, which ``tf.train.Checkpoint`` restores.

Such a checkpoint is a bundle with a graph of objects in it: a node a tracked object, an edge an
attribute's name (tensorflow/core/protobuf/trackable_object_graph.proto). A TF1 checkpoint knows
only names, so each variable can be reached in two ways, and code may use whichever it likes: by its
scopes as nested objects (``root.encoder.dense.kernel``), and flat, by its whole name as one
attribute of the root (``tf.train.Checkpoint(**{"encoder/dense/kernel": variable})``). Each node
also keeps the TF1 name as its full name, by which a TF1 Saver in TF2 restores it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..checkpoint.reader import OBJECT_GRAPH
from ..checkpoint.tensors import Fate, Progress, TensorSource
from ..checkpoint.wire import encode_varint
from ..checkpoint.writer import write_bundle, write_state
from .atomic import whole_folder
from .tf1 import BASENAME, tensors, unwritable

# tensorflow/python/checkpoint/trackable_view and trackable/base.py: how keys are made of paths.
_VALUE = "VARIABLE_VALUE"
_COUNTER = "save_counter"  # what tf.train.Checkpoint keeps beside the user's objects


def write(
    path: Path, source: TensorSource, *, force: bool = False, progress: Progress | None = None
) -> list[Fate]:
    """Writes a folder with ``model.ckpt.index``, its data and the ``checkpoint`` file.

    Args:
        path: the folder; ``tf.train.Checkpoint(…).restore(path / "model.ckpt")`` restores it.
        source: the tensors.
        force: replace such a folder that is there.
        progress: told of the bytes as they are written.

    Returns:
        One fate a tensor, in the source's order; the targets are keys of the checkpoint.

    Raises:
        UserError: ``path`` cannot be written, or a tensor cannot be read.
    """
    fates = {}
    for name, v in source.variables.items():
        if v.dtype in ("resource", "variant"):
            fates[name] = Fate(name, None, unwritable(v))
        elif name.startswith("\0") or name == OBJECT_GRAPH:
            fates[name] = Fate(name, None, "a key of a TF2 checkpoint cannot have this name")
        else:
            fates[name] = Fate(name, _key(name))
    kept = [(name, f.target) for name, f in fates.items() if f.target is not None]
    with whole_folder(path, force=force, ours="checkpoint") as folder:
        write_bundle(folder / BASENAME, _items(source, kept, progress))
        write_state(folder, BASENAME)
    return list(fates.values())


def _key(name: str) -> str:
    return f"{name.replace('.', '..')}/.ATTRIBUTES/{_VALUE}"


def _items(  # type: ignore[no-untyped-def]
    source: TensorSource, kept: list[tuple[str, str]], progress: Progress | None
):
    yield from tensors(source, iter(kept), progress)
    names = [name for name, _ in kept]
    if _COUNTER not in source.variables:
        yield _key(_COUNTER), np.int64(1)
        names.append(_COUNTER)
    yield OBJECT_GRAPH, np.array(_object_graph(names), object)


def _object_graph(names: Iterable[str]) -> bytes:
    """A TrackableObjectGraph: the tree of scopes, and the root's edges to every variable."""
    children: list[dict[str, int]] = [{}]  # of each node: local name → node
    variables: dict[int, str] = {}
    for name in names:
        node = 0
        for segment in name.split("/"):
            below = children[node].get(segment)
            if below is None:
                below = children[node][segment] = len(children)
                children.append({})
            node = below
        variables[node] = name
    for node, name in variables.items():
        children[0].setdefault(name, node)
    graph = bytearray()
    for node, edges in enumerate(children):
        data = b"".join(
            _field(1, b"\x08" + encode_varint(child) + _field(2, local.encode()))
            for local, child in edges.items()
        )
        if node in variables:
            name = variables[node]
            data += _field(
                2,
                _field(1, _VALUE.encode())
                + _field(2, name.encode())
                + _field(3, _key(name).encode()),
            )
        graph += _field(1, data)
    return bytes(graph)


def _field(number: int, data: bytes) -> bytes:
    """A length-delimited field of a message."""
    return bytes((number << 3 | 2,)) + encode_varint(len(data)) + data
