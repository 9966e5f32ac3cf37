"""The source to inspect: a checkpoint, a graph, or both."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from ..checkpoint import Checkpoint, Variable, open_checkpoint
from ..errors import UserError, printable
from ..graph import Graph, find_frozen_weights, find_variables, read_graph
from ..graph.variables import GraphVariable
from .wording import listed

_GRAPH_FILES = (".meta", ".pb", ".pbtxt")


@dataclass
class Subject:
    """One source, opened.

    Attributes:
        path: as given.
        checkpoint: None where there are no variables on disk, or not all of their files.
        graph: None where there is none, or it cannot be read.
        graph_path: the file or folder the graph was read from.
        saved_model: whether it is a SavedModel.
        notes: how it was found.
        warnings: problems with the files.
    """

    path: Path
    checkpoint: Checkpoint | None = None
    graph: Graph | None = None
    graph_path: Path | None = None
    saved_model: bool = False
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def format(self) -> str:
        """ "v1", "v2", "tf2" (object-based), "saved_model", "frozen" or "graph"."""
        if self.saved_model:
            return "saved_model"
        if self.checkpoint is not None:
            return "tf2" if self.checkpoint.object_based else self.checkpoint.format
        return "frozen" if self.variables else "graph"

    @cached_property
    def graph_variables(self) -> Mapping[str, GraphVariable]:
        """The graph's variables by node name; empty without a graph."""
        return find_variables(self.graph) if self.graph is not None else {}

    @cached_property
    def variables(self) -> Mapping[str, Variable]:
        """The variables that have values: a checkpoint's variables, or the weights of a frozen
        graph."""
        if self.checkpoint is not None:
            return self.checkpoint.variables
        if self.graph is None or self.graph_variables:
            return {}
        found = {}
        for name, weight in find_frozen_weights(self.graph).items():
            value = self.graph.nodes[name].attrs["value"]
            found[name] = Variable(name, value.shape, weight.dtype, value.nbytes)
        return dict(sorted(found.items()))

    def chunks(self, name: str, chunk_bytes: int = 1 << 20) -> Iterator[np.ndarray]:
        """The values of one variable as flat pieces, in row-major order."""
        if self.checkpoint is not None:
            yield from self.checkpoint.read_flat_chunks(name, chunk_bytes)
        else:
            assert self.graph is not None
            yield self.graph.nodes[name].attrs["value"].reshape(-1)

    @cached_property
    def files(self) -> list[tuple[Path, int]]:
        """The files it consists of, and the size of each in bytes."""
        paths = list(self.checkpoint.files) if self.checkpoint is not None else []
        if self.graph_path is not None:
            inside = [self.graph_path / name for name in ("saved_model.pb", "saved_model.pbtxt")]
            paths += [p for p in inside if p.is_file()] or [self.graph_path]
        return [(path, path.stat().st_size) for path in paths]


def open_subject(source: str | os.PathLike[str]) -> Subject:
    """Open the source at a path.

    Args:
        source: a checkpoint prefix, any file of a checkpoint, a folder with one, a ``.meta``, a
            frozen ``.pb`` or ``.pbtxt``, or a SavedModel folder.

    Raises:
        UserError: the source does not exist, or is damaged. If data or index of a
            checkpoint are missing and the graph exists, the graph is shown instead.
    """
    path = Path(source)
    try:
        checkpoint = open_checkpoint(source)
    except UserError as error:
        return _without_values(path, error)
    left = _left_by_saves(checkpoint.path.parent)
    subject = Subject(path, checkpoint)
    subject.notes += [n for n in checkpoint.notes if not any(printable(name) in n for name in left)]
    if left:
        what = f"an interrupted save left {listed(left)} next to it"
        subject.warnings.append(f"{what}; the latest step may be missing")
    beside = checkpoint.saved_model or checkpoint.meta
    if beside is not None:
        subject.saved_model = checkpoint.saved_model is not None
        try:
            subject.graph, subject.graph_path = read_graph(beside), beside
        except UserError as error:
            subject.warnings.append(f"the graph next to it cannot be used: {error}")
    return subject


def _without_values(path: Path, error: UserError) -> Subject:
    """Only a graph; raises the error if there is no graph either."""
    if path.is_dir() and any(
        (path / f"saved_model{suffix}").is_file() for suffix in (".pb", ".pbtxt")
    ):
        if any((path / "variables").glob("*")):
            raise error
        return Subject(path, None, read_graph(path), path, saved_model=True)
    if path.suffix in (".pb", ".pbtxt") and path.is_file():
        return Subject(path, None, read_graph(path), path)
    prefix = str(path)
    for suffix in (".index", ".meta"):
        prefix = prefix.removesuffix(suffix)
    meta = Path(f"{prefix}.meta")
    if not meta.is_file():
        raise error
    folder, base = meta.parent, Path(prefix).name
    has_index = os.path.isfile(f"{prefix}.index")
    has_data = any(name.startswith(f"{base}.data-") for name in os.listdir(folder))
    if has_index and has_data:
        raise error  # damaged, not missing: nothing is guessed around damage
    lacking = "index and data" if not has_index and not has_data else "index"
    lacking = "data" if has_index else lacking
    return Subject(
        path,
        graph=read_graph(meta),
        graph_path=meta,
        warnings=[f"no weights: {printable(base)} lacks its {lacking}; only the graph is shown"],
    )


_LEFTOVER = re.compile(r"(?s).+\.index\.tempstate\d*|.+_temp_[0-9a-f]{32}")
_DATA = re.compile(r"(?s).+\.data-\d{5}-of-\d{5}")


def _left_by_saves(folder: Path) -> list[str]:
    """Names that only a Saver that was interrupted leaves behind."""
    with os.scandir(folder) as found:
        return sorted(
            e.name
            for e in found
            if _LEFTOVER.fullmatch(e.name)
            or (_DATA.fullmatch(e.name) and e.is_file() and e.stat().st_size == 0)
        )
