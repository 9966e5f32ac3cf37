"""Tables of positions, in the finished calls: the first rows of a table added to a sequence."""

from __future__ import annotations

from ..plan import Call, Layer, Value
from ..plan.network import values_in
from .builder import Builder
from .sequences import Sequences

_FIRST_ROWS = (0, 0, None, -1)  # of DynamicSlice: where it begins, and how much it takes


def join_positions(builder: Builder) -> None:
    """``x + table[:length of x]`` becomes ``x + PositionEmbedding(x)``."""
    plan = builder.plan
    made = {id(v): call for call in plan.calls for v in call.outputs}
    uses, lengths = plan.uses(), Sequences(plan)

    def only(value: Value) -> Call | None:
        return made.get(id(value)) if uses.get(id(value), 0) == 1 else None

    before: dict[int, Call] = {}
    for call in plan.calls:
        if call.function != "+" and getattr(call.function, "kind", "") != "Add":
            continue
        sides = values_in(call.arguments)
        if len(sides) != 2 or any(each.shape is None for each in sides):
            continue
        for x, rows in (sides, sides[::-1]):
            cut = only(rows)
            if cut is not None and cut.function == "keras.ops.reshape":
                target = tuple(cut.arguments[1])
                cut = only(cut.arguments[0]) if target[:2] == (1, -1) else None
            elif cut is not None and cut.function == "keras.ops.expand_dims":
                cut = only(cut.arguments[0]) if cut.arguments[1:] == (0,) else None
            layer = None if cut is None else cut.function
            if not isinstance(layer, Layer) or layer.kind != "DynamicSlice" or cut is None:
                continue
            if layer.arguments["sizes"] != _FIRST_ROWS or len(x.shape or ()) != 3:
                continue
            table, length = values_in(cut.arguments)
            held = only(table)
            if held is None or lengths.measured(length) != lengths.size(x, 1):
                continue
            parameter = held.function
            if not isinstance(parameter, Layer) or parameter.kind != "Parameter":
                continue
            weights, shape = builder.weights_of(parameter), parameter.arguments["shape"]
            if len(shape) != 2 or shape[1] != (x.shape or ())[-1] or "dtype" in parameter.arguments:
                continue
            if any(other.function is parameter and other is not held for other in plan.calls):
                continue
            arguments = {"input_dim": shape[0], "output_dim": shape[1]}
            if "trainable" in parameter.arguments:
                arguments["trainable"] = parameter.arguments["trainable"]
            found = Layer("", "PositionEmbedding", arguments)
            builder.weights_of(found)["table"] = weights["value"]
            builder.set_wish(found, (*weights["value"].sources, "")[0])
            rows.shape, rows.tensor, rows.hint = x.shape, None, "positions"
            before[id(call)] = Call(found, (x,), {}, (rows,))
    gone = {id(call.outputs[0]) for call in before.values()}
    calls = []
    for call in plan.calls:
        if id(call) in before:
            calls.append(before[id(call)])
        if id(call.outputs[0]) not in gone:
            calls.append(call)
    plan.calls = calls
