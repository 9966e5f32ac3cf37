"""The process that imports TensorFlow and runs graphs and models."""

from .client import Reply, Worker, WorkerError

__all__ = ["Reply", "Worker", "WorkerError"]
