"""Graph files → nodes, the inference part, inputs and outputs, the training part; no TensorFlow."""

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

__all__ = [
    "ControlContext",
    "Function",
    "Graph",
    "Node",
    "SaveSlice",
    "Saver",
    "Signature",
    "TensorInfo",
    "VariableDef",
    "read_graph",
    "split_tensor",
    "tensor_name",
]
