"""Writes the generated pages of docs/: commands, operations, catalogue, kernels and others.

    python tools/make_docs.py

No TensorFlow is needed.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageMetadata, metadata, requires
from itertools import groupby
from pathlib import Path
from typing import Any

import click
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tfmigrate.cli.main import COMMANDS, cli
from tfmigrate.course import rosetta
from tfmigrate.course.catalogue import CHAPTERS
from tfmigrate.course.programs import Pitfall, Program, Training
from tfmigrate.course.settable import settables
from tfmigrate.errors import (
    EXIT_BUG,
    EXIT_DIFFERENCE,
    EXIT_INTERRUPTED,
    EXIT_NOT_PROVED,
    EXIT_OK,
    EXIT_USER,
)
from tfmigrate.layers import handlers
from tfmigrate.parity import EXACT, Tolerance
from tfmigrate.report import schema
from tfmigrate.training.optimizer import classes as optimizer_classes
from tfmigrate.training.recognized import NAMED, STEPS
from tfmigrate.training.schedule import classes as schedule_classes
from tfmigrate.verification.divergences import DIVERGENCES
from tfmigrate.verification.kernels import CHANGED, NEW, OLD

DOCS = Path(__file__).parents[1] / "docs"

_WIDTH = 90


def pages() -> dict[str, str]:
    """File name → text, of all generated pages."""
    return {
        name: f"# {title}\n\n<!-- Written by tools/make_docs.py: run `make docs`. -->\n\n{body}"
        for name, title, body in (
            ("cli.md", "Commands", _commands()),
            ("supported-ops.md", "Operations that become Keras code", _operations()),
            ("catalogue.md", "The course", _catalogue()),
            ("kernels.md", f"Kernels that changed: TensorFlow {OLD} and {NEW}", _kernels()),
            ("divergences.md", "Where the backends of Keras differ", _divergences()),
            ("json.md", "JSON and its schemas", _json()),
            ("licenses.md", "Licenses of the packages it runs on", _licenses()),
            ("training.md", "Training that continues in Keras", _training()),
            ("rosetta.md", "From TensorFlow 1 to TensorFlow 2 and Keras 3", _rosetta()),
        )
    }


def _help(command: click.Command, name: str, parent: click.Context | None = None) -> str:
    context = click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=_WIDTH,
        help_option_names=["-h", "--help"],
    )
    return f"```text\n{command.get_help(context)}\n```\n"


def _commands() -> str:
    group = click.Context(cli, info_name="tfmigrate")
    parts = [_help(cli, "tfmigrate")]
    for name in COMMANDS:
        command = cli.get_command(group, name)
        assert command is not None
        parts.append(f"\n## {name}\n\n{_help(command, name, group)}")
    statuses = _table(("status", "meaning"), _STATUSES)
    return "".join([*parts, f"\n## Exit status\n\n{statuses}"])


_STATUSES = (
    (str(EXIT_OK), "done; parity holds, or there was nothing to prove"),
    (str(EXIT_DIFFERENCE), "a difference exceeds the tolerance"),
    (
        str(EXIT_USER),
        "an error in the input or the environment: one line names the problem, the expected value "
        "and a remedy",
    ),
    (
        str(EXIT_NOT_PROVED),
        "nothing proved the model; one line says why and what would prove it (`--allow-unproved` "
        "makes this 0)",
    ),
    (str(EXIT_BUG), "a bug in tfmigrate; `TFMIGRATE_DEBUG=1` shows the stack trace"),
    (
        f"{EXIT_INTERRUPTED}, 143, 129",
        "ended by Ctrl-C, SIGTERM or SIGHUP; no incomplete output remains",
    ),
)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(c.replace('|', chr(92) + '|') for c in r)} |\n" for r in lines)


def _operations() -> str:
    known = handlers()
    operations = {op for handler in known for op in handler.ops}
    parts = [
        f"tfmigrate converts these {len(operations)} ops of a TF1 graph to Keras code, as single "
        "ops or as the last op of a pattern. Patterns have priority over single ops. If an op is "
        "not in this list, the report names it, and the graph becomes a trainable SavedModel.\n"
    ]
    for family, entries in groupby(known, lambda handler: handler.family):
        rows = [
            (
                ", ".join(f"`{op}`" for op in handler.ops),
                "pattern" if handler.pattern else "operation",
                f"`{handler.keras}`",
                handler.summary.replace("``", "`"),
            )
            for handler in entries
        ]
        parts.append(f"\n## {family.capitalize()}\n\n")
        parts.append(_table(("TF1", "matched as", "Keras", "effect"), rows))
    return "".join(parts)


def _training() -> str:
    def named(kinds: Iterable[str]) -> str:
        return ", ".join(f"`{kind}`" for kind in kinds)

    steps = [
        [row.what, row.becomes, row.differs, ", ".join(f"`{case}`" for case in row.cases)]
        for row in STEPS
    ]
    optimizers = sorted((f"`{name}`", named(kinds)) for name, kinds in optimizer_classes().items())
    rates = sorted((f"`{name}`", named([kind])) for name, kind in schedule_classes().items())
    return "\n".join(
        (
            "tfmigrate reads the training part of a graph, carries it over to Keras, and compares "
            "a few steps of both. What it does not carry over, a warning names.\n",
            "## Around the updates\n",
            "The programs in the last column are in `tests/data/train`: the tests train on with "
            "their models and compare losses and weights with TensorFlow 1.15.\n",
            _table(("in the graph", "in model.py", "differs", "tests"), steps),
            "## Optimizers\n",
            "Those without `keras.` come with model.py and are in `tfmigrate.optimizers`. Of "
            "several, the learning rate and embeddings decide.\n",
            _table(("tf.train", "class"), optimizers),
            "## Learning rates\n",
            "Any other function of the step becomes a schedule with the formula of the graph.\n",
            _table(("tf.train", "class"), rates),
            "## Named, and not carried over\n",
            "".join(f"- {clause}\n" for clause in NAMED),
        )
    )


def _compared(program: Program) -> str:
    """What is held together, in a few words."""
    if isinstance(program, Training):
        forms = ", ".join(program.forms)
        cases = f"; cases: {' / '.join(program.cases)}" if program.cases else ""
        return (
            f"training in step ({forms}), batch {program.batch_size}, "
            f"learning rate {program.learning_rate:g}, {program.epochs} epochs{cases}"
        )
    if isinstance(program, Pitfall):
        return "trap and cure"
    return "values" + (", with the figures of the notes" if program.figures else "")


def _tolerance(program: Program) -> str:
    """Of the whole, then of what has another: cases, or values by name."""
    if isinstance(program, Training):
        variants = {case: program.case(case) for case in program.cases}
        compared = {case: p for case, p in variants.items() if len(p.forms) > 1}
        special = {case: _of_training(p) for case, p in compared.items()}
        parting = {case: p.departs for case, p in compared.items() if p.departs}
        alone = [case for case in variants if case not in compared]
    else:
        special = {value: _words(tolerance) for value, tolerance in program.tolerances.items()}
        parting, alone = dict(program.departs), program.alone
    whole = _of_training(program) if isinstance(program, Training) else _words(program.tolerance)
    parts = [whole]
    parts += [
        f"{name}: {words}"
        for name, words in special.items()
        if words != whole and name not in parting
    ]
    parts += [f"{name}: TF1 and TF2 differ by {least:g} or more" for name, least in parting.items()]
    parts += [f"{name}: only on one side" for name in alone]
    return "; ".join(parts)


def _of_training(program: Training) -> str:
    how = f" with TF1's {program.kernel.name}" if program.kernel else ""
    return _words(program.tolerance) + how


def _words(tolerance: Tolerance) -> str:
    return "bit-identical" if tolerance == EXACT else str(tolerance)


def _catalogue() -> str:
    parts = [
        "Each row is a pair of programs, `legacy/ROW.py` and `modern/ROW.py`. "
        "`tfmigrate compare ROW` runs both; `tfmigrate lesson ROW` shows their code. Datasets "
        "whose names end in `-like` are synthetic. `--set NAME=VALUE` of `compare` and `run` "
        "changes the parameters in the last column, for both sides.\n"
    ]
    for letter, (title, systems) in CHAPTERS.items():
        parts.append(f"\n## {letter}. {title}\n\n")
        rows = [
            (
                f"`{system.name}`" if not number else "",
                system.title if not number else "",
                program.data or "",
                _compared(program),
                _tolerance(program),
                ", ".join(each.told for each in settables(system, [program]).values()),
            )
            for system in systems
            for number, program in enumerate(system.programs)
        ]
        parts.append(_table(("row", "system", "data", "compared", "tolerance", "`--set`"), rows))
    return "".join(parts)


def _rosetta() -> str:
    rows = [(f"`{line.tf1}`", line.tf2, line.trap, f"`{line.row}`") for line in rosetta.LINES]
    return (
        "`tfmigrate lesson rosetta` shows this table. `tfmigrate lesson ROW` shows the code of a "
        "row.\n\n" + _table(("TF1", "TF2", "the trap", "shown by"), rows)
    )


def _values(values: Sequence[float]) -> str:
    if len(values) == 8 and len({str(value) for value in values}) == 1:
        return f"{values[0]:.7g}, {len(values)} times"
    return ", ".join(f"{value:.7g}" for value in values)


def _kernels() -> str:
    rows = []
    for row in CHANGED:
        given = f"x = {_values(row.x)}" + (f"; y = {_values(row.y)}" if row.y else "")
        ops = ", ".join(f"`{op}`" for op in row.ops)
        results = (_values(row.old), _values(row.new))
        rows.append((ops, row.case, f"`{row.code}`", given, *results, "yes" if row.noted else ""))
    return (
        "By default parity runs the original with the kernels of TensorFlow 2.21 on the CPU. These "
        f"kernels compute some cases differently than those of TensorFlow {OLD}. Such a difference "
        "appears only with `--reference PYTHON`, which runs the original in TensorFlow 1 itself "
        "(see [parity.md](parity.md)). `x` and `y` are float32 tensors; the results are measured, "
        "and a test repeats the measurement for "
        f"{NEW}.\n\nA conversion notes an operation that has `yes` in the last column: `Sign` "
        "always, `FakeQuant…` with `narrow_range`, `MatMul` and `Conv2D` in float16, the gradient "
        "of `Cumprod` if training is converted, and the others if the graph also "
        "tests for NaN or infinity.\n\n"
        + _table(("op", "case", "code", "input", OLD, NEW, "noted"), rows)
    )


def _divergences() -> str:
    rows = []
    for each in DIVERGENCES:
        names = ", ".join(f"`{name}`" for name in each.names)
        rows.append((names, each.case, each.tensorflow, each.jax, each.torch))
    return (
        "The same layer or function gives another result on another backend in these cases, on the "
        "CPU with Keras 3.15.1, TensorFlow 2.21.0, JAX 0.10.2 and PyTorch 2.13.0. A test computes "
        "each of them. With `--backend`, a conversion lists the rows that concern its model: they "
        "matter only for such inputs, which the inputs of the proof may not contain. A gradient at "
        "a single point matters if values stay there: weights that L1 made 0, padding, clipped "
        "values.\n\n"
        + _table(("layer, function or optimizer", "case", "TensorFlow", "JAX", "PyTorch"), rows)
    )


def _json() -> str:
    return (
        "With `--json`, a command prints one JSON document on stdout and nothing else there. Its "
        "field `schema` is 1. `convert-ckpt` prints what it writes to `report.json`; the others "
        "print what `to_dict()` of the result in Python returns. "
        "New fields may be added within schema 1; fields are not removed, and keep their "
        "meaning.\n\n"
        'A `number` may be `"inf"`, `"-inf"` or `"nan"`. A `shape` is a list of integers, '
        'with null for an open size, or null. A `verdict` is `"pass"`, `"fail"`, '
        '`"not proved"` or `"not run"`. The other types are tables below.\n\n'
        "```console\n$ tfmigrate inspect model.ckpt --json\n```\n\n"
        "## report.json of one conversion\n\n[report.schema.json]"
        "(../migrate/report/schemas/report.schema.json) is the JSON schema, which "
        '`tfmigrate.report.schema("report")` returns in Python.\n\n'
        f"{_fields('report')}\n"
        "## report.json of several conversions\n\n"
        "[conversions.schema.json]"
        "(../migrate/report/schemas/conversions.schema.json) is the JSON schema, which "
        '`tfmigrate.report.schema("conversions")` returns in Python.\n\n'
        f"{_fields('conversions')}"
    )


def _fields(name: str) -> str:
    """The fields of a schema, and those of its definitions below them."""
    whole = schema(name)
    objects = {key: part for key, part in whole["$defs"].items() if "properties" in part}
    parts = [_table(("field", "type", "content"), _rows(whole))]
    for key, part in objects.items():
        table = _table(("field", "type", "content"), _rows(part))
        parts.append(f"### {key}\n\n{table}")
    return "\n".join(parts)


def _rows(part: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """A row for each field, with those of objects inside it: ``source.path``."""
    rows = []
    for field, each in part["properties"].items():
        optional = "" if field in part.get("required", ()) else "May be absent. "
        told = optional + each.get("description", "")
        rows.append((f"`{field}`", _type(each), told.strip()))
        if "properties" in each:
            inner = _rows(each)
            rows += [(f"`{field}.{name[1:]}", kind, text) for name, kind, text in inner]
    return rows


def _type(part: Mapping[str, Any]) -> str:
    """The type of a field in words, such as "list of variable"."""
    if "$ref" in part:
        return str(part["$ref"]).rpartition("/")[2]
    if "const" in part:
        return json.dumps(part["const"])
    if "enum" in part:
        return ", ".join(f"`{json.dumps(each)}`" for each in part["enum"])
    if "anyOf" in part:
        return " or ".join(map(_type, part["anyOf"]))
    kinds = part.get("type", "any")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    words = [f"list of {_type(part.get('items', {}))}" if k == "array" else k for k in kinds]
    return " or ".join(words)


def _licenses() -> str:
    """Of each package that an installation without extras needs, what its metadata says."""
    found: dict[str, str] = {}
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text("utf-8"))["project"]
    waiting = list(map(Requirement, project["dependencies"]))
    while waiting:
        asked = waiting.pop()
        name = canonicalize_name(asked.name)
        if name not in found and (asked.marker is None or asked.marker.evaluate({"extra": ""})):
            found[name] = _license(metadata(name))
            waiting += map(Requirement, requires(name) or ())
    rows = [(f"`{name}`", found[name]) for name in sorted(found)]
    return (
        "tfmigrate is under the Apache License 2.0 ([LICENSE](../LICENSE)). These packages come "
        "with it on Linux; the licenses are those that their metadata names.\n\n"
        + _table(("package", "license"), rows)
    )


def _license(package: PackageMetadata) -> str:
    classifiers = package.get_all("Classifier") or []
    named = [c.rpartition(" :: ")[2] for c in classifiers if c.startswith("License :: OSI")]
    stated = package.get("License-Expression") or package.get("License") or ""
    if "\n" in stated:  # the whole text
        stated = ", ".join(named) or stated.partition("\n")[0]
    return stated or ", ".join(named) or "not named there; see the package"


def main() -> None:
    """Writes the pages and prints the names of changed ones."""
    for name, text in pages().items():
        path = DOCS / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"wrote {path.relative_to(DOCS.parent)}")


if __name__ == "__main__":
    main()
