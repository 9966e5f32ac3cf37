"""From the outputs backwards: finds a handler for every tensor, then lets them build in order."""

from __future__ import annotations

from collections.abc import Collection

from ..graph.nodes import split_tensor
from ..plan import Input, Network, Output, Read, Value
from ..plan.names import layer_name
from .builder import Builder
from .holding import keep_whole
from .recurrent import fold_recurrent, unfolded
from .registry import Match, UnsupportedError, find, supported
from .tidy import tidy
from .view import View


def build_plan(
    view: View, plan: Network, trained: Collection[str] = (), read: Read | None = None
) -> None:
    """Fills a plan's inputs, outputs, calls and weights from a graph.

    Args:
        trained: variables that an optimizer moves, as the checkpoint calls them.
        read: checkpoint name → array; asked for those of which a weight is computed.

    Raises:
        UnsupportedError: an operation that the outputs need has no handler.
    """
    keep_whole(fold_recurrent(view), plan, fill_plan, trained, read)


def fill_plan(view: View, plan: Network, taken: Collection[str] | None = None) -> None:
    """As :func:`build_plan`, of a graph without recurrence.

    Args:
        taken: names that no layer may have; given for the step of a loop.
    """
    builder = Builder(view, plan, taken)
    values: dict[str, Value] = {}
    for tensor in view.inputs:
        value = Value(view.shape(tensor), view.dtype(tensor), _hint(view, tensor))
        values[tensor] = value
        name = layer_name(value.hint, {i.name for i in plan.inputs}, otherwise="input")
        plan.inputs.append(Input(tensor, name, value))
    _build(builder, values)
    for tensor in view.outputs:
        if view.resolve(tensor) in view.inputs:  # a model has to do something with what it is given
            builder.tensor, x = tensor, values[view.resolve(tensor)]
            made = builder.layer("Identity", {}, x, shape=x.shape, dtype=x.dtype)
            values[view.resolve(tensor)] = made
    plan.outputs = [Output(t, values[view.resolve(t)]) for t in view.outputs]
    for given in plan.inputs:
        if given.value.shape is None:
            given.value.shape = (None,)
            builder.warn(
                f"The graph does not give the shape of {given.tensor}; it is treated as a vector. "
                "If it has more dimensions, give them, for example "
                f"--inputs '{given.tensor}:[?,28,28,1]'."
            )
    tidy(builder)
    builder.finish()


def _hint(view: View, tensor: str) -> str:
    """What an input is called: as the feature, where it is one of several results of a parser."""
    name, index = split_tensor(tensor)
    keys = view.graph.node(tensor).attrs.get("keys") or ()
    return str(keys[index]) if index < len(keys) else name


def _build(builder: Builder, values: dict[str, Value]) -> None:
    view = builder.view
    matches: dict[str, Match] = {}
    waiting = [view.resolve(tensor) for tensor in reversed(view.outputs)]
    while waiting:
        tensor = waiting[-1]
        if tensor in values:
            waiting.pop()
            continue
        if tensor not in matches:
            match = find(view, tensor)
            if match is None:
                raise _unsupported(view, tensor)
            matches[tensor] = match
            missing = [view.resolve(t) for t in match.inputs]
            missing = [t for t in missing if t not in values]
            if any(t in matches for t in missing):  # its inputs need it: a loop no handler takes in
                raise _unsupported(view, tensor)
            waiting.extend(reversed(missing))
            if missing:
                continue
        match = matches[tensor]
        inputs = [values.get(view.resolve(t)) for t in match.inputs]
        if any(value is None for value in inputs):
            raise _unsupported(view, tensor)
        waiting.pop()
        builder.tensor = tensor
        made = match.build(builder, *inputs)
        made = [made] if isinstance(made, Value) else made
        for name, value in zip(match.tensors or [tensor], made, strict=True):
            values[view.resolve(name)] = value
            if value.tensor is None:  # a handler may give back a value it was given
                value.tensor = view.original(view.resolve(name))


def _unsupported(view: View, tensor: str) -> UnsupportedError:
    nodes = view.graph.ancestors([tensor], stop=view.inputs).values()
    named = {n.op for n in nodes if not supported(n.op) and view.recipe(f"{n.name}:0") is None}
    named = unfolded(view, named)
    return UnsupportedError(sorted(named) or [view.graph.node(tensor).op], tensor)
