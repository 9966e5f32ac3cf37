"""What is in a source, and how two sources differ: summary, variables, warnings."""

from .contents import Inspection
from .inspecting import inspect

__all__ = ["Inspection", "inspect"]
