"""The body of a while loop as a graph of its own, from the old states to the new ones.

Loops of TensorFlow 1 (frames of Enter, Merge, Switch, NextIteration and Exit) and those of
control flow 2 (a ``While`` with functions) come out the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ...graph.loops import Loop, find_loops
from ...graph.nodes import Function, Graph, Node
from ...plan import Shape
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
class Body:
    """A loop taken apart.

    Attributes:
        name: a scope of the graph.
        view: of the step; tensors from outside keep their names.
        condition: a view of what decides on another step, and the tensor that does.
    """

    name: str
    view: View
    states: tuple[State, ...]
    condition: tuple[View, str]

    @cached_property
    def counters(self) -> set[str]:
        """Old states that count the steps from 0."""
        found = set()
        for state in self.states:
            node = self.view.node(state.new)
            if node.op not in ("Add", "AddV2") or self.view.scalar(state.initial) != 0:
                continue
            for one, other in (node.inputs, node.inputs[::-1]):
                if self.view.resolve(one) == state.old and self.view.scalar(other) == 1:
                    found.add(state.old)
        return found

    @cached_property
    def seen_counters(self) -> set[str]:
        """The same as the condition sees them."""
        return {state.seen for state in self.states if state.old in self.counters}


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
    return Body(scope, step, tuple(states), (view, loop.predicate))


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
    graph = replace(view.graph, nodes=nodes)
    step = _step_view(graph, view, states)
    of = [f"{name}:0" for name, _ in condition.arguments]
    decides = (View(condition.graph, of, (), {}), next(iter(condition.results.values())))
    return Body(node.name.removesuffix("/while"), step, tuple(states), decides)


def _renamed(function: Function, scope: str, inside: Mapping[str, str]) -> dict[str, Node]:
    """The nodes of a function below a scope."""
    made = {}
    for node in function.graph.nodes.values():
        if node.op != "_Arg":
            inputs = tuple(inside.get(t, f"{scope}/{t}") for t in node.inputs)
            name = f"{scope}/{node.name}"
            made[name] = replace(node, name=name, inputs=inputs, control_inputs=())
    return made
