"""The Keras form of a system on several devices, compared with the same form on one."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from ..errors import UserError, printable
from ..worker import JobError, Worker
from ..worker.events import Event
from .keras_form import RANDOM, keras_form
from .measuring import on_backend, parity_in_double, weights_apart
from .outcome import Measured, OnStrategy, Side
from .prepare import Prepared
from .programs import Program, Training
from .setting import Setting
from .system import System
from .training import train

REPLICAS = 2
KNOWN = ("mirrored", "multi-worker", "parameter-server")
_NOT_COMPARED = {
    "parameter-server": "its workers update the weights one after the other, each by its own "
    "batch, so there is no batch that one device could train on too; and fit of Keras 3 refuses "
    "data that no ClusterCoordinator has made"
}
_MEANS = "Keras gives the mean of each part the same weight"
_NORM = re.compile(r"keras\.layers\.BatchNormalization")


def check(names: Sequence[str], device: Sequence[str] = ("cpu",)) -> None:
    """Refuses what is no strategy, or cannot be compared.

    Raises:
        UserError: there is one.
    """
    for name in names:
        if name not in KNOWN:
            raise UserError(f"there is no strategy {printable(name)!r}", expected=", ".join(KNOWN))
        if name in _NOT_COMPARED:
            raise UserError(
                f"--strategy {name} cannot be compared: {_NOT_COMPARED[name]}",
                try_="--strategy mirrored or multi-worker",
            )
    if names and tuple(device) != ("cpu",):
        raise UserError(
            f"--strategy divides the CPU into {REPLICAS} devices, so --device has no effect",
            try_="without --device",
        )


def obstacle(module: str, program: Program) -> str:
    """Why a system's Keras form cannot give on several devices what it gives on one, a clause;
    empty where it can."""
    read = keras_form(module, program)
    if not read.form:
        if isinstance(program, Training):
            return (
                "a tape trains the system, which has no Keras form: its step would have to add up "
                "the gradients of the replicas"
            )
        return read.obstacle
    if found := RANDOM.search(read.text):
        return f"it uses {found[0]}, and each replica draws random numbers of its own"
    if _NORM.search(read.text):
        return (
            "BatchNormalization takes the statistics of each replica's part of the batch, "
            "unless it has synchronized=True"
        )
    return ""


def odd(batch_size: int) -> str:
    """Why the replicas cannot share a batch evenly, a clause; empty where they can."""
    if not batch_size % REPLICAS:
        return ""
    return (
        f"{REPLICAS} replicas cannot share a batch of {batch_size} evenly, and {_MEANS}; "
        f"try --batch-size {batch_size + 1}"
    )


def evenly(prepared: Prepared, batch_size: int) -> tuple[Prepared, str]:
    """The examples without the last, where the replicas cannot share the last batch evenly; and a
    clause that says so."""
    whole = len(prepared.x_train)
    left = whole % batch_size % REPLICAS
    if not left:
        return prepared, ""
    x, y = prepared.x_train[:-left], prepared.y_train[:-left]
    return replace(prepared, x_train=x, y_train=y), (
        f"the last {left} of {whole:,} examples are left out: {REPLICAS} "
        f"replicas cannot share the last batch evenly, and {_MEANS}"
    )


@contextmanager
def workers(name: str) -> Iterator[list[Worker]]:
    """The processes of a strategy: one, or one a replica. They end together."""
    with ExitStack() as stack:
        if name == "mirrored":
            yield [stack.enter_context(Worker(name))]
            return
        places = _free_places(REPLICAS)
        made = []
        for number in range(REPLICAS):
            task = {"cluster": {"worker": places}, "task": {"type": "worker", "index": number}}
            environment = {"TF_CONFIG": json.dumps(task)}
            made.append(stack.enter_context(Worker(f"{name} {number}", environment=environment)))
        yield made


def _free_places(count: int) -> list[str]:
    with ExitStack() as stack:
        places = []
        for _ in range(count):
            one = stack.enter_context(socket.socket())
            one.bind(("127.0.0.1", 0))
            places.append(f"127.0.0.1:{one.getsockname()[1]}")
        return places


def at_once(made: Sequence[Worker], one: Callable[[Worker, bool], Side]) -> list[Side]:
    """Trains in all processes of a strategy at once; where one fails, all are ended.

    Args:
        made: of :func:`workers`.
        one: trains in one of them; whether that is the first.
    """

    def guarded(worker: Worker) -> Side:
        try:
            return one(worker, worker is made[0])
        except BaseException:
            for other in made:
                other.close()  # which waits for this one, else
            raise

    with ThreadPoolExecutor(len(made)) as pool:
        running = [pool.submit(guarded, worker) for worker in made]
        try:
            errors = [error for each in running if (error := each.exception())]
        except BaseException:
            for worker in made:
                worker.close()
            raise
    if errors:
        raise min(errors, key=lambda error: not isinstance(error, JobError))
    return [each.result() for each in running]


@dataclass
class Strategies:
    """The strategies that were asked for, and their processes, which start when first needed.

    A process has one division of the CPU only, so each strategy has its own.
    """

    names: Sequence[str]
    _stack: ExitStack = field(default_factory=ExitStack)
    _made: dict[str, list[Worker]] = field(default_factory=dict)

    def __enter__(self) -> Strategies:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def train(
        self,
        system: System,
        program: Training,
        one_device: Callable[..., Side],
        weights: Mapping[str, np.ndarray] | None,
        prepared: Prepared,
        setting: Setting,
        on_event: Event | None,
        *,
        case: str,
    ) -> list[OnStrategy]:
        """Trains the Keras form of a case by each strategy, from the session's weights.

        Args:
            one_device: trains that form on one device: form, data and weights, ``floatx``.
            weights: of the session, by TF1 name; None where the case has none.
        """
        if not self.names:
            return []
        reason = obstacle(system.module, program)
        if not reason and weights is None:
            reason = "it has no TF1 session whose weights the replicas could start from"
        if reason := reason or odd(setting.batch_size):
            return [OnStrategy(name, reason=reason) for name in self.names]
        form = keras_form(system.module, program).form
        shared, note = evenly(prepared, setting.batch_size)
        precisions: list[str | None] = [None]
        if prepared.x_train.dtype == np.float32:
            precisions.append("float64")
        begin = {
            p: {n: a.astype(p or a.dtype) for n, a in (weights or {}).items()} for p in precisions
        }
        alone = {p: one_device(form, shared, begin[p], p) for p in precisions}

        def spread(name: str, floatx: str | None) -> list[Side]:
            def one(worker: Worker, first: bool) -> Side:
                return train(
                    worker, system, program, form, shared, setting, device="cpu", case=case,
                    floatx=floatx, losses_alone=floatx is not None, weights=begin[floatx],
                    strategy=name, replicas=REPLICAS, on_event=on_event if first else None,
                )  # fmt: skip

            return at_once(self._workers(name), one)

        found = []
        for name in self.names:
            try:
                sides = {p: spread(name, p) for p in precisions}
            except (JobError, UserError) as error:
                gist = error.gist if isinstance(error, JobError) else error.problem
                reason = f"the model cannot run: {printable(gist, 300)}"
                found.append(OnStrategy(name, reason=reason, failed=True))
                continue
            first, *others = sides[None]
            lines = on_backend(alone[None], first)
            for p in precisions[1:]:
                lines += parity_in_double([alone[p], sides[p][0]])
            if others:
                same = weights_apart([first, *others])
                lines.append(Measured("weights of all processes, after training", same))
            found.append(OnStrategy(name, REPLICAS, first, alone[None], lines, note=note))
        return found

    def _workers(self, name: str) -> list[Worker]:
        if not all(worker.alive for worker in self._made.get(name, ())):
            del self._made[name]  # ended by an error of another case
        if name not in self._made:
            self._made[name] = self._stack.enter_context(workers(name))
        return self._made[name]
