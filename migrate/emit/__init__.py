"""A plan → Python source that a person would keep."""

from .source import source

__all__ = ["source"]
