"""Strict loading: a checkpoint, by a plan, into the model that a user's function builds."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ..errors import UserError, printable
from ..formats import TensorSource, npz
from ..worker import Worker
from .resolving import MappingPlan
from .variables import ModelVariable

# A user's ``tf.keras`` is Keras 3, as in any installation of today, unless they set it otherwise.
ENVIRONMENT = {"TF_USE_LEGACY_KERAS": "0"}


class UserModel:
    """A model that ``FILE.py:FUNCTION`` builds, in a worker.

    Args:
        worker: started with ``environment=ENVIRONMENT``, or without for Keras 2.
        spec: ``FILE.py:FUNCTION``.

    Raises:
        UserError: the spec is none, or the function fails.
    """

    def __init__(self, worker: Worker, spec: str):
        file, colon, function = spec.rpartition(":")
        if not colon or not file.endswith(".py") or not function:
            raise UserError(f"--model {printable(spec)}", expected="FILE.py:FUNCTION")
        if not Path(file).is_file():
            raise UserError(f"there is no file {printable(file)}", expected="FILE.py:FUNCTION")
        self._worker = worker
        self._key = {"file": str(Path(file).resolve()), "function": function}
        reply = worker.call("usermodel", self._key)
        self.variables = [
            ModelVariable(v["path"], tuple(v["shape"]), v["dtype"]) for v in reply.data["variables"]
        ]

    def load(
        self,
        plan: MappingPlan,
        source: TensorSource,
        *,
        keras: Path | None = None,
        weights: Path | None = None,
    ) -> None:
        """Sets every variable of the model, each once, and saves the model.

        Args:
            plan: from :func:`tfmigrate.mapping.resolve` with ``self.variables``.
            source: the checkpoint.
            keras: where to save it whole (``….keras``), or None.
            weights: where to save its weights (``….weights.h5``), or None.

        Raises:
            UserError: a tensor cannot be read, or there is no room for it.
        """
        with tempfile.TemporaryDirectory(prefix="tfmigrate-") as scratch:
            folder = Path(scratch)
            npz.write(folder / "weights.npz", plan.tensors(source))
            request = {
                **self._key,
                "weights": str(folder / "weights.npz"),
                "keras": str(keras) if keras else None,
                "weights_h5": str(weights) if weights else None,
            }
            self._worker.call("usermodel", request)
