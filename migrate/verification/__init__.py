"""An original and its model on the same inputs: which tensor differs first, and why."""

from .comparing import OF_SCALE, Allowed, difference
from .evidence import no_evidence, without_weights
from .result import Measured, Verification
from .subject import Model
from .training_check import STEPS, TrainingCheck, check_training, lost_dropout
from .verifying import Comparison, verify

__all__ = [
    "OF_SCALE",
    "STEPS",
    "Allowed",
    "Comparison",
    "Measured",
    "Model",
    "TrainingCheck",
    "Verification",
    "check_training",
    "difference",
    "lost_dropout",
    "no_evidence",
    "verify",
    "without_weights",
]
