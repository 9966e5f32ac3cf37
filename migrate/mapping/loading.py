"""Strict loading: a checkpoint, by a plan, into the model that a user's function builds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError, printable
from ..formats import Progress, TensorSource
from ..worker import Worker
from ..worker.batches import batches
from .resolving import MappingPlan
from .variables import ModelVariable

# A user's ``tf.keras`` is Keras 3, as in any installation of today, unless they set it otherwise.
ENVIRONMENT = {"TF_USE_LEGACY_KERAS": "0"}


class UserModel:
    """A model that ``FILE.py:FUNCTION`` builds, in a worker.

    Args:
        worker: started with ``environment=ENVIRONMENT``, or without for Keras 2.
        spec: ``FILE.py:FUNCTION``.
        timeout: seconds without a response after which the worker is ended.

    Raises:
        UserError: the spec is not valid, or the function fails.
    """

    def __init__(self, worker: Worker, spec: str, *, timeout: float | None = None):
        file, colon, function = spec.rpartition(":")
        if not colon or not file.endswith(".py") or not function:
            raise UserError(f"--model {printable(spec)}", expected="FILE.py:FUNCTION")
        if not Path(file).is_file():
            raise UserError(f"there is no file {printable(file)}", expected="FILE.py:FUNCTION")
        self._worker, self._timeout = worker, timeout
        self._key = {"file": str(Path(file).resolve()), "function": function}
        self.variables = [
            ModelVariable(v["path"], tuple(v["shape"]), v["dtype"])
            for v in self._call("describe")["variables"]
        ]

    def load(
        self,
        plan: MappingPlan,
        source: TensorSource,
        *,
        keras: Path | None = None,
        weights: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Sets every variable of the model, each once, and saves the model.

        Args:
            plan: from :func:`tfmigrate.mapping.resolve` with ``self.variables``.
            source: the checkpoint.
            keras: where to save it whole (``….keras``), or None.
            weights: where to save its weights (``….weights.h5``), or None.
            progress: told of the bytes as they go over.

        Raises:
            UserError: a tensor cannot be read, or the model cannot be saved.
        """
        tensors = plan.tensors(source)
        for group in batches((path, tensors.read(path)) for path in tensors.variables):
            self._call("assign", group)
            if progress is not None:
                progress(sum(array.nbytes for array in group.values()))
        places = {"keras": keras, "weights_h5": weights}
        self._call("save", places={name: path and str(path) for name, path in places.items()})

    def _call(
        self, step: str, arrays: dict[str, np.ndarray] | None = None, **more: Any
    ) -> dict[str, Any]:
        request = {**self._key, "step": step, **more}
        return self._worker.call("usermodel", request, arrays, timeout=self._timeout).data
