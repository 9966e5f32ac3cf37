"""Loops over time whose cell Keras does not have: a step of its own, run by one layer."""

from __future__ import annotations

from typing import Any

from ..plan import Network, Value
from .builder import Builder
from .formula import plain
from .matching import fill_plan
from .recurrent.network import RECURRENCE, StepNetwork
from .registry import Match, operation
from .view import View


@operation(RECURRENCE, keras="Recurrence (own class)")
def recurrence(view: View, tensor: str) -> Match | None:
    """A loop over time of any other cell: dynamic_rnn, tf.scan, tf.while_loop."""
    node = view.graph.node(tensor)
    network: StepNetwork = node.attrs["network"]
    count = network.outputs + network.states
    outputs = [f"{node.name}:{index}" for index in range(count)]
    states = any(view.uses(output) for output in outputs[network.outputs :])

    def build(builder: Builder, *values: Value) -> list[Value]:
        waiting = list(values)
        sequences = [waiting.pop(0) for _ in range(network.sequences)]
        keywords: dict[str, Any] = {}
        if network.lengths:
            keywords["lengths"] = waiting.pop(0)
        if network.initial:
            initial = [waiting.pop(0) for _ in range(network.states)]
            keywords["initial_state"] = initial if len(initial) > 1 else initial[0]
        if waiting:
            keywords["constants"] = waiting
        step = Network("", "")
        fill_plan(network.view, step, builder.inner_names())
        step.calls = [plain(call) or call for call in step.calls]
        arguments = {
            "step": step,
            "states": None if network.states == 1 else network.states,
            "return_state": states or None,
            "numbered": network.numbered or None,
            "time_major": network.time_major or None,
            "length": network.length,
        }
        weights = {weight.target: weight.recipe for weight in step.weights}
        given = sequences[0] if len(sequences) == 1 else sequences
        first = builder.layer(
            RECURRENCE, arguments, given, weights=weights, shape=view.shape(outputs[0]),
            dtype=view.dtype(outputs[0]), scope=network.scope, **keywords,
        )  # fmt: skip
        made = [first]
        for output, new in zip(outputs[1:], step.outputs[1:], strict=True):
            made.append(builder.value(view.shape(output), new.value.dtype))
        olds = step.inputs[network.numbered + network.sequences :]
        hints = [network.scope] * network.outputs + [old.name for old in olds]
        for value, new, hint in zip(made, step.outputs, hints, strict=False):
            value.dtype, value.hint = new.value.dtype, hint
        shown = made if states else made[: network.outputs]
        builder.plan.calls[-1].outputs = tuple(shown)
        return made

    return Match(node.inputs, build, outputs)


@operation("UpToLongest", keras="UpToLongest (own class)")
def up_to_longest(view: View, tensor: str) -> Match | None:
    """The steps of padded sequences before the end of the longest."""
    node = view.graph.node(tensor)

    def build(builder: Builder, sequence: Value, lengths: Value) -> Value:
        cut = None if sequence.shape is None else (sequence.shape[0], None, *sequence.shape[2:])
        return builder.layer("UpToLongest", {}, sequence, lengths, shape=cut, scope="")

    return Match(node.inputs, build) if view.recipe(node.inputs[1]) is None else None


@operation("ReverseSequence", keras="ReverseSequence (own class)")
def reverse_sequence(view: View, tensor: str) -> Match | None:
    """Sequences reversed within their lengths."""
    node = view.graph.node(tensor)
    axes = {"seq_axis": node.attrs.get("seq_dim", 1), "batch_axis": node.attrs.get("batch_dim", 0)}
    defaults = {"seq_axis": 1, "batch_axis": 0}
    given = {key: axis for key, axis in axes.items() if axis != defaults[key]}

    def build(builder: Builder, sequence: Value, lengths: Value) -> Value:
        return builder.layer(
            "ReverseSequence", given, sequence, lengths, shape=sequence.shape, scope=""
        )

    return Match(node.inputs, build) if view.recipe(node.inputs[1]) is None else None
