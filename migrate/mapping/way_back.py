"""From a Keras file back to the names of a TF1 graph, for services that still run TF1."""

from __future__ import annotations

from typing import Any

from ..errors import UserError, printable
from ..formats import TensorSource
from .resolving import MappingPlan, resolve
from .rules import Map, Rule


def plan_way_back(weights: TensorSource, mapping: Map | None) -> MappingPlan:
    """The TF1 variables that the weights of a Keras file become.

    Args:
        weights: a :class:`tfmigrate.formats.keras_file.KerasFile`.
        mapping: the map of the conversion, from TF1 names to Keras paths, which is
            inverted; None: every variable keeps its Keras path as its name.

    Raises:
        UserError: a rule cannot be undone.
        MappingError: a weight is in no rule, a rule names none, or its steps do not fit.
    """
    if mapping is None:
        same = tuple(Rule((name,), (name,)) for name in weights.variables)
        return resolve(Map(same), weights.variables, None)
    return resolve(mapping.inverse(), weights.variables, None)


def map_of_report(report: dict[str, Any], path: str) -> Map:
    """The map of a conversion, from its report.json.

    A report lists the target of each variable, and marks those that did not change (``"untouched":
    true``). It does not contain the steps of the others.

    Args:
        report: the content of report.json.
        path: of it, for messages.

    Raises:
        UserError: a variable was changed; all of them are named.
    """
    rules, changed = [], []
    for v in report.get("variables") or []:
        if v.get("fate") != "converted":
            continue
        if v.get("untouched") and isinstance(v.get("target"), str):
            rules.append(Rule((v["name"],), (v.get("path") or v["target"],)))
        else:
            changed.append(printable(v.get("name")))
    if changed or not rules:
        what = f"changed {', '.join(changed)}" if changed else "converted no variables"
        raise UserError(
            f"{printable(path)} cannot be inverted by itself: the conversion {what}",
            try_="--map FILE, the map of the conversion with its steps",
        )
    return Map(tuple(rules), {}, path)
