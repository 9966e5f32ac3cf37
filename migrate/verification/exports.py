"""A model exported to other runtimes: each file runs there and is compared with the original."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import UserError, listed, nearest, printable
from ..formats import whole_file, whole_folder
from ..graph import Interface
from ..parity import Difference, Verdict, worst
from ..report import Block, Notes, Table
from ..worker import JobError
from ..worker.backends import BackendWorker, interpreters
from .comparing import Allowed, difference
from .subject import Model, Subject

_SMALL_BATCH = 3  # the other batch size, where the file leaves it open
_ONE_BY_ONE = 8  # examples, where the file fixes the batch size at 1

Examples = Mapping[str, np.ndarray]


class Export(NamedTuple):
    """One format that Keras exports to.

    Attributes:
        backend: of Keras, which exports it.
        file: its file, or its folder, beside the model.
        main: the file in the folder that is opened; empty for a single file.
        summary: for help texts.
        install: the extra of this package that has what it needs.
    """

    backend: str
    file: str
    main: str
    summary: str
    install: str


EXPORTS = {
    "onnx": Export("tensorflow", "model.onnx", "", "ONNX, run by onnxruntime", "onnx"),
    "litert": Export("tensorflow", "model.tflite", "", "LiteRT (TensorFlow Lite)", "litert"),
    "tf_saved_model": Export(
        "tensorflow", "tf_saved_model", "saved_model.pb", "a SavedModel for serving", ""
    ),
    "openvino": Export("tensorflow", "openvino", "model.xml", "OpenVINO IR", "openvino"),
    "torch": Export("torch", "model.pt2", "", "an ExportedProgram, for torch.export.load", "torch"),
}


@dataclass(frozen=True)
class Exported:
    """What became of one format.

    Attributes:
        kind: of :data:`EXPORTS`.
        allowed: what an output may be off by.
        outputs: output tensor → its greatest difference over all runs; None where nothing ran.
        batches: sizes of the batches that ran.
        fixed: whether the file fixes the batch size, and all others, that the model leaves open.
        versions: ``keras``, ``backend``, ``version``, ``exporter``, ``runtime``.
        reason: why there is no file; a clause.
        notes: what the file does not do that the model does.
    """

    kind: str
    allowed: Allowed
    outputs: Mapping[str, Difference] | None = None
    batches: tuple[int, ...] = ()
    fixed: bool = False
    versions: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether the file agrees with the original; *not run* where there is no file."""
        if self.outputs is None:
            return Verdict.NOT_RUN
        return Verdict.of(all(map(self.allowed.holds, self.outputs.values())))

    def to_dict(self) -> dict[str, Any]:
        """For the report's ``exports``."""
        found: dict[str, Any] = {"format": self.kind, "verdict": self.verdict}
        if self.reason:
            found["reason"] = self.reason
        if self.outputs is None:
            return found
        greatest = worst(list(self.outputs.values()))
        return found | {
            "file": EXPORTS[self.kind].file,
            **self.versions,
            "batch": "1" if self.fixed else "open" if len(self.batches) > 1 else "as in the graph",
            "batches": list(self.batches),
            "required_tolerance": {
                "atol": greatest.max_abs,
                "of_scale": max(map(_share, self.outputs.values())),
            },
            "outputs": [{"tensor": t, **d.to_dict()} for t, d in self.outputs.items()],
            "notes": list(self.notes),
        }


def check_exports(exports: Mapping[str, str | Path | None]) -> dict[str, str]:
    """Format → the program that exports it: given by a path or a name, or this interpreter.

    Raises:
        UserError: there is no such format, or no such program.
    """
    found = {}
    for kind, python in exports.items():
        if kind not in EXPORTS:
            raise UserError(
                f"Keras does not export to {printable(kind)!r}",
                expected=f"one of {', '.join(EXPORTS)}",
                try_=nearest(kind, EXPORTS),
            )
        backend = EXPORTS[kind].backend
        found[kind] = interpreters({backend: python})[backend]
    return found


def not_exported(kinds: Iterable[str], reason: str) -> tuple[Exported, ...]:
    """A line for each format that was asked for and not tried, with the reason."""
    return tuple(Exported(kind, Allowed(), reason=reason) for kind in kinds)


def export_model(
    programs: Mapping[str, str],
    folder: Path,
    subject: Subject,
    interface: Interface,
    given: Examples,
    run: Callable[[Examples], Examples],
    allowed: Allowed,
    *,
    own: str | None,
    report: Mapping[str, Any],
    force: bool,
    timeout: float | None,
    tell: Callable[[dict[str, Any]], None],
) -> tuple[Exported, ...]:
    """Exports a model to each format, and compares the file with the original.

    Args:
        programs: of :func:`check_exports`.
        folder: where the files go; it exists.
        given: the inputs that the model was proved with, by tensor.
        run: gives the outputs of the original for inputs.
        own: the text of the model.py beside the model, which defines its classes.
        report: of the model, which names its inputs; {} where they are in the order of the graph.
        force: replace files that are there.

    Raises:
        UserError: a file is there already, or the folder cannot be written.
    """
    found = []
    for kind, python in programs.items():
        tell({"stage": f"exporting to {kind}"})
        job = _Job(kind, python, folder, subject, interface, given, run, allowed, own, report)
        found.append(job.done(force, timeout))
    return tuple(found)


class _NoFileError(Exception):
    """There is no file, and the message says why.

    Attributes:
        again: whether fixed sizes may help.
    """

    def __init__(self, reason: str, *, again: bool = False):
        super().__init__(reason)
        self.again = again


@dataclass(frozen=True)
class _Job:
    kind: str
    python: str
    folder: Path
    subject: Subject
    interface: Interface
    given: Examples
    run: Callable[[Examples], Examples]
    allowed: Allowed
    own: str | None
    report: Mapping[str, Any]

    def done(self, force: bool, timeout: float | None) -> Exported:
        """Exports with open sizes, else with a batch of 1; a file that cannot run is not kept."""
        refused: list[str] = []
        for fixed in (False, True):
            try:
                return self._tried(fixed, refused, force, timeout)
            except _NoFileError as error:
                refused.append(str(error))
                if not error.again:
                    break
        return Exported(self.kind, self.allowed, reason=refused[0])

    def _tried(
        self, fixed: bool, refused: Sequence[str], force: bool, timeout: float | None
    ) -> Exported:
        about = EXPORTS[self.kind]
        place = self.folder / about.file
        with ExitStack() as stack:
            if about.main:
                room = stack.enter_context(whole_folder(place, force=force, ours=about.main))
                path = room / about.main if self.kind != "tf_saved_model" else room
            else:
                path = stack.enter_context(whole_file(place, force=force))
            writable = path if path.is_dir() else path.parent
            worker = stack.enter_context(BackendWorker(about.backend, self.python, (writable,)))
            try:
                versions = worker.versions(timeout)
            except UserError as error:
                install = f"pip install 'tfmigrate[{about.install}]'" if about.install else ""
                raise _NoFileError(f"{error.problem}; try {install} or {error.try_}") from None
            try:
                model = Model.open(self.subject, worker, timeout, source=self.own)
                model.bind(self.interface, self.report)
                if fixed and not model.open_batch:
                    raise _NoFileError(refused[0])
                runs = self._runs(model.open_batch, fixed)
                first = self._arrays(runs[0])
                made, outputs = model.export(self.kind, path, first, fixed=fixed)
                if missing := made["missing"]:
                    raise _NoFileError(
                        f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} not installed; "
                        f"try pip install 'tfmigrate[{about.install}]'"
                    )
                if made["says"]:
                    raise UserError(made["says"])
                found, ran = self._compared(model, runs, outputs)
            except (JobError, UserError) as error:
                gist = error.gist if isinstance(error, JobError) else error.problem
                raise _NoFileError(
                    f"the model cannot be exported: {_line(gist)}", again=True
                ) from None
        note = (
            f"In {about.file} the batch size is 1, and other sizes are those of the examples: with "
            f"open sizes there is no file, because {refused[0] if refused else ''}."
        )
        return Exported(
            self.kind,
            self.allowed,
            found,
            tuple(ran),
            fixed,
            versions | {"exporter": made["exporter"], "runtime": made["runtime"]},
            notes=(note,) if fixed else (),
        )

    def _runs(self, open_batch: bool, fixed: bool) -> list[Examples]:
        """The inputs of each run; the first is the proof's, unless the batch size is fixed at 1."""
        if not open_batch:
            return [self.given]
        cut = [slice(i, i + 1) for i in range(_ONE_BY_ONE)] if fixed else [slice(_SMALL_BATCH)]
        some: list[Examples] = [{t: array[part] for t, array in self.given.items()} for part in cut]
        return some if fixed else [self.given, *some]

    def _compared(
        self, model: Model, runs: Sequence[Examples], first: Sequence[np.ndarray]
    ) -> tuple[dict[str, Difference], list[int]]:
        """The greatest difference of each output, and the batch sizes that ran.

        Args:
            first: the outputs of the file in the first run.
        """
        found: dict[str, Difference] = {}
        ran = []
        for examples in runs:
            try:
                expected = self.run(examples)
            except UserError:  # a graph that fixes its batch size, of a model that does not
                continue
            made = first if examples is runs[0] else model.exported(self._arrays(examples))
            ran.append(len(next(iter(examples.values()))))
            for tensor, array in zip(self.interface.outputs, made, strict=True):
                new = difference(expected[tensor], array)
                found[tensor] = max(found.get(tensor, new), new, key=_share)
        return found, list(dict.fromkeys(ran))

    def _arrays(self, examples: Examples) -> list[np.ndarray]:
        return [examples[given.tensor] for given in self.interface.inputs]


def _line(text: str) -> str:
    """The words of a library on one line, without the colors of a terminal."""
    return printable(" ".join(re.sub("\x1b\\[[0-9;]*m", "", text).split()), 400)


def _share(found: Difference) -> float:
    """The difference relative to the largest value."""
    return found.max_abs / found.scale if found.scale else np.inf if found.max_abs else 0.0


def exports_blocks(reported: Sequence[Mapping[str, Any]]) -> list[Block]:
    """A table with a row for each format, from the report's ``exports``, and its notes."""
    if not reported:
        return []
    columns = [
        "export", "file", "run by", "batch", ">max abs", ">of the largest", "verdict",
    ]  # fmt: skip
    rows = [
        [
            entry["format"],
            entry.get("file", ""),
            entry.get("runtime", ""),
            entry.get("batch", ""),
            *(f"{float(entry['required_tolerance'][key]):.2g}" if "file" in entry else ""
              for key in ("atol", "of_scale")),
            str(entry["verdict"]) + (f": {entry['reason']}" if "reason" in entry else ""),
        ]
        for entry in reported
    ]  # fmt: skip
    failed = frozenset(i for i, e in enumerate(reported) if e["verdict"] == Verdict.FAIL)
    notes = [note for entry in reported for note in entry.get("notes", ())]
    return [Table(columns, rows, marked=failed), *([Notes(notes)] if notes else [])]


def exports_told(reported: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the verdict says of the formats: "onnx pass", "litert not run"."""
    return [f"{entry['format']} {entry['verdict']}" for entry in reported]
