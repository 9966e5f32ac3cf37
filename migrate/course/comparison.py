"""``compare``: runs a system's twins against each other, as its programs specify."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import UserError, printable
from ..worker import JobError, Worker
from ..worker.backends import interpreters
from ..worker.events import Event
from . import catalogue
from .joined import Joined
from .keras_form import keras_form
from .lockstep import compare_training
from .outcome import OnBackend
from .pitfall import PitfallComparison, compare_pitfall
from .programs import Pitfall, Training
from .request import Request
from .result import Comparison
from .settable import applied, changed, chosen
from .strategies import check as check_strategies
from .system import System
from .values import compare_values
from .values_result import ValuesComparison


def compare(
    system: str,
    *,
    case: str | Sequence[str] = (),
    data: str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str | Sequence[str] = "cpu",
    logdir: str | None = None,
    logical_cpus: int = 1,
    backends: Mapping[str, str | Path | None] | None = None,
    strategies: Sequence[str] = (),
    on_event: Event | None = None,
    on_log: Callable[[str], None] | None = None,
) -> Comparison | ValuesComparison | PitfallComparison | Joined:
    """Runs the TF1 and the TF2 twin of a system and measures their difference.

    A network is trained as a TF1 session, a TF2 tape and a Keras fit, whichever of these the system
    has. The session saves its initial weights as a Saver checkpoint; this package reads it and sets
    the weights of the TF2 forms. All forms then train on the same batches in the same order. Other
    systems return values, which are compared one by one.

    Args:
        system: a name from ``tfmigrate list``.
        case: one or several of the system's variants; all by default.
        data: the name of a dataset, or the path of a file or folder; the system's own by default.
        epochs: how often to go through the training data, 1 or more.
        batch_size: examples a step, 1 or more.
        learning_rate: of the optimizer, above 0.
        settings: name → value of parameters that both twins have, such as ``num_hidden``;
            ``tfmigrate lesson ROW`` lists them. A training takes the three above here too.
        seed: of the initial weights.
        device: ``cpu``, ``gpu``, ``cpu:1`` …, several of them, or ``all``.
        logdir: a folder for TensorBoard's event files, or None.
        logical_cpus: how many devices to divide the CPU into, to try placement without a GPU.
        backends: "tensorflow", "jax" or "torch" → a Python interpreter that has Keras with it, or
            None for this one: the Keras fit is repeated there, and compared with the session.
        strategies: "mirrored", "multi-worker": the Keras fit is repeated on two devices, and
            compared with the same on one.
        on_event: called with each epoch of each form as it ends.
        on_log: called with the log lines of TensorFlow.

    Returns:
        A result that is true when parity holds everywhere.

    Raises:
        UserError: an argument, the data or the machine does not allow it.
    """
    entry = catalogue.find(system)
    cases = (case,) if isinstance(case, str) else tuple(case)
    request = Request(
        case=cases,
        data=data,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        device=(device,) if isinstance(device, str) else tuple(device),
        logdir=logdir,
        logical_cpus=logical_cpus,
        backends=backends or {},
        strategies=tuple(dict.fromkeys(strategies)),
        settings=chosen(entry, settings or {}, cases),
    )
    request.check(entry)
    check_strategies(request.strategies, request.device)
    interpreters(request.backends)  # refused before anything starts
    with Worker("legacy") as legacy, Worker("modern") as modern:
        try:
            result = compare_all(entry, request, {"legacy": legacy, "modern": modern}, on_event)
        except JobError as error:
            if not changed(entry, request.settings) or os.environ.get("TFMIGRATE_DEBUG"):
                raise
            raise UserError(
                f"{entry.name} cannot run with {', '.join(request.told_settings)}: "
                f"{printable(error.gist)}",
                try_=f"values nearer to the defaults: tfmigrate lesson {entry.name}",
            ) from error
        if on_log:
            on_log(legacy.log() + modern.log())
    return result


def compare_all(
    system: System,
    request: Request,
    workers: Mapping[str, Worker],
    on_event: Event | None = None,
) -> Comparison | ValuesComparison | PitfallComparison | Joined:
    """All programs of a system, one after the other, by workers that are there already.

    Raises:
        UserError: the data or the machine does not allow it.
    """
    results: list[Comparison | ValuesComparison | PitfallComparison] = []
    for default in system.programs:
        program = applied(system, default, request.settings)
        if isinstance(program, Training):
            results.append(compare_training(system, program, request, workers, on_event))
        elif isinstance(program, Pitfall):
            results.append(compare_pitfall(system, program, request, workers))
        else:
            results.append(compare_values(system, program, request, workers))
    if not isinstance(results[0], Comparison):
        reason = keras_form(system.module, system.program).obstacle
        untried = [OnBackend(name, reason=reason) for name in request.backends]
        untried += [OnBackend(name, reason=reason) for name in request.strategies]
        results[0] = replace(results[0], backends=untried)
    return results[0] if len(results) == 1 else Joined(system, results)
