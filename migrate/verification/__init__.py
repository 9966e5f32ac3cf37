"""An original and its model on the same inputs: which tensor differs first, and why."""

from .backends import backends_blocks, backends_told, compare_backends, not_compared
from .comparing import OF_SCALE, Allowed, difference
from .evidence import no_evidence, without_weights
from .exports import (
    EXPORTS,
    check_exports,
    export_model,
    exports_blocks,
    exports_told,
    not_exported,
)
from .result import Measured, Verification, losses_drawn
from .subject import Model, Subject
from .trained import Trained
from .training_check import STEPS, TrainingCheck, check_training, lost_dropout
from .verifying import Comparison, verify

__all__ = [
    "EXPORTS",
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
    "check_exports",
    "check_training",
    "compare_backends",
    "difference",
    "export_model",
    "exports_blocks",
    "exports_told",
    "losses_drawn",
    "lost_dropout",
    "no_evidence",
    "not_compared",
    "not_exported",
    "verify",
    "without_weights",
]
