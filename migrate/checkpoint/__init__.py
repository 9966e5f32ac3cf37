"""Checkpoint files → named arrays and their roles, without TensorFlow."""

from .reader import Checkpoint, open_checkpoint
from .roles import Role, guess_roles
from .variable import Variable
from .writer import write_bundle, write_state

__all__ = [
    "Checkpoint",
    "Role",
    "Variable",
    "guess_roles",
    "open_checkpoint",
    "write_bundle",
    "write_state",
]
