"""Layer by layer: which tensor differs first, what makes it differ, what is left once it is mended.

A cause is only named after it was tested: the model is run again with the layer put right.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..parity import Difference
from ..plan import Layer, Plan, Read
from .comparing import Allowed, difference
from .correspondence import Pair, layer_names
from .hypotheses import Hypothesis, hypotheses
from .subject import Model

_MOST_CAUSES = 8
_MOST_TRIALS = 64  # a layer; each builds the model once more
_SECONDS = 180  # after so many, no other cause is tried: of a large model each takes long


@dataclass(frozen=True)
class LayerDifference:
    """One call of a layer, held against its tensor."""

    pair: Pair
    kind: str
    difference: Difference


@dataclass(frozen=True)
class Cause:
    """Something wrong with one layer, found by putting it right.

    Attributes:
        layer, kind: its name and class.
        tensor: the tensor that differed.
        cause, text: as in :class:`Hypothesis`.
        before, after: the greatest difference of the tensor without and with it.
        outputs: the greatest difference of the model's outputs with it, and all causes before it.
    """

    layer: str
    kind: str
    tensor: str
    cause: str
    text: str
    before: float
    after: float
    outputs: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "layer": self.layer,
            "tensor": self.tensor,
            "class": self.kind,
            "cause": self.cause,
            "fix": self.text,
            "max_abs_before": self.before,
            "max_abs_after": self.after,
            "max_abs_outputs_after": self.outputs,
        }


@dataclass
class Side:
    """What both sides made of the same examples.

    Attributes:
        given: the inputs, in the order of the interface.
        tensors: of the original, by name: those of the pairs.
        outputs: of the original.
    """

    given: Sequence[np.ndarray]
    tensors: Mapping[str, np.ndarray]
    outputs: Sequence[np.ndarray]


@dataclass
class Search:
    """Looks for what is wrong with a model.

    Attributes:
        model: in its worker.
        pairs: in the order of the graph.
        side: the original.
        allowed: what a tensor may be off by.
        plan: of the conversion, or None.
        read: the checkpoint's variables.
        stopped: whether it took too long to try all causes.
    """

    model: Model
    pairs: Sequence[Pair]
    side: Side
    allowed: Allowed
    plan: Plan | None
    read: Read
    causes: list[Cause] = field(default_factory=list)
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    stopped: bool = False

    def measure(self) -> tuple[list[LayerDifference], float]:
        """Every layer as the model is now, and the greatest difference of its outputs."""
        made, outputs = self.model.layers(self.side.given, self.pairs, self.changes, self.weights)
        kinds = {entry["name"]: entry["class"] for entry in self.model.described}
        found = [
            LayerDifference(pair, kinds.get(pair.layer, ""), difference(expected, actual))
            for pair, actual in zip(self.pairs, made, strict=True)
            for expected in [self.side.tensors[pair.tensor]]
            if expected.shape == actual.shape or expected.size != actual.size  # else: arranged anew
        ]
        return found, self._worst(outputs)

    def first(self, found: Sequence[LayerDifference]) -> LayerDifference | None:
        """The first that is beyond what is allowed."""
        return next((d for d in found if not self.allowed.holds(d.difference)), None)

    def run(self, tell: Callable[[str], None]) -> None:
        """Finds and mends, from the first layer on, until nothing differs or no guess helps.

        Args:
            tell: told of the layer that is being looked at.
        """
        self._until = time.monotonic() + _SECONDS
        while len(self.causes) < _MOST_CAUSES:
            found, _ = self.measure()
            wrong = self.first(found)
            if wrong is None:
                return
            tell(wrong.pair.layer)
            if not self._mend(wrong):
                return

    def _mend(self, wrong: LayerDifference) -> bool:
        for entry in self._suspects(wrong):
            name = entry["name"]
            config = {**entry["config"], **self.changes.get(name, {})}
            targets = [target for target in self.model.targets if target.startswith(f"{name}/")]
            held = {**self.model.weights(targets)} if targets else {}
            held |= {target: self.weights[target] for target in targets if target in self.weights}
            planned, intended = self._intended(name)
            guesses = hypotheses({**entry, "config": config}, held, planned, intended)
            for _, guess in zip(range(_MOST_TRIALS), guesses, strict=False):
                if time.monotonic() > self._until:
                    self.stopped = True
                    return False
                cause = self._test(wrong, entry, guess)
                if cause is not None:
                    self.causes.append(cause)
                    return True
        return False

    def _suspects(self, wrong: LayerDifference) -> list[Mapping[str, Any]]:
        """The layer itself, then those of which the original has no tensor: folded loops."""
        compared = {pair.layer for pair in self.pairs}
        own = [d for d in self.model.described if d["name"] == wrong.pair.layer]
        unseen = [d for d in self.model.described if d["name"] not in compared]
        return [*own, *(d for d in unseen if d["class"] != "InputLayer")]

    def _intended(self, name: str) -> tuple[Layer | None, dict[str, np.ndarray]]:
        """The layer that the plan makes, and its weights, if the plan has such a layer."""
        if self.plan is None:
            return None, {}
        names = layer_names(self.plan, self.model.described)
        layer = next((layer for layer, there in names.items() if there == name), None)
        if layer is None or not layer.name:
            return layer, {}
        made = {
            weight.target: weight.recipe.make(self.read)
            for weight in self.plan.weights
            if weight.target.startswith(f"{layer.name}/")
        }
        return layer, made

    def _test(
        self, wrong: LayerDifference, suspect: Mapping[str, Any], guess: Hypothesis
    ) -> Cause | None:
        """Runs the model with one more thing put right; keeps it if the tensor agrees then."""
        name, tensor = suspect["name"], wrong.pair.tensor
        changes = {**self.changes, name: {**self.changes.get(name, {}), **guess.config}}
        weights = {**self.weights, **guess.weights}
        try:
            made, outputs = self.model.layers(self.side.given, [wrong.pair], changes, weights)
        except RuntimeError:  # a configuration that Keras refuses
            return None
        after = difference(self.side.tensors[tensor], made[0])
        if not self.allowed.holds(after):
            return None
        self.changes, self.weights = changes, weights
        before, left = wrong.difference.max_abs, self._worst(outputs)
        kind = suspect["class"]
        return Cause(name, kind, tensor, guess.cause, guess.text, before, after.max_abs, left)

    def _worst(self, outputs: Sequence[np.ndarray]) -> float:
        pairs = zip(self.side.outputs, outputs, strict=True)
        return max(difference(expected, actual).max_abs for expected, actual in pairs)
