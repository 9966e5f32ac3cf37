"""Whole conversions by a map: into a user's model, into named tensors, and back to TF1.

Each writes an output folder with its report.json, or with ``dry_run`` only plans; each gives the
content of the report, whose ``plan`` has a row for every assignment and skip.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..checkpoint import Checkpoint
from ..errors import UserError, printable
from ..formats import Fate, format_named, whole_file, whole_folder, write_formats
from ..formats.keras_file import KerasFile
from ..worker import Worker
from .loading import ENVIRONMENT, UserModel
from .proposing import propose, write_map
from .resolving import MappingPlan, resolve
from .rules import Map, read_map
from .way_back import map_of_report, plan_way_back

_MODEL_FILES = {"keras": "model.keras", "weights": "model.weights.h5"}


def convert_into_model(
    checkpoint: Checkpoint,
    folder: Path,
    model: str,
    *,
    map_path: Path | None = None,
    to: Sequence[str] = ("keras",),
    roles: Mapping[str, str] | None = None,
    force: bool = False,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Loads a checkpoint strictly into the model that a user's function builds.

    Args:
        checkpoint: the source.
        folder: the output folder.
        model: ``FILE.py:FUNCTION``.
        map_path: the map; None: names must be equal.
        to: ``keras``, ``weights`` (as Keras saves them), and other formats under the new names.
        roles: each variable's role.
        force: replace an output of an earlier conversion.
        dry_run: plan, and write nothing.

    Raises:
        MappingError: checkpoint, map and model do not fit; lists everything.
        UserError: the map or the function is wrong, or the output cannot be written.
    """
    others = [name for name in to if name not in _MODEL_FILES]
    for name in others:
        format_named(name)
    mapping = read_map(map_path) if map_path else None
    with Worker("model", environment=ENVIRONMENT) as worker:
        built = UserModel(worker, model)
        plan = resolve(mapping, checkpoint.variables, built.variables, roles=roles)
        files = {name: _MODEL_FILES[name] for name in to if name in _MODEL_FILES}
        report = _report(checkpoint, "keras", plan, roles)
        if dry_run:
            return report
        with whole_folder(folder, force=force) as room:
            places = {name: room / file for name, file in files.items()}
            built.load(plan, checkpoint, **places)
            if others:
                files |= write_formats(plan.tensors(checkpoint), room, others).files
            return _finish(room, report, files)


def convert_names(
    checkpoint: Checkpoint,
    folder: Path,
    map_path: Path,
    *,
    to: Sequence[str],
    roles: Mapping[str, str] | None = None,
    force: bool = False,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Writes a checkpoint's tensors under the names, and with the steps, of a map; no model.

    Args: as for :func:`convert_into_model`.

    Raises:
        MappingError: a variable is in no rule and no skip, or a rule does not fit.
        UserError: the map is wrong, or the output cannot be written.
    """
    plan = resolve(read_map(map_path), checkpoint.variables, None, roles=roles)
    report = _report(checkpoint, "variables", plan, roles)
    if dry_run:
        return report
    with whole_folder(folder, force=force) as room:
        return _finish(room, report, write_formats(plan.tensors(checkpoint), room, to).files)


def convert_back(
    path: Path,
    folder: Path,
    *,
    map_path: Path | None = None,
    to: Sequence[str] = ("tf1",),
    force: bool = False,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Writes the weights of a Keras file as a checkpoint that TF1's Saver restores.

    Names come from the map of the way there, turned around; without one from the report.json
    beside the file, where a conversion left one; else each keeps its path.

    Args:
        path: ``….keras`` or ``….weights.h5``.
        folder: the output folder.
        map_path: the map of the way there.
        to: the formats, ``tf1`` alone by default.
        force: replace an output of an earlier conversion.
        dry_run: plan, and write nothing.

    Raises:
        MappingError: a weight is in no rule, or a rule does not fit.
        UserError: a step has no way back, the file is none of Keras, or cannot be written.
    """
    with KerasFile(path) as weights:
        plan = plan_way_back(weights, _map_back(path, map_path))
        report = _report(weights, "variables", plan, None)
        if dry_run:
            return report
        with whole_folder(folder, force=force) as room:
            return _finish(room, report, write_formats(plan.tensors(weights), room, to).files)


def write_proposed_map(
    checkpoint: Checkpoint,
    model: str,
    path: Path,
    *,
    roles: Mapping[str, str] | None = None,
    order: Sequence[str] | None = None,
    force: bool = False,
) -> tuple[int, int]:
    """Proposes a map from a checkpoint to a user's model and writes it, to be edited.

    Args:
        checkpoint: the source.
        model: ``FILE.py:FUNCTION``.
        path: the map file to write.
        roles: each variable's role.
        order: the variables in the order of the graph, where there is one.
        force: replace a file that is there.

    Returns:
        how many variables of the model are set for certain, and how many there are.

    Raises:
        UserError: the function gives no model, or the file cannot be written.
    """
    with Worker("model", environment=ENVIRONMENT) as worker:
        variables = UserModel(worker, model).variables
    proposal = propose(checkpoint.variables, variables, roles=roles, order=order)
    text = write_map(proposal, checkpoint.variables, f"{checkpoint.path} → {model}")
    with whole_file(path, force=force) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return len(variables) - len(proposal.unset), len(variables)


def _map_back(path: Path, map_path: Path | None) -> Map | None:
    if map_path is not None:
        return read_map(map_path)
    beside = path.parent / "report.json"
    if not beside.is_file():
        return None
    try:
        report = json.loads(beside.read_text("utf-8"))
    except ValueError as error:
        raise UserError(f"{printable(beside)} is no report: {printable(error)}") from None
    if not isinstance(report, dict):
        raise UserError(f"{printable(beside)} is no report")
    return map_of_report(report, str(beside))


def _report(
    source: Checkpoint | KerasFile,
    outcome: str,
    plan: MappingPlan,
    roles: Mapping[str, str] | None,
) -> dict[str, Any]:
    """The content of report.json, but for the files."""

    def entry(fate: Fate) -> dict[str, Any]:
        v = source.variables[fate.name]
        return {
            "name": fate.name,
            "shape": list(v.shape),
            "dtype": v.dtype,
            "role": (roles or {}).get(fate.name, "weight"),
            "fate": fate.fate,
            "target": fate.target,
            "reason": fate.reason,
        }

    untouched = {a.sources[0] for a in plan.assignments if not a.steps and len(a.targets) == 1}
    return {
        "schema": 1,
        "source": {"path": str(source.path), "format": getattr(source, "format", "keras")},
        "outcome": outcome,
        "files": {},
        "variables": [entry(fate) | {"untouched": fate.name in untouched} for fate in plan.fates()],
        "plan": plan.rows(),
        "training": None,
        "parity": {"verdict": "not run", "reason": "weights were moved; nothing was computed"},
    }


def _finish(room: Path, report: dict[str, Any], files: dict[str, str]) -> dict[str, Any]:
    report["files"] = files
    (room / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return report
