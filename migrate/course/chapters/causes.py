"""Where the two eras truly differ: said in the verdicts of several systems."""

from __future__ import annotations

from typing import Any

from ...parity import Tolerance
from ..programs import Kernel

# Fields of a Training whose optimizer is Adam.
ADAM: dict[str, Any] = {
    "kernel": Kernel("Adam", Tolerance(rtol=1e-4)),
    "why": "TF1's Adam multiplies a float32 beta into a float32 variable once a step; Keras takes "
    "a power. The two are one unit of float32 apart next to 1, and 1 - beta_2^t, which the update "
    "divides by, a thousand times as much: 1.5e-5 of the second step, less of those that follow, "
    "which training enlarges. With TF1's update in the place of Keras's nothing of it remains.",
}
