"""The training part of a graph carried over to a plan: everything ``compile_model`` needs."""

from .carry import carry_training

__all__ = ["carry_training"]
