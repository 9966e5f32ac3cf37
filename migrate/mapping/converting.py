"""Whole conversions by a map: into a user's model, into named tensors, and back to TF1.

Each writes an output folder with its report.json, or with ``dry_run`` only plans; each returns the
content of the report, whose ``plan`` has a row for every assignment and skip.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import printable
from ..formats import FORMATS, Fate, Tensors, TensorSource, whole_file, whole_folder, write_formats
from ..formats.keras_file import KerasFile
from ..graph import find_variables
from ..report.reading import read_report
from ..sources import Source
from ..worker import Worker
from ..worker.events import Event, stage
from .loading import ENVIRONMENT, UserModel
from .proposing import Proposal, propose, write_map
from .resolving import AVERAGE, MappingPlan, resolve
from .rules import Map, read_map
from .way_back import map_of_report, plan_way_back

_MODEL_FILES = {"keras": "model.keras", "weights": "model.weights.h5"}


def convert_into_model(
    source: Source,
    folder: Path,
    model: str,
    *,
    code: Path | None = None,
    map_path: Path | None = None,
    to: Sequence[str] = ("keras",),
    legacy_keras: bool = False,
    force: bool = False,
    dry_run: bool = False,
    timeout: float | None = None,
    tell: Event = lambda event: None,
) -> dict[str, Any]:
    """Loads a checkpoint strictly into the model that a user's function builds.

    Args:
        source: what holds the weights.
        folder: the output folder.
        model: ``FILE.py:FUNCTION``.
        code: the model's source, of which a copy is left as ``model.py``.
        map_path: the map; None: names must be equal.
        to: ``keras``, ``weights`` (as Keras saves them), and other formats under the new names.
        legacy_keras: the user's ``tf.keras`` is tf-keras, which is Keras 2.
        force: replace an output of an earlier conversion.
        dry_run: plan, and write nothing.
        timeout: seconds without a response after which the worker is ended.
        tell: of stages and bytes.

    Raises:
        MappingError: checkpoint, map and model do not fit; lists everything.
        UserError: the map or the function is wrong, or the output cannot be written.
    """
    mapping = read_map(map_path) if map_path else None
    others = [name for name in to if name not in _MODEL_FILES]
    stage(tell, "building your model")
    with Worker("model", environment=None if legacy_keras else ENVIRONMENT) as worker:
        built = UserModel(worker, model, timeout=timeout)
        plan = resolve(mapping, source.tensors.variables, built.variables, roles=_roles(source))
        report = _report_of(source, "keras", plan, to)
        if dry_run:
            return report
        tensors = plan.tensors(_weights_of(source))
        with whole_folder(folder, force=force, size=_size(tensors) * len(to)) as room:
            places = {name: room / file for name, file in _MODEL_FILES.items() if name in to}
            progress = stage(tell, "loading", _size(tensors))
            built.load(plan, _weights_of(source), **places, progress=progress)
            if others:
                _write(tensors, room, others, tell)
            if code is not None:
                (room / "model.py").write_bytes(code.read_bytes())
                report["files"] |= {"python": "model.py"}
            return _finish(room, report)


def convert_names(
    source: Source,
    folder: Path,
    map_path: Path,
    *,
    to: Sequence[str],
    force: bool = False,
    dry_run: bool = False,
    tell: Event = lambda event: None,
) -> dict[str, Any]:
    """Writes a checkpoint's tensors under the names, and with the steps, of a map; no model.

    Args: as for :func:`convert_into_model`.

    Raises:
        MappingError: a variable is in no rule and no skip, or a rule does not fit.
        UserError: the map is wrong, or the output cannot be written.
    """
    plan = resolve(read_map(map_path), source.tensors.variables, None, roles=_roles(source))
    report = _report_of(source, "variables", plan, to)
    if dry_run:
        return report
    tensors = plan.tensors(_weights_of(source))
    with whole_folder(folder, force=force, size=_size(tensors) * len(to)) as room:
        _write(tensors, room, to, tell)
        return _finish(room, report)


def convert_back(
    path: Path,
    folder: Path,
    *,
    map_path: Path | None = None,
    to: Sequence[str] = ("tf1",),
    force: bool = False,
    dry_run: bool = False,
    tell: Event = lambda event: None,
) -> dict[str, Any]:
    """Writes the weights of a Keras file as a checkpoint that TF1's Saver restores.

    Names come from the inverse of the map of the conversion; without a map from the report.json
    next to the file, if a conversion wrote one; else each keeps its path.

    Args:
        path: ``….keras`` or ``….weights.h5``.
        folder: the output folder.
        map_path: the map of the way there.
        to: the formats, only ``tf1`` by default.
        force: replace an output of an earlier conversion.
        dry_run: plan, and write nothing.
        tell: of stages and bytes.

    Raises:
        MappingError: a weight is in no rule, or a rule does not fit.
        UserError: a step has no way back, the file is none of Keras, or cannot be written.
    """
    with KerasFile(path) as weights:
        mapping, told = _map_back(path, map_path)
        plan = plan_way_back(weights, mapping)
        described = {"path": str(path), "format": "keras", "tensorflow_version": None}
        report = _report(described, "variables", plan, plan.fates(), to, {}, [told])
        if dry_run:
            return report
        tensors = plan.tensors(weights)
        with whole_folder(folder, force=force, size=_size(tensors) * len(to)) as room:
            _write(tensors, room, to, tell)
            return _finish(room, report)


def write_proposed_map(
    source: Source,
    model: str,
    path: Path,
    *,
    legacy_keras: bool = False,
    force: bool = False,
    timeout: float | None = None,
) -> Proposal:
    """Proposes a map from a checkpoint to a user's model and writes it, to be edited.

    Args:
        source: what holds the weights; where it has a graph, in the order of the graph.
        model: ``FILE.py:FUNCTION``.
        path: the map file to write.
        legacy_keras: the user's ``tf.keras`` is tf-keras, which is Keras 2.
        force: replace a file that is there.
        timeout: seconds without a response after which the worker is ended.

    Raises:
        UserError: the function does not return a model, or the file cannot be written.
    """
    with Worker("model", environment=None if legacy_keras else ENVIRONMENT) as worker:
        model_variables = UserModel(worker, model, timeout=timeout).variables
    order = [v.key for v in find_variables(source.graph).values()] if source.graph else None
    stored = source.tensors.variables
    proposal = propose(stored, model_variables, roles=_roles(source), order=order)
    text = write_map(proposal, stored, f"{source.path} → {model}")
    with whole_file(path, force=force) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return proposal


def _map_back(path: Path, map_path: Path | None) -> tuple[Map | None, str]:
    """The map of the way there, and in words where it comes from."""
    if map_path is not None:
        return read_map(map_path), f"Names come from {printable(map_path)}, inverted."
    beside = path.parent / "report.json"
    report = read_report(path.parent)
    if not report:
        return None, (
            "There is no map and no report.json of a conversion next to the file: every weight "
            "keeps its Keras path as its name."
        )
    return map_of_report(report, str(beside)), f"Names come from {printable(beside)}."


def _roles(source: Source) -> dict[str, str]:
    """Each variable's role; averages of weights have one of their own, to be skipped by."""
    return source.roles | dict.fromkeys(source.averages.values(), AVERAGE)


def _weights_of(source: Source) -> TensorSource:
    """The source's tensors; where that is asked for, under a weight's name its moving average."""
    if not source.prefer_averages:
        return source.tensors
    return Tensors(source.tensors.variables, source.read_weight)


def _size(tensors: TensorSource) -> int:
    return sum(v.nbytes for v in tensors.variables.values())


def _write(tensors: TensorSource, room: Path, to: Sequence[str], tell: Event) -> None:
    progress = stage(tell, "writing", _size(tensors) * len(to))
    write_formats(tensors, room, to, progress=progress)


def _report_of(
    source: Source, outcome: str, plan: MappingPlan, to: Sequence[str]
) -> dict[str, Any]:
    """The content of report.json for a TF1 source."""
    fates = {fate.name: fate for fate in plan.fates()}
    if source.prefer_averages:
        for name, average in source.averages.items():
            if fates[name].target is not None and fates[average].target is None:
                fates[average] = Fate(average, fates[name].target)
                fates[name] = Fate(name, None, source.average_reasons()[name])
    described = {
        "path": str(source.path),
        "format": source.format,
        "tensorflow_version": source.graph.tensorflow_version if source.graph else None,
    }
    note = source.average_note()
    notes = [note] if note else []
    return _report(described, outcome, plan, fates.values(), to, source.roles, notes)


def _report(
    described: Mapping[str, Any],
    outcome: str,
    plan: MappingPlan,
    fates: Iterable[Fate],
    to: Sequence[str],
    roles: Mapping[str, str],
    notes: list[str],
) -> dict[str, Any]:
    """The content of report.json."""

    def entry(fate: Fate) -> dict[str, Any]:
        v = plan.variables[fate.name]
        return {
            "name": fate.name,
            "shape": list(v.shape),
            "dtype": v.dtype,
            "role": roles.get(fate.name, "weight"),
            "fate": fate.fate,
            "target": fate.target,
            "reason": fate.reason,
            "untouched": fate.target in untouched,
        }

    untouched = {a.targets[0] for a in plan.assignments if not a.steps and len(a.targets) == 1}
    return {
        "schema": 1,
        "source": dict(described),
        "outcome": outcome,
        "files": {name: _MODEL_FILES.get(name) or FORMATS[name].file for name in to},
        "inputs": [],
        "outputs": [],
        "fed": {},
        "variables": [entry(fate) for fate in fates],
        "plan": plan.rows(),
        "training": None,
        "parity": {
            "verdict": "not run",
            "examples": 0,
            "reason": "the weights were converted, but no model was run",
        },
        "notes": notes,
        "warnings": [],
    }


def _finish(room: Path, report: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(report, indent=1, ensure_ascii=False)
    (room / "report.json").write_text(text + "\n", encoding="utf-8")
    return report
