"""The training part of a graph: losses, optimizers, schedules."""
