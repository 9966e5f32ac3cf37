"""Many conversions by a few processes, which import TensorFlow once."""

from .converting import convert_many
from .result import Fleet

__all__ = ["Fleet", "convert_many"]
