"""What handlers build with: layers, calls, values, and the weights of each layer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from ..plan import Call, Layer, Made, Network, Recipe, Shape, Value, Weight, constant
from .naming import hint_of, name_layers, scope_in_step, scope_of
from .registry import UnsupportedError
from .view import View, shortest

_STRINGS = "object"  # what numpy calls the dtype of a constant of strings
_LARGEST_LITERAL = 16  # elements of a constant that are written into the source
_SMALLEST_RULE = 4  # elements beyond which np.arange(…) reads better than the numbers


class Builder:
    """Collects the plan's calls while handlers run, in an order in which they can run.

    Attributes:
        view: the graph.
        plan: what has been built.
        tensor: the tensor being made.
        taken: names that no layer may have, where it is the step of a loop that is built.
    """

    def __init__(self, view: View, plan: Network, taken: Collection[str] | None = None):
        self.view, self.plan, self.taken = view, plan, taken or ()
        self.in_step = taken is not None
        self.tensor = ""
        self._weights: dict[Layer, dict[str, Recipe]] = {}
        self._shared: dict[Any, Layer] = {}
        self._sizes: dict[tuple[Value, int, str], Value] = {}
        self._wishes: dict[Layer, str] = {}

    def layer(
        self,
        kind: str,
        arguments: Mapping[str, Any],
        *inputs: Any,
        weights: Mapping[str, Recipe] | None = None,
        scope: str | None = None,
        shape: Shape = None,
        dtype: str | None = None,
        **keywords: Any,
    ) -> Value:
        """Calls a layer; one made with the same weights and arguments before is called again.

        Args:
            kind: a class of keras.layers or of ``emit.classes``.
            arguments: of the constructor; those that are None are left out.
            inputs: values (or lists of values) it is called on.
            weights: path below the layer (``kernel``, ``lstm_cell/kernel``) → recipe.
            scope: a name from the graph; found from the weights and the tensor otherwise.
            shape: of the output; what the graph says otherwise.
            dtype: of the output; what the graph says otherwise.
            keywords: of the call.
        """
        given = {key: value for key, value in arguments.items() if value is not None}
        output = self.value(shape, dtype)
        if self.in_step:
            output.hint = ""  # the layer's own name tells more
        weights = dict(weights or {})
        floats = output.dtype in ("float64", "float16", "bfloat16")
        if floats:
            given["dtype"] = output.dtype
        key = (kind, repr(given), tuple((k, r.key) for k, r in weights.items()))
        layer = self._shared.get(key) if weights else None
        if layer is None:
            layer = Layer("", kind, given)
            self._weights[layer] = weights
            self._shared[key] = layer
            sources = [s for recipe in weights.values() for s in recipe.sources]
            name = self.tensor.rpartition(":")[0]
            if scope is None:
                scope = scope_in_step(sources) if self.in_step else scope_of(sources, name)
            self._wishes[layer] = scope
        self.plan.calls.append(Call(layer, inputs, keywords, (output,)))
        return output

    def op(
        self,
        function: str,
        *arguments: Any,
        shape: Shape = None,
        dtype: str | None = None,
        **keywords: Any,
    ) -> Value:
        """Calls a function (``relu`` is ``keras.ops.relu``) or an operator (``+``)."""
        output = self.value(shape, dtype)
        self.plan.calls.append(Call(_dotted(function), arguments, keywords, (output,)))
        return output

    def ops(self, function: str, count: int, *arguments: Any, **keywords: Any) -> tuple[Value, ...]:
        """As :meth:`op`, for a function that gives several values."""
        name = self.tensor.rpartition(":")[0]
        outputs = tuple(self.value(self.view.shape(f"{name}:{i}")) for i in range(count))
        self.plan.calls.append(Call(_dotted(function), arguments, keywords, outputs))
        return outputs

    def size(self, value: Value, axis: int, dtype: str = "int32") -> Value:
        """The length of a value along an axis, which is measured once."""
        key = (value, axis, dtype)
        if key not in self._sizes:
            given = {"axis": axis, "dtype": None if dtype == "int32" else dtype}
            self._sizes[key] = self.layer("Size", given, value, scope="", shape=(), dtype=dtype)
        return self._sizes[key]

    def value(self, shape: Shape = None, dtype: str | None = None) -> Value:
        """A new value for the tensor being made."""
        known = self.view.shape(self.tensor) if shape is None else shape
        name = self.tensor.rpartition(":")[0]
        hint = name.rpartition("/")[2] if self.in_step else hint_of(name)
        return Value(known, dtype or self.view.dtype(self.tensor), hint)

    def operand(self, recipe: Recipe, beside: Value) -> Any:
        """A constant or variable for arithmetic: source where it is short, else a layer's weight.

        Args:
            beside: any value of the model.

        Raises:
            UnsupportedError: it is of strings, with which no function of Keras computes.
        """
        if recipe.dtype == _STRINGS:
            raise UnsupportedError(["arithmetic with strings"], self.tensor)
        if not recipe.sources:
            array = recipe.make(_no_variables)
            if array.size > _SMALLEST_RULE and (made := _rule(array)) is not None:
                return made
            if array.size <= _LARGEST_LITERAL:
                return literal(array)
        return self.parameter(recipe, beside)

    def operands(self, recipes: Sequence[Recipe | None], values: Sequence[Value]) -> list[Any]:
        """Operands in order: the next of the values where there is no recipe."""
        waiting = iter(values)
        return [next(waiting) if r is None else self.operand(r, values[0]) for r in recipes]

    def parameter(self, recipe: Recipe, beside: Value, scope: str | None = None) -> Value:
        """A constant or variable as a value of the model.

        Args:
            beside: any value of the model.
            scope: a name from the graph; found from the weights and the tensor otherwise.
        """
        floats = recipe.dtype.startswith(("float", "bfloat"))
        arguments = {
            "shape": recipe.shape,
            "trainable": None if recipe.sources and floats else False,
            "dtype": None if floats else recipe.dtype,
        }
        return self.layer(
            "Parameter",
            arguments,
            beside,
            weights={"value": recipe},
            scope=scope,
            shape=recipe.shape,
            dtype=recipe.dtype,
        )

    def refine(self, value: Value, shape: Shape) -> None:
        """Notes what a consumer tells about a value's shape, for inputs the graph leaves open."""
        if shape is None:
            return
        if value.shape is None:
            value.shape = shape
        elif len(value.shape) == len(shape):
            merged = zip(value.shape, shape, strict=True)
            value.shape = tuple(new if old is None else old for old, new in merged)

    def warn(self, text: str) -> None:
        """Something that may be wrong with what is built; said once."""
        if text not in self.plan.warnings:
            self.plan.warnings.append(text)

    def weights_of(self, layer: Layer) -> dict[str, Recipe]:
        """A layer's weights by their path below it; may be changed."""
        return self._weights.setdefault(layer, {})

    def wish(self, layer: Layer) -> str:
        """The name from the graph that a layer would like; empty where there is none."""
        return self._wishes.get(layer, "")

    def set_wish(self, layer: Layer, scope: str) -> None:
        """Gives a layer another name from the graph."""
        self._wishes[layer] = scope

    def inner_names(self) -> set[str]:
        """Names of layers with weights inside of layers, and others that are taken.

        Keras calls a weight after the layer it is in, whatever model that layer is in.
        """
        steps = [layer.step for layer in self.plan.layers if layer.step is not None]
        targets = [weight.target for step in steps for weight in step.weights]
        return {*self.taken, *(target.partition("/")[0] for target in targets)}

    def _before(self) -> dict[Layer, Layer]:
        """Layer → the layer that gives the last of what it takes."""
        made = {
            id(value): call.function
            for call in self.plan.calls
            if isinstance(call.function, Layer)
            for value in call.outputs
        }
        return {
            call.function: made[id(value)]
            for call in self.plan.calls
            if isinstance(call.function, Layer)
            for value in call.values
            if id(value) in made
        }

    def finish(self) -> None:
        """Names the layers and lists the plan's weights."""
        taken = {given.name for given in self.plan.inputs}
        weighty = [layer for layer in self.plan.layers if self.weights_of(layer)]
        functions = [call.function for call in self.plan.calls if isinstance(call.function, str)]
        wishes = [(layer, self.wish(layer)) for layer in self.plan.layers]
        name_layers(wishes, taken, weighty, functions, self.inner_names(), self._before())
        self.plan.weights = [
            Weight(f"{layer.name}/{path}", recipe)
            for layer in self.plan.layers
            for path, recipe in self.weights_of(layer).items()
        ]


def literal(array: np.ndarray) -> Any:
    """A small constant as source: a number, or ``np.array([…], "float32")``."""
    if array.ndim == 0:
        return shortest(array[()])
    listed = [shortest(n) for n in array.reshape(-1)]
    nested = np.array(listed, object).reshape(array.shape).tolist()
    return Made("np.array", (nested, array.dtype.name))


def _rule(array: np.ndarray) -> Made | None:
    """A constant as numpy would make it, where it follows a rule."""
    kind, flat = array.dtype.name, array.reshape(-1)
    if bool((flat == flat[0]).all()):
        return Made("np.full", (array.shape, shortest(flat[0]), kind))
    if array.ndim == 1 and kind != "bool" and bool((flat == np.arange(flat.size)).all()):
        return Made("np.arange", (flat.size,), {"dtype": kind})
    return None


def _dotted(function: str) -> str:
    return function if "." in function or not function[0].isalpha() else f"keras.ops.{function}"


def _no_variables(name: str) -> np.ndarray:
    raise KeyError(name)


__all__ = ["Builder", "constant", "literal"]
