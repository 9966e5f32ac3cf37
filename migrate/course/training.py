"""One form of a training system, trained in a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..worker import Worker
from ..worker.events import Event
from .outcome import Epoch, Side
from .prepare import Prepared
from .programs import Training
from .request import SILENCE
from .setting import Setting
from .system import System


@dataclass(frozen=True)
class Form:
    """One way to train a system.

    Attributes:
        era: legacy or modern.
        title: for people.
        kind: which of the worker's sides: session, tape or keras.
        function: of the twin file, that builds it; the tape's class is the system's own.
        loop: of the twin file, that trains it with Keras; ``fused`` or ``xla``: the one of
            ``modern/fast_loop.py`` does.
    """

    era: str
    title: str
    kind: str
    function: str = ""
    loop: str = "train"


# The session comes first: the others start from its weights.
FORMS = {
    "session": Form("legacy", "TF1 session", "session", "build"),
    "tape": Form("modern", "TF2 tape", "tape"),
    "keras": Form("modern", "Keras fit", "keras", "build_model"),
    "functional": Form("modern", "Keras Functional", "keras", "build_functional"),
    "tuned": Form("modern", "Keras fit, tuned", "keras", "build_model", "train_tuned"),
    "fused": Form("modern", "fused epoch", "keras", "build_model", "fused"),
    "xla": Form("modern", "fused, by XLA", "keras", "build_model", "xla"),
}


def train(
    worker: Worker,
    system: System,
    program: Training,
    form: str,
    prepared: Prepared,
    setting: Setting,
    *,
    device: str,
    case: str = "",
    floatx: str | None = None,
    kernel: str = "",
    losses_alone: bool = False,
    initial: str | None = None,
    trained: str | None = None,
    weights: Mapping[str, np.ndarray] | None = None,
    backend: str = "",
    source: str = "",
    strategy: str = "",
    replicas: int = 1,
    on_event: Event | None = None,
) -> Side:
    """Trains one form.

    Args:
        worker: of the form's own era, or of ``backend``.
        program: of the system, or a case of it.
        form: a key of ``FORMS``.
        case: the name of the variant, for events and logs.
        floatx: trains in this precision, and tells the legacy twin so; the data's own by default.
        kernel: the TF1 optimizer whose update is put in the place of that of Keras's, or empty.
        losses_alone: returns only losses and weights, which is faster.
        device: ``cpu``, ``gpu``, ``cpu:1`` …
        initial, trained: where the form saves itself before and after training, or None.
        weights: to start from, by TF1 name; drawn by the form itself where None.
        backend: the backend of Keras that the worker has, where it is one of ``--backend``.
        source: of the form there: the twin file itself is not.
        strategy: of ``worker/strategies.py``, by which the Keras form trains on several devices.
        replicas: how many devices.
        on_event: called after each epoch.

    Raises:
        UserError: the device does not exist, or the process died.
    """
    epochs: list[Epoch] = []

    def listen(event: dict[str, Any]) -> None:
        epochs.append(Epoch(event["loss"], event["metric"], event["seconds"], event["examples"]))
        if on_event:
            told = {"form": form, "epochs": setting.epochs, "device": device, "case": case}
            told |= {"again": again, "backend": backend or strategy, "measured": program.metric}
            on_event(event | told)

    how = FORMS[form]
    again = f"in {floatx}" if floatx else f"with TF1's {kernel}" if kernel else ""
    own = str(prepared.x_train.dtype)
    arrays = prepared.as_type(floatx or own)
    steps = -(-len(prepared.x_train) // setting.batch_size)
    known = {
        # TF1 keeps it as a float32, also where it trains in float64.
        "learning_rate": float(np.float32(setting.learning_rate))
        if floatx
        else setting.learning_rate,
        "epochs": setting.epochs,
        "batch_size": setting.batch_size,
        "steps_per_epoch": steps,
        "seed": setting.seed,
    }
    arguments = {**prepared.sizes, **{k: known[k] for k in program.passes}, **program.arguments}
    if floatx and how.era == "legacy":
        arguments["dtype"] = floatx
    reply = worker.call(
        "fit" if backend else "train",
        {
            "step": "fit",
            "source": source,
            "kind": how.kind,
            "module": f"tfmigrate.{how.era}.{system.module}",
            "function": how.function or program.tape,
            "loop": how.loop,
            "arguments": arguments,
            "seed": setting.seed,
            "targets": dict(program.targets),
            "metric": program.metric,
            "floatx": floatx or own,
            "kernel": kernel,
            "losses_alone": losses_alone,
            "device": device,
            "logical_cpus": setting.logical_cpus,
            "strategy": strategy,
            "replicas": replicas,
            "batch_size": setting.batch_size,
            "epochs": setting.epochs,
            "log": str(Path(setting.logdir, case, device, form))
            if setting.logdir and not again
            else None,
            "initial": initial,
            "trained": trained,
        },
        {**arrays, **{f"weight:{name}": value for name, value in (weights or {}).items()}},
        on_event=listen,
        timeout=SILENCE,
    )
    data = reply.data
    return Side(
        form,
        f"Keras on {backend}" if backend else f"{how.title}, {strategy}" if strategy else how.title,
        device,
        data["placement"],
        epochs,
        data["first_step"],
        data["settings"],
        reply.arrays,
        program.metric,
        data.get("ends"),
    )
