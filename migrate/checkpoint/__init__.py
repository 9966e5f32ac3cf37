"""Checkpoint files → named arrays and their roles, without TensorFlow."""
