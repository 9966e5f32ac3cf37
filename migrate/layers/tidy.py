"""Passes over the finished calls that make the model read better and compute the same."""

from __future__ import annotations

from ..plan import Call, Layer
from .builder import Builder

_TAKE_ACTIVATION = ("Dense", "Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "Conv3DTranspose",
    "DepthwiseConv2D", "SeparableConv2D")  # fmt: skip


def tidy(builder: Builder) -> None:
    """Runs the passes."""
    _merge_activations(builder)
    _drop_unused(builder)


def _merge_activations(builder: Builder) -> None:
    """``Dense`` then ``Activation`` becomes ``Dense(activation=…)``.

    Only where nothing else needs the value between, at every call of the layer.
    """
    plan = builder.plan
    uses = plan.uses()
    after: dict[int, Call] = {}
    for call in plan.calls:
        for value in call.values:
            after[id(value)] = call
    for layer in plan.layers:
        if layer.kind not in _TAKE_ACTIVATION or "activation" in layer.arguments:
            continue
        calls = [call for call in plan.calls if call.function is layer]
        following = [after.get(id(call.outputs[0])) for call in calls]
        names = {_activation(f) for f in following}
        alone = all(uses.get(id(call.outputs[0]), 0) == 1 for call in calls)
        if not alone or len(names) != 1 or None in names:
            continue
        layer.arguments["activation"] = names.pop()
        for call, merged in zip(calls, following, strict=True):
            assert merged is not None
            assert isinstance(merged.function, Layer)
            if not builder.wish(layer):
                builder.set_wish(layer, builder.wish(merged.function))
            call.outputs = merged.outputs
            plan.calls.remove(merged)


def _activation(call: Call | None) -> str | None:
    if call is None or not isinstance(call.function, Layer) or call.function.kind != "Activation":
        return None
    name = call.function.arguments["activation"]
    return name if isinstance(name, str) else None


def _drop_unused(builder: Builder) -> None:
    """Removes calls whose values nobody takes, the last first."""
    plan = builder.plan
    uses = plan.uses()
    kept: list[Call] = []
    for call in reversed(plan.calls):
        if any(uses.get(id(value), 0) for value in call.outputs):
            kept.append(call)
        else:
            for value in call.values:
                uses[id(value)] -= 1
    plan.calls = kept[::-1]
