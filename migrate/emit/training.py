"""``compile_model`` in the generated source."""

from __future__ import annotations

import textwrap
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..plan import Plan, Unknown
from ..plan.names import identifier
from ..plan.training import Formula, New, TrainingPlan, Turn
from .classes import pieces, with_bases
from .render import WIDTH, Apply, Name, prose, render

_BODY = " " * 4
_OF_LOSS = ("y_true", "y_pred", "sample_weight")


def arguments(formula: Formula) -> tuple[str, ...]:
    """What a formula's inputs are called: of a loss, and of a schedule."""
    if formula.outputs:
        return (
            *_counted("y_true", formula.labels),
            *(name for name, _ in formula.inputs),
            *_counted("y_pred", formula.outputs),
            *(name for name, _ in formula.held),
        )
    return _OF_LOSS[: len(formula.dtypes)] if formula.is_loss else ("step",)


def _counted(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}_{number}" for number in range(1, count + 1)]


def asked_of(training: TrainingPlan) -> dict[str, Unknown]:
    """The arguments of ``compile_model`` beside the model: numbers that only a feed knows."""
    found: dict[str, Unknown] = {}
    for item in _objects(training.optimizer):
        for key, value in item.arguments.items():
            if isinstance(value, Unknown) and value not in found.values():
                found[identifier(key, found)] = value
    return found


def _objects(item: Any) -> Iterator[New]:
    """An object, and all that it is made of."""
    if isinstance(item, New):
        yield item
        item = list(item.arguments.values())
    if isinstance(item, list):
        for part in item:
            yield from _objects(part)


def compile_model(plan: Plan, training: TrainingPlan) -> str:
    """The text of ``compile_model(model)``."""
    asked = asked_of(training)
    names = {value: Name(name) for name, value in asked.items()}
    optimizer = _expression(training.optimizer, names)
    keywords = {"optimizer": optimizer, **_losses(training, len(plan.outputs))}
    call = render(Apply(Name("model.compile"), [], keywords), 1)
    return "\n".join(
        [
            f"def compile_model({', '.join(['model', *asked])}):",
            *_docstring(_told(training), asked, training.turns),
            *_comments(training),
            f"{_BODY}{call}",
            f"{_BODY}return model",
        ]
    )


def trainer_source(plan: Plan, turn: Turn) -> str:
    """The text of the function that makes the model of another turn."""
    training = turn.training
    own = training.own_model
    taken = [
        _part("model.inputs", turn.inputs, len(plan.inputs)),
        _part("model.outputs", turn.outputs, len(plan.outputs)),
    ]
    model = Apply(Name(own.name if own is not None else "keras.Model"), taken)
    number = training.optimizer.arguments["turn"]
    optimizer = Name(f"model.optimizer.at({number})")
    keywords = {"optimizer": optimizer, **_losses(training, len(turn.outputs))}
    taken_as = {
        "Inputs": [plan.inputs[number].name for number in turn.inputs],
        "Labels": [name for loss in training.losses for name in loss.labels],
        "Sample weights": [loss.weights for loss in training.losses if loss.weights],
    }
    listed = [
        f"{what}: {', '.join(prose(n, 60) for n in names)}."
        for what, names in taken_as.items()
        if names
    ]
    told = [
        line
        for text in (*listed, "The model is compiled, and saves the state of this optimizer too.")
        for line in textwrap.wrap(text, WIDTH - len(_BODY))
    ]
    return "\n".join(
        [
            f"def {turn.function}(model):",
            f'{_BODY}"""Returns a model of the same layers that trains by {_wrt(training)}.',
            "",
            *(f"{_BODY}{line}" for line in told),
            f'{_BODY}"""',
            f"{_BODY}model.optimizer.build(model.trainable_variables)",
            f"{_BODY}trainer = {render(model, 1, before=len('trainer = '))}",
            *_comments(training),
            f"{_BODY}{render(Apply(Name('trainer.compile'), [], keywords), 1)}",
            f"{_BODY}return trainer",
        ]
    )


def _part(whole: str, numbers: Sequence[int], count: int) -> Name | list[Name]:
    """Some elements of a list, or all of it."""
    if len(numbers) == count:
        return Name(whole)
    names = [Name(f"{whole}[{number}]") for number in numbers]
    return names if len(names) > 1 else names[0]


def _wrt(training: TrainingPlan) -> str:
    tensors = [loss.new.tensor for loss in training.losses if isinstance(loss.new, Formula)]
    return f"the loss {prose(tensors[0], 30)}" if tensors else "its own loss"


def _losses(training: TrainingPlan, outputs: int) -> dict[str, Any]:
    """The arguments of ``compile`` for the losses of so many outputs."""
    keywords: dict[str, Any] = {}
    losses = {loss.output: loss for loss in training.losses}
    if losses and training.own_model is None:
        kept = [_expression(losses[i].new) if i in losses else None for i in range(outputs)]
        keywords["loss"] = kept if len(kept) > 1 else kept[0]
        if any(loss.weight is not None for loss in training.losses):
            weights = [losses[i].weight or 1.0 if i in losses else 1.0 for i in range(outputs)]
            keywords["loss_weights"] = weights if len(weights) > 1 else weights[0]
    if any(map(_needs_sizes, training.formulas)):
        keywords["jit_compile"] = False
    return keywords


def _comments(training: TrainingPlan) -> list[str]:
    return [
        f"{_BODY}# {line}"
        for loss in training.losses
        if loss.comment
        for line in textwrap.wrap(prose(loss.comment, 400), WIDTH - len(_BODY) - 2)
    ]


def _needs_sizes(formula: Formula) -> bool:
    """Whether a formula has a layer that XLA and JAX cannot compile: its sizes are computed."""
    kinds = [layer.kind for layer in formula.body.layers]
    return any("self.supports_jit = False" in pieces(name)[1] for name in with_bases(kinds))


def _told(training: TrainingPlan) -> str:
    """What the docstring may say: only what was carried over, and proved."""
    if not training.losses:
        return "Compiles the model with the optimizer of TensorFlow 1, but without a loss."
    if not training.proved:
        return "Compiles the model; it is not proved that it trains like TensorFlow 1."
    return "Compiles the model to train like TensorFlow 1, from the first step."


def _docstring(first: str, asked: Mapping[str, Unknown], turns: Sequence[Turn]) -> list[str]:
    first = f'{_BODY}"""{first}'
    if not asked and not turns:
        return [f'{first}"""']
    functions = ", ".join(f"{turn.function}(model)" for turn in turns)
    told = [f"It trains by one loss; for the others train {functions} in turn."] if turns else []
    told += [
        f"{name}: the TF1 program feeds it ({prose(n.tensor, 60)})." for name, n in asked.items()
    ]
    lines = [line for text in told for line in textwrap.wrap(text, WIDTH - len(_BODY))]
    return [first, "", *(f"{_BODY}{line}" for line in lines), f'{_BODY}"""']


def _expression(item: Any, names: Mapping[Any, Name] | None = None) -> Any:
    if isinstance(item, Formula):
        is_function = item.is_loss and item.weights is None
        return Name(item.name) if is_function else Apply(Name(item.name))
    if isinstance(item, New):
        keywords = {key: _expression(value, names) for key, value in item.arguments.items()}
        return Apply(Name(item.kind), [], keywords)
    if isinstance(item, list):
        return [_expression(part, names) for part in item]
    if isinstance(item, Unknown):
        return (names or {})[item]
    return item


def formula_source(formula: Formula, lines: list[str], tensor: str) -> str:
    """The definition of a loss function, or of the class of a schedule.

    Args:
        lines: the body, indented once.
        tensor: the formula's tensor, safe for a docstring.
    """
    # Two models may be open at once: what each registers must not be the other's.
    package = f"tf1_{zlib.crc32(repr(lines).encode()):08x}"
    register = f'@keras.saving.register_keras_serializable(package="{package}")'
    if formula.is_loss:
        casts = [
            f"{_BODY}{name} = keras.ops.cast({name}, {kind!r})".replace("'", '"')
            for name, kind in zip(arguments(formula), formula.dtypes, strict=True)
            if not name.startswith("y_pred") and (kind != "float32" or _is_array(name, formula))
        ]
        if formula.weights is not None:
            return _weighted(formula, register, [*casts, *lines], tensor)
        name = formula.function if formula.outputs else formula.name
        given = Apply(Name(f"def {name}"), list(map(Name, arguments(formula))))
        function = [
            f"{render(given, after=1)}:",
            f'{_BODY}"""The loss {tensor}, computed as in the graph."""',
            *casts,
            *lines,
        ]
        if formula.outputs:
            return "\n".join([*function, "", "", register, *_own_model(formula)])
        return "\n".join([register, *function])
    return "\n".join(
        [
            register,
            f"class {formula.name}(keras.optimizers.schedules.LearningRateSchedule):",
            f'{_BODY}"""The learning rate {tensor}, computed as in the graph."""',
            "",
            f"{_BODY}def __call__(self, step):",
            f'{_BODY * 2}"""Returns the learning rate at a step."""',
            *(textwrap.indent(line, _BODY) for line in lines),
            "",
            f"{_BODY}def get_config(self):",
            f'{_BODY * 2}"""Returns no arguments: the constants are in this class."""',
            f"{_BODY * 2}return {{}}",
        ]
    )


def _is_array(name: str, formula: Formula) -> bool:
    """Whether an argument may come as an array of numpy, which PyTorch does not take."""
    return formula.weights is not None or (bool(formula.outputs) and name.startswith("y_true"))


def _own_model(formula: Formula) -> list[str]:
    """A subclass of the model: a Keras loss receives one output, a model all of them."""
    given = ["y" if formula.labels == 1 else "*y"] if formula.labels else []
    given += ["x" if number is None else f"x[{number}]" for _, number in formula.inputs]
    given.append("y_pred" if formula.outputs == 1 else "*y_pred")
    given += [
        f'self.get_layer("{layer}").{weight}'
        for layer, _, weight in (target.partition("/") for _, target in formula.held)
    ]
    call = Apply(Name(formula.function), list(map(Name, given)))
    if formula.penalties is None:
        penalties, told = " + sum(self.losses)", ", with the penalties of layers"
    elif formula.penalties:
        penalties, told = " + self.penalties()", ", with the penalties of its own layers"
    else:
        penalties, told = "", ""
    returned = render(call, 2, before=len("return "), after=len(penalties)) + penalties
    return [
        f"class {formula.name}(keras.Model):",
        f'{_BODY}"""A model that computes its loss of all that this depends on."""',
        "",
        f"{_BODY}def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):",
        f'{_BODY * 2}"""Returns the loss of a batch, a scalar{told}."""',
        f"{_BODY * 2}return {returned}",
        *(_penalties(formula.penalties) if formula.penalties else ()),
    ]


def _penalties(layers: Sequence[str]) -> list[str]:
    """The method that adds the penalties of some layers."""
    return [
        "",
        f"{_BODY}def penalties(self):",
        f'{_BODY * 2}"""Returns the penalties that this loss has, and no other."""',
        f"{_BODY * 2}layers = {render(list(layers), 2, before=len('layers = '))}",
        f"{_BODY * 2}return sum(sum(self.get_layer(name).losses) for name in layers)",
    ]


def _weighted(formula: Formula, register: str, lines: list[str], tensor: str) -> str:
    """A class, because a loss function in Keras does not receive sample weights."""
    weights = prose(formula.weights or "", 60)
    return "\n".join(
        [
            register,
            f"class {formula.name}(keras.losses.Loss):",
            f'{_BODY}"""The loss {tensor}, computed as in the graph.',
            "",
            f"{_BODY}sample_weight is {weights}.",
            f'{_BODY}"""',
            "",
            f"{_BODY}def __call__(self, y_true, y_pred, sample_weight=None):",
            f'{_BODY * 2}"""Returns the loss of a batch, a scalar."""',
            f"{_BODY * 2}if sample_weight is None:",
            f'{_BODY * 3}raise ValueError("this loss needs sample_weight: {weights}")',
            *(textwrap.indent(line, _BODY) for line in lines),
        ]
    )
