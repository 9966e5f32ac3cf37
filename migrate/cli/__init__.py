"""The command line: one file a command; what all of them share stands here."""

from .main import main

__all__ = ["main"]
