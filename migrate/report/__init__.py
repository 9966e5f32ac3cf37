"""One sink for terminal, JSON and HTML."""

from .blocks import (
    Block,
    Closing,
    Columns,
    Excerpt,
    Heading,
    Notes,
    Paragraph,
    Source,
    Table,
    Warnings,
)
from .result import Result
from .sink import Sink, plain

__all__ = [
    "Block",
    "Closing",
    "Columns",
    "Excerpt",
    "Heading",
    "Notes",
    "Paragraph",
    "Result",
    "Sink",
    "Source",
    "Table",
    "Warnings",
    "plain",
]
