"""Graphs without a Keras form as they are: TF2 SavedModels whose variables can be trained."""

from .lifting import Lifted, NotLiftedError, lift, lift_plan
from .source import lifted_source

__all__ = ["Lifted", "NotLiftedError", "lift", "lift_plan", "lifted_source"]
