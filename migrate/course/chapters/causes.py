"""Real differences between TF1 and TF2 that the verdicts of several systems mention."""

from __future__ import annotations

from typing import Any

from ...parity import Tolerance
from ..programs import Kernel

# Fields of a Training whose optimizer is Adam.
ADAM: dict[str, Any] = {
    "kernel": Kernel("Adam", Tolerance(rtol=1e-4)),
    "why": "TF1's Adam multiplies a float32 variable by a float32 beta at each step; Keras "
    "computes a power. Near 1, the two differ by one float32 unit. The update divides "
    "by 1 - beta_2^t, where the difference is a thousand times larger: 1.5e-5 at the "
    "second step, less at later steps. Training amplifies it. With TF1's update in "
    "place of Keras's update, the difference disappears.",
}
