"""Which sizes, rates and activations become arguments of ``build_model``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from ..outline import Argument
from ..plan import Layer, Network, Plan, Unknown
from ..plan.names import identifier
from .render import Name

_SIZES = {
    "Conv1D": "filters", "Conv2D": "filters", "Conv3D": "filters", "Dense": "units",
    "GRU": "units", "LSTM": "units", "ReversibleConv2D": "filters", "ReversibleDense": "units",
    "SimpleRNN": "units",
}  # fmt: skip
_RATES = {
    "Dropout": "rate", "SpatialDropout1D": "rate", "SpatialDropout2D": "rate",
    "SpatialDropout3D": "rate", "DotProductAttention": "dropout",
}  # fmt: skip
_WIDTHS = ("hidden_size", "num_heads", "intermediate_size")
_LONGEST = 40  # characters of an argument's name
_MOST_SIZES = 6  # beyond that a list of arguments is harder to read than the numbers in place


class Parameters:
    """Arguments of ``build_model`` with their defaults, and where each is used.

    The rate of dropout and the activation are one argument each where all hidden layers share
    them; sizes are arguments where they are few. The last layer's own activation stays in place:
    it belongs to what the model says, not to how it is built.

    A number that only a feed knows is an argument without a default where the model is trained.

    Attributes:
        defaults: argument → literal.
        required: argument without a default → what stands for it in the saved model.
    """

    def __init__(self, plan: Network):
        self.defaults: dict[str, Any] = {}
        self.required: dict[str, Unknown] = {}
        self._names: dict[tuple[int, str], Argument] = {}
        layers = plan.layers
        self._add_widths(plan)
        self._add_sizes(layers)
        self._add_shared([(layer, "activation") for layer in layers[:-1]], "activation")
        self._add_unknown(layers, isinstance(plan, Plan) and plan.training is not None)
        rates = [(y, key) for y in layers if (key := _RATES.get(y.kind)) in y.arguments]
        self._add_shared(rates, "dropout_rate")

    def name_of(self, layer: Layer, argument: str) -> Name | None:
        """The parameter that an argument of a layer is given by, or None."""
        name = self._names.get((id(layer), argument))
        return Name(str(name)) if name else None

    def stand_ins(self) -> dict[tuple[int, str], Argument]:
        """Layer's ``id`` and argument → what a block is passed: rates and widths."""
        passed = {*self.required, "dropout_rate", *_WIDTHS}
        return {key: name for key, name in self._names.items() if name.name in passed}

    def add(self, name: str, value: Any) -> Name:
        """One more argument, for a number that is no layer's."""
        name = identifier(name, {*self.defaults, *self.required}, longest=_LONGEST)
        self.defaults[name] = value
        return Name(name)

    def keep(self, layers: Collection[Any]) -> None:
        """Drops the sizes and activations that other layers have: these are in blocks."""
        known = {id(layer) for layer in layers}
        passed = {name.name for name in self.stand_ins().values()}
        gone = {n.name for (key, _), n in self._names.items() if key not in known} - passed
        self._names = {key: name for key, name in self._names.items() if name.name not in gone}
        self.defaults = {n: value for n, value in self.defaults.items() if n not in gone}

    def _add_sizes(self, layers: list[Layer]) -> None:
        sized = [
            layer
            for layer in layers
            if layer.kind in _SIZES and (id(layer), _SIZES[layer.kind]) not in self._names
        ]
        if len(sized) > _MOST_SIZES:
            return
        for layer in sized:
            argument = _SIZES[layer.kind]
            wish, taken = f"{layer.name or layer.kind}_{argument}", {*self.defaults, "x"}
            name = identifier(wish, taken, longest=_LONGEST)
            self._names[id(layer), argument] = Argument(name)
            self.defaults[name] = layer.arguments[argument]

    def _add_widths(self, plan: Network) -> None:
        """Widths of a network of attention: those that all its layers share."""
        attending = [call for call in plan.calls if is_attention(call.function)]
        layers = [call.function for call in attending if isinstance(call.function, Layer)]
        heads = {layer.arguments["num_heads"] for layer in layers}
        widths = {(call.arguments[0].shape or (None,))[-1] for call in attending}
        if len(heads) != 1 or len(widths) != 1 or None in widths:
            return
        width = next(iter(widths)) or 1
        for layer in layers:
            self._names[id(layer), "num_heads"] = Argument("num_heads")
        self.defaults |= {"hidden_size": width, "num_heads": heads.pop()}
        others = Counter[int]()
        for layer in plan.layers:
            key = {"Dense": "units"}.get(layer.kind, "output_dim")
            size = layer.arguments.get(key)
            if isinstance(size, int) and size in (width, 3 * width):
                self._names[id(layer), key] = Argument("hidden_size", size // width)
            elif layer.kind == "Dense" and isinstance(size, int):
                others[size] += 1
        inner, count = others.most_common(1)[0] if others else (0, 0)
        if count < max(2, len(attending)):
            return
        self.defaults["intermediate_size"] = inner
        for layer in plan.layers:
            if layer.kind == "Dense" and layer.arguments["units"] == inner:
                self._names[id(layer), "units"] = Argument("intermediate_size")

    def _add_unknown(self, layers: list[Layer], trained: bool) -> None:
        names: dict[str, str] = {}
        for layer in layers:
            for argument, value in layer.arguments.items():
                if not isinstance(value, Unknown):
                    continue
                if value.tensor not in names:
                    taken = {*self.defaults, *self.required, "x"}
                    wish = argument if "dropout" in argument else f"dropout_{argument}"
                    name = identifier(wish, taken, longest=_LONGEST)
                    names[value.tensor] = name
                    if trained:
                        self.required[name] = value
                    else:
                        self.defaults[name] = value.value
                self._names[id(layer), argument] = Argument(names[value.tensor])

    def _add_shared(self, places: Iterable[tuple[Layer, str]], name: str) -> None:
        """Makes an argument of what some layers have for theirs, where that is the same."""
        kinds = (str, float)
        having = [(y, key) for y, key in places if isinstance(y.arguments.get(key), kinds)]
        if len({layer.arguments[key] for layer, key in having}) != 1:
            return
        name = identifier(name, {*self.defaults, *self.required}, longest=_LONGEST)
        for layer, key in having:
            self._names[id(layer), key] = Argument(name)
        first, argument = having[0]
        self.defaults[name] = first.arguments[argument]


def is_attention(function: Any) -> bool:
    """Whether what is called is a layer for attention."""
    return isinstance(function, Layer) and function.kind == "DotProductAttention"
