"""The step variable and Adam's powers of beta, after more updates than the checkpoint knows of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..graph import find_training
from ..graph.nodes import Graph
from ..plan.recipe import Read, Recipe
from ..plan.training import TrainingPlan


def counted_on(
    graph: Graph,
    training: TrainingPlan,
    recipes: Mapping[str, Recipe],
    read: Read,
    iterations: Sequence[int],
) -> tuple[dict[str, np.ndarray], list[str]]:
    """New values of the variables that count updates, where more (or fewer) updates were done.

    Each update multiplies a power of beta by beta in float32, as TensorFlow 1.15 does
    (tensorflow/python/training/adam.py). Fewer updates count from the start.

    Args:
        graph: with the trainers.
        training: as it was carried over, with the updates done at the checkpoint.
        recipes: node name of each variable → its value in the checkpoint's names.
        read: checkpoint name → array.
        iterations: updates done now, by each optimizer.

    Returns:
        Checkpoint name → array, in the old shape and dtype; and the powers that cannot be computed.
    """
    trainers = {trainer.optimizer.name: trainer for trainer in find_training(graph).trainers}
    found: dict[str, np.ndarray] = {}
    unknown = []
    others = (origin for turn in training.turns for origin in turn.training.origins)
    origins = [*training.origins, *others][: len(training.iterations)]  # a shared one counts all
    for origin, was, now in zip(origins, training.iterations, iterations, strict=True):
        optimizer, accumulation = trainers[origin].optimizer, trainers[origin].accumulation
        if was == now:
            continue
        if accumulation is not None:  # they count steps, of which several make an update
            if accumulation.counter is not None and accumulation.counter.variable in recipes:
                name = recipes[accumulation.counter.variable].sources[0]
                value = read(name)
                told = accumulation.counter.applies(int(value.reshape(-1)[0]), max(0, now - was))
                if told is not None:
                    found[name] = np.full(value.shape, told[1], value.dtype)
            was, now = was // accumulation.steps, now // accumulation.steps
            if was == now:
                continue
        if optimizer.step is not None and optimizer.step in recipes:
            name = recipes[optimizer.step].sources[0]
            step = read(name)  # which several optimizers may increase
            found[name] = (found.get(name, step) + (now - was)).astype(step.dtype)
        for kind, node in optimizer.shared.items():
            if not kind.endswith("_power") or node not in recipes:
                continue
            name = recipes[node].sources[0]
            beta = optimizer.hyperparameters.get(kind.removesuffix("_power"))
            if beta is None:
                unknown.append(name)
                continue
            old = read(name)
            found[name] = _power(old, old.dtype.type(beta), was, now)
    return found, unknown


def _power(old: np.ndarray, beta: np.floating, was: int, now: int) -> np.ndarray:
    power, times = (old.reshape(-1)[0], now - was) if now > was else (beta, now)
    for _ in range(times):
        power, before = power * beta, power
        if power == before:  # 0, or the smallest number above it: no update changes it any more
            break
    return np.full(old.shape, power, old.dtype)
