"""A plan → Python source that a person would keep."""

from .source import STYLES, outline_of, required, source, written

__all__ = ["STYLES", "outline_of", "required", "source", "written"]
