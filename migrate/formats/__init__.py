"""One file for each format: named tensors → files that other programs read, written as a stream."""

from ..checkpoint.tensors import Fate, Progress, Selection, Tensors, TensorSource
from .atomic import room_beside, whole_file, whole_folder
from .writing import FORMATS, Format, Written, format_named, write_formats

__all__ = [
    "FORMATS",
    "Fate",
    "Format",
    "Progress",
    "Selection",
    "TensorSource",
    "Tensors",
    "Written",
    "format_named",
    "room_beside",
    "whole_file",
    "whole_folder",
    "write_formats",
]
