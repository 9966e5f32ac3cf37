"""A plan as an author would outline it: blocks that become functions, repetition that loops."""

from .body import Argument, Outline
from .outlining import outline

__all__ = ["Argument", "Outline", "outline"]
