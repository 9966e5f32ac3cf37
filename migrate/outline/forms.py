"""A call of the plan as a form, which equal blocks share, and slots, in which they may differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..plan import Call, Code, Layer, Made, Network, Value

# Where these are absent, Keras has the value that is given here: a lane without stands for it.
_CONVOLUTION = {
    "strides": 1, "padding": "valid", "dilation_rate": 1, "activation": None, "use_bias": True,
}  # fmt: skip
_CONVOLUTIONS = (
    "Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "Conv3DTranspose", "DepthwiseConv2D",
    "SeparableConv1D", "SeparableConv2D",
)  # fmt: skip
_DEFAULTS: dict[str, dict[str, Any]] = {
    **{kind: _CONVOLUTION for kind in _CONVOLUTIONS},  # noqa: C420
    "Dense": {"activation": None, "use_bias": True},
}
# What a block may leave out as well, where most of its lanes have the same.
USUAL = frozenset(_CONVOLUTION)
# Numbers that say which dimension is meant, not how large it is: other ones are another block.
_DIMENSIONS = {
    "Permute", "keras.ops.transpose", "keras.ops.squeeze", "keras.ops.expand_dims", "[]",
    "keras.ops.moveaxis", "keras.ops.swapaxes",
}  # fmt: skip
_FIXED = {"axis", "axes", "dtype", "data_format", "perm"}
# What a number is called that a function takes by position.
_WORDS = {
    "keras.ops.reshape": "size", "keras.ops.maximum": "low", "keras.ops.minimum": "high",
    "*": "factor", "/": "divisor", "**": "exponent", "+": "offset", "-": "offset",
}  # fmt: skip
NAME = "name"

_Visit = Callable[[str, Any], Any]


def is_shared(call: Call, shared: Sequence[Layer] | set[Layer]) -> bool:
    """Whether the layer of a call is made elsewhere, because it is called more than once."""
    return isinstance(call.function, Layer) and call.function in shared


class Form:
    """One call taken apart.

    Attributes:
        key: hashable; equal for calls that differ in slots and values only.
        labels: of the slots; ``name`` for the names of layers.
        slots: literals.
        values: what it takes; a shared layer comes first.
    """

    def __init__(self, call: Call, shared: set[Layer], stands_for: dict[tuple[int, str], Any]):
        self.labels: list[str] = []
        self.slots: list[Any] = []
        self.values: list[Value | Layer] = []
        self._stands_for = stands_for
        taken: tuple[Any, ...] = (
            self._walk(call.arguments, self._word(call)),
            self._walk(call.keywords, ""),
            len(call.outputs),
        )
        function = call.function
        if is_shared(call, shared):
            assert isinstance(function, Layer)
            self.values.insert(0, function)
            self.key = ("shared", function.kind, *taken)
        elif isinstance(function, Layer):
            self.key = ("layer", self._walk(function, ""), *taken)
        else:
            self.key = (function, *taken)

    def _word(self, call: Call) -> str:
        if isinstance(call.function, Layer):
            return ""
        if call.function in _DIMENSIONS:
            return "axis"
        return _WORDS.get(call.function, "value")

    def _walk(self, item: Any, label: str) -> Any:
        """What is equal in all lanes, as something hashable; fills slots and values."""
        if isinstance(item, Value):
            self.values.append(item)
            return "value"
        if isinstance(item, Layer):
            if item.name:
                self._slot(NAME, item.name)
            arguments = with_defaults(item)
            fixed = "axis" if item.kind in _DIMENSIONS else ""
            inside = [
                (key, self._argument(item, key, value, fixed or key))
                for key, value in sorted(arguments.items())
            ]
            return ("layer", item.kind, bool(item.name), tuple(inside))
        if isinstance(item, (list, tuple)):
            return (type(item).__name__, tuple(self._walk(part, label) for part in item))
        if isinstance(item, dict):
            inside = [(key, self._walk(value, key)) for key, value in sorted(item.items())]
            return ("dict", tuple(inside))
        if isinstance(item, Code):
            return ("code", item.text)
        if isinstance(item, (Made, Network)):
            return (type(item).__name__, repr(item) if isinstance(item, Made) else id(item))
        if label in _FIXED or isinstance(item, (str, bytes)):
            return ("fixed", type(item).__name__, repr(item))
        self._slot(label, item)
        return ("slot", type(item).__name__)

    def _argument(self, layer: Layer, key: str, value: Any, label: str) -> Any:
        stand_in = self._stands_for.get((id(layer), key))
        if stand_in is not None:
            self._slot(stand_in.name, stand_in)
            return ("slot", "argument")
        if key in _DEFAULTS.get(layer.kind, {}) and not isinstance(value, (Code, Layer)):
            self._slot(label, value)
            return ("slot", "any")
        return self._walk(value, label)

    def _slot(self, label: str, value: Any) -> None:
        self.labels.append(label)
        self.slots.append(value)


def with_defaults(layer: Layer) -> dict[str, Any]:
    """The arguments of a layer, with those that it leaves to Keras where lanes may differ."""
    return {**_DEFAULTS.get(layer.kind, {}), **layer.arguments}


def length(call: Call) -> int:
    """How long the source of a call is on one line, about."""
    parts = [*call.arguments, *call.keywords.items()]
    layer = call.function
    if isinstance(layer, Layer):
        parts += [*layer.arguments.items(), layer.name]
        return len(layer.kind) + 22 + sum(map(_length, parts))
    return len(layer) + 6 + sum(map(_length, parts))


def _length(item: Any) -> int:
    if isinstance(item, Value):
        return 6
    if isinstance(item, (list, tuple)):
        return 2 + sum(map(_length, item))
    if isinstance(item, Layer):
        return length(Call(item, (), {}, ()))
    return 8 if isinstance(item, Network) else 2 + len(str(item))


def filled(call: Call, slots: Sequence[Any], values: Sequence[Any], shared: bool) -> Call:
    """The call with other things in its slots and for its values: expressions, for the source.

    An argument that is Keras's default is left out.

    Args:
        shared: whether the layer is made elsewhere, and stays.
    """
    return _Filling(slots, values).call(call, shared)


class _Filling:
    """The mirror of :class:`Form`: takes slots and values in the same order."""

    def __init__(self, slots: Sequence[Any], values: Sequence[Any]):
        self._slots, self._values = iter(slots), iter(values)

    def call(self, call: Call, shared: bool) -> Call:
        dimensions = not isinstance(call.function, Layer) and call.function in _DIMENSIONS
        arguments = self._filled(call.arguments, "axis" if dimensions else "")
        keywords = self._filled(call.keywords, "")
        function = call.function
        if isinstance(function, Layer) and not shared:
            function = self._layer(function)
        return replace(call, function=function, arguments=arguments, keywords=keywords)

    def _layer(self, layer: Layer) -> Layer:
        name = next(self._slots) if layer.name else ""
        defaults = _DEFAULTS.get(layer.kind, {})
        fixed = "axis" if layer.kind in _DIMENSIONS else ""
        arguments = {}
        for key, value in sorted(with_defaults(layer).items()):
            if key in defaults and not isinstance(value, (Code, Layer)):
                arguments[key] = next(self._slots)
            else:
                arguments[key] = self._filled(value, fixed or key)
        order = [*layer.arguments, *(key for key in defaults if key not in layer.arguments)]
        kept = {
            key: arguments[key]
            for key in order
            if key not in defaults or not same(arguments[key], defaults[key])
        }
        return Layer(name, layer.kind, kept, layer.scope)

    def _filled(self, item: Any, label: str) -> Any:
        if isinstance(item, Value):
            return next(self._values)
        if isinstance(item, Layer):
            return self._layer(item)
        if isinstance(item, (list, tuple)):
            return type(item)(self._filled(part, label) for part in item)
        if isinstance(item, dict):
            done = {key: self._filled(value, key) for key, value in sorted(item.items())}
            return {key: done[key] for key in item}
        if isinstance(item, (Code, Made, Network)):
            return item
        if label in _FIXED or isinstance(item, (str, bytes)):
            return item
        return next(self._slots)


def same(one: Any, other: Any) -> bool:
    """Whether two literals are the same source."""
    return type(one) is type(other) and (one is other or repr(one) == repr(other))
