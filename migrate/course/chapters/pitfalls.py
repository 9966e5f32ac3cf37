"""Chapter F. Pitfalls."""

from __future__ import annotations

from ..system import System

SYSTEMS: tuple[System, ...] = ()
