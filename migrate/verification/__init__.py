"""An original and its model on the same inputs: which tensor differs first, and why."""
