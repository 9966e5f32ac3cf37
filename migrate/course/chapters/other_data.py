"""Chapter D. Other data."""

from __future__ import annotations

from ..system import System

SYSTEMS: tuple[System, ...] = ()
