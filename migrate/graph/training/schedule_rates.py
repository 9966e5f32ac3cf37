"""The rates that TensorFlow 1's schedules give at a step, as its documentation has the formulas."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def _exponential_decay(
    learning_rate: float, decay_steps: float, decay_rate: float, staircase: bool
) -> Callable[[int], float]:
    def rate(step: int) -> float:
        turns = step // decay_steps if staircase else step / decay_steps
        return learning_rate * decay_rate**turns

    return rate


def _natural_exp_decay(decay_rate: float, **others: Any) -> Callable[[int], float]:
    return _exponential_decay(decay_rate=math.exp(-decay_rate), **others)


def _inverse_time_decay(
    learning_rate: float, decay_steps: float, decay_rate: float, staircase: bool
) -> Callable[[int], float]:
    def rate(step: int) -> float:
        turns = step // decay_steps if staircase else step / decay_steps
        return learning_rate / (1 + decay_rate * turns)

    return rate


def _polynomial_decay(
    learning_rate: float, decay_steps: float, end_learning_rate: float, power: float, cycle: bool
) -> Callable[[int], float]:
    def rate(step: int) -> float:
        length = decay_steps * (max(1, math.ceil(step / decay_steps)) if cycle else 1)
        left = max(0.0, 1 - min(step, length) / length)
        return (learning_rate - end_learning_rate) * left**power + end_learning_rate

    return rate


def _piecewise_constant(boundaries: list[float], values: list[float]) -> Callable[[int], float]:
    def rate(step: int) -> float:
        return values[sum(step > boundary for boundary in boundaries)]

    return rate


def _cosine_decay(learning_rate: float, decay_steps: float, alpha: float) -> Callable[[int], float]:
    def rate(step: int) -> float:
        turn = math.cos(math.pi * min(step, decay_steps) / decay_steps)
        return learning_rate * ((1 - alpha) * 0.5 * (1 + turn) + alpha)

    return rate


def _cosine_decay_restarts(
    learning_rate: float, first_decay_steps: float, t_mul: float, m_mul: float, alpha: float
) -> Callable[[int], float]:
    def rate(step: int) -> float:
        # In float32 as TensorFlow does, so that both see the same restart at a period's end.
        done = np.float32(step) / np.float32(first_decay_steps)
        if t_mul == 1.0:
            period = math.floor(done)
            fraction = float(done - np.float32(period))
        else:
            one, base = np.float32(1), np.float32(t_mul)
            period = int(np.floor(np.log(one - done * (one - base)) / np.log(base)))
            start = (one - base**period) / (one - base)
            fraction = float((done - start) / base**period)
        turn = 0.5 * m_mul**period * (1 + math.cos(math.pi * fraction))
        return learning_rate * ((1 - alpha) * turn + alpha)

    return rate


def _linear_cosine_decay(
    learning_rate: float, decay_steps: float, num_periods: float, alpha: float, beta: float
) -> Callable[[int], float]:
    def rate(step: int) -> float:
        done = min(step, decay_steps) / decay_steps
        turn = 0.5 * (1 + math.cos(math.pi * 2 * num_periods * done))
        return learning_rate * ((alpha + 1 - done) * turn + beta)

    return rate


FORMULAS: Mapping[str, Callable[..., Callable[[int], float]]] = {
    "exponential_decay": _exponential_decay,
    "natural_exp_decay": _natural_exp_decay,
    "inverse_time_decay": _inverse_time_decay,
    "polynomial_decay": _polynomial_decay,
    "piecewise_constant": _piecewise_constant,
    "cosine_decay": _cosine_decay,
    "cosine_decay_restarts": _cosine_decay_restarts,
    "linear_cosine_decay": _linear_cosine_decay,
}
"""Kind → a function of its arguments that gives the rate as a function of the step."""
