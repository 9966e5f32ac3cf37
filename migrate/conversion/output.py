"""What a conversion leaves in its folder: model, source, variables, report; whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np

from ..emit import outline_of, required, written
from ..errors import UserError, printable
from ..formats import FORMATS, Written, room_beside, whole_folder, write_formats
from ..formats.atomic import check_folder
from ..parity import Difference
from ..plan import Plan
from ..plan.balance import balance
from ..plan.fates import fates
from ..plan.pytorch import state_dict_of
from ..sources import Source
from ..verification import Measured, difference
from ..worker import Worker, WorkerError
from ..worker.batches import batches
from ..worker.events import Event, counted, stage
from .report import model_report, variables_report, write_report
from .result import Conversion, dry_run
from .torch_weights import TORCH_FILE, torch_entries, write_state_dict

NO_LAYERS = (
    "There is no file for PyTorch: --to torch names the weights after the layers of a model, and "
    "no Keras model was made."
)
_NOT_RUN = (
    f"{TORCH_FILE} is not compared: the PyTorch module that takes it is yours. Compare its outputs "
    "with those of model.keras."
)


@dataclass
class Output:
    """The folder of one conversion, and what was asked to be in it.

    Attributes:
        to: formats, as ``--to`` names them.
        keras: "keras", or "tf-keras" for a model of Keras 2.
        style: of the source, of :data:`~tfmigrate.emit.STYLES`.
        dry_run: write nothing.
        force: replace the folder.
        timeout: seconds without a sign of life after which a worker is ended.
        tell: is told of the progress.
        room: where the folder grows, if :meth:`growing` has made one.
    """

    source: Source
    folder: Path
    to: Sequence[str]
    keras: str
    style: str
    dry_run: bool
    force: bool
    timeout: float
    tell: Event
    room: Path | None = None

    @contextmanager
    def growing(self) -> Iterator[Path]:
        """A room for the folder, before it is known what will be in it."""
        with room_beside(check_folder(self.folder, force=self.force)) as self.room:
            yield self.room
        self.room = None

    def whole(self, size: int = 0) -> AbstractContextManager[Path]:
        """The folder, to be filled: it appears whole or not at all."""
        return whole_folder(self.folder, force=self.force, size=size, room=self.room)

    @property
    def verify_with_data(self) -> str:
        """The command that proves a model for which random inputs do not serve."""
        return (
            f"tfmigrate verify {quote(str(self.source.path))} {quote(str(self.folder))} --data "
            "EXAMPLES.npz, with real inputs of the network"
        )

    def unmeasured(self, error: UserError) -> Measured:
        """The result where the graph accepts none of the random examples."""
        return Measured(None, f"on random inputs {error.problem}", advice=self.verify_with_data)

    def model(
        self,
        plan: Plan,
        worker: Worker,
        compare: Callable[[Path], Measured],
        reference: str,
    ) -> Conversion:
        """Outcome ``keras``: built in the worker, compared before the folder appears.

        Args:
            compare: the model as it lies in a folder with the original.
        """
        reasons = self.source.average_reasons()
        plan.fates = [
            replace(f, reason=reasons[f.name]) if f.reason and f.name in reasons else f
            for f in fates(plan, self.source.variables(), self.source.roles)
        ]
        if note := self.source.average_note():
            plan.notes.append(note)
        found = balance(plan, plan.fates)
        plan.warnings += found.warnings()
        blocks = outline_of(plan, self.style)
        legacy = self.keras == "tf-keras"
        text = written(plan, blocks, style=self.style, legacy_keras=legacy)
        state, told = state_dict_of(plan) if "torch" in self.to else ([], [])
        plan.warnings += told
        if state:
            plan.notes.append(_NOT_RUN)
        if self.dry_run:
            report = model_report(self.source, plan, {}, Measured(None), reference, found, blocks)
            return dry_run(report | torch_entries(state))
        weighs = sum(weight.recipe.nbytes for weight in plan.weights)
        with self.whole(weighs + self._size()) as room:
            (room / "model.py").write_text(text, encoding="utf-8")
            weights = room / FORMATS["weights"].file if "weights" in self.to else None
            paths = build_model(
                worker,
                plan,
                self.source,
                text,
                room / "model.keras",
                self.timeout,
                weights,
                self.keras,
                self.tell,
            )
            self.tell({"stage": "comparing"})
            try:
                measured = compare(room)
            except WorkerError:
                raise
            except UserError as error:
                measured = self.unmeasured(error)
            if plan.training is not None and not plan.training.proved:  # which the source says
                text = written(plan, blocks, style=self.style, legacy_keras=legacy)
                (room / "model.py").write_text(text, encoding="utf-8")
            report = model_report(self.source, plan, paths, measured, reference, found, blocks)
            if weights is not None:
                report["files"] |= {"weights": weights.name}
            report["files"] |= self.formats(room, but=["weights"]).files
            if state:
                write_state_dict(room / TORCH_FILE, state, self.source.read)
                report |= torch_entries(state)
                report["files"] |= {"torch_weights": TORCH_FILE}
            write_report(room, report)
        self.tell({"stage": "done"})
        return Conversion(report, self.folder)

    def variables(self, notes: list[str], *, failed: bool = False) -> Conversion:
        """Outcome ``variables``: weights only, every one accounted for.

        Args:
            failed: a model was wanted, and the last of ``notes`` says why there is none.
        """
        reason = notes[-1] if failed else None
        if "torch" in self.to:
            notes = [*notes, NO_LAYERS]
        if not self.source.variables():
            raise UserError(
                f"there are no variables in {printable(self.source.path)}, so nothing to write",
                try_="--to keras, if the graph computes something",
            )
        self.to = [name for name in self.to if name in FORMATS] or ["npz"]
        if self.dry_run:
            return Conversion(variables_report(self.source, None, self.to, notes, reason), None)
        with self.whole(self._size()) as room:
            written = self.formats(room)
            report = variables_report(self.source, written, self.to, notes, reason)
            write_report(room, report)
        self.tell({"stage": "done"})
        return Conversion(report, self.folder)

    def formats(self, room: Path, *, but: Sequence[str] = ()) -> Written:
        """Writes the source's variables under their own names, in each format asked for."""
        formats = [name for name in self.to if name in FORMATS and name not in but]
        progress = stage(self.tell, "writing", self._size(but)) if formats else None
        tensors, roles = self.source.tensors, self.source.roles
        return write_formats(tensors, room, formats, roles=roles, progress=progress)

    def _size(self, but: Sequence[str] = ()) -> int:
        """Bytes of the variables in each format asked for."""
        formats = [name for name in self.to if name in FORMATS and name not in but]
        return sum(v.nbytes for v in self.source.variables()) * len(formats)


def build_model(
    worker: Worker,
    plan: Plan,
    source: Source,
    text: str,
    path: Path,
    timeout: float,
    weights: Path | None = None,
    keras: str = "keras",
    tell: Event = lambda event: None,
) -> dict[str, str]:
    """Builds, fills and saves the model; gives target → path of the variable in the saved model."""

    def call(step: str, arrays: dict[str, np.ndarray] | None = None, **more: Any) -> Any:
        return worker.call("build", {"step": step, **more}, arrays, timeout=timeout).data

    training = plan.training
    progress = stage(tell, "building", sum(weight.recipe.nbytes for weight in plan.weights))
    given = {
        function: {name: number.value for name, number in arguments.items()}
        for function, arguments in required(plan).items()
    }
    call("source", source=text, keras=keras.replace("-", "_"), given=given["build_model"])
    for group in batches(counted(_weights(plan, source), progress)):
        call("assign", group)
    if training is not None:
        call("compile", iterations=training.iterations, given=given["compile_model"])
        places = {s.target: (s.member, s.attribute, s.weight) for s in training.slots}
        slots = ((slot.target, slot.make(source.read)) for slot in training.slots)
        for group in batches(slots):
            call("slots", group, places=places)
    return call("save", path=str(path), weights=weights and str(weights))["paths"]


def _weights(plan: Plan, source: Source) -> Iterator[tuple[str, np.ndarray]]:
    """The values of all weights; warns of those that are no numbers."""
    for weight in plan.weights:
        array = weight.recipe.make(source.read)
        bad = array.size - np.count_nonzero(np.isfinite(array)) if array.dtype.kind == "f" else 0
        if bad:
            plan.warnings.append(
                f"{printable(', '.join(weight.recipe.sources), 120)} has NaN or infinite elements "
                f"({bad:,} of {array.size:,}). Outputs that depend on them are NaN or infinite "
                "too. Convert an earlier checkpoint."
            )
        yield weight.target, array


def differences(
    worker: Worker,
    plan: Plan,
    given: Mapping[str, np.ndarray],
    expected: Mapping[str, np.ndarray],
    timeout: float | None,
) -> dict[str, Difference]:
    """Runs the saved model on the same examples; a difference for each output."""
    numbered = {str(index): array for index, array in enumerate(given.values())}
    made = worker.call("build", {"step": "predict"}, numbered, timeout=timeout).arrays
    return {
        output.tensor: difference(expected[output.tensor], made[str(index)])
        for index, output in enumerate(plan.outputs)
    }
