"""Graph files → nodes, inputs and outputs, the inference part, the training part; no TensorFlow.

Other folders import from here what lies in the folders below; the files beside this one are open
to all.
"""

from .constants import Evaluator, partial_value, static_value
from .examples.columns import fold_columns
from .files.assets import hold_vocabularies
from .files.cutting import drop_defaults, full, node_of, prune
from .files.reading import form_of, read_definition, read_graph
from .files.safety import ForbiddenOperation, forbidden_operations, refuse_forbidden
from .files.saved_model import refuse_saved_model
from .interface.feeds import dropout_value
from .interface.inference import Inference, ResolvedCond, extract
from .interface.inference_copies import values_reach
from .interface.interface import InputTensor, Interface, find_interface
from .interface.open_inputs import find_open_inputs, named_shapes, reported_inputs
from .interface.outputs import Candidate, Network, NoNetworkError
from .interface.running import cut_tensors, given_tensors, running_part
from .loops import Loop, LoopVariable, find_loops
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
from .training.accumulation import Accumulation
from .training.clipping import Clipping
from .training.custom import CLASS as CUSTOM
from .training.custom import CustomUpdate
from .training.gradients import Borders, drawn
from .training.loss_forms import beneath
from .training.loss_terms import beneath_shape, uniform
from .training.losses import Loss, Regularization, read_loss, summands
from .training.minimized import Learned, written_out
from .training.operation import (
    ASSIGNING,
    apart,
    changes,
    counted_ahead,
    gates,
    train_operation,
    train_operations,
)
from .training.optimizers import Optimizer, find_optimizers, readable, scalar
from .training.path import Obstacle, Path, read_path
from .training.roles import roles_from_graph
from .training.row_adam import LAZY
from .training.schedule_rates import FORMULAS
from .training.schedules import Schedule, read_schedule
from .training.towers import Towers
from .training.trainers import Trainer, Training, find_training
from .training.updates import Update
from .variables import GraphVariable, find_frozen_weights, find_variables, resolve, variable_of

__all__ = [
    "ASSIGNING",
    "CUSTOM",
    "FORMULAS",
    "LAZY",
    "Accumulation",
    "Borders",
    "Candidate",
    "Clipping",
    "ControlContext",
    "CustomUpdate",
    "Evaluator",
    "ForbiddenOperation",
    "Function",
    "Graph",
    "GraphVariable",
    "Inference",
    "InputTensor",
    "Interface",
    "Learned",
    "Loop",
    "LoopVariable",
    "Loss",
    "Network",
    "NoNetworkError",
    "Node",
    "Obstacle",
    "Optimizer",
    "Path",
    "Regularization",
    "ResolvedCond",
    "SaveSlice",
    "Saver",
    "Schedule",
    "Signature",
    "TensorInfo",
    "Towers",
    "Trainer",
    "Training",
    "Update",
    "VariableDef",
    "apart",
    "beneath",
    "beneath_shape",
    "changes",
    "counted_ahead",
    "cut_tensors",
    "drawn",
    "drop_defaults",
    "dropout_value",
    "extract",
    "find_frozen_weights",
    "find_interface",
    "find_loops",
    "find_open_inputs",
    "find_optimizers",
    "find_training",
    "find_variables",
    "fold_columns",
    "forbidden_operations",
    "form_of",
    "full",
    "gates",
    "given_tensors",
    "hold_vocabularies",
    "named_shapes",
    "node_of",
    "partial_value",
    "prune",
    "read_definition",
    "read_graph",
    "read_loss",
    "read_path",
    "read_schedule",
    "readable",
    "refuse_forbidden",
    "refuse_saved_model",
    "reported_inputs",
    "resolve",
    "roles_from_graph",
    "running_part",
    "scalar",
    "split_tensor",
    "static_value",
    "summands",
    "tensor_name",
    "train_operation",
    "train_operations",
    "uniform",
    "values_reach",
    "variable_of",
    "written_out",
]
