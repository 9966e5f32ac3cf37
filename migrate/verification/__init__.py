"""An original and its model on the same inputs: which tensor differs first, and why."""

from .backends import backends_blocks, backends_told, compare_backends, not_compared
from .comparing import OF_SCALE, Allowed, difference
from .evidence import no_evidence, without_weights
from .result import Measured, Verification, losses_drawn
from .subject import Model, Subject
from .trained import Trained
from .training_check import STEPS, TrainingCheck, check_training, lost_dropout
from .verifying import Comparison, verify

__all__ = [
    "OF_SCALE",
    "STEPS",
    "Allowed",
    "Comparison",
    "Measured",
    "Model",
    "Subject",
    "Trained",
    "TrainingCheck",
    "Verification",
    "backends_blocks",
    "backends_told",
    "check_training",
    "compare_backends",
    "difference",
    "losses_drawn",
    "lost_dropout",
    "no_evidence",
    "not_compared",
    "verify",
    "without_weights",
]
