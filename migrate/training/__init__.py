"""Loss, optimizer, schedule and state of a graph, carried over to a plan."""

from .carry import carry_training
from .obstacles import not_carried

__all__ = ["carry_training", "not_carried"]
