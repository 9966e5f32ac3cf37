"""The model to verify: what the user points at, opened in a worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError, printable
from ..graph import Interface, split_tensor
from ..plan.names import identifier
from ..report.reading import read_report
from ..worker import Worker
from .correspondence import Pair


@dataclass(frozen=True)
class Subject:
    """Where a model lies.

    Attributes:
        path: a .keras file or a SavedModel folder; None for a model that only source makes.
        code: the model.py that the user pointed at, which is run; else None.
        report: the report.json beside it, as :func:`read_report` checks it; {} where there is none.
    """

    path: Path | None
    code: Path | None
    report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str | None:
        """The text of the model.py beside the model, which nobody has asked to run; or None."""
        if self.path is None or self.code is not None:
            return None
        try:
            return self.path.with_name("model.py").read_text(encoding="utf-8")
        except (OSError, ValueError):
            return None

    @property
    def folder(self) -> Path:
        """The folder where the model lies."""
        path = self.path or self.code
        assert path is not None
        return path.parent

    @property
    def pairs(self) -> list[Pair]:
        """Which layer stands for which tensor, as the conversion wrote it down."""
        count: dict[str, int] = {}
        found = []
        for entry in self.report.get("layers") or []:
            name, tensor = entry.get("name"), entry.get("tensor")
            if not name:
                continue
            number = count[name] = count.get(name, -1) + 1
            if tensor:
                found.append(Pair(name, number, tensor))
        return found


def find_subject(path: str | Path) -> Subject:
    """What a path stands for: a .keras file, an output folder, its model.py, or a SavedModel.

    Raises:
        UserError: it is none of these.
    """
    given = Path(path)
    if given.is_file() and given.suffix == ".py":
        weights = given.with_name("model.keras")
        return Subject(weights if weights.is_file() else None, given, read_report(given.parent))
    if given.is_file() and given.suffix == ".keras":
        return Subject(given, None, read_report(given.parent))
    if given.is_dir():
        if (given / "saved_model.pb").is_file():
            return Subject(given, None, read_report(given.parent))
        report = read_report(given)
        for name in ("model.keras", "saved_model"):
            if (given / name).exists():
                return Subject(given / name, None, report)
    problem = "there is no" if not given.exists() else "this is not a model:"
    raise UserError(
        f"{problem} {printable(path)}",
        expected="a .keras file, a folder of convert-ckpt, its model.py, or a SavedModel",
    )


class Model:
    """A model in a worker.

    Attributes:
        kind: "keras" or "saved_model".
        described: of a Keras model, each layer's ``name``, ``class``, ``config``, ``calls``.
        targets: of a Keras model, ``layer/variable`` → shape.
    """

    def __init__(self, worker: Worker, timeout: float | None, opened: Mapping[str, Any]):
        self._worker, self._timeout, self._opened = worker, timeout, opened
        self.kind = opened["kind"]
        self.described: list[dict[str, Any]] = []
        self.targets: dict[str, list[int]] = {}
        self._order: list[int] = []
        self._ends: dict[str, Sequence[str]] = {}
        if self.kind == "keras":
            found = self._call({"step": "describe"})[0]
            self.described, self.targets = found["layers"], found["weights"]

    @classmethod
    def open(
        cls,
        subject: Subject,
        worker: Worker,
        timeout: float | None,
        *,
        compiled: bool = False,
        source: str | None = None,
        trust: bool = False,
    ) -> Model:
        """Opens it; with its loss and optimizer if ``compiled``.

        Args:
            source: the text of a model.py that is run before, for the classes it registers.
            trust: a SavedModel is opened whatever it would do.

        Raises:
            UserError: Keras or TensorFlow cannot.
        """
        request = {
            "step": "open",
            "path": str(subject.path) if subject.path else None,
            "code": str(subject.code) if subject.code else None,
            "source": source,
            "compile": compiled,
            "trust": trust,
        }
        return cls(worker, timeout, worker.call("model", request, timeout=timeout).data)

    @classmethod
    def built(cls, worker: Worker, timeout: float | None) -> Model:
        """The model that the build job has just saved and opened in this worker."""
        return cls(worker, timeout, {"kind": "keras"})

    def bind(self, interface: Interface, report: Mapping[str, Any]) -> None:
        """Finds which input and output stands for which tensor.

        Raises:
            UserError: it cannot be told.
        """
        tensors = [given.tensor for given in interface.inputs]
        names = list(self._opened.get("inputs", tensors))
        if len(names) != len(tensors):
            raise UserError(
                f"the model has {len(names)} inputs, but the graph has {len(tensors)}: "
                f"{printable(', '.join(tensors))}",
                try_="--inputs with the tensors that correspond to the model's inputs",
            )
        self._order = _matched(tensors, names, report.get("inputs"))
        if self.kind == "saved_model":
            made = list(self._opened["outputs"])
            if len(made) != len(interface.outputs):
                raise UserError(
                    (
                        f"the model has {len(made)} outputs, but the graph has "
                        f"{len(interface.outputs)}"
                    ),
                    try_="--outputs with the tensors that correspond to the model's outputs",
                )
            order = _matched(list(interface.outputs), made, report.get("outputs"))
            places = {graph: model for model, graph in enumerate(order)}
            self._ends = {
                "inputs": names,
                "outputs": [made[places[index]] for index in range(len(made))],
            }

    def predict(self, given: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Its outputs, in the order of the interface, for inputs in that order."""
        return self._listed(self._call({"step": "predict", **self._ends}, self._inputs(given))[1])

    def export(
        self, kind: str, path: Path, given: Sequence[np.ndarray], sizes: str
    ) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Exports the model, opens the file and runs it, in a worker of a backend.

        Args:
            kind: the format.
            given: inputs; they say the sizes that are fixed.
            sizes: "open" as in the model, "batch" where only the batch size stays open, or "fixed".

        Returns:
            ``missing`` modules, what a library ``says`` that cannot, ``exporter`` and ``runtime``;
            and the outputs of the file.
        """
        request = {"step": "export", "format": kind, "path": str(path), "sizes": sizes}
        data, made = self._call(request, self._inputs(given))
        return data, self._listed(made)

    def exported(self, given: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs of the exported file, as :meth:`predict` gives those of the model."""
        return self._listed(self._call({"step": "exported"}, self._inputs(given))[1])

    @property
    def open_sizes(self) -> list[str]:
        """What can be open in an export from a worker of a backend, the most first.

        "open": nothing is fixed but what the model fixes; "batch"; "fixed": with a batch of one.
        """
        shapes = self._opened["shapes"]
        if not shapes or not all(shape and shape[0] is None for shape in shapes):
            return ["open"]
        others = any(None in shape[1:] for shape in shapes)
        return ["open", "batch", "fixed"] if others else ["open", "fixed"]

    def layers(
        self,
        given: Sequence[np.ndarray],
        pairs: Sequence[Pair] = (),
        changes: Mapping[str, Any] | None = None,
        weights: Mapping[str, np.ndarray] | None = None,
        *,
        wide: bool = False,
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """The outputs of layers, and of the model, with other configurations or weights.

        Args:
            changes: layer → what to put into its configuration.
            weights: ``layer/variable`` → what to put in its place.
            wide: all of it in float64.
        """
        arrays = self._inputs(given) | {f"weight:{t}": a for t, a in (weights or {}).items()}
        asked = [(pair.layer, pair.call) for pair in pairs]
        request = {"step": "layers", "layers": asked, "changes": changes or {}, "wide": wide}
        made = self._call(request, arrays)[1]
        return [made.pop(f"layer:{index}") for index in range(len(pairs))], self._listed(made)

    def weights(self, targets: Sequence[str]) -> dict[str, np.ndarray]:
        """The values of variables."""
        return self._call({"step": "weights", "targets": list(targets)})[1]

    def train(
        self,
        given: Sequence[np.ndarray],
        labels: Sequence[np.ndarray],
        weights: Mapping[int, np.ndarray],
        *,
        gradients: bool = False,
    ) -> tuple[float, dict[str, np.ndarray]]:
        """One step; gives the loss before it, and what was applied to each weight, by target.

        Args:
            labels: one for each output that has a loss.
            weights: number of an output → weights of the examples.
            gradients: whether these are asked for: clipped, as the optimizer takes them.

        Raises:
            UserError: the model is not compiled.
        """
        arrays = self._inputs(given)
        arrays |= {f"label:{index}": array for index, array in enumerate(labels)}
        arrays |= {f"weight:{output}": array for output, array in weights.items()}
        request = {"step": "train", "labels": len(labels), "gradients": gradients}
        data, made = self._call(request, arrays)
        return data["loss"], made

    @contextmanager
    def wide(self) -> Iterator[None]:
        """Lets a copy in float64 stand for the model, which trains from the model's first state.

        Raises:
            JobError: Keras cannot train it in float64.
        """
        self._call({"step": "wide"})
        try:
            yield
        finally:
            self._call({"step": "narrow"})

    @contextmanager
    def turn(self, function: str) -> Iterator[list[str]]:
        """Lets the model that a function of its source makes of it train, from its first state.

        Gives the targets of the weights in it.

        Raises:
            JobError: Keras cannot make it.
        """
        data, _ = self._call({"step": "turn", "function": function})
        order, self._order = self._order, list(range(len(self._order)))
        try:
            yield data["targets"]
        finally:
            self._order = order
            self._call({"step": "turn", "function": None})

    def set_rates(self, rates: Sequence[float | None]) -> None:
        """Sets the learning rate of each optimizer that the model's is made of, but for None."""
        self._call({"step": "rates", "rates": list(rates)})

    def slots(self, places: Mapping[str, tuple[int | None, str, str]]) -> dict[str, np.ndarray]:
        """The optimizer's variables: target → number of the optimizer, attribute, weight there."""
        return self._call({"step": "slots", "places": dict(places)})[1]

    def _inputs(self, given: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        order = self._order[: len(given)]
        return {str(index): given[place] for index, place in enumerate(order)}

    def _listed(self, made: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        return [made[str(index)] for index in range(len(made))]

    def _call(
        self, request: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        reply = self._worker.call("model", request, arrays, timeout=self._timeout)
        return reply.data, reply.arrays


def _matched(tensors: list[str], names: list[str], reported: Any) -> list[int]:
    """For each of the model's names, the place of its tensor."""
    if len(names) == 1:
        return [0]
    reported_names = {e["tensor"]: e.get("name") for e in reported or []}
    known: dict[str, str] = {}
    for tensor in tensors:
        name = reported_names.get(tensor)
        known[tensor] = name or identifier(split_tensor(tensor)[0], set(known.values()))
    by_name = {known[tensor]: place for place, tensor in enumerate(tensors)}
    if set(by_name) == set(names):
        return [by_name[name] for name in names]
    return list(range(len(names)))
