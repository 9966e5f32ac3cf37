"""Versions, devices, Keras mode and float settings for a bug report."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from .. import __version__
from ..report import Block, Result, Table
from ..worker import Worker


@dataclass(frozen=True)
class Diagnosis(Result):
    """The environment, by name."""

    facts: dict[str, Any]

    def blocks(self) -> list[Block]:
        """One table."""
        return [Table(("", ""), [(k.replace("_", " "), _text(v)) for k, v in self.facts.items()])]

    def to_dict(self) -> dict[str, Any]:
        """The facts, for JSON."""
        return {"schema": 1, **self.facts}

    def __bool__(self) -> bool:
        return True


def diagnose(*, on_log: Callable[[str], None] | None = None) -> Diagnosis:
    """Asks Python, the installed packages and, in a process of its own, TensorFlow.

    Args:
        on_log: called with TensorFlow's own log.
    """
    with Worker("doctor", writable=()) as worker:
        found = worker.call("doctor").data
        if on_log:
            on_log(worker.log())
    return Diagnosis(
        {
            "tfmigrate": __version__,
            "python": platform.python_version(),
            "platform": platform.platform(),
            "cores": os.cpu_count(),
            **{name: version(name) for name in ("numpy", "click", "rich", "protobuf", "h5py")},
            **found,
        }
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(
            device["name"].removeprefix("/physical_device:")
            + (f" ({device['details']})" if device["details"] else "")
            for device in value
        )
    return str(value)
