"""The job between two conversions: what the last one left in the process is let go of.

Models, graphs and sessions are freed, and Keras is as after its import: names of layers are counted
from one, and the dtype policy is the default.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from . import build, lift, model, rungraph
from .events import Event
from .settings import as_delivered


def run(
    request: dict[str, Any], arrays: dict[str, np.ndarray], emit: Event
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Does it; the request is empty."""
    for job in (build, lift, model, rungraph):
        job.forget()
    for name in ("keras", "tf_keras"):
        if name in sys.modules:
            as_delivered(sys.modules[name])
    return {}, {}
