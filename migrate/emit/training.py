"""``compile_model`` in the generated source."""

from __future__ import annotations

import textwrap
from typing import Any

from ..plan import Plan
from ..plan.training import New, TrainingPlan
from .render import WIDTH, Apply, Name, render

_BODY = " " * 4


def compile_model(plan: Plan, training: TrainingPlan) -> str:
    """The text of ``compile_model(model)``."""
    keywords: dict[str, Any] = {"optimizer": _expression(training.optimizer)}
    if training.loss is not None:
        loss = _expression(training.loss)
        others = len(plan.outputs) - 1
        keywords["loss"] = _among(loss, training.output, others) if others else loss
        if training.loss_weight is not None:
            weight = training.loss_weight
            keywords["loss_weights"] = _among(weight, training.output, others) if others else weight
    call = render(Apply(Name("model.compile"), [], keywords), 1)
    comments = [
        f"{_BODY}# {line}"
        for comment in training.comments
        for line in textwrap.wrap(comment, WIDTH - len(_BODY) - 2)
    ]
    return "\n".join(
        [
            "def compile_model(model):",
            f'{_BODY}"""Compiles the model as TensorFlow 1 trained it, from its first step."""',
            *comments,
            f"{_BODY}{call}",
            f"{_BODY}return model",
        ]
    )


def _among(item: Any, place: int, others: int) -> list[Any]:
    listed: list[Any] = [None] * (others + 1)
    listed[place] = item
    return listed


def _expression(item: Any) -> Any:
    if isinstance(item, New):
        keywords = {key: _expression(value) for key, value in item.arguments.items()}
        return Apply(Name(item.kind), [], keywords)
    return item
