"""Optimizers with the update rules of TensorFlow 1, where Keras's own differ.

The text of these files is what a converted ``model.py`` carries, so that both are the same.
Importing this package imports Keras.
"""

from .adagrad_da import AdagradDA
from .add_sign import AddSign
from .by_round import ByRound
from .in_turn import InTurn
from .linear_cosine_decay import LinearCosineDecay
from .momentum import Momentum
from .nesterov_adam import NesterovAdam
from .power_sign import PowerSign
from .proximal_adagrad import ProximalAdagrad
from .proximal_gradient_descent import ProximalGradientDescent
from .rmsprop import RMSProp
from .sparse import (
    LazyAdam,
    SparseAdadelta,
    SparseAdagrad,
    SparseAdam,
    SparseFtrl,
    SparseMomentum,
    SparseRMSProp,
)
from .together import Together

__all__ = [
    "AdagradDA",
    "AddSign",
    "ByRound",
    "InTurn",
    "LazyAdam",
    "LinearCosineDecay",
    "Momentum",
    "NesterovAdam",
    "PowerSign",
    "ProximalAdagrad",
    "ProximalGradientDescent",
    "RMSProp",
    "SparseAdadelta",
    "SparseAdagrad",
    "SparseAdam",
    "SparseFtrl",
    "SparseMomentum",
    "SparseRMSProp",
    "Together",
]
