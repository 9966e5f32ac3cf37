"""Graph files → nodes, the inference part, inputs and outputs, the training part; no TensorFlow."""

from .constants import Evaluator, partial_value, static_value
from .inference import Inference, ResolvedCond, extract
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
from .reading import read_graph
from .variables import (
    GraphVariable,
    find_frozen_weights,
    find_variables,
    resolve,
    variable_of,
)

__all__ = [
    "ControlContext",
    "Evaluator",
    "Function",
    "Graph",
    "GraphVariable",
    "Inference",
    "Loop",
    "LoopVariable",
    "Node",
    "ResolvedCond",
    "SaveSlice",
    "Saver",
    "Signature",
    "TensorInfo",
    "VariableDef",
    "find_frozen_weights",
    "find_variables",
    "partial_value",
    "resolve",
    "split_tensor",
    "tensor_name",
    "variable_of",
]
