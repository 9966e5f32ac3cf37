"""Loss, optimizer, schedule and state of a graph, carried over to a plan."""

from .carry import carry_training
from .counting import counted_on
from .obstacles import not_carried

__all__ = ["carry_training", "counted_on", "not_carried"]
