"""Where the two eras truly differ, and by how much: said in the verdicts of several systems."""

from __future__ import annotations

from typing import Any

from ...parity import Tolerance

# Fields of a Training whose optimizer is Adam.
ADAM: dict[str, Any] = {
    "tolerance": Tolerance(rtol=1e-4),
    "why": "TF1's Adam multiplies a float32 beta into a float32 variable once a step; Keras takes "
    "a power. The two are one unit of float32 apart next to 1, and 1 - beta_2^t, which the update "
    "divides by, a thousand times as much: less than 1e-5 of a step, which training enlarges. The "
    "run in float64 has TF1's powers on both sides, and what remains there is rounding.",
}
