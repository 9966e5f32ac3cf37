"""One sink for terminal, JSON and HTML."""

from .blocks import (
    Block,
    Chart,
    Closing,
    Columns,
    Details,
    Diagram,
    Excerpt,
    Heading,
    Link,
    Links,
    Node,
    Notes,
    Paragraph,
    Series,
    Source,
    Table,
    Warnings,
)
from .document import plain, schema
from .result import Result
from .sink import Sink

__all__ = [
    "Block",
    "Chart",
    "Closing",
    "Columns",
    "Details",
    "Diagram",
    "Excerpt",
    "Heading",
    "Link",
    "Links",
    "Node",
    "Notes",
    "Paragraph",
    "Result",
    "Series",
    "Sink",
    "Source",
    "Table",
    "Warnings",
    "plain",
    "schema",
]
