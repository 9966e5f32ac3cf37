"""The catalogue of twin systems, their data, and the comparison of a pair."""

from .comparison import compare

__all__ = ["compare"]
