"""A network as a plan has it: layers and functions, called on values, and how weights are made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .recipe import Recipe

Shape = tuple[int | None, ...] | None


@dataclass(eq=False)
class Value:
    """One tensor of the new model.

    Attributes:
        shape: with the batch dimension; None for unknown dimensions or an unknown rank.
        dtype: such as "float32".
        hint: a name for it from the graph: data, not yet an identifier.
        tensor: the tensor of the graph whose value it is, or None for one that only the model has.
    """

    shape: Shape
    dtype: str
    hint: str = ""
    tensor: str | None = None


@dataclass(frozen=True)
class Code:
    """An expression of ours in the generated source, such as ``"keras.ops.relu"``; never data."""

    text: str


@dataclass(frozen=True)
class Unknown:
    """A number that only a feed of the program knows: an argument of the generated source.

    Attributes:
        tensor: the placeholder that is fed; data, and "" where there are several.
        value: what the saved model has in its place.
    """

    tensor: str
    value: float = 0.0


@dataclass(frozen=True)
class Made:
    """What a function gives that is neither layer nor tensor: ``np.full((3,), 0.5, "float32")``.

    Attributes:
        function: a dotted name of ours.
        arguments: literals, and lists and tuples of them; whatever number they hold.
        keywords: the same, by name.
    """

    function: str
    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Layer:
    """A layer of the new model.

    Attributes:
        name: unique, valid for Keras.
        kind: a class of ``keras.layers``, or one of :mod:`tfmigrate.emit.classes`.
        arguments: of its constructor: literals, :class:`Code`, :class:`Made`, layers (a wrapped
            cell), a network (the step of a loop), or lists and tuples of them.
        scope: the scope of the graph it stands for; data.
    """

    name: str
    kind: str
    arguments: dict[str, Any] = field(default_factory=dict)
    scope: str = ""

    @property
    def step(self) -> Network | None:
        """The network that the layer runs at each step, or None."""
        given = self.arguments.get("step")
        return given if isinstance(given, Network) else None


@dataclass(eq=False)
class Call:
    """A layer, or a function of ``keras.ops``, called.

    Attributes:
        function: a :class:`Layer`, a dotted name such as ``keras.ops.concatenate``, or an operator
            (``+ - * / @`` …, between two arguments).
        arguments: values, literals, and lists or tuples of them.
        keywords: keyword arguments, of the same kinds.
        outputs: one value, or several where a sequence comes back.
    """

    function: Layer | str
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    outputs: tuple[Value, ...]

    @property
    def values(self) -> list[Value]:
        """The values it takes, in order."""
        return values_in((self.arguments, self.keywords))


def values_in(argument: Any) -> list[Value]:
    """The values anywhere in an argument."""
    if isinstance(argument, Value):
        return [argument]
    if isinstance(argument, dict):
        argument = list(argument.values())
    if isinstance(argument, (list, tuple)):
        return [value for part in argument for value in values_in(part)]
    return []


@dataclass(frozen=True)
class Input:
    """An input of the model: the tensor of the graph that it stands for, and its value.

    Attributes:
        batch: the number of examples that the graph fixes and the model does not, or None.
    """

    tensor: str
    name: str
    value: Value
    batch: int | None = None


@dataclass(frozen=True)
class Output:
    """An output of the model."""

    tensor: str
    value: Value


@dataclass(frozen=True)
class Weight:
    """A variable of the new model, by its path (``layer/kernel``), and how it is made."""

    target: str
    recipe: Recipe


@dataclass(eq=False, repr=False)
class Network:
    """A model, or a part of one that has a name of its own: a step of a loop, a formula.

    Attributes:
        name: of the model: data, such as a file's stem.
        origin: where it comes from, in one phrase; data.
        calls: in an order in which they can run.
        fed: placeholders that were fixed, and to what.
        notes: what was done: decisions, and alternatives that were considered.
        warnings: what may be wrong: guesses, and what could not be carried over.
    """

    name: str
    origin: str
    inputs: list[Input] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    weights: list[Weight] = field(default_factory=list)
    fed: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def layers(self) -> list[Layer]:
        """Every layer once, in the order of first call."""
        return list(
            dict.fromkeys(call.function for call in self.calls if isinstance(call.function, Layer))
        )

    @property
    def kinds(self) -> list[str]:
        """The classes of all layers, wrapped ones and named functions included, each once."""
        found: dict[str, None] = {}
        waiting: list[Any] = list(reversed(self.layers))
        while waiting:
            item = waiting.pop()
            if isinstance(item, Layer):
                found[item.kind] = None
                waiting.extend(item.arguments.values())
            elif isinstance(item, Network):
                waiting.extend(reversed(item.layers))
            elif isinstance(item, Code):
                found[item.text] = None
            elif isinstance(item, (list, tuple)):
                waiting.extend(item)
        return list(found)

    def path_ending(self, target: str) -> str:
        """How the path of a weight ends in Keras, which leaves out a layer around its own."""
        name, _, rest = target.partition("/")
        layer = next((layer for layer in self.layers if layer.name == name), None)
        around = layer is not None and (layer.kind == "Bidirectional" or layer.step is not None)
        return rest if around else target

    def endings(self, groups: Sequence[Sequence[str]]) -> list[list[str]]:
        """How the paths of each group of weights end, and those of no other weight.

        The name of a variable is enough if all that have it are of one group: "kernel".

        Args:
            groups: of targets.
        """
        owners: dict[str, set[int]] = {}
        own = {target: number for number, group in enumerate(groups) for target in group}
        for target in (*own, *(weight.target for weight in self.weights)):
            owners.setdefault(target.rpartition("/")[2], set()).add(own.get(target, -1))
        found = []
        for number, group in enumerate(groups):
            names = Counter(target.rpartition("/")[2] for target in group)
            shared = {name for name, n in names.items() if n > 1 and owners[name] == {number}}
            ends = [
                name if (name := target.rpartition("/")[2]) in shared else self.path_ending(target)
                for target in group
            ]
            found.append(list(dict.fromkeys(ends)))
        return found

    def uses(self) -> dict[int, int]:
        """How often each value is taken, by ``id``: by calls, and as an output."""
        count: dict[int, int] = {}
        taken = [value for call in self.calls for value in call.values]
        for value in [*taken, *(output.value for output in self.outputs)]:
            count[id(value)] = count.get(id(value), 0) + 1
        return count
