"""Passes over the finished calls that make the model read better and compute the same."""

from __future__ import annotations

import math

from ..plan import Call, Layer, Network
from .attention import join_attention
from .builder import Builder
from .layout import cancel_permutations
from .order import hoist
from .positions import join_positions
from .sequences import keep_sequences
from .tying import tie

_TAKE_ACTIVATION = ("Dense", "Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "Conv3DTranspose",
    "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D")  # fmt: skip


def tidy(builder: Builder) -> None:
    """Runs the passes."""
    cancel_permutations(builder.plan)
    _drop_unused(builder)
    _merge_biases(builder)
    _merge_biases_of_parts(builder)
    tie(builder)
    keep_sequences(builder.plan)
    join_positions(builder)
    join_attention(builder)
    _merge_activations(builder)
    _drop_unused(builder)
    hoist(builder.plan)


class _Followers:
    """Which calls take what each layer gives; tables made once for a pass over all layers."""

    def __init__(self, plan: Network):
        self._plan, self._gone = plan, set[int]()
        self._uses = plan.uses()
        self._calls: dict[int, list[Call]] = {}
        self._after: dict[int, Call] = {}
        for call in plan.calls:
            self._calls.setdefault(id(call.function), []).append(call)
            self._after.update((id(value), call) for value in call.values)

    def calls(self, layer: Layer) -> list[Call]:
        """The calls of a layer."""
        return self._calls.get(id(layer), [])

    def pairs(self, layer: Layer) -> tuple[list[Call], list[Call]] | None:
        """The calls of a layer and the one call that takes what each gives; None for more."""
        calls = self.calls(layer)
        made = [id(call.outputs[0]) for call in calls]
        following = [self._after[key] for key in made if key in self._after]
        alone = all(self._uses.get(key, 0) == 1 for key in made)
        return (calls, following) if alone and len(following) == len(calls) else None

    def row(self, layer: Layer, most: int) -> list[Layer]:
        """The layers after a layer, while each is called once and only on what the last gives."""
        found: list[Layer] = []
        while len(found) < most and len(self.calls(layer)) == 1:
            after = self.pairs(layer)
            if after is None or not after[1] or not isinstance(after[1][0].function, Layer):
                break
            layer = after[1][0].function
            if len(self.calls(layer)) != 1:
                break
            found.append(layer)
        return found

    def merge(
        self, builder: Builder, layer: Layer, calls: list[Call], following: list[Call]
    ) -> None:
        """Lets a layer give what the calls after it gave."""
        for call, merged in zip(calls, following, strict=True):
            assert isinstance(merged.function, Layer)
            if not builder.wish(layer):
                builder.set_wish(layer, builder.wish(merged.function))
            call.outputs = merged.outputs
        self._gone |= {id(call) for call in following}

    def drop(self) -> None:
        """Removes the calls that were merged, once for a pass."""
        self._plan.calls = [call for call in self._plan.calls if id(call) not in self._gone]


def _merge_biases(builder: Builder) -> None:
    """``Dense(use_bias=False)`` then ``Bias`` becomes ``Dense``, convolutions alike.

    Only where nothing else needs the value between, at every call of the layer.
    """
    followers = _Followers(builder.plan)
    for layer in builder.plan.layers:
        if layer.kind not in _TAKE_ACTIVATION or layer.arguments.get("use_bias") is not False:
            continue
        found = followers.pairs(layer)
        if found is None or "activation" in layer.arguments:
            continue
        added = {call.function for call in found[1]}
        bias = added.pop()
        if added or not isinstance(bias, Layer) or bias.kind != "Bias":
            continue
        recipe = builder.weights_of(bias)["bias"]
        units = layer.arguments.get("units") or layer.arguments.get("filters")
        if len(followers.calls(bias)) != len(found[1]) or recipe.shape != (units,):
            continue
        del layer.arguments["use_bias"]
        builder.weights_of(layer)["bias"] = recipe
        followers.merge(builder, layer, *found)
    followers.drop()


def _merge_biases_of_parts(builder: Builder) -> None:
    """``Dense(use_bias=False)``, ``Reshape``, ``Bias`` becomes ``Dense``, ``Reshape``.

    The bias has a number for each part of the last axis, as projections to heads have it; the
    parts may be exchanged before.
    """
    followers = _Followers(builder.plan)
    for layer in builder.plan.layers:
        if layer.kind != "Dense" or layer.arguments.get("use_bias") is not False:
            continue
        row = followers.row(layer, 3)
        kinds = [each.kind for each in row]
        if kinds[:2] == ["Reshape", "Permute"] and row[1].arguments["dims"] == (1, 3, 2):
            kinds = kinds[:1] + kinds[2:]
        if kinds[:2] != ["Reshape", "Bias"] or "activation" in layer.arguments:
            continue
        bias = next(each for each in row if each.kind == "Bias")
        before = row[row.index(bias) - 1]
        recipe, parts = builder.weights_of(bias)["bias"], row[0].arguments["target_shape"][-2:]
        if before.kind == "Permute" and len(recipe.shape) == 2:
            recipe = recipe.transpose()
        if recipe.shape != parts or math.prod(parts) != layer.arguments["units"]:
            continue
        del layer.arguments["use_bias"]
        builder.weights_of(layer)["bias"] = recipe.reshape(math.prod(parts))
        for each in (layer, *row[: row.index(bias)]):
            followers.calls(each)[0].outputs[0].tensor = None
        followers.merge(builder, before, followers.calls(before), followers.calls(bias))
    followers.drop()


def _merge_activations(builder: Builder) -> None:
    """``Dense`` then ``Activation`` becomes ``Dense(activation=…)``.

    Only where nothing else needs the value between, at every call of the layer.
    """
    followers = _Followers(builder.plan)
    for layer in builder.plan.layers:
        if layer.kind not in _TAKE_ACTIVATION or "activation" in layer.arguments:
            continue
        found = followers.pairs(layer)
        names = {_activation(call) for call in found[1]} if found else {None}
        if found is None or len(names) != 1 or None in names:
            continue
        layer.arguments["activation"] = names.pop()
        followers.merge(builder, layer, *found)
    followers.drop()


def _activation(call: Call) -> str | None:
    if not isinstance(call.function, Layer) or call.function.kind != "Activation":
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
