"""Sequences that a program keeps as rows, in the finished calls: kept as sequences.

BERT joins batch and length before its first layer and splits them where heads attend. Dense layers
and whatever else works along the last axis compute the same without.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ..plan import Call, Layer, Network, Value
from ..plan.network import values_in
from .calls import first_value
from .layout import replaced

_LAYERS = frozenset((
    "Activation", "Add", "Bias", "Dense", "Dropout", "Embedding", "LayerNormalization", "LeakyReLU",
    "ReversibleEmbedding", "Scale",
))  # fmt: skip
_FUNCTIONS = frozenset((
    "+", "-", "*", "/", "keras.activations.gelu", "keras.ops.one_hot", *(
        f"keras.ops.{name}" for name in ("cast", "erf", "exp", "log", "maximum", "minimum",
        "negative", "power", "sqrt", "square", "tanh")
    ),
))  # fmt: skip
_OPEN = (None, None)
_Size = int | str | tuple[int, int] | None


def keep_sequences(plan: Network) -> None:
    """Lets layers between ``reshape(x, (-1, n))`` and its inverse work on x as it is."""
    found = Sequences(plan)
    if found.wanted:
        found.rewrite()


class Sequences:
    """Rows and the sequences that they are; lengths of axes.

    Attributes:
        wanted: ids of the calls whose results are split into sequences again.
    """

    def __init__(self, plan: Network):
        self.plan = plan
        self._made = {id(v): call for call in plan.calls for v in call.outputs}
        self._batches = {id(put.value) for put in plan.inputs if put.value.shape}
        self._lead: dict[int, tuple[_Size, _Size]] = {}
        self.wanted: set[int] = set()
        for call in plan.calls:
            self._follow(call)

    def _follow(self, call: Call) -> None:
        output = call.outputs[0]
        if self._joins(call):
            source = call.arguments[0]
            self._lead[id(output)] = (self.size(source, 0), self.size(source, 1))
        elif (lead := self._works_by_row(call)) is not None:
            self._lead[id(output)] = lead
        elif self._splits(call):
            self._want(first_value(call))

    def _want(self, value: Value) -> None:
        waiting = [value]
        while waiting:
            call = self._made.get(id(waiting.pop()))
            if call is not None and id(call) not in self.wanted and self._is_rows(call.outputs[0]):
                self.wanted.add(id(call))
                waiting += [] if self._joins(call) else call.values

    def _is_rows(self, value: Any) -> bool:
        return isinstance(value, Value) and id(value) in self._lead

    def _joins(self, call: Call) -> bool:
        """Whether a call makes rows of a sequence: one axis of its first two."""
        if call.function != "keras.ops.reshape" or len(call.arguments) != 2:
            return False
        source, target = call.arguments
        shape = source.shape
        if shape is None or len(shape) < 2 or shape[0] is not None:
            return False
        if None in shape[2:] or target[0] != -1 or len(target) > 2:
            return False
        return math.prod(shape[2:]) == math.prod(target[1:])

    def _works_by_row(self, call: Call) -> tuple[_Size, _Size] | None:
        """The leading sizes of the sequences behind a call's rows, or None."""
        layer = call.function
        if isinstance(layer, Layer):
            given = layer.arguments
            if layer.kind not in _LAYERS or "axis" in given or "noise_shape" in given:
                return None
            if layer.kind in ("Bias", "Scale") and len(given["shape"]) != 1:
                return None
        elif layer not in _FUNCTIONS or call.keywords.get("axis", -1) != -1:
            return None
        leads = {self._lead.get(id(value)) for value in call.values}
        if len(call.outputs) != 1 or len(leads) != 1 or not self._all_numbers(call):
            return None
        return leads.pop()

    @staticmethod
    def _all_numbers(call: Call) -> bool:
        """Whether a call takes values and numbers only, and values of one rank."""
        flat = [p for a in call.arguments for p in (a if isinstance(a, (list, tuple)) else [a])]
        ranks = {len(p.shape or ()) for p in flat if isinstance(p, Value)}
        plain = all(isinstance(p, (Value, int, float, str)) for p in flat)
        return plain and len(ranks) == 1 and not values_in(call.keywords)

    def _splits(self, call: Call) -> bool:
        """Whether a call makes sequences again of rows: of the same batch, hence as long."""
        rows = first_value(call)
        if not self._is_rows(rows) or rows.shape is None:
            return False
        lead = self._lead[id(rows)]
        target = _sizes(call)
        if target is None or len(target) < 3 or any(n in (-1, None) for n in target[2:]):
            return False
        if isinstance(call.function, Layer) and call.function.kind == "DynamicReshape":
            given = call.arguments[0][1:]
            return target[:2] == _OPEN and self.measured(given[0]) == lead[0]
        return target[0] in (-1, None) and target[1] == lead[1] and isinstance(lead[1], int)

    def measured(self, size: Value) -> _Size:
        """The axis that a number is the length of."""
        call = self._made.get(id(size))
        if call is None or not isinstance(call.function, Layer) or call.function.kind != "Size":
            return (id(size), 0)
        return self.size(call.arguments[0], call.function.arguments.get("axis", 0))

    def size(self, value: Value, axis: int) -> _Size:
        """A name for the length of an axis, equal for lengths that are equal."""
        while True:
            if value.shape is not None and value.shape[axis] is not None:
                return value.shape[axis]
            if axis == 0 and id(value) in self._batches:
                return "batch"  # every input of a model has the same
            call = self._made.get(id(value))
            if call is None:
                return (id(value), axis)
            target = _sizes(call)
            if target is not None and isinstance(call.function, Layer):
                if axis > 1 or target[:2] != _OPEN:
                    return (id(value), axis)
                return self.measured(call.arguments[0][1 + axis])
            along = self._along(call, axis)
            if along is None:
                return (id(value), axis)
            value, axis = along

    def _along(self, call: Call, axis: int) -> tuple[Value, int] | None:
        """A value that a call takes, and which of its axes the result has."""
        function, rank = call.function, len(call.outputs[0].shape or ())
        kind = function.kind if isinstance(function, Layer) else function
        if kind == "Permute" and isinstance(function, Layer):
            return call.arguments[0], (0, *function.arguments["dims"])[axis]
        if kind == "keras.ops.swapaxes" and {*call.arguments[1:]} == {-1, -2}:
            return call.arguments[0], 2 * rank - 3 - axis if axis > rank - 3 else axis
        if kind == "keras.ops.matmul":
            side = call.arguments[axis == rank - 1]
            return (side, axis) if len(side.shape or ()) == rank else None
        if kind == "Reshape" and isinstance(function, Layer):
            (source,), target = call.arguments, function.arguments["target_shape"]
            inner = (source.shape or (None,))[2:]
            known = target[0] == -1 and None not in inner and -1 not in target[1:]
            whole = known and math.prod(inner) == math.prod(target[1:])
            return (source, axis) if axis == 0 or (axis == 1 and whole) else None
        if kind not in _LAYERS | _FUNCTIONS | {"DotProductAttention"} and not _adds_last_axis(call):
            return None
        adds = kind.endswith(("Embedding", "one_hot", "expand_dims"))
        for value in call.values:
            shape = value.shape or ()
            if axis < len(shape) and shape[axis] is None and (adds or len(shape) == rank):
                return value, axis
        return None

    # The calls anew

    def rewrite(self) -> None:
        """Puts calls on sequences in place of those on rows."""
        plan, calls = self.plan, list[Call]()
        sequences: dict[int, Value] = {}  # of rows, and of what is split of them again
        flat: set[int] = set()
        for call in [*plan.calls, None]:
            if call is None or id(call) not in self.wanted:
                rest = (put.value for put in plan.outputs) if call is None else call.values
                for value in {id(v): v for v in rest}.values():
                    if self._is_rows(value) and id(value) in sequences and id(value) not in flat:
                        if call is not None and self._splits(call):
                            continue
                        calls.append(_flattened(sequences[id(value)], value))
                        flat.add(id(value))
            if call is None:
                break
            output = call.outputs[0]
            if id(call) in self.wanted and self._joins(call):
                sequences[id(output)] = self._joined(call, sequences, calls)
            elif id(call) in self.wanted:
                arguments = replaced(call.arguments, sequences)
                made = Value(None, output.dtype, output.hint)
                lead = (sequences[id(call.values[0])].shape or ())[:2]
                made.shape = (*lead, *(output.shape or ())[1:])
                sequences[id(output)] = made
                calls.append(Call(call.function, arguments, call.keywords, (made,)))
            elif self._splits(call) and id(first_value(call)) in sequences:
                self._split(call, sequences, calls)
            else:
                others = {key: v for key, v in sequences.items() if key not in self._lead}
                call.arguments = replaced(call.arguments, others)
                call.keywords = {key: replaced(v, others) for key, v in call.keywords.items()}
                calls.append(call)
        plan.calls = calls
        split = {key: value for key, value in sequences.items() if key not in self._lead}
        plan.outputs = [replace(put, value=replaced(put.value, split)) for put in plan.outputs]

    def _joined(self, call: Call, sequences: dict[int, Value], calls: list[Call]) -> Value:
        """The sequence whose rows a call makes, its last axes as one."""
        source, target = call.arguments
        source = sequences.get(id(source), source)
        shape: tuple[int | None, ...] = source.shape or ()
        if shape[2:] == target[1:]:
            return source
        made = Value((*shape[:2], *target[1:]), source.dtype, source.hint)
        length = -1 if shape[1] is None else shape[1]
        layer = Layer("", "Reshape", {"target_shape": (length, *target[1:])})
        calls.append(Call(layer, (source,), {}, (made,)))
        return made

    def _split(self, call: Call, sequences: dict[int, Value], calls: list[Call]) -> None:
        """Gives the sequence for what a call splits rows into, or splits its last axis."""
        (output,), sequence = call.outputs, sequences[id(first_value(call))]
        sizes: tuple[int | None, ...] = _sizes(call) or ()
        length, inner = sizes[1], list(sizes[2:])
        if list((sequence.shape or ())[2:]) == inner:
            sequence.tensor, sequence.hint = output.tensor, output.hint
            sequences[id(output)] = sequence
            return
        target = (-1 if length is None else length, *inner)
        shape = (*(sequence.shape or ())[:2], *inner)
        output.shape = shape
        layer = Layer("", "Reshape", {"target_shape": target})
        calls.append(Call(layer, (sequence,), {}, (output,)))


def _flattened(sequence: Value, rows: Value) -> Call:
    target = (-1, *(rows.shape or ())[1:])
    return Call("keras.ops.reshape", (sequence, target), {}, (rows,))


def _sizes(call: Call) -> tuple[int | None, ...] | None:
    """The sizes that a call shapes a value into; None for another call."""
    if isinstance(call.function, Layer):
        given = call.function.arguments
        return given["sizes"] if call.function.kind == "DynamicReshape" else None
    if call.function != "keras.ops.reshape" or len(call.arguments) != 2:
        return None
    return tuple(call.arguments[1])


def _adds_last_axis(call: Call) -> bool:
    return call.function == "keras.ops.expand_dims" and call.arguments[1:] == (-1,)
