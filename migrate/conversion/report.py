"""The content of report.json: what a conversion did, as plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..emit import required
from ..errors import listed, printable
from ..formats import FORMATS, Written
from ..outline import Outline, sketch, unfolded
from ..parity import Verdict, worst
from ..plan import Fate, Layer, Plan
from ..plan.balance import Balance, balance
from ..plan.fates import fates
from ..report import plain
from ..sources import Source
from ..verification import OF_SCALE, Measured
from .lifting import Lifted


def model_report(
    source: Source,
    plan: Plan,
    paths: Mapping[str, str],
    measured: Measured,
    reference: str,
    found: Balance,
    outline: Outline | None = None,
) -> dict[str, Any]:
    """The report of a conversion to a Keras model.

    Args:
        paths: target as planned → name of the saved model and path of the variable in it.
        measured: what was compared.
        reference: what the model was compared with.
        found: every element of the checkpoint accounted for.
        outline: the blocks by which the source is written; None where it has none.
    """
    untouched = {weight.target for weight in plan.weights if weight.recipe.is_variable}
    return plain(
        {
            **_head(source, "keras", _files(measured)),
            "inputs": [
                {"tensor": i.tensor, "shape": i.value.shape, "dtype": i.value.dtype}
                for i in plan.inputs
            ],
            "outputs": [{"tensor": output.tensor} for output in plan.outputs],
            "fed": plan.fed,
            "asked": plan.asked,
            "assumed": _assumed(plan),
            "variables": [_variable(fate, paths, untouched) for fate in plan.fates],
            "balance": found.to_dict(),
            "layers": _layers(plan),
            "blocks": [
                {"function": name, "times": times}
                for name, times in (outline.summary() if outline is not None else ())
            ],
            "outline": [vars(part) for part in sketch(plan, outline or unfolded(plan))],
            "training": plan.training.summary if plan.training else None,
            "parity": _parity(measured, reference),
            "backends": [each.to_dict() for each in measured.backends],
            "exports": [each.to_dict() for each in measured.exports],
            "notes": [*plan.notes, *(measured.told if measured.holds else [])],
            "warnings": [*plan.warnings, *([] if measured.holds else measured.told)],
        }
    )


def _files(measured: Measured) -> dict[str, str]:
    """What a conversion to a Keras model writes besides the variables."""
    exported = [each.to_dict() for each in measured.exports]
    files = {each["format"]: each["file"] for each in exported if "file" in each}
    return {"keras": "model.keras", "python": "model.py", **files}


def _assumed(plan: Plan) -> list[dict[str, Any]]:
    """The numbers that a program feeds and nobody gave: what stands for them, and where."""
    found = [
        {"tensor": tensor, "value": value, "for": "inference"}
        for tensor, value in plan.guessed.items()
    ]
    for function, arguments in required(plan).items():
        for name, number in arguments.items():
            place = {"for": "training", "argument": f"{function}({name})"}
            found.append({"tensor": number.tensor, "value": number.value, **place})
    return found


def _layers(plan: Plan) -> list[dict[str, Any]]:
    """Every call of the model in order; a function of Keras stands under its own name.

    ``tensor`` is the tensor of the graph that it makes, or null for one that only the model has.
    """
    found = []
    for call in plan.calls:
        layer = call.function if isinstance(call.function, Layer) else None
        shapes = [value.shape for value in call.outputs]
        found.append(
            {
                "name": layer.name if layer else "",
                "class": layer.kind if layer else call.function,
                "gives": shapes[0] if len(shapes) == 1 else shapes,
                "tensor": call.outputs[0].tensor,
            }
        )
    return found


def lifted_report(
    source: Source,
    lifted: Lifted,
    why: Mapping[str, Any],
    measured: Measured,
) -> dict[str, Any]:
    """The report of a graph that was lifted.

    Args:
        why: what prevented a Keras model: ``ops``, the ``tensor`` where it was met, ``reason``.
        measured: what was compared with the original graph.
    """
    plan, gradients = lifted.plan, lifted.gradients
    notes = [
        f"{printable(why['reason'], 400)}: the unchanged graph was lifted to a SavedModel.",
        *plan.notes,
    ]
    warnings = list(plan.warnings)
    if gradients.get("reason"):
        warnings.append(
            "No gradients reached the variables on random inputs, so the SavedModel may not be "
            f"trainable: {printable(gradients['reason'], 300)}."
        )
    elif gradients.get("without"):
        without = listed([printable(name, 40) for name in gradients["without"]])
        warnings.append(f"No gradient reaches {without}: training does not change them.")
    known = fates(plan, source.variables(), source.roles)
    return plain(
        {
            **_head(source, "lifted", {"saved_model": "saved_model", "python": "model.py"}),
            "inputs": [
                {"tensor": i.tensor, "name": i.name, "shape": i.value.shape, "dtype": i.value.dtype}
                for i in plan.inputs
            ],
            "outputs": [{"tensor": o.tensor, "name": o.value.hint} for o in plan.outputs],
            "fed": plan.fed,
            "asked": plan.asked,
            "assumed": _assumed(plan),
            "variables": [_variable(fate, {}, set()) for fate in known],
            "balance": balance(plan, known).to_dict(),
            "training": None,
            "prevented": why,
            "gradients": gradients,
            "parity": _parity(measured, "the original graph"),
            "backends": [each.to_dict() for each in measured.backends],
            "exports": [each.to_dict() for each in measured.exports],
            "notes": notes,
            "warnings": warnings,
        }
    )


def variables_report(
    source: Source,
    written: Written | None,
    formats: Sequence[str],
    notes: Sequence[str],
    failed: str | None = None,
) -> dict[str, Any]:
    """The report of a conversion that wrote variables alone, or (``written`` None) would.

    Args:
        failed: why no model was made, where one was wanted.
    """
    fates = {fate.name: fate for fate in written.fates} if written else {}
    entries = []
    for v in source.variables():
        fate = fates.get(v.name)
        entries.append(
            {
                "name": v.name,
                "shape": v.shape,
                "dtype": v.dtype,
                "role": source.roles[v.name],
                "fate": fate.fate if fate else "converted",
                "target": fate.target if fate else v.name,
                "reason": fate.reason if fate else None,
            }
        )
    files = written.files if written else {name: FORMATS[name].file for name in formats}
    return plain(
        {
            **_head(source, "variables", files),
            "inputs": [],
            "outputs": [],
            "fed": {},
            "variables": entries,
            "training": None,
            "parity": {
                "verdict": Verdict.NOT_PROVED if failed else Verdict.NOT_RUN,
                "examples": 0,
                "reason": failed or "no model was made",
            },
            "notes": notes,
            "warnings": [],
        }
    )


def write_report(folder: Path, report: Mapping[str, Any]) -> None:
    """Writes report.json."""
    text = json.dumps(report, indent=1, ensure_ascii=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")


def _head(source: Source, outcome: str, files: Mapping[str, str]) -> dict[str, Any]:
    version = source.graph.tensorflow_version if source.graph is not None else None
    return {
        "schema": 1,
        "source": {
            "path": str(source.path),
            "format": source.format,
            "tensorflow_version": version,
        },
        "outcome": outcome,
        "files": files,
    }


def _variable(fate: Fate, paths: Mapping[str, str], untouched: set[str]) -> dict[str, Any]:
    """One entry; "untouched" says that it is in the model as it was: what leads back to TF1.

    "target" is "path", the variable's path in the opened model, behind the model's name.
    """
    targets = [paths.get(target, target) for target in fate.targets]
    entry = {
        "name": fate.name,
        "shape": fate.shape,
        "dtype": fate.dtype,
        "role": fate.role,
        "fate": fate.fate,
        "target": targets[0] if targets else None,
        "path": targets[0].partition("/")[2] if targets else None,
        "untouched": bool(targets) and untouched.issuperset(fate.targets),
        "reason": fate.reason,
    }
    return entry | ({"targets": targets} if len(targets) > 1 else {})


def _parity(measured: Measured, reference: str) -> dict[str, Any]:
    differences = measured.differences
    if not differences:
        reason = measured.unmeasured or "no model was run"
        advice = measured.advice
        return {"verdict": Verdict.NOT_PROVED, "examples": 0, "reason": reason, "try": advice}
    holds = measured.holds
    unproved = {}
    if holds and measured.unproved:
        unproved = {"reason": measured.unproved, "try": measured.advice}
    greatest = worst(list(differences.values()))
    ulps = [d.max_ulp for d in differences.values() if d.max_ulp is not None]
    found = measured.found.to_dict() if measured.found is not None else {}
    return {
        "verdict": Verdict.NOT_PROVED if unproved else Verdict.of(holds),
        **unproved,
        "examples": measured.examples,
        "max_abs": greatest.max_abs,
        "max_rel": max(d.max_rel for d in differences.values()),
        "max_ulp": max(ulps) if ulps else None,
        "required_tolerance": {"atol": greatest.max_abs, "rtol": greatest.max_rel},
        "reference": reference,
        **({"run_by": measured.run_by} if measured.run_by else {}),
        "tolerance": {"of_scale": OF_SCALE},
        "outputs": {tensor: d.to_dict() for tensor, d in differences.items()},
        **{key: found[key] for key in ("layers", "first", "causes", "float64") if key in found},
    }
