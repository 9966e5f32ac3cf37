"""A plan → Python source that a person would keep."""

from .source import required, source

__all__ = ["required", "source"]
