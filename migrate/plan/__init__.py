"""The plan of a conversion: pure data between reading a graph and writing a model."""

from .model import Fate, Plan
from .network import (
    Call,
    Code,
    Input,
    Layer,
    Made,
    Network,
    Output,
    Shape,
    Unknown,
    Value,
    Weight,
    values_in,
)
from .recipe import Read, Recipe, concatenate, constant, variable

__all__ = [
    "Call",
    "Code",
    "Fate",
    "Input",
    "Layer",
    "Made",
    "Network",
    "Output",
    "Plan",
    "Read",
    "Recipe",
    "Shape",
    "Unknown",
    "Value",
    "Weight",
    "concatenate",
    "constant",
    "values_in",
    "variable",
]
