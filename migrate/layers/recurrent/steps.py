"""The body of a while loop as a graph of its own, from the old states to the new ones.

Loops of TensorFlow 1 (frames of Enter, Merge, Switch, NextIteration and Exit) and those of
control flow 2 (a ``While`` with functions) come out the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from ...graph.loops import Loop, find_loops
from ...graph.nodes import Function, Graph, Node
from ...plan import Shape
from ..dropout import fold_dropout
from ..view import View


@dataclass(frozen=True)
class State:
    """One value that the loop carries.

    Attributes:
        initial: a tensor outside.
        old: a placeholder of the step.
        new: a tensor of the step.
        exit: the tensor outside that holds it after the last step, or None.
        seen: what the condition of a TensorFlow 1 loop calls it.
    """

    initial: str
    old: str
    new: str
    exit: str | None
    seen: str


@dataclass(frozen=True)
class Read:
    """A tensor outside that holds, along one of its axes, what each step reads of it."""

    sequence: str
    axis: int


@dataclass(frozen=True)
class Body:
    """A loop taken apart.

    Attributes:
        name: a scope of the graph.
        view: of the step; tensors from outside keep their names.
        condition: a view of what decides on another step, and the tensor that does.
        outside: tensor of the condition that never changes → what it is outside.
        known: old state that is a part of a sequence at each step → that sequence.
        until: the lengths of sequences, of which the longest ends the loop, or None.
        finished: old state that says which have ended then, or "".
    """

    name: str
    view: View
    states: tuple[State, ...]
    condition: tuple[View, str]
    outside: Mapping[str, str]
    known: Mapping[str, Read] = field(default_factory=dict)
    until: str | None = None
    finished: str = ""

    # The number of the step.

    @cached_property
    def counters(self) -> set[str]:
        """Old states that count the steps from 0."""
        up = (s for s in self.states if self._counts(s, 1))
        return {s.old for s in up if self.view.scalar(s.initial) == 0}

    @cached_property
    def late(self) -> set[str]:
        """Old states that count the steps from 1: ``tf.scan`` took the first without a step."""
        up = (s for s in self.states if self._counts(s, 1))
        return {s.old for s in up if self.view.scalar(s.initial) == 1}

    @cached_property
    def countdowns(self) -> set[str]:
        """Old states that count the steps from the last to 0."""
        down = (s for s in self.states if self._counts(s, -1))
        return {s.old for s in down if self._starts_last(s.initial)}

    def _counts(self, state: State, by: int) -> bool:
        node = self.view.node(state.new)
        sign = {"Add": 1, "AddV2": 1, "Sub": -1}.get(node.op, 0)
        pairs = [node.inputs, node.inputs[::-1]] if sign == 1 else [node.inputs] if sign else []
        return any(
            self.view.resolve(one) == state.old and (self.view.scalar(other) or 0) * sign == by
            for one, other in pairs
        )

    def _starts_last(self, tensor: str) -> bool:
        """Whether a tensor is the number of steps less one, as ``tf.scan`` has it backwards."""
        start = self.view.scalar(tensor)
        if start is not None:
            return start + 1 == self.length
        less = 0
        while (node := self.view.node(tensor)).op == "Sub":
            less += self.view.scalar(node.inputs[1]) or 0
            tensor = node.inputs[0]
        return less == 1

    @cached_property
    def bounds(self) -> tuple[str | int, ...]:
        """What the number of the step is less than: tensors outside, or constants.

        Empty where something else ends the loop.
        """
        if self.until is not None:
            return (self.until,)  # a vector
        view, tensor = self.condition
        up = {s.seen for s in self.states if s.old in self.counters | self.late}
        down = {s.seen for s in self.states if self._counts(s, -1)}
        waiting, found = [tensor], list[str | int]()
        while waiting:
            node = view.node(waiting.pop())
            if node.op in ("LogicalAnd", "LoopCond"):
                waiting += node.inputs
                continue
            if node.op not in ("Less", "GreaterEqual"):
                return ()
            number, bound = view.resolve(node.inputs[0]), view.resolve(node.inputs[1])
            if node.op == "Less" and number in up:
                constant = view.scalar(bound)
                outside = self.outside.get(bound, bound)
                found.append(outside if constant is None else int(constant))
            elif node.op == "Less" or number not in down or view.scalar(bound) != 0:
                return ()
        return tuple(found)

    @cached_property
    def length(self) -> int | None:
        """The number of steps where it is constant; a first one without a step counts."""
        bounds = [bound for bound in self.bounds if bound != self.until]
        known = [b if isinstance(b, int) else self.view.scalar(b) for b in bounds]
        return min((int(number) for number in known if number is not None), default=None)

    # What a step reads and writes at its own number.

    def is_number(self, tensor: str) -> bool:
        """Whether a tensor of the step is its number."""
        numbers = self.late or self.counters | self.countdowns
        return self.view.resolve(tensor) in numbers

    def written(self, state: State) -> str | None:
        """What a step writes into an array."""
        node = self.view.node(state.new)
        if kind_of(node.op) == "TensorArrayWrite":
            _, index, value, array = node.inputs
        elif node.op == "TensorListSetItem":
            array, index, value = node.inputs[:3]
        else:
            return None
        ours = self.view.resolve(array) == state.old
        return value if ours and self.is_number(index) else None

    def read(self, tensor: str) -> Read | None:
        """What a tensor of the step is the current part of."""
        if self.view.resolve(tensor) in self.known:
            return self.known[self.view.resolve(tensor)]
        node = self.view.node(tensor)
        if kind_of(node.op) == "TensorArrayRead":
            _, index, array = node.inputs
        elif node.op == "TensorListGetItem":
            array, index = node.inputs[:2]
        else:
            return self._cut(node)
        if not self.is_number(index):
            return None
        filled = self.view.node(array)
        if kind_of(filled.op) in ("TensorArrayScatter", "TensorArrayUnpack"):
            return Read(filled.inputs[-2], 0)
        return Read(filled.inputs[0], 0) if filled.op == "TensorListFromTensor" else None

    def _cut(self, node: Node) -> Read | None:
        """``x[:, t]`` or ``tf.gather(x, t)``."""
        if node.op in ("GatherV2", "Gather") and self.is_number(node.inputs[1]):
            axis = self.view.scalar(node.inputs[2]) if node.op == "GatherV2" else 0
            return Read(node.inputs[0], int(axis)) if axis in (0, 1) else None
        if node.op != "StridedSlice":
            return None
        starts = self.view.node(node.inputs[1])
        masks = {key: node.attrs.get(f"{key}_mask", 0) for key in ("begin", "end", "shrink_axis")}
        axis = masks["shrink_axis"].bit_length() - 1
        if starts.op != "Pack" or axis not in (0, 1) or masks["shrink_axis"] != 1 << axis:
            return None
        rest = (1 << len(starts.inputs)) - 1 - masks["shrink_axis"]
        whole = all(masks[key] & rest == rest for key in ("begin", "end"))
        others = node.attrs.get("ellipsis_mask", 0) or node.attrs.get("new_axis_mask", 0)
        here = len(starts.inputs) > axis and self.is_number(starts.inputs[axis])
        return Read(node.inputs[0], axis) if whole and here and not others else None

    def stacked(self, view: View, state: State) -> list[str]:
        """The tensors outside that hold all that was written, step first."""
        gathers = ("TensorArrayGather", "TensorArrayPack", "TensorListStack")
        found = view.graph.consumers(state.exit) if state.exit else []
        return [f"{node.name}:0" for node in found if kind_of(node.op) in gathers]


def kind_of(op: str) -> str:
    """An operation without its version: ``TensorArrayReadV3`` → ``TensorArrayRead``."""
    return re.sub(r"V\d$", "", op)


def bodies(view: View) -> Iterator[Body]:
    """Every loop of a graph, of either kind."""
    for loop in find_loops(view.graph).values():
        yield _of_frame(view, loop)
    for node in view.graph.of("While", "StatelessWhile"):
        body = _of_functions(view, node)
        if body is not None:
            yield body


def _of_frame(view: View, loop: Loop) -> Body:
    placeholders = {v.body: f"{v.merge.rpartition(':')[0]}/old:0" for v in loop.variables if v.body}
    inside = {**loop.invariants, **placeholders}
    nodes = dict(view.graph.nodes)
    for name in loop.body_nodes:
        node = nodes[name]
        inputs = tuple(inside.get(source, source) for source in node.inputs)
        nodes[name] = replace(node, inputs=inputs)
    states = []
    for v in loop.variables:
        old = placeholders.get(v.body or "", f"{v.merge.rpartition(':')[0]}/old:0")
        shape = _state_shape(view, v.body or v.merge, v.initial)
        attrs = {"dtype": view.graph.dtype(v.initial) or "float32", "_output_shapes": [shape]}
        name = old.rpartition(":")[0]
        nodes[name] = Node(name, "Placeholder", attrs=attrs)
        new = inside.get(v.next, v.next)
        states.append(State(v.initial, old, new, v.exit, v.merge))
    graph = replace(view.graph, nodes=nodes)
    step = _step_view(graph, view, states)
    scope = loop.frame.rpartition("/")[0].removesuffix("/while")
    return Body(scope, step, tuple(states), (view, loop.predicate), loop.invariants)


def _state_shape(view: View, inside: str, initial: str) -> Shape:
    """The shape of a state; that of its first value where the loop does not record one."""
    shape = view.graph.shape(inside) or view.shape(initial)
    node = view.node(initial)
    return view.sizes(node.inputs[0]) if shape is None and node.op == "Fill" else shape


def _step_view(graph: Graph, outside: View, states: Sequence[State]) -> View:
    return View(graph, (*outside.inputs, *(state.old for state in states)), (), outside.variables)


def _of_functions(view: View, node: Node) -> Body | None:
    function = view.graph.functions.get(node.attrs.get("body", ""))
    condition = view.graph.functions.get(node.attrs.get("cond", ""))
    if function is None or condition is None or len(function.results) != len(node.inputs):
        return None
    arguments = [name for name, _ in function.arguments]
    results = list(function.results.values())
    inside: dict[str, str] = {}
    states = []
    step_view = View(function.graph, [f"{name}:0" for name in arguments], (), {})
    nodes = dict(view.graph.nodes)
    for index, (name, result) in enumerate(zip(arguments, results, strict=True)):
        if step_view.resolve(result) == f"{name}:0":
            inside[f"{name}:0"] = node.inputs[index]
            continue
        old = f"{node.name}/{name}"
        initial = node.inputs[index]
        attrs = {
            "dtype": view.graph.dtype(initial) or "float32",
            "_output_shapes": [_state_shape(view, f"{node.name}:{index}", initial)],
        }
        nodes[old] = Node(old, "Placeholder", attrs=attrs)
        inside[f"{name}:0"] = f"{old}:0"
        seen = f"{condition.arguments[index][0]}:0"
        states.append(State(initial, f"{old}:0", result, f"{node.name}:{index}", seen))
    states = [
        replace(state, new=inside.get(state.new, f"{node.name}/{state.new}")) for state in states
    ]
    nodes |= _renamed(function, node.name, inside)
    graph = _with_dropout(replace(view.graph, nodes=nodes))
    step = _step_view(graph, view, states)
    of = [f"{name}:0" for name, _ in condition.arguments]
    decides = (View(condition.graph, of, (), {}), next(iter(condition.results.values())))
    outside = dict(zip(of, node.inputs, strict=True))
    return Body(node.name.removesuffix("/while"), step, tuple(states), decides, outside)


def _with_dropout(graph: Graph) -> Graph:
    """The graph with dropouts folded that came from functions, after feeds were fixed."""
    graph = fold_dropout(graph)
    nodes = {
        name: replace(node, attrs={**node.attrs, "rate": None})
        for name, node in graph.nodes.items()
        if node.op == "Dropout" and node.attrs["rate"] == 0  # what was fed for inference
    }
    return replace(graph, nodes={**graph.nodes, **nodes}) if nodes else graph


def _renamed(function: Function, scope: str, inside: Mapping[str, str]) -> dict[str, Node]:
    """The nodes of a function below a scope."""
    made = {}
    for node in function.graph.nodes.values():
        if node.op != "_Arg":
            inputs = tuple(inside.get(t, f"{scope}/{t}") for t in node.inputs)
            name = f"{scope}/{node.name}"
            made[name] = replace(node, name=name, inputs=inputs, control_inputs=())
    return made
