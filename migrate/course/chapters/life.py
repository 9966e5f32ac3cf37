"""Chapter E. The life of a model."""

from __future__ import annotations

from ..system import System

SYSTEMS: tuple[System, ...] = ()
