"""What all forms of a generated model share: how layers, arguments and inputs are written."""

from __future__ import annotations

from typing import Any

from ..plan import Call, Code, Input, Layer, Made, Network, Plan, Unknown, Value
from ..plan.names import identifier
from ..plan.training import TrainingPlan
from .classes import available
from .operators import binds, operation, subscript
from .parameters import Parameters
from .render import ATOM, Apply, Name

BODY = " " * 4
_KERAS_2 = {"LeakyReLU": {"negative_slope": "alpha"}}  # what an argument was called there
_LONGEST_FUNCTION = 50


def training_of(plan: Network) -> TrainingPlan | None:
    """How training goes on; a network inside of a model has none of its own."""
    return plan.training if isinstance(plan, Plan) else None


class Writer:
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
        training = training_of(plan)
        formulas = training.formulas if training else ()
        # No value may hide what the module defines: classes and functions of ours, steps, formulas.
        self.defined = {*available(), *self.steps.values(), *(f.name for f in formulas)}

    def functions(self) -> list[str]:
        """The definitions of the functions that build blocks of the model."""
        return []

    def constructor(self, layer: Layer, original: Layer | None = None) -> Apply:
        """The call that makes a layer.

        Args:
            original: the layer of the plan whose arguments may be those of ``build_model``.
        """
        original = original or layer
        renamed = self.renamed.get(layer.kind, {})
        keywords = {
            renamed.get(key, key): self.parameters.name_of(original, key) or self.argument(value)
            for key, value in layer.arguments.items()
        }
        first = []
        # What everyone writes without a keyword: Dense(10), Conv2D(32, 3), Dropout(0.5).
        for key in _POSITIONAL.get(layer.kind, ()):
            if key not in keywords:
                break
            first.append(keywords.pop(key))
        if layer.name:
            keywords["name"] = self.argument(layer.name)
        own = layer.kind in available()
        return Apply(Name(layer.kind if own else f"keras.layers.{layer.kind}"), first, keywords)

    def applied(
        self, call: Call, function: Any, before: int, *, original: Layer | None = None
    ) -> Any:
        """A call as an expression.

        Args:
            function: what is called: a layer, a name, or as the call has it.
            before: columns that are taken on the first line.
            original: as :meth:`constructor` takes it.
        """
        arguments = [self.argument(a) for a in call.arguments]
        keywords = {key: self.argument(value) for key, value in call.keywords.items()}
        if isinstance(function, (Layer, Name)):
            made = function if isinstance(function, Name) else self.constructor(function, original)
            return Apply(made, arguments, keywords)
        if function == "[]":
            return subscript(arguments[0], arguments[1])
        if binds(function) != ATOM:
            return operation(function, arguments[0], arguments[1], before)
        return Apply(Name(function), arguments, keywords)

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
    "DotProductAttention": ("num_heads",),
    "Dropout": ("rate",),
    "SpatialDropout1D": ("rate",),
    "SpatialDropout2D": ("rate",),
    "SpatialDropout3D": ("rate",),
    "Embedding": ("input_dim", "output_dim"),
    "GRU": ("units",),
    "LSTM": ("units",),
    "Parameter": ("shape",),
    "Permute": ("dims",),
    "PositionEmbedding": ("input_dim", "output_dim"),
    "Recurrence": ("step",),
    "Reshape": ("target_shape",),
    "ReversibleConv2D": ("filters", "kernel_size"),
    "ReversibleDense": ("units",),
    "ReversibleEmbedding": ("input_dim", "output_dim"),
    "Scale": ("shape",),
    "SeparableConv1D": ("filters", "kernel_size"),
    "SeparableConv2D": ("filters", "kernel_size"),
    "SimpleRNN": ("units",),
    "ZeroPadding2D": ("padding",),
}
