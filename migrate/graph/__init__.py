"""Graph files → nodes, the inference part, inputs and outputs, the training part; no TensorFlow."""

from .constants import Evaluator, partial_value, static_value
from .inference import Inference, ResolvedCond, extract
from .interface import InputTensor, Interface, find_interface
from .loops import Loop, LoopVariable, find_loops
from .losses import Loss, Regularization
from .nodes import (
    ControlContext,
    Function,
    Graph,
    Node,
    Saver,
    SaveSlice,
    Signature,
    TensorInfo,
    VariableDef,
    split_tensor,
    tensor_name,
)
from .optimizers import Optimizer, Update, find_optimizers
from .outputs import Candidate, Network, NoNetworkError
from .reading import read_graph
from .roles import roles_from_graph
from .safety import ForbiddenOperation, forbidden_operations
from .schedules import Schedule, read_schedule
from .training import Clipping, Trainer, Training, find_training
from .variables import (
    GraphVariable,
    find_frozen_weights,
    find_variables,
    resolve,
    variable_of,
)

__all__ = [
    "Candidate",
    "Clipping",
    "ControlContext",
    "Evaluator",
    "ForbiddenOperation",
    "Function",
    "Graph",
    "GraphVariable",
    "Inference",
    "InputTensor",
    "Interface",
    "Loop",
    "LoopVariable",
    "Loss",
    "Network",
    "NoNetworkError",
    "Node",
    "Optimizer",
    "Regularization",
    "ResolvedCond",
    "SaveSlice",
    "Saver",
    "Schedule",
    "Signature",
    "TensorInfo",
    "Trainer",
    "Training",
    "Update",
    "VariableDef",
    "extract",
    "find_frozen_weights",
    "find_interface",
    "find_loops",
    "find_optimizers",
    "find_training",
    "find_variables",
    "forbidden_operations",
    "partial_value",
    "read_graph",
    "read_schedule",
    "resolve",
    "roles_from_graph",
    "split_tensor",
    "static_value",
    "tensor_name",
    "variable_of",
]
