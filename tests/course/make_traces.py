"""Writes data/traces.json: ten losses of each training row, by TensorFlow 1.15 itself.

    python tests/course/make_traces.py /path/to/python-with-tensorflow-1.15

This runs under the project's own Python, which prepares the batches, and calls the other one.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from tfmigrate.course.catalogue import SYSTEMS
from tfmigrate.course.datasets import load
from tfmigrate.course.prepare import Prepared
from tfmigrate.course.programs import Training, Values

HERE = Path(__file__).parent
TRACES = HERE / "data" / "traces.json"

STEPS, BATCH_SIZE = 10, 8

# So small a batch asks for small steps: with the course's learning rate, rounding grows at once.
# Through a hundred layers of SELU it grows with almost any: tenfold a step at 1e-6.
SLOWER = {"deep-100: SELU": 1e-4}

# What is trained on the way to values: name → arguments of build, and the part that is trained
# where the program has several networks.
ON_THE_WAY: dict[str, tuple[dict[str, Any], str | None]] = {
    "mlp-regularized: of the ensemble": ({"learning_rate": 0.02, "seed": 2}, None),
    "transfer: A": ({"learning_rate": 1e-4}, "a"),
    "transfer: B": ({"learning_rate": 1e-4}, "b"),
    "transfer: B, outputs alone": ({"learning_rate": 1e-4}, "b_outputs"),
    "schedules: finder": ({"rate": "finder", "steps_per_epoch": 40, "epochs": 1}, None),
    "schedules: performance": ({"rate": "performance"}, None),
    "mc-dropout": ({"learning_rate": 0.005}, None),
}


def cases() -> dict[str, Training]:
    """Every variant of every training row that TF1 has, as ``row`` or ``row: case``."""
    found = {}
    for system in SYSTEMS.values():
        for program in system.programs:
            if isinstance(program, Training):
                for case in program.cases or ("",):
                    variant = program.case(case)
                    if "session" in variant.forms:
                        found[f"{system.name}: {case}" if case else system.name] = variant
    return found


def inputs() -> dict[str, Any]:
    """What trace.py reads: the first examples of each row's own data, and build's arguments.

    Twins that know of float64 are traced in it too, as ``… in float64``.
    """
    arrays: dict[str, Any] = {}
    told = {}
    for name, program in cases().items():
        prepared = program.prepare(load(program.data))
        known = {
            "learning_rate": program.learning_rate * SLOWER.get(name, 0.1),
            # Five epochs of two steps, so that a schedule gets through all its phases.
            "epochs": STEPS // 2,
            "steps_per_epoch": 2,
            "batch_size": BATCH_SIZE,
            "seed": 0,
        }
        passed = {key: known[key] for key in program.passes}
        arguments = {**prepared.sizes, **passed, **program.arguments}
        precisions = {name: (str(prepared.x_train.dtype), arguments)}
        if takes_dtype(name, prepared):
            precisions[f"{name} in float64"] = "float64", {**arguments, "dtype": "float64"}
        for key, (dtype, build) in precisions.items():
            module = SYSTEMS[name.partition(":")[0]].module
            told[key] = {"module": module, "arguments": build, "batch_size": BATCH_SIZE}
            converted = prepared.as_type(dtype)
            arrays[f"{key}:x"] = converted["x_train"][: STEPS * BATCH_SIZE]
            arrays[f"{key}:y"] = converted["y_train"][: STEPS * BATCH_SIZE]
    for name, (build, part) in ON_THE_WAY.items():
        system = SYSTEMS[name.partition(":")[0]]
        values = next(p for p in system.programs if type(p) is Values)
        assert values.data is not None
        prepared = values.prepare(load(values.data))
        sizes = {k: size for k, size in prepared.sizes.items() if not part or k == "num_inputs"}
        arguments = {**sizes, **build}
        told[name] = {"module": system.module, "arguments": arguments, "batch_size": BATCH_SIZE}
        count = STEPS * BATCH_SIZE
        if part:
            told[name]["part"] = part
            count *= 6  # of ten classes two are B's
        arrays[f"{name}:x"] = prepared.x_train[:count]
        arrays[f"{name}:y"] = prepared.y_train[:count]
    return {"cases": np.array(json.dumps(told)), **arrays}


def takes_dtype(name: str, prepared: Prepared) -> bool:
    """Whether the legacy twin can be told to train in float64, and does not anyway."""
    module = SYSTEMS[name.partition(":")[0]].module
    source = (HERE.parents[1] / "legacy" / f"{module}.py").read_text()
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    (build,) = [function for function in functions if function.name == "build"]
    told = "dtype" in [argument.arg for argument in build.args.args]
    return told and prepared.x_train.dtype == np.float32


def checksums(given: dict[str, Any]) -> dict[str, int]:
    """Of the examples of each row: another trace belongs to other examples."""
    return {
        name: zlib.crc32(array.tobytes())
        for name, array in given.items()
        if array.dtype.kind != "U"
    }


def trace(python: str, given: dict[str, Any], output: Path) -> None:
    """Runs trace.py in another Python."""
    path = output.with_suffix(".npz")
    np.savez(path, **given)
    script = [str(HERE / "trace.py"), str(HERE.parents[1]), str(path), str(output)]
    run = subprocess.run([python, *script], capture_output=True, text=True)
    path.unlink()
    if run.returncode:
        sys.exit(run.stderr)


def main(python: str) -> None:
    """Makes the traces anew."""
    given = inputs()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "traces.json")
        trace(python, given, output)
        made = json.loads(output.read_text())
    made["examples"] = checksums(given)
    TRACES.parent.mkdir(exist_ok=True)
    TRACES.write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
