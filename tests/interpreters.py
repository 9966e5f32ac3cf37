"""Interpreters that have another backend of Keras; tests that need one are skipped without it."""

from __future__ import annotations

import importlib.util
import os
import sys

import pytest


def python_of(name: str) -> str | None:
    """The interpreter that TFMIGRATE_JAX or TFMIGRATE_TORCH names, or this one if it has it."""
    given = os.environ.get(f"TFMIGRATE_{name.upper()}")
    return given or (sys.executable if importlib.util.find_spec(name) else None)


def skip_without(name: str) -> str:
    """The interpreter that has a backend."""
    python = python_of(name)
    if python is None:
        pytest.skip(f"needs {name}, or an interpreter that has it in TFMIGRATE_{name.upper()}")
    return python
