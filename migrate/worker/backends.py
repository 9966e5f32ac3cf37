"""A converted model on another Keras backend, in the interpreter that has it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError, nearest, printable
from .client import Reply, Worker
from .events import Event
from .memory import leave_memory_to_others

BACKENDS = ("tensorflow", "jax", "torch")
PRECISIONS = ("tf32", "bfloat16")  # lower than float32, which proofs take

# Layers of Keras 3.15 that import TensorFlow, whatever the backend is.
BY_TENSORFLOW = (
    "HashedCrossing", "Hashing", "IntegerLookup", "StringLookup",
    "TextVectorization",
)  # fmt: skip

_SCRIPT = Path(__file__).with_name("backend.py")


def usual_backends() -> dict[str, str | None]:
    """What ``TFMIGRATE_BACKENDS`` says, such as ``jax=~/jax/bin/python torch``: name → path.

    Conversions and ``verify`` compare on these backends where no others are asked for, and each
    backend that is asked for has its interpreter from here unless it is given.

    Raises:
        UserError: the variable names something else.
    """
    given = os.environ.get("TFMIGRATE_BACKENDS", "")
    try:
        pairs = [text.partition("=")[::2] for text in shlex.split(given)]
    except ValueError:  # a quotation mark without another
        pairs = [(given, "")]
    if any(name not in BACKENDS for name, _ in pairs):
        raise UserError(
            f"TFMIGRATE_BACKENDS is {printable(given)!r}",
            expected=f"{', '.join(BACKENDS)}, each with or without =PATH of its interpreter",
            try_='TFMIGRATE_BACKENDS="jax=~/jax/bin/python torch"',
        )
    return {name: os.path.expanduser(path) or None for name, path in pairs}


def interpreters(
    backends: Mapping[str, str | Path | None], called: str | None = None
) -> dict[str, str]:
    """The program of each backend.

    It is given by a path or a name on the PATH, or by ``TFMIGRATE_BACKENDS``, or it is this
    interpreter.

    Args:
        backends: of :data:`BACKENDS` → what is given, or None.
        called: what ``--python`` calls it; by default the backend.

    Raises:
        UserError: there is no such backend, or no such program.
    """
    found, usual = dict[str, str](), usual_backends()
    for name, given in backends.items():
        if name not in BACKENDS:
            raise UserError(
                f"Keras has no backend {printable(name)!r} that models can be compared on",
                expected=f"one of {', '.join(BACKENDS)}",
                try_=nearest(name, BACKENDS),
            )
        python = given or usual.get(name) or sys.executable
        program = shutil.which(str(python))
        if program is None:
            raise UserError(
                f"no program {printable(python)} for the backend {name}",
                expected=f"the path of a Python interpreter that has Keras and {name}",
                try_=f"--python {called or name}=PATH, or TFMIGRATE_BACKENDS={name}=PATH",
            )
        found[name] = program
    return found


def check_device(device: str, backends: Mapping[str, str]) -> None:
    """Refuses a device that no backend is asked to use, or that has another name.

    Raises:
        UserError: saying which.
    """
    if not re.fullmatch(r"(cpu|gpu)(:\d+)?", device):
        raise UserError(f"--device is {printable(device)}", expected="cpu, gpu or gpu:1")
    if device != "cpu" and not backends:
        raise UserError(
            f"--device {device} is the device of other backends, so it has no effect here",
            try_=f"--backend torch --device {device}",
        )


def lower_precisions(
    precisions: Sequence[str], device: str, backends: Mapping[str, str]
) -> tuple[str, ...]:
    """The precisions below float32 to measure: those asked for, or on a GPU each that it has.

    Raises:
        UserError: there is no such precision, or nothing that could have it.
    """
    for name in precisions:
        if name not in PRECISIONS:
            raise UserError(
                f"--precision is {printable(name)}", expected=f"one of {', '.join(PRECISIONS)}"
            )
    if precisions and not backends:
        raise UserError(
            f"--precision {precisions[0]} is measured on a --backend, so it has no effect here",
            try_=f"--backend tensorflow --precision {precisions[0]}",
        )
    if "tf32" in precisions and device.startswith("cpu"):
        raise UserError("TF32 is a precision of NVIDIA GPUs", try_="--device gpu")
    return tuple(dict.fromkeys(precisions)) or PRECISIONS * device.startswith("gpu")


def _placed(device: str) -> dict[str, str]:
    """The environment in which each backend uses the device, and no other."""
    kind, _, number = device.partition(":")
    if kind == "cpu":
        hidden = {"CUDA_VISIBLE_DEVICES": "-1"}
        return {"JAX_PLATFORMS": "cpu", "KERAS_TORCH_DEVICE": "cpu", **hidden}
    chosen = {"CUDA_VISIBLE_DEVICES": number} if number else {}
    return {"TFMIGRATE_DEVICE": "gpu", "JAX_PLATFORMS": "", "KERAS_TORCH_DEVICE": "cuda", **chosen}


class BackendWorker(Worker):
    """A process of Keras on one backend that answers what a model is asked (job ``model``).

    Attributes:
        steps: seconds of each training step so far; tracing and compiling are in the first.

    Args:
        backend: of :data:`BACKENDS`.
        python: its interpreter, of :func:`interpreters`.
        device: ``cpu``, ``gpu``, or with a number: ``gpu:1``; ``cpu:1`` is the CPU too.
        writable: folders in which it may write.
        precision: ``float32``, or of :data:`PRECISIONS`.
        called: what ``--python`` calls the interpreter; by default the backend.
    """

    def __init__(
        self,
        backend: str,
        python: str,
        device: str = "cpu",
        writable: Sequence[Path] = (),
        precision: str = "float32",
        called: str | None = None,
    ):
        self.backend, self._python, self._called = backend, printable(python), called or backend
        self.steps: list[float] = []
        self._versions: dict[str, str] = {}
        super().__init__(
            backend,
            environment={
                "KERAS_BACKEND": backend,
                "TFMIGRATE_PRECISION": precision,
                **_placed(device),
            },
            writable=writable,
            command=[python, str(_SCRIPT), backend],
        )

    def versions(self, timeout: float | None) -> dict[str, str]:
        """``backend``, ``version``, ``keras``, ``python``; waits for the import the first time.

        Raises:
            UserError: the interpreter does not have them.
        """
        if not self._versions:
            try:
                self._versions = super().call("version", {"step": "version"}, timeout=timeout).data
            except UserError as error:
                if "sees no GPU" in error.problem:
                    raise UserError(error.problem.partition(": ")[2], try_="--device cpu") from None
                install = f"pip install 'tfmigrate[{self.backend}]', or "
                here = self._python == sys.executable and self.backend != "tensorflow"
                raise UserError(
                    f"{self._python} cannot run Keras on {self.backend}: "
                    f"{printable(error.problem, 240)}",
                    try_=f"{install if here else ''}--python {self._called}=PATH of an interpreter "
                    f"that has keras and {self.backend}",
                ) from None
            leave_memory_to_others(self._process.pid)
        return self._versions

    def call(
        self,
        job: str,
        request: Mapping[str, Any] | None = None,
        arrays: Mapping[str, np.ndarray] | None = None,
        *,
        on_event: Event | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """Runs the ``step`` of a request, of the job ``model`` or ``fit``; see
        :meth:`Worker.call`."""
        self.versions(timeout)
        reply = super().call(job, request, arrays, on_event=on_event, timeout=timeout)
        if "seconds" in reply.data:
            self.steps.append(reply.data["seconds"])
        return reply
