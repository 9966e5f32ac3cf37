"""An original and its model on the same inputs: which tensor differs first, and why."""

from .comparing import OF_SCALE, Allowed, difference
from .result import Measured, Verification
from .subject import Model
from .verifying import Comparison, verify

__all__ = [
    "OF_SCALE",
    "Allowed",
    "Comparison",
    "Measured",
    "Model",
    "Verification",
    "difference",
    "verify",
]
