"""The source of a conversion: a checkpoint, a graph, or both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from .checkpoint import Checkpoint, Variable, open_checkpoint
from .checkpoint.roles import Role, guess_roles
from .checkpoint.tensors import Tensors, TensorSource
from .errors import UserError, printable
from .graph import (
    Graph,
    GraphVariable,
    find_frozen_weights,
    find_variables,
    fold_columns,
    read_graph,
    roles_from_graph,
)
from .plan import Recipe, variable


@dataclass
class Source:
    """One source, opened.

    Attributes:
        path: as the user gave it.
        format: "v1", "v2", "frozen" or "saved_model".
        checkpoint: None for a frozen graph.
        graph: None where there is no ``.meta``; its feature columns folded.
        graph_path: the file the graph was read from.
        prefer_averages: moving averages are used instead of the weights they average.
        trusted: whatever its graph would do, it may run.
    """

    path: Path
    format: str
    checkpoint: Checkpoint | None
    graph: Graph | None
    graph_path: Path | None
    prefer_averages: bool = False
    trusted: bool = False

    @property
    def name(self) -> str:
        """A name for the model and its folder."""
        name = self.path.name or self.path.parent.name or "model"
        for suffix in (".index", ".meta", ".ckpt", ".pb", ".pbtxt"):
            name = name.removesuffix(suffix)
        return name or "model"

    @property
    def title(self) -> str:
        """The name of the source in docstrings: its last part, not the folders of a machine."""
        return self.path.name or self.path.parent.name or str(self.path)

    @property
    def files(self) -> tuple[Path, ...]:
        """What it is read from."""
        stored = self.checkpoint.files if self.checkpoint is not None else ()
        return (*stored, *([self.graph_path] if self.graph_path is not None else []))

    @cached_property
    def roles(self) -> dict[str, str]:
        """Variable name → kind of role."""
        return {name: role.kind for name, role in self._roles.items()}

    @cached_property
    def _roles(self) -> dict[str, Role]:
        found = guess_roles(self._listed)
        if self.graph is not None and self.checkpoint is not None:
            found |= roles_from_graph(self.graph, self._listed)
        return found

    @cached_property
    def _listed(self) -> dict[str, Variable]:
        return {v.name: v for v in self.variables()}

    @cached_property
    def averages(self) -> dict[str, str]:
        """Variable → its moving average (shadow), where the source holds both in one shape."""
        found = {}
        for name, role in self._roles.items():
            if role.kind == "moving_average" and role.of is not None and role.of in self._listed:
                one, other = self._listed[name], self._listed[role.of]
                if (one.shape, one.dtype) == (other.shape, other.dtype):
                    found[role.of] = name
        return found

    def average_reasons(self) -> dict[str, str]:
        """Why of a weight and its moving average one is skipped: name → reason."""
        if self.prefer_averages:
            return dict.fromkeys(self.averages, "its moving average is used instead of it")
        return {
            average: f"a moving average of {printable(name)}; --ema prefer uses it instead"
            for name, average in self.averages.items()
        }

    def average_note(self) -> str | None:
        """Which were used, weights or their moving averages; None where there are no averages."""
        if not self.averages:
            return None
        if self.prefer_averages:
            return (
                f"The moving averages of {len(self.averages)} weights are used instead of "
                "the weights."
            )
        return (
            f"The checkpoint also has moving averages of {len(self.averages)} variables. The "
            "model uses the variables themselves; --ema prefer uses the averages."
        )

    def variables(self) -> list[Variable]:
        """All variables to account for: the checkpoint's variables, or a frozen graph's weights."""
        if self.checkpoint is not None:
            return list(self.checkpoint.variables.values())
        assert self.graph is not None
        found = []
        for weight in find_frozen_weights(self.graph).values():
            array = self._frozen(weight.name)
            found.append(Variable(weight.name, array.shape, weight.dtype, array.nbytes))
        return found

    @property
    def tensors(self) -> TensorSource:
        """Everything that has a fate, for writing and mapping."""
        if self.checkpoint is not None:
            return self.checkpoint
        return Tensors(self._listed, self.read)

    def read(self, name: str) -> np.ndarray:
        """A variable's values."""
        return self.checkpoint.read(name) if self.checkpoint is not None else self._frozen(name)

    def recipe(self, name: str) -> Recipe:
        """A variable as a weight: its moving average where that is preferred."""
        v = self._listed[name]
        return variable(self._chosen(name), v.shape, v.dtype)

    def read_weight(self, name: str) -> np.ndarray:
        """A variable's values as a weight: of its moving average where that is preferred."""
        return self.read(self._chosen(name))

    def _chosen(self, name: str) -> str:
        return self.averages.get(name, name) if self.prefer_averages else name

    def _frozen(self, name: str) -> np.ndarray:
        assert self.graph is not None
        return self.graph.nodes[name].attrs["value"]

    def recipes(self) -> dict[str, Recipe]:
        """Node name of each variable of the graph → its value from the checkpoint.

        Variables of the graph that the checkpoint does not hold are left out.
        """
        assert self.graph is not None
        frozen = {
            name: variable(name, self._frozen(name).shape, weight.dtype)
            for name, weight in find_frozen_weights(self.graph).items()
        }
        if self.checkpoint is None:
            return frozen
        stored = self.checkpoint.variables
        found = {}
        for name, graph_variable in find_variables(self.graph).items():
            if graph_variable.key in stored:
                found[name] = _part(self.recipe(graph_variable.key), graph_variable)
        return found

    def refuse_contradictions(self) -> None:
        """Refuses a checkpoint whose variables are not those of the graph beside it.

        A variable that only one of them holds contradicts nothing, nor does a size that the graph
        leaves open.

        Raises:
            UserError: naming every variable whose shape or dtype differs, with both.
        """
        if self.graph is None or self.checkpoint is None:
            return
        stored = self.checkpoint.variables
        found: dict[str, str] = {}
        for graph_variable in find_variables(self.graph).values():
            variable = stored.get(graph_variable.key)
            if variable is not None and (why := _contradiction(graph_variable, variable)):
                found.setdefault(variable.name, f"{printable(variable.name)} is {why}")
        if found:
            raise UserError(
                f"the checkpoint contradicts the graph next to it: {', '.join(found.values())}",
                expected="the checkpoint and the graph of one run of the program",
                try_="the .meta file that was saved with this checkpoint, or --to npz for "
                "only the variables",
            )


def _contradiction(graph_variable: GraphVariable, stored: Variable) -> str | None:
    """How shape and dtype differ between the graph and the checkpoint; None where they do not."""
    part = graph_variable.slice
    shape = graph_variable.shape if part is None else part.full_shape
    if shape == () and graph_variable.op == "Variable":
        shape = None  # the first TensorFlows wrote an unknown shape so, says its shape function
    fits = shape is None or (
        len(shape) == len(stored.shape)
        and all(size in (None, known) for size, known in zip(shape, stored.shape, strict=True))
    )
    differing = []
    if not fits:
        differing.append((str(list(shape or ())), str(list(stored.shape))))
    if graph_variable.dtype.removesuffix("_ref") != stored.dtype:
        differing.append((graph_variable.dtype, stored.dtype))
    if not differing:
        return None
    in_graph, in_checkpoint = (" of ".join(side) for side in zip(*differing, strict=True))
    return f"{in_graph} in the graph and {in_checkpoint} in the checkpoint"


def _part(whole: Recipe, graph_variable: GraphVariable) -> Recipe:
    """The part of a partitioned variable that one node of the graph holds."""
    part = graph_variable.slice
    if part is None or part.shape == whole.shape:
        return whole
    ranges = tuple(
        slice(start, start + size) for start, size in zip(part.offset, part.shape, strict=True)
    )
    return whole.then(f"partition at {list(part.offset)}", lambda a: a[ranges], shape=part.shape)


def open_source(path: str | Path) -> Source:
    """Opens the source at a path.

    Raises:
        UserError: the path does not exist, or is not a source that can be read.
    """
    given = Path(path)
    is_graph = given.is_file() and given.suffix in (".pb", ".pbtxt")
    if is_graph or (given / "saved_model.pb").is_file() or (given / "saved_model.pbtxt").is_file():
        return _open_graph(given)
    checkpoint = open_checkpoint(path)
    if checkpoint.object_based:
        raise UserError(
            f"{printable(path)} is an object-based checkpoint: tf.train.Checkpoint or "
            "save_weights of tf.keras wrote it, in TensorFlow 1.13 or later",
            expected="a checkpoint that tf.train.Saver wrote",
            try_="model.load_weights, or tf.train.Checkpoint(...).restore, in the program that "
            "builds the model",
        )
    graph = fold_columns(read_graph(checkpoint.meta)) if checkpoint.meta is not None else None
    return Source(Path(path), checkpoint.format, checkpoint, graph, checkpoint.meta)


def _open_graph(path: Path) -> Source:
    if path.is_file() and path.stem == "saved_model":
        path = path.parent
    graph = fold_columns(read_graph(path))
    if path.is_dir():
        has_variables = (path / "variables").is_dir() and any((path / "variables").iterdir())
        checkpoint = open_checkpoint(path) if has_variables else None
        return Source(path, "saved_model", checkpoint, graph, path)
    if find_variables(graph):
        raise UserError(
            f"{printable(path)} is not frozen: it does not contain the values of its variables",
            expected="a frozen graph",
            try_="the checkpoint that belongs to it",
        )
    return Source(path, "frozen", None, graph, path)
