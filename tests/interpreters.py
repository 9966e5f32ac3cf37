"""Interpreters that have another backend of Keras; tests that need one are skipped without it."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

OTHERS = Path(__file__).parents[1] / ".backends" / "bin" / "python"  # of `make backends`


def python_of(name: str) -> str | None:
    """The interpreter that TFMIGRATE_JAX or TFMIGRATE_TORCH names, or this one if it has it.

    Without either, that of `make backends`.
    """
    given = os.environ.get(f"TFMIGRATE_{name.upper()}")
    if given or importlib.util.find_spec(name):
        return given or sys.executable
    installed = OTHERS.parents[1].glob(f"lib/python*/site-packages/{name}")
    return str(OTHERS) if any(installed) and name in ("jax", "torch") else None


def skip_without(name: str) -> str:
    """The interpreter that has a backend."""
    python = python_of(name)
    if python is None:
        others = "`make backends`, or " if name in ("jax", "torch") else ""
        pytest.skip(f"needs {others}an interpreter that has {name} in TFMIGRATE_{name.upper()}")
    return python
