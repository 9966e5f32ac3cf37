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
from ..formats.atomic import check_file, check_folder
from ..graph import Interface
from ..parity import Difference, Verdict, worst
from ..report import Block, Notes, Table
from ..worker import JobError, WorkerError
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
        sizes: what the file leaves open, of :attr:`Model.open_sizes`.
        versions: ``keras``, ``backend``, ``version``, ``exporter``, ``runtime``.
        reason: why there is no file; a clause.
        notes: what the file does not do that the model does.
    """

    kind: str
    allowed: Allowed
    outputs: Mapping[str, Difference] | None = None
    batches: tuple[int, ...] = ()
    sizes: str = "open"
    versions: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether the file agrees with the original; *not run* where there is no file."""
        if self.outputs is None:
            return Verdict.NOT_RUN
        return Verdict.of(all(self.allowed.holds_for(t, d) for t, d in self.outputs.items()))

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
            "batch": "1"
            if self.sizes == "fixed"
            else "open"
            if self.batches[1:]
            else "as in model",
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
        found[kind] = interpreters({backend: python}, called=kind)[backend]
    return found


def not_exported(kinds: Iterable[str], reason: str) -> tuple[Exported, ...]:
    """A line for each format that was asked for and not tried, with the reason."""
    return tuple(Exported(kind, Allowed(), reason=reason) for kind in kinds)


def check_places(kinds: Iterable[str], folder: Path, *, force: bool) -> None:
    """Whether the files may be written to a folder, before any work.

    Raises:
        UserError: they may not.
    """
    for about in (EXPORTS[kind] for kind in kinds):
        if about.main:
            check_folder(folder / about.file, force=force, ours=about.main)
        else:
            check_file(folder / about.file, force=force)


def export_model(
    programs: Mapping[str, str],
    folder: Path,
    subject: Subject,
    interface: Interface,
    given: Examples,
    expected: Examples,
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
        given, expected: inputs and outputs of the original, by tensor.
        run: gives the outputs of the original for other inputs.
        own: the text of the model.py beside the model, which defines its classes.
        report: of the model, which names its inputs; {} where they are in the order of the graph.
        force: replace files that are there.

    Raises:
        UserError: a file is there already, or the folder cannot be written.
    """
    found = []
    with ExitStack() as stack:
        models = _Models(stack, folder, subject, interface, own, report, timeout)
        for kind, python in programs.items():
            tell({"stage": f"exporting to {kind}"})
            job = _Job(kind, python, folder, interface, given, expected, run, allowed, models)
            found.append(job.done(force))
    return tuple(found)


class _NoFileError(Exception):
    """There is no file, and the message says why.

    Attributes:
        others: sizes that may be fixed instead.
    """

    def __init__(self, reason: str, others: Sequence[str] = ()):
        super().__init__(reason)
        self.others = others


@dataclass(frozen=True)
class _Models:
    """The model in a process of each interpreter, started once, and again after it died."""

    stack: ExitStack
    folder: Path
    subject: Subject
    interface: Interface
    own: str | None
    report: Mapping[str, Any]
    timeout: float | None
    opened: dict[tuple[str, str], tuple[Model, Mapping[str, str]]] = field(default_factory=dict)

    def of(self, backend: str, python: str, kind: str) -> tuple[Model, Mapping[str, str]]:
        """The model there, and the versions of what runs it; ``--python`` calls it ``kind``."""
        if (backend, python) not in self.opened:
            worker = self.stack.enter_context(
                BackendWorker(backend, python, writable=(self.folder,), called=kind)
            )
            versions = worker.versions(self.timeout)
            model = Model.open(self.subject, worker, self.timeout, source=self.own)
            model.bind(self.interface, self.report)
            self.opened[backend, python] = model, versions
        return self.opened[backend, python]


@dataclass(frozen=True)
class _Job:
    kind: str
    python: str
    folder: Path
    interface: Interface
    given: Examples
    expected: Examples
    run: Callable[[Examples], Examples]
    allowed: Allowed
    models: _Models

    def done(self, force: bool) -> Exported:
        """Exports with as much open as the format can; a file that cannot run is not kept."""
        refused, waiting = "", ["open"]
        while waiting:
            sizes = waiting.pop(0)
            try:
                return self._tried(sizes, refused, force)
            except _NoFileError as error:
                refused = refused or str(error)
                waiting = [each for each in error.others if each not in ("open", sizes)]
        return Exported(self.kind, self.allowed, reason=refused)

    def _tried(self, sizes: str, refused: str, force: bool) -> Exported:
        about = EXPORTS[self.kind]
        others: list[str] = []
        with ExitStack() as stack:
            place = self.folder / about.file
            if about.main:
                room = stack.enter_context(whole_folder(place, force=force, ours=about.main))
                path = room if self.kind == "tf_saved_model" else room / about.main
            else:
                path = stack.enter_context(whole_file(place, force=force))
            try:
                model, versions = self.models.of(about.backend, self.python, self.kind)
                others = model.open_sizes[model.open_sizes.index(sizes) + 1 :]
                parts = self._parts(sizes, len(model.open_sizes) > 1)
                arrays = self._arrays(self._cut(parts[0]))
                made, first = model.export(self.kind, path, arrays, sizes)
                if missing := made["missing"]:
                    are = "is" if len(missing) == 1 else "are"
                    raise _NoFileError(
                        f"{listed(missing)} {are} not installed; try {self._install}"
                    )
                if made["says"]:
                    raise _NoFileError(_cannot(made["says"]), others)
                found = self._compared(model, parts, first)
            except WorkerError as error:
                self.models.opened.pop((about.backend, self.python), None)
                raise _NoFileError(_cannot(error.problem), others) from None
            except JobError as error:
                raise _NoFileError(_cannot(error.gist), others) from None
            except UserError as error:
                install, hint = self._install, error.try_ or ""
                ways = [way for way in (install if install not in hint else "", hint) if way]
                raise _NoFileError(f"{error.problem}; try {' or '.join(ways)}") from None
        ran = [len(next(iter(self._cut(part).values()))) for part in parts]
        return Exported(
            self.kind,
            self.allowed,
            found,
            tuple(dict.fromkeys(ran)),
            sizes,
            {**versions, "exporter": made["exporter"], "runtime": made["runtime"]},
            notes=(self._note(sizes, refused),) if sizes != "open" else (),
        )

    def _note(self, sizes: str, refused: str) -> str:
        batch = "the batch size is open" if sizes == "batch" else "the batch size is 1"
        return (
            f"In {EXPORTS[self.kind].file} {batch}, and other sizes are those of the examples. "
            f"With all sizes open, {refused}."
        )

    @property
    def _install(self) -> str:
        extra = EXPORTS[self.kind].install
        return f"pip install 'tfmigrate[{extra}]'" if extra else ""

    def _parts(self, sizes: str, open_batch: bool) -> list[slice]:
        """The examples of each run: all and a few of them, or one by one."""
        if sizes == "fixed":
            return [slice(index, index + 1) for index in range(_ONE_BY_ONE)]
        return [slice(None), slice(_SMALL_BATCH)] if open_batch else [slice(None)]

    def _cut(self, part: slice) -> Examples:
        return {tensor: array[part] for tensor, array in self.given.items()}

    def _compared(
        self, model: Model, parts: Sequence[slice], first: Sequence[np.ndarray]
    ) -> dict[str, Difference]:
        """The greatest difference of each output.

        Args:
            first: the outputs of the file in the first run.
        """
        found: dict[str, Difference] = {}
        for part in parts:
            examples = self._cut(part)
            made = first if part is parts[0] else model.exported(self._arrays(examples))
            outputs = self.interface.outputs
            if len(made) != len(outputs):
                told = f"the file has {len(made)} outputs, but the model has {len(outputs)}"
                raise _NoFileError(_cannot(told))
            for tensor, array in zip(outputs, made, strict=True):
                new = difference(self._expected(part, examples)[tensor], array)
                found[tensor] = max(found.get(tensor, new), new, key=_share)
        return found

    def _expected(self, part: slice, examples: Examples) -> Examples:
        """The outputs of the original."""
        if part == slice(None):
            return self.expected
        try:
            return self.run(examples)
        except WorkerError:
            raise
        except UserError:  # the graph fixes its batch size, and the model does not
            return {tensor: array[part] for tensor, array in self.expected.items()}

    def _arrays(self, examples: Examples) -> list[np.ndarray]:
        return [examples[given.tensor] for given in self.interface.inputs]


def _cannot(says: str) -> str:
    """A clause with the words of a library on one line, without what surrounds its reason."""
    line = " ".join(re.sub("\x1b\\[[0-9;]*m", "", says).split())
    line = line.rpartition("Original error: ")[2].partition(" Arguments received by")[0]
    return f"the model cannot be exported: {printable(line[:400], 400)}"


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
            str(entry["verdict"]),
        ]
        for entry in reported
    ]  # fmt: skip
    failed = frozenset(i for i, e in enumerate(reported) if e["verdict"] == Verdict.FAIL)
    notes = [f"{e['format']}: {e['reason']}" for e in reported if "reason" in e]
    notes += [note for entry in reported for note in entry.get("notes", ())]
    return [Table(columns, rows, marked=failed), *([Notes(notes)] if notes else [])]


def exports_told(reported: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the verdict says of the formats: "onnx pass", "litert not run"."""
    return [f"{entry['format']} {entry['verdict']}" for entry in reported]
