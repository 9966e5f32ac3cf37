"""The optimizer of one trainer: its class in Keras, with its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph import CUSTOM, Trainer, uniform
from ..plan.training import New
from .accumulation import accumulating
from .context import Context
from .custom import custom_optimizer
from .layers import layer_of
from .optimizer import Form, form_of, new_optimizer
from .rates import hyperparameters, learning_rate


def member_of(context: Context, trainer: Trainer) -> tuple[New, Form, dict[str, Any]] | None:
    """An optimizer, its form and its hyper-parameters; None where Keras has no such class."""
    rate, constant_rate = learning_rate(context, trainer)
    if rate is not None and trainer.optimizer.class_name == CUSTOM:
        custom, own = custom_optimizer(trainer, rate)
        return accumulating(custom, trainer), own, {}
    known = hyperparameters(context, trainer) if rate is not None else None
    if rate is None or known is None:
        return None
    sparse = any(update.indices is not None for update in trainer.optimizer.updates)
    if trainer.optimizer.class_name in ("Adam", "Adagrad"):
        # Their updates of rows are those of whole arrays, in TensorFlow 1; not so in Keras.
        sparse = sparse or _trains_embedding(context, trainer)
    form = form_of(trainer.optimizer, constant_rate=constant_rate, sparse=sparse)
    if form is None:
        return None
    initial = _initial(context, trainer, form)
    made = new_optimizer(form, rate, known, trainer.clipping, initial)
    return accumulating(made, trainer), form, known


def _trains_embedding(context: Context, trainer: Trainer) -> bool:
    """Whether Keras will find rows for gradients, though TensorFlow 1 made a whole array of them.

    It did where a table was changed on the way to the lookup: by a row of zeros in front, say.
    """
    trained = context.trained(trainer)
    found = ((layer_of(context.plan, w)[0], w) for w in context.plan.weights)
    kinds = {layer.kind for layer, w in found if layer and trained & set(w.recipe.sources)}
    return "Embedding" in kinds


def _initial(context: Context, trainer: Trainer, form: Form) -> float | None:
    """The value that the accumulators of a fresh start have."""
    slot = context.variables.get(trainer.optimizer.updates[0].slots.get(form.initial or "", ""))
    if slot is None or slot.initial_value is None:
        return None
    return uniform(context.graph, slot.initial_value)


def targets_of(context: Context, chosen: Sequence[Trainer]) -> list[list[str]]:
    """For each trainer, the weights that it trains."""
    return [
        [w.target for w in context.plan.weights if {*w.recipe.sources} & context.trained(trainer)]
        for trainer in chosen
    ]
