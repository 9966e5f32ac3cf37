"""The process that imports TensorFlow and runs graphs and models."""

from .client import JobError, Reply, Worker, WorkerError

__all__ = ["JobError", "Reply", "Worker", "WorkerError"]
