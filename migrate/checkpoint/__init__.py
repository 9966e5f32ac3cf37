"""Checkpoint files → named arrays and their roles, without TensorFlow."""

from .reader import Checkpoint, open_checkpoint
from .variable import Variable
from .writer import write_bundle, write_state

__all__ = ["Checkpoint", "Variable", "open_checkpoint", "write_bundle", "write_state"]
