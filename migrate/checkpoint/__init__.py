"""Checkpoint files → named arrays and their roles, without TensorFlow."""

from .reader import Checkpoint, open_checkpoint
from .variable import Variable

__all__ = ["Checkpoint", "Variable", "open_checkpoint"]
