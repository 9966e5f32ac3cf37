"""What the report says of the training that is carried over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph import Trainer
from ..plan import Unknown
from ..plan.training import Formula, New, TrainingPlan
from .context import Context


def summary_of(
    chosen: Sequence[Trainer], result: TrainingPlan, steps: int | None, context: Context
) -> dict[str, Any]:
    """For ``training`` of the report: plain data."""
    loss = chosen[0].loss
    penalties = loss.regularization if loss is not None else ()
    labels = [name for each in result.losses for name in each.labels]
    if loss is not None and not labels:
        labels = list(loss.label_inputs)
    classes = [f"{trainer.optimizer.class_name}Optimizer" for trainer in chosen]
    return {
        "loss": " + ".join(each.name for each in result.losses) or None,
        "loss_weights": [each.weight for each in result.losses],
        "labels": list(dict.fromkeys(labels)),
        "sample_weights": [each.weights for each in result.losses],
        "optimizer": {**_described(result.optimizer), "tensorflow_class": " + ".join(classes)},
        "regularization": [
            {"variable": p.variable, "kind": p.kind, "factor": p.factor} for p in penalties
        ],
        "changes": [{"when": c.when, "weight": c.weight} for c in result.changes],
        "step": steps,
        "notes": list(context.notes),
        "warnings": list(context.warnings),
    }


def _described(item: Any) -> Any:
    if isinstance(item, Formula):
        return {"class": item.name, "tensor": item.tensor}
    if isinstance(item, list):
        return [_described(part) for part in item]
    if isinstance(item, Unknown):
        return {"fed": item.tensor}
    if not isinstance(item, New):
        return item
    arguments = {key: _described(value) for key, value in item.arguments.items()}
    return {"class": (item.base or item.kind).rpartition(".")[2], **arguments}
