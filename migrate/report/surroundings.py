"""By what, where and when a page was made."""

from __future__ import annotations

import platform
import time
from importlib.metadata import version


def surroundings() -> str:
    """Versions, system and time, in one line."""
    made = time.strftime("%Y-%m-%d %H:%M %Z")
    return (
        f"tfmigrate {version('tfmigrate')} · Python {platform.python_version()} · "
        f"{platform.system()} {platform.machine()} · {made}"
    )
