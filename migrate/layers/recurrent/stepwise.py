"""Loops whose cell no layer of Keras is → one node, whose step is a network of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby

from ...graph.loops import LOOP_OPS
from ...graph.nodes import Node
from ...plan import Shape
from ...plan.names import unique
from ..view import View
from .blocks import written_out
from .decoding import as_decoder
from .draft import Draft, is_zero
from .network import RECURRENCE, StepNetwork, placeholder
from .steps import Body, Read, State, bodies, kind_of

_OF_ELEMENTS = ("TensorArrayRead", "TensorArrayConcat", "TensorListGetItem", "TensorListConcat")
LOOP_NODES = {*LOOP_OPS, "While", "StatelessWhile"}
"""Operations that tell that there is another loop in a loop."""


class _NotFoldedError(Exception):
    """The loop does something else than going over time."""


def fold_stepwise(draft: Draft) -> None:
    """Replaces what loops leave behind by what a node gives that runs their step."""
    for body in map(as_decoder, bodies(draft.view)):
        try:
            _Stepwise(draft, body).fold()
        except _NotFoldedError:
            continue


def _scope(name: str) -> str:
    """The loop's name without what TensorFlow calls every loop of its kind."""
    parts = [re.sub(r"^(while|bidirectional_rnn)(_\d+)?$", "", part) for part in name.split("/")]
    return "/".join(part for part, _ in groupby(filter(None, parts)))


@dataclass
class _Parts:
    """What a loop takes and gives, as it is found."""

    reads: dict[str, Read] = field(default_factory=dict)  # tensor of the step → what it is of
    states: dict[str, State] = field(default_factory=dict)
    constants: list[str] = field(default_factory=list)
    nodes: set[str] = field(default_factory=set)
    numbers: list[str] = field(default_factory=list)


class _Stepwise:
    def __init__(self, draft: Draft, body: Body):
        self.draft, self.body, self.step = draft, body, body.view
        self.lengths: str | None = None
        self.parts = _Parts()

    def fold(self) -> None:
        """Puts the node in the loop's place.

        Raises:
            _NotFoldedError: it is no loop over time.
        """
        if not self.body.bounds:
            raise _NotFoldedError
        outside = self.draft.view
        written: dict[str, list[str]] = {}
        firsts: dict[str, str | None] = {}
        finals: list[State] = []
        for state in self.body.states:
            value = self.body.written(state)
            tensors = self.body.stacked(outside, state)
            if value is not None:
                taken = [tensor for tensor in tensors if outside.uses(tensor)]
                taken += self._elements(state)
                if taken:
                    value = self._let_go(value, zeros=True)
                    written.setdefault(value, []).extend(taken)
                    firsts[value] = self._first(state)
            elif state.exit and outside.uses(state.exit) and state.old not in self._numbers:
                finals.append(state)
        if not written and not finals:
            raise _NotFoldedError
        self._collect([*written, *(self._state(state) for state in finals)])
        if self.lengths is None and not all(map(self._is_length, self.body.bounds)):
            raise _NotFoldedError
        made, network = self._node(written)
        for index, (value, tensors) in enumerate(written.items()):
            sequence = self._step_first(f"{made}:{index}", network)
            sequence = self._after(firsts[value], sequence)
            for tensor in tensors:
                at = self._element(tensor)
                whole = sequence if at is None else self.draft.element(sequence, at, tensor)
                self.draft.replaced[tensor] = whole
        order = list(self.parts.states)
        for state in finals:
            place = network.outputs + order.index(state.old)
            self.draft.replaced[state.exit or ""] = f"{made}:{place}"

    def _elements(self, state: State) -> list[str]:
        """Single elements that are taken of what is written."""
        view = self.draft.view
        users = view.graph.consumers(state.exit or "")
        tensors = [f"{n.name}:0" for n in users if kind_of(n.op) in _OF_ELEMENTS]
        if any(self._element(tensor) is None for tensor in tensors):
            raise _NotFoldedError
        return tensors

    def _element(self, tensor: str) -> int | None:
        """Which element a tensor is, where it is one and that is constant."""
        node = self.draft.view.graph.node(tensor)
        place = {"TensorArrayRead": 1, "TensorListGetItem": 1}.get(kind_of(node.op))
        at = None if place is None else self.draft.view.scalar(node.inputs[place])
        return None if at is None else int(at)

    def _is_length(self, bound: str | int) -> bool:
        """Whether something that ends the loop is how long a sequence is, or a constant."""
        if isinstance(bound, int):
            return True
        view, node = self.step, self.step.node(bound)
        if node.op in ("Minimum", "Maximum"):
            return all(map(self._is_length, node.inputs))
        sizes = kind_of(node.op) in ("TensorArraySize", "TensorListLength")
        taken = node.op == "StridedSlice" and view.node(node.inputs[0]).op == "Shape"
        return sizes or taken or bound == self.body.until or view.scalar(bound) is not None

    # A first step that is none.

    def _first(self, state: State) -> str | None:
        """What is written before the loop, at the place of a first step that is none."""
        if not self.body.late:
            return None
        view = self.draft.view
        node = view.node(state.initial)
        writes = kind_of(node.op) == "TensorArrayWrite" or node.op == "TensorListSetItem"
        if not writes or view.scalar(node.inputs[1]) != 0:
            raise _NotFoldedError
        return self._outer(node.inputs[2])

    def _outer(self, tensor: str) -> str:
        """A tensor outside; an element of a sequence cut from that."""
        at, node = self._element(tensor), self.draft.view.node(tensor)
        if at is None:
            return tensor
        array = node.inputs[-1] if kind_of(node.op) == "TensorArrayRead" else node.inputs[0]
        filled = self.draft.view.node(array)
        if kind_of(filled.op) in ("TensorArrayScatter", "TensorArrayUnpack"):
            return self.draft.element(filled.inputs[-2], at, tensor)
        if filled.op == "TensorListFromTensor":
            return self.draft.element(filled.inputs[0], at, tensor)
        return tensor

    def _after(self, first: str | None, sequence: str) -> str:
        """A sequence (time, batch, …) with one more step before it."""
        if first is None:
            return sequence
        draft, name = self.draft, f"{self.body.name}/all"
        shape, rest = draft.shape(first), draft.shape(sequence)
        one = None if shape is None else (1, *shape)
        kind = draft.dtype(first)
        row = draft.add(f"{name}/row", "ExpandDims", (first, draft.constant(f"{name}/axis", 0)),
                        [one], kind)  # fmt: skip
        whole = None
        if rest is not None:
            whole = (None if rest[0] is None else rest[0] + 1, *rest[1:])
        axis = draft.constant(f"{name}/axis", 0)
        return draft.add(name, "ConcatV2", (row, sequence, axis), [whole], kind, {"N": 2})

    @cached_property
    def _numbers(self) -> set[str]:
        return self.body.counters | self.body.countdowns | self.body.late

    @cached_property
    def _olds(self) -> dict[str, State]:
        return {state.old: state for state in self.body.states}

    def _state(self, state: State) -> str:
        """The new value of a state, which the step has to give."""
        self.parts.states[state.old] = state
        return self._let_go(state.new, old=state.old)

    def _let_go(self, tensor: str, *, old: str = "", zeros: bool = False) -> str:
        """A tensor without the choice of zeros, or of the old value, past the end of a sequence."""
        tensor = self.step.resolve(tensor)
        if tensor in self.step.inputs:
            return tensor
        node = self.step.graph.node(tensor)
        if node.op not in ("Select", "SelectV2"):
            return tensor
        condition, past, now = node.inputs
        asked = self.step.node(condition)
        held = self.step.resolve(past) == old or (zeros and is_zero(self.step, past))
        ended = self.body.until if self.step.resolve(condition) == self.body.finished else None
        counted = asked.op == "GreaterEqual" and self.body.is_number(asked.inputs[0])
        if not held or not (ended or counted):
            return tensor
        lengths = ended or self.step.resolve(asked.inputs[1])
        if self.lengths not in (None, lengths) or self.body.countdowns:
            raise _NotFoldedError
        self.lengths = lengths
        return self.step.resolve(now)

    def _collect(self, wanted: Iterable[str]) -> None:
        """Everything that the step needs to make these."""
        waiting, seen = list(wanted), set[str]()
        while waiting:
            tensor = self.step.resolve(waiting.pop())
            if tensor in seen:
                continue
            seen.add(tensor)
            if tensor in self.body.counters and not self.body.late:
                self.parts.numbers.append(tensor)
            elif tensor in self.body.known:
                self.parts.reads[tensor] = self.body.known[tensor]
            elif tensor in self._olds:
                if tensor in self._numbers or not self._is_carried(tensor):
                    raise _NotFoldedError
                if tensor not in self.parts.states:
                    waiting.append(self._state(self._olds[tensor]))
            elif tensor.rpartition(":")[0] not in self._changing:
                if self.step.recipe(tensor) is None and tensor not in self.parts.constants:
                    self.parts.constants.append(tensor)
            elif (read := self.body.read(tensor)) is not None:
                self.parts.reads[tensor] = read
            else:
                node = self.step.graph.node(tensor)
                if node.op in LOOP_NODES or node.op.startswith("TensorArray"):
                    raise _NotFoldedError
                self.parts.nodes.add(node.name)
                waiting += node.inputs

    def _is_carried(self, old: str) -> bool:
        return self.step.shape(old) is not None

    @cached_property
    def _changing(self) -> set[str]:
        """Names of the nodes that are not the same at every step."""
        found = {old.rpartition(":")[0] for old in self._olds}
        for node in self.step.graph.topological_order():
            if any(source.rpartition(":")[0] in found for source in node.inputs):
                found.add(node.name)
        return found

    # The node.

    def _node(self, written: Mapping[str, Sequence[str]]) -> tuple[str, StepNetwork]:
        parts, draft, name = self.parts, self.draft, self.body.name or "loop"
        time_major = self._is_time_major()
        sequences = [self._sequence(read, time_major) for read in parts.reads.values()]
        initial = [self._outer(state.initial) for state in parts.states.values()]
        zeros = all(self._starts_at_zero(state) for state in parts.states.values())
        network = StepNetwork(
            self._view(list(written)), _scope(self.body.name), len(sequences), len(initial),
            len(parts.constants), len(written), self.lengths is not None,
            bool(initial) and not zeros, bool(parts.numbers), time_major,
            None if sequences else self.body.length,
        )  # fmt: skip
        if not sequences and (network.length is None or zeros):
            raise _NotFoldedError
        shape = draft.shape(sequences[0]) if sequences else None
        steps = shape[0 if time_major else 1] if shape else network.length
        ones = [self._written_shape(value, whole[0]) for value, whole in written.items()]
        shapes = [_over_time(one, steps, time_major) for one in ones]
        shapes += [self.step.shape(old) for old in parts.states]
        inputs = [*sequences, *([self.lengths] if self.lengths else [])]
        inputs += [*(initial if network.initial else []), *parts.constants]
        for name, node in self.step.graph.ancestors(parts.constants).items():
            if draft.view.graph.nodes.get(name) != node:  # what is done in the loop for no reason
                draft.nodes[name] = node
        made = draft.add(
            f"{name}/recurrence", RECURRENCE, inputs, shapes, "float32", {"network": network}
        )
        return made.rpartition(":")[0], network

    def _written_shape(self, value: str, whole: str) -> Shape:
        """The shape of what each step writes, as all that is written says where it does not."""
        shape = self.step.shape(value)
        olds = [s.old for s in self.parts.states.values() if self.step.resolve(s.new) == value]
        shapes = [shape, *map(self.step.shape, olds)]
        if self._element(whole) is None and (stacked := self.draft.view.shape(whole)):
            shapes.append(stacked[1:])
        return next((shape for shape in shapes if shape is not None), None)

    def _is_time_major(self) -> bool:
        """Whether sequences come with time first, and not by a transpose that only serves this."""
        if self.lengths is not None or self.body.until is not None or not self.parts.reads:
            return False
        return not any(
            read.axis == 1 or self.draft.node(read.sequence).op == "Transpose"
            for read in self.parts.reads.values()
        )

    def _sequence(self, read: Read, time_major: bool) -> str:
        draft, tensor = self.draft, read.sequence
        axis = 0 if time_major else 1
        if read.axis != axis:
            tensor = draft.swapped(tensor)
        if self.body.until is not None:
            return draft.up_to_longest(tensor, self.body.until)
        shape = draft.shape(tensor)
        length, steps = self.body.length, shape[axis] if shape else None
        start = 1 if self.body.late else 0
        if start or (length is not None and steps != length):
            if shape is None:
                raise _NotFoldedError
            name = f"{self.body.name}/part"
            count = length if length is None else length - start
            begin = draft.constant(
                f"{name}/begin", [start * (at == axis) for at in range(len(shape))]
            )
            sizes = [count or -1 if at == axis else -1 for at in range(len(shape))]
            size = draft.constant(f"{name}/size", sizes)
            cut = tuple(count if at == axis else n for at, n in enumerate(shape))
            tensor = draft.add(name, "Slice", (tensor, begin, size), [cut], draft.dtype(tensor))
        return self._turned(tensor, axis) if self.body.countdowns else tensor

    def _turned(self, tensor: str, axis: int) -> str:
        """A sequence from its end."""
        name = f"{self.body.name}/reverse"
        axes = self.draft.constant(f"{name}/axis", [axis])
        shape, dtype = self.draft.shape(tensor), self.draft.dtype(tensor)
        return self.draft.add(name, "ReverseV2", (tensor, axes), [shape], dtype)

    def _step_first(self, made: str, network: StepNetwork) -> str:
        tensor = self._turned(made, 1 - network.time_major) if self.body.countdowns else made
        shape = self.draft.shape(made)
        flat = shape is not None and len(shape) < 2
        return tensor if network.time_major or flat else self.draft.swapped(tensor)

    def _starts_at_zero(self, state: State) -> bool:
        shape = self.step.shape(state.old)
        known = shape is not None and len(shape) > 0 and None not in shape[1:]
        return known and is_zero(self.draft.view, state.initial)

    # The step's own graph.

    def _view(self, written: Sequence[str]) -> View:
        parts, step = self.parts, self.step
        names: dict[str, str] = {}
        nodes: dict[str, Node] = {}
        taken = set(parts.nodes)
        for tensor, wish in self._names(written).items():
            name = unique(wish, taken)
            taken.add(name)
            nodes[name] = placeholder(name, step.dtype(tensor), self._shape(tensor))
            names[tensor] = f"{name}:0"

        for number in parts.numbers[1:]:
            names[number] = names[parts.numbers[0]]

        def inside(tensor: str) -> str:
            return names.get(step.resolve(tensor), tensor)

        for name in parts.nodes:
            node = step.graph.nodes[name]
            inputs = tuple(inside(source) for source in node.inputs)
            nodes[name] = replace(node, inputs=inputs, control_inputs=())
        outside = {t for node in nodes.values() for t in node.inputs}
        for name, node in step.graph.ancestors(outside, stop=nodes.keys()).items():
            nodes.setdefault(name, node)
        news = [self._let_go(s.new, old=s.old) for s in parts.states.values()]
        outputs = [inside(tensor) for tensor in (*written, *news)]
        order = [names[t] for t in (*parts.reads, *parts.states, *parts.constants)]
        order = [*(names[t] for t in parts.numbers[:1]), *order]
        nodes, cells = written_out(nodes)
        graph = replace(step.graph, nodes=nodes)
        variables = {n: r for n, r in step.variables.items() if n in nodes}
        return View(graph, order, [cells.get(t, t) for t in outputs], variables)

    def _names(self, written: Sequence[str]) -> dict[str, str]:
        """What the step's inputs are called: ``x`` at time t, states, what stays the same."""
        names = dict.fromkeys(self.parts.numbers[:1], "t")
        names |= dict.fromkeys(self.parts.reads, "x_t")
        news = {old: self._let_go(s.new, old=old) for old, s in self.parts.states.items()}
        memory = "c" if len(news) == 2 and set(news.values()) & set(written) else "state"
        for old, new in news.items():
            names[old] = "h" if new in written else memory
        return names | dict.fromkeys(self.parts.constants, "constant")

    def _shape(self, tensor: str) -> Shape:
        read = self.parts.reads.get(tensor)
        if read is None:
            return self.step.shape(tensor)
        whole = self.draft.shape(read.sequence)
        if whole is None:
            return self.step.shape(tensor)
        return tuple(size for at, size in enumerate(whole) if at != read.axis)


def _over_time(shape: Shape, steps: int | None, time_major: bool) -> Shape:
    if shape is None:
        return None
    return (steps, *shape) if time_major or not shape else (shape[0], steps, *shape[1:])


__all__ = ["RECURRENCE", "StepNetwork", "fold_stepwise"]
