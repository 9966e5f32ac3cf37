"""From a converted model back to the variables of its TensorFlow 1 source, trained on or not."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..emit import source as emit_source
from ..errors import UserError, listed, printable
from ..formats import Tensors, whole_folder, write_formats
from ..formats.keras_file import KerasFile
from ..graph import reported_inputs
from ..layers.planning import find_inference, make_plan
from ..plan import Plan, Weight
from ..plan.batch import keeps_batch
from ..plan.inverse import Make, NoInverseError, changed_elements, same_bits
from ..plan.recipe import Read, constant
from ..plan.training import Slot
from ..report.reading import read_report
from ..sources import Source, open_source
from ..training import carry_training, counted_on
from ..worker import Worker
from ..worker.events import Event, stage
from .output import build_model
from .report import variables_report, write_report

_ITERATION = "iteration of optimizer "
_MATCHING = 1e-6  # of an array's largest number: what two roundings in float32 may differ by


@dataclass
class WayBack:
    """The source of a conversion, opened again.

    Attributes:
        path: the ``.keras`` or ``.weights.h5`` file that goes back.
        source: the TensorFlow 1 source that was converted.
        report: the content of the conversion's report.json; {} where there is none.
        timeout: seconds without a sign of life after which a worker is ended.
        tell: is told of the progress.
    """

    path: Path
    source: Source
    report: Mapping[str, Any]
    timeout: float
    tell: Event
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def write(
        self, folder: Path, to: tuple[str, ...], *, force: bool, dry_run: bool
    ) -> dict[str, Any]:
        """Writes every variable of the source with the values of the model; gives the report.

        Raises:
            UserError: the model is not a conversion of this source, or holds values that the
                source's variables cannot have.
        """
        self.tell({"stage": "planning"})
        with Worker("graph", writable=()) as graph_worker, Worker("Keras") as keras_worker:
            plan = self._plan(graph_worker)
            self.tell({"stage": "building"})
            places, kept = self._places(plan, keras_worker)
        with KerasFile(self.path, stored=True) as file:
            changed = self._changed(plan, file, places, kept)
        tensors = Tensors(
            {v.name: v for v in self.source.variables()},
            lambda name: changed[name] if name in changed else self.source.read(name),
        )
        if dry_run:
            return self._report(None, to)
        size = sum(v.nbytes for v in tensors.variables.values()) * len(to)
        with whole_folder(folder, force=force, size=size) as room:
            progress = stage(self.tell, "writing", size)
            written = write_formats(tensors, room, to, roles=self.source.roles, progress=progress)
            report = self._report(written, to)
            write_report(room, report)
        return report

    def _report(self, written: Any, to: tuple[str, ...]) -> dict[str, Any]:
        report = variables_report(self.source, written, to, self.notes)
        report["source"] = {"path": str(self.path), "format": "keras", "tensorflow_version": None}
        report["parity"]["reason"] = "the weights were converted, but no model was run"
        report["warnings"] = self.warnings
        return report

    def _plan(self, worker: Worker) -> Plan:
        """The plan as the conversion made it: with the same inputs, outputs and feeds."""
        report, source = self.report, self.source
        assert source.graph is not None
        inputs = reported_inputs(source.graph, report) or None
        outputs = [each["tensor"] for each in report.get("outputs") or ()] or None
        source.prefer_averages = any(
            v["role"] == "moving_average" and v["fate"] == "converted" and not _of_optimizer(v)
            for v in report.get("variables") or ()
        )
        interface, inference = find_inference(
            source,
            inputs,
            outputs,
            report.get("asked") or None,
            worker,
            timeout=self.timeout,
        )
        plan = make_plan(source, interface, inference, keep_batch=keeps_batch(report))
        if not report or report.get("training") is not None:
            assert source.graph is not None
            carry_training(source.graph, plan, source.recipes(), source.read)
        return plan

    def _places(self, plan: Plan, worker: Worker) -> tuple[dict[str, str], dict[str, Any]]:
        """Where a file of this model holds each weight and slot, found by a model full of marks.

        Returns:
            target → place in the file; and of the optimizer: its class, and place → shape.
        """
        marks: dict[str, np.ndarray] = {}

        def mark(target: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
            marks[target] = np.full(shape, _mark(len(marks) + 1, np.dtype(dtype)))
            return marks[target]

        weights = []
        for weight in plan.weights:
            made = weight.recipe.make(self.source.read)
            array = mark(weight.target, made.shape, made.dtype)
            weights.append(Weight(weight.target, constant(array)))
        marked = replace(plan, weights=weights)
        if (training := plan.training) is not None:
            slots = []
            for slot in training.slots:
                made = slot.make(self.source.read)
                array = mark(slot.target, made.shape, made.dtype)
                slots.append(replace(slot, recipe=constant(array), sources={}, scale=1.0))
            counts = [
                int(mark(f"{_ITERATION}{number}", (), np.int64))
                for number in range(len(training.iterations))
            ]
            marked.training = replace(training, slots=slots, iterations=counts)
        text = emit_source(plan)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            build_model(worker, marked, self.source, text, path, self.timeout)
            with KerasFile(path, stored=True) as file:
                shapes = {n: v.shape for n, v in file.variables.items() if _in_optimizer(n)}
                return _found(marks, file), {"class": file.optimizer, "shapes": shapes}

    def _changed(
        self, plan: Plan, file: KerasFile, places: Mapping[str, str], kept: Mapping[str, Any]
    ) -> dict[str, np.ndarray]:
        """The variables of the source that the model has other values of."""
        read, training = self.source.read, plan.training
        wanted = {places[weight.target] for weight in plan.weights}
        if absent := sorted(wanted - file.variables.keys()):
            raise UserError(
                f"{printable(self.path)} is not a conversion of {printable(self.source.path)}: it "
                f"lacks {listed([printable(name) for name in absent])}",
                expected="the converted model with the same layers, trained on or not",
                try_="--map FILE, for a model of your own",
            )
        parts = [
            _Part(weight.target, weight.recipe.make, weight.recipe.shapes)
            for weight in plan.weights
        ]
        state, counted = list[_Part](), dict[str, np.ndarray]()
        if training is not None and self._same_optimizer(file, kept):
            state = [_part_of_slot(slot) for slot in training.slots]
            iterations = [
                int(file.read(places[f"{_ITERATION}{number}"]))
                for number in range(len(training.iterations))
            ]
            assert self.source.graph is not None
            counted, unknown = counted_on(
                self.source.graph, training, self.source.recipes(), read, iterations
            )
            if unknown:
                self.warnings.append(
                    f"{listed([printable(name) for name in unknown])} cannot be computed from the "
                    "optimizer's iterations; the values of the source are kept."
                )
        found = _inverted([*parts, *state], lambda part: file.read(places[part.target]), read)
        carried = {name for part in (*parts, *state) for name in part.sources} | set(counted)
        if training is not None:
            carried |= training.targets.keys()
            carried |= {n for n, why in training.reasons.items() if "iterations" in why}
        if rest := [v.name for v in self.source.variables() if v.name not in carried]:
            names = listed([printable(name) for name in rest])
            self.notes.append(f"The model does not contain {names}: copied from the source.")
        return found | counted

    def _same_optimizer(self, file: KerasFile, kept: Mapping[str, Any]) -> bool:
        """Whether the file holds the optimizer's state as the conversion laid it out."""
        shapes = {n: v.shape for n, v in file.variables.items() if _in_optimizer(n)}
        same_class = file.optimizer in (None, kept["class"])
        if same_class and shapes == kept["shapes"]:
            return True
        what = "no optimizer" if not shapes else "another optimizer, or trains other weights"
        self.warnings.append(
            f"The model has {what}: the slots, the step and the powers of beta are those of the "
            "source."
        )
        return False


@dataclass(frozen=True)
class _Part:
    """One array of the model: how it is made of variables, and their shapes."""

    target: str
    make: Make
    sources: Mapping[str, tuple[int, ...]]


def open_way_back(
    path: Path, like: str | Path | None, *, timeout: float, tell: Event, trust: bool
) -> WayBack | None:
    """The source of the conversion that made a file of Keras; None where it is not needed.

    Args:
        like: where the source is; None: the report.json beside the file says it.

    Raises:
        UserError: the source is not found, though the report alone does not lead back.
    """
    report = read_report(path.parent)
    of_graph = report.get("outcome") == "keras" and "layers" in report
    if like is None and not of_graph:
        return None
    try:
        source = open_source(like) if like is not None else _source_of(report, path.parent)
    except UserError as error:
        if like is not None:
            raise
        if _untouched(report):
            return None
        raise UserError(
            f"the source of {printable(path)} is needed to convert it back, and cannot be opened: "
            f"{error.problem}",
            expected=f"{printable(report['source']['path'])}, which report.json names",
            try_="--like SOURCE, where it is now",
        ) from None
    if source.graph is None or source.checkpoint is None:
        if like is None:
            return None
        raise UserError(
            f"{printable(like)} has no graph with a checkpoint",
            expected="the source that was converted",
            try_="--map FILE, the map of the conversion with its steps",
        )
    source.trusted = trust
    return WayBack(path, source, report if of_graph else {}, timeout, tell)


def _source_of(report: Mapping[str, Any], folder: Path) -> Source:
    """The source that a report names: by its path here, or from the report's folder."""
    named = Path(report["source"]["path"])
    for place in (named, folder / named, folder / named.name, folder.parent / named.name):
        with suppress(UserError):
            return open_source(place)
    return open_source(named)


def _untouched(report: Mapping[str, Any]) -> bool:
    converted = [v for v in report.get("variables") or () if v.get("fate") == "converted"]
    return bool(converted) and all(v.get("untouched") for v in converted)


def _of_optimizer(variable: Mapping[str, Any]) -> bool:
    """Whether an entry of a report went into the optimizer rather than into a layer."""
    return "optimizer" in str(variable.get("target"))


def _in_optimizer(place: str) -> bool:
    return place.startswith("optimizer/")


def _mark(number: int, dtype: np.dtype) -> Any:
    """A value of a dtype that no other number gives: of floats, the number-th above 1."""
    if dtype.kind in "iub":
        return np.asarray(number).astype(dtype)
    bits = np.asarray(1, dtype).view(f"u{dtype.itemsize}") + np.asarray(
        number, f"u{dtype.itemsize}"
    )
    return bits.view(dtype)


def _found(marks: Mapping[str, np.ndarray], file: KerasFile) -> dict[str, str]:
    """target → place of the array that holds its mark."""
    found: dict[str, str] = {}
    stored = {name: file.read(name) for name in file.variables}
    for target, array in marks.items():
        counts = target.startswith(_ITERATION)
        of_optimizer = counts or target.startswith("optimizer/")
        places = [
            name
            for name, values in stored.items()
            if _in_optimizer(name) == of_optimizer
            and same_bits(values.astype(array.dtype) if counts else values, array)
        ]
        if len(places) != 1:
            raise UserError(
                f"the place of {printable(target)} in a file of Keras is not known: "
                f"{len(places)} arrays match",
                try_="--map FILE, the map of the conversion with its steps",
            )
        found[target] = places[0]
    return found


def _part_of_slot(slot: Slot) -> _Part:
    shapes = {n: s for recipe in slot.sources.values() for n, s in recipe.shapes.items()}
    return _Part(slot.target, slot.make, shapes)


def _inverted(
    parts: list[_Part], values: Callable[[_Part], np.ndarray], read: Read
) -> dict[str, np.ndarray]:
    """The variables that changed, so that every part of the model is made of them again.

    Raises:
        UserError: no values of the variables make the model's.
    """
    found: dict[str, np.ndarray] = {}
    for part in parts:
        try:
            changes = changed_elements(part.make, read, part.sources, values(part))
        except NoInverseError as error:
            raise _no_way_back(part, str(error)) from None
        for name, (places, new) in changes.items():
            if name not in found:
                found[name] = np.array(read(name))
            found[name].reshape(-1)[places] = new

    for part in parts:
        if found.keys().isdisjoint(part.sources):
            continue
        made = part.make(lambda name: found[name] if name in found else read(name))
        made, wanted = np.asarray(made, np.float64), np.asarray(values(part), np.float64)
        largest = np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)
        if not np.allclose(made, wanted, rtol=_MATCHING, atol=_MATCHING * largest, equal_nan=True):
            raise _no_way_back(part, "no values of its variables give the values that it has now")
    return found


def _no_way_back(part: _Part, why: str) -> UserError:
    names = listed([printable(name) for name in part.sources]) or "constants of the graph"
    return UserError(
        f"{printable(part.target)} cannot be converted back to {names}: {why}",
        expected="a conversion that was trained in weights the source has as variables",
    )
