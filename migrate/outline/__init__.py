"""A plan as an author would outline it: blocks that become functions, repetition that loops."""

from .body import Argument, Outline
from .outlining import outline, unfolded
from .sketch import Part, sketch

__all__ = ["Argument", "Outline", "Part", "outline", "sketch", "unfolded"]
