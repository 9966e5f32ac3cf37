"""The Keras form of a system on other backends of Keras, compared with the TF1 session."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..errors import UserError, printable
from ..worker import JobError
from ..worker.backends import BackendWorker
from ..worker.events import Event
from .keras_form import keras_form
from .measuring import on_backend
from .outcome import OnBackend, Side
from .prepare import Prepared
from .programs import Training
from .request import SILENCE
from .setting import Setting
from .system import System
from .training import train


class Backends:
    """Trains on each backend; its process starts when it is first needed, and not while others
    are timed.

    Args:
        pythons: backend → its interpreter, of :func:`tfmigrate.worker.backends.interpreters`.
    """

    def __init__(self, pythons: Mapping[str, str]):
        self._pythons = pythons
        self._workers: dict[tuple[str, str], BackendWorker] = {}

    def __enter__(self) -> Backends:
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self._workers.values():
            worker.close()

    def train(
        self,
        system: System,
        program: Training,
        reference: Side,
        weights: Mapping[str, np.ndarray] | None,
        prepared: Prepared,
        setting: Setting,
        on_event: Event | None,
        *,
        device: str,
        case: str,
    ) -> list[OnBackend]:
        """Trains the Keras form of a case, from the session's weights, on the same batches.

        Args:
            program: the case.
            reference: what each backend is compared with: the session, as a rule.
            weights: of the session, by TF1 name; None where the case has none.
        """
        found = []
        for name, python in self._pythons.items():
            read = keras_form(system.module, program)
            obstacle = read.obstacle
            if name == "tensorflow" and read.form:
                obstacle = ""
            if not obstacle and weights is None:
                obstacle = "it has no TF1 session whose weights the backend could start from"
            if obstacle:
                found.append(OnBackend(name, reason=obstacle))
                continue
            worker = self._workers.get((name, device))
            if worker is None:
                worker = self._workers[name, device] = BackendWorker(name, python, device)
            try:
                versions = worker.versions(SILENCE)
            except UserError as error:
                text = f"{error.problem}; try {error.try_}" if error.try_ else error.problem
                found.append(OnBackend(name, reason=text))
                continue
            try:
                side = train(
                    worker, system, program, read.form, prepared, setting,
                    device=device, case=case, weights=weights, on_event=on_event,
                    backend=name, source=read.text,
                )  # fmt: skip
                found.append(
                    OnBackend(name, versions, side, on_backend(reference, side), reference.title)
                )
            except (JobError, UserError) as error:
                gist = error.gist if isinstance(error, JobError) else error.problem
                reason = f"the model cannot run: {printable(gist, 300)}"
                found.append(OnBackend(name, versions, reason=reason, failed=True))
        return found
