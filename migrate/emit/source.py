"""A plan → the source of ``model.py``: a Sequential model if it is a chain, else Functional."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence
from typing import Any

from ..plan import Call, Code, Input, Layer, Made, Network, Plan, Unknown, Value
from ..plan.names import identifier
from ..plan.training import Formula, TrainingPlan
from .classes import available, pieces, with_bases
from .optimizer import optimizer_source
from .parameters import Parameters
from .render import WIDTH, Apply, Name, prose, render
from .training import arguments, asked_of, compile_model, formula_source

_BODY = " " * 4
_KERAS_2 = {"LeakyReLU": {"negative_slope": "alpha"}}  # what an argument was called there
_LONGEST_FUNCTION = 50
_MOST_TARGETS = 4  # values of one call with names of their own


def source(plan: Plan, *, legacy_keras: bool = False) -> str:
    """The text of a module with ``build_model()``, formatted; it imports only what it needs.

    Args:
        legacy_keras: for tf-keras, which is Keras 2; whether it has all the names is not looked at.
    """
    kinds = [*plan.kinds, *(plan.training.kinds if plan.training else ())]
    parameters = Parameters(plan)
    form = _Sequential if is_chain(plan) else _Functional
    body = form(plan, parameters, legacy_keras)
    imports = {"import keras"}
    texts = []
    lines = body.lines()
    for name in with_bases(kinds):
        needed, text = pieces(name)
        imports.update(needed)
        texts.append(text)
    for formula in plan.training.formulas if plan.training else ():
        writer = _Functional(formula.body, Parameters(formula.body), legacy_keras)
        lines_of = writer.function_lines(arguments(formula))
        texts.append(formula_source(formula, lines_of, prose(formula.tensor, 60)))
    if plan.training and (own := plan.training.own_optimizer):

        def body_lines(network: Network, arguments: Sequence[str]) -> list[str]:
            writer = _Functional(network, Parameters(network), legacy_keras)
            return writer.function_lines(arguments)

        texts.append(optimizer_source(own, plan.training, body_lines))
    texts += [
        _build_step(layer, body.steps[id(layer.step)], legacy_keras)
        for layer in plan.layers
        if layer.step
    ]
    texts.append(_build_model(plan, parameters, lines))
    if any(map(_uses_numpy, texts)):
        imports.add("import numpy as np")
    if plan.training:
        texts.append(compile_model(plan, plan.training))
    if legacy_keras:
        imports = {line.replace("import keras", "import tf_keras as keras") for line in imports}
    head = [_module_docstring(plan), "\n".join(sorted(imports))]
    return "\n\n".join(head) + "\n\n\n" + "\n\n\n".join(texts) + "\n"


def required(plan: Plan) -> dict[str, dict[str, Unknown]]:
    """The arguments without defaults: function of the source → argument → the number it is."""
    asked = asked_of(plan.training) if plan.training else {}
    return {"build_model": Parameters(plan).required, "compile_model": asked}


def is_chain(plan: Network) -> bool:
    """Whether the model is one row of layers, each called once on what the one before gave."""
    if len(plan.inputs) != 1 or len(plan.outputs) != 1 or not plan.calls or _own_model(plan):
        return False
    value = plan.inputs[0].value
    for call in plan.calls:
        plain = isinstance(call.function, Layer) and not call.keywords
        if not plain or call.arguments != (value,) or len(call.outputs) != 1:
            return False
        value = call.outputs[0]
    return value is plan.outputs[0].value and len(plan.layers) == len(plan.calls)


def _training(plan: Network) -> TrainingPlan | None:
    """How training goes on; a network inside of a model has none of its own."""
    return plan.training if isinstance(plan, Plan) else None


def _own_model(plan: Network) -> Formula | None:
    """The loss for which the model has a class of its own."""
    training = _training(plan)
    return training.own_model if training else None


def _module_docstring(plan: Plan) -> str:
    title = prose(plan.name, 40) or "A model"
    text = f"{title}, converted by tfmigrate from {prose(plan.origin)}."
    lines = textwrap.wrap(text, WIDTH - 6)
    notes = [
        line
        for note in (*plan.notes, *plan.warnings)
        for line in textwrap.wrap(
            prose(note, 400), WIDTH, initial_indent="- ", subsequent_indent="  "
        )
    ]
    if len(lines) == 1 and not notes:
        return f'"""{lines[0]}"""'
    rest = ["", *notes] if notes else []
    return "\n".join(['"""' + lines[0], *lines[1:], *rest, '"""'])


def _uses_numpy(text: str) -> bool:
    """Whether code, and not only a name in a docstring, has ``np.``."""
    nodes = ast.walk(ast.parse(text)) if "np." in text else ()
    return any(isinstance(node, ast.Name) and node.id == "np" for node in nodes)


def _build_model(plan: Plan, parameters: Parameters, body: list[str]) -> str:
    signature = (
        "def "
        + render(
            Apply(Name("build_model"), [Name(n) for n in parameters.required], parameters.defaults),
            before=4,
            after=1,
        )
        + ":"
    )
    inputs = ", ".join(_described(i.name, i.value) for i in plan.inputs)
    outputs = ", ".join(_described(o.tensor, o.value) for o in plan.outputs)
    told = [f"Inputs: {inputs}.", f"Outputs: {outputs}."]
    told += [
        f"{name} is used in training; the TF1 program feeds it ({prose(number.tensor, 60)})."
        for name, number in parameters.required.items()
    ]
    lines = [line for text in told for line in textwrap.wrap(text, WIDTH - 4)]
    docstring = ["Builds the model with new, untrained weights.", "", *lines]
    return "\n".join(
        [
            signature,
            f'{_BODY}"""{docstring[0]}',
            *(f"{_BODY}{line}".rstrip() for line in docstring[1:]),
            f'{_BODY}"""',
            *body,
        ]
    )


def _build_step(layer: Layer, name: str, legacy_keras: bool) -> str:
    """The function that builds the model of one step of a layer."""
    assert layer.step is not None
    lines = _Functional(layer.step, Parameters(Network("", "")), legacy_keras).lines()
    docstring = f'{_BODY}"""Builds the model of one step of {prose(layer.name, 50)}."""'
    return "\n".join([f"def {name}():", docstring, *lines])


def _described(name: str, value: Value) -> str:
    shape = "any shape" if value.shape is None else str(value.shape)
    return f"{prose(name, 60)}: {value.dtype} {shape}"


class _Writer:
    """What both forms of a model share: how layers and arguments are written."""

    def __init__(self, plan: Network, parameters: Parameters, legacy_keras: bool):
        self.plan, self.parameters = plan, parameters
        self.renamed = _KERAS_2 if legacy_keras else {}
        self.names: dict[int, str] = {}
        self.steps: dict[int, str] = {}
        for layer in plan.layers:
            if layer.step is not None:
                wish = f"build_{layer.name}_step"
                name = identifier(wish, self.steps.values(), longest=_LONGEST_FUNCTION)
                self.steps[id(layer.step)] = name
        training = _training(plan)
        formulas = training.formulas if training else ()
        # No value may hide what the module defines: classes and functions of ours, steps, formulas.
        self.defined = {*available(), *self.steps.values(), *(f.name for f in formulas)}

    def constructor(self, layer: Layer) -> Apply:
        """The call that makes a layer."""
        renamed = self.renamed.get(layer.kind, {})
        keywords = {
            renamed.get(key, key): self.parameters.name_of(layer, key) or self.argument(value)
            for key, value in layer.arguments.items()
        }
        first = []
        # What everyone writes without a keyword: Dense(10), Conv2D(32, 3), Dropout(0.5).
        for key in _POSITIONAL.get(layer.kind, ()):
            if key not in keywords:
                break
            first.append(keywords.pop(key))
        if layer.name:
            keywords["name"] = layer.name
        own = layer.kind in available()
        return Apply(Name(layer.kind if own else f"keras.layers.{layer.kind}"), first, keywords)

    def argument(self, item: Any) -> Any:
        """An argument as an expression."""
        if isinstance(item, Value):
            return Name(self.names[id(item)])
        if isinstance(item, Code):
            return Name(item.text)
        if isinstance(item, Unknown):
            return item.value
        if isinstance(item, Made):
            return Apply(Name(item.function), item.arguments, item.keywords)
        if isinstance(item, Layer):
            return self.constructor(item)
        if isinstance(item, Network):
            return Apply(Name(self.steps[id(item)]))
        if isinstance(item, (list, tuple)):
            return type(item)(self.argument(part) for part in item)
        if isinstance(item, dict):
            return {key: self.argument(value) for key, value in item.items()}
        return item

    def input(self, given: Input) -> Apply:
        """``keras.Input(…)``; a batch size that the graph fixes is kept."""
        shape, keywords = given.value.shape, dict[str, Any]()
        if shape is None:
            raise ValueError(f"input {given.tensor} has no known rank")
        if not shape or shape[0] is not None:
            keywords["batch_shape"] = shape
        if given.value.dtype != "float32":
            keywords["dtype"] = given.value.dtype
        keywords["name"] = given.name
        return Apply(
            Name("keras.Input"), [] if "batch_shape" in keywords else [shape[1:]], keywords
        )


_POSITIONAL = {
    "Activation": ("activation",),
    "Bias": ("shape",),
    "Bidirectional": ("layer",),
    "Conv1D": ("filters", "kernel_size"),
    "Conv2D": ("filters", "kernel_size"),
    "Conv2DTranspose": ("filters", "kernel_size"),
    "Conv3D": ("filters", "kernel_size"),
    "Dense": ("units",),
    "DepthwiseConv2D": ("kernel_size",),
    "Discretization": ("bin_boundaries",),
    "Dropout": ("rate",),
    "SpatialDropout1D": ("rate",),
    "SpatialDropout2D": ("rate",),
    "SpatialDropout3D": ("rate",),
    "Embedding": ("input_dim", "output_dim"),
    "GRU": ("units",),
    "LSTM": ("units",),
    "Parameter": ("shape",),
    "Permute": ("dims",),
    "Recurrence": ("step",),
    "Reshape": ("target_shape",),
    "ReversibleDense": ("units",),
    "ReversibleEmbedding": ("input_dim", "output_dim"),
    "Scale": ("shape",),
    "SeparableConv1D": ("filters", "kernel_size"),
    "SeparableConv2D": ("filters", "kernel_size"),
    "SimpleRNN": ("units",),
    "ZeroPadding2D": ("padding",),
}


class _Sequential(_Writer):
    def lines(self) -> list[str]:
        """The body of ``build_model``."""
        layers = [self.constructor(layer) for layer in self.plan.layers]
        model = Apply(Name("keras.Sequential"), [[self.input(self.plan.inputs[0]), *layers]])
        return [_BODY + "return " + render(model, 1, before=len("return "))]


class _Functional(_Writer):
    def lines(self) -> list[str]:
        """The body of ``build_model``."""
        self._name_values()
        lines = []
        for given in self.plan.inputs:
            lines.append(self._assignment(self.names[id(given.value)], self.input(given)))
        for layer in self.shared:
            lines.append(self._assignment(self.names[id(layer)], self.constructor(layer)))
        lines += self._calls()
        inputs = [Name(self.names[id(given.value)]) for given in self.plan.inputs]
        outputs = [Name(self.names[id(output.value)]) for output in self.plan.outputs]
        own = _own_model(self.plan)
        model = Apply(
            Name(own.name if own is not None else "keras.Model"),
            [ends[0] if len(ends) == 1 else ends for ends in (inputs, outputs)],
        )
        return [*lines, _BODY + "return " + render(model, 1, before=len("return "))]

    def function_lines(self, arguments: Sequence[str]) -> list[str]:
        """The body of a function of the plan's inputs, which are called by these names."""
        self._name_values(arguments)
        results = [self.names[id(output.value)] for output in self.plan.outputs]
        if len(results) > 1:
            return [*self._calls(), f"{_BODY}return {', '.join(results)}"]
        *lines, last = self._calls()
        return [*lines, _BODY + "return " + last.removeprefix(f"{_BODY}{results[0]} = ")]

    def _calls(self) -> list[str]:
        lines = []
        for call in self.plan.calls:
            names = [self.names[id(value)] for value in call.outputs]
            # One of many is written steps[3]: what is assigned is the list.
            target = names[0].partition("[")[0] if "[" in names[0] else ", ".join(names)
            lines.append(self._assignment(target, self._called(call, len(target) + 3)))
        return lines

    def _assignment(self, target: str, expression: Any) -> str:
        return f"{_BODY}{target} = " + render(expression, 1, before=len(target) + 3)

    def _called(self, call: Call, before: int) -> Any:
        arguments = [self.argument(a) for a in call.arguments]
        keywords = {key: self.argument(value) for key, value in call.keywords.items()}
        if isinstance(call.function, Layer):
            layer = call.function
            function = Name(self.names[id(layer)]) if id(layer) in self.names else None
            return Apply(function or self.constructor(layer), arguments, keywords)
        if call.function == "[]":
            return Name(f"{render(arguments[0])}[{render(arguments[1])}]")
        if len(arguments) == 2 and not call.function[0].isalpha():
            left = f"{render(arguments[0])} {call.function} "
            return Name(left + render(arguments[1], 1, before=before + len(left)))
        return Apply(Name(call.function), arguments, keywords)

    def _name_values(self, arguments: Sequence[str] = ()) -> None:
        """Chains flow through ``x``; what is used later, or twice, has a name of its own."""
        uses = self.plan.uses()
        free = (*self.parameters.required, *self.parameters.defaults, *arguments)
        taken = {"x", *free, *self.defined}
        if arguments:
            for given, name in zip(self.plan.inputs, arguments, strict=True):
                self.names[id(given.value)] = name
        elif len(self.plan.inputs) == 1:
            self.names[id(self.plan.inputs[0].value)] = "inputs"
        else:
            for given in self.plan.inputs:
                self._take(given.value, given.name, taken)
        made = [call.function for call in self.plan.calls]
        self.shared = [f for f in self.plan.layers if made.count(f) > 1]
        for layer in self.shared:
            name = identifier(layer.name or layer.kind, taken)
            taken.add(name)
            self.names[id(layer)] = name
        following = [*self.plan.calls, None][1:]
        for call, after in zip(self.plan.calls, following, strict=True):
            if len(call.outputs) > _MOST_TARGETS:
                whole = identifier(call.outputs[0].hint or "parts", taken)
                taken.add(whole)
                named = {id(v): f"{whole}[{i}]" for i, v in enumerate(call.outputs)}
                self.names |= named
                continue
            for value in call.outputs:
                if after is None:
                    next_uses = sum(output.value is value for output in self.plan.outputs)
                else:
                    next_uses = sum(taken_value is value for taken_value in after.values)
                if len(call.outputs) == 1 and next_uses == uses.get(id(value), 0):
                    self.names[id(value)] = "x"
                else:
                    made_by = call.function
                    layer_hint = ""
                    if isinstance(made_by, Layer):
                        layer_hint = made_by.name or made_by.kind
                    self._take(value, value.hint or layer_hint, taken)

    def _take(self, value: Value, hint: str, taken: set[str]) -> None:
        name = identifier(hint, taken)
        taken.add(name)
        self.names[id(value)] = name
