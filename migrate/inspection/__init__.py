"""The contents of a source, and the differences between two: summary, variables, warnings."""

from .contents import Inspection
from .inspecting import inspect

__all__ = ["Inspection", "inspect"]
