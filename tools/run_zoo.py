"""Converts well-known networks, built unchanged from their packages: writes docs/zoo.md.

    .venv/bin/python tools/run_zoo.py --python3.7 ~/.pyenv/versions/3.7.16/bin/python

Each file of `tests/zoo` names a network, its packages and the few lines that call them. It is built
under TensorFlow 1.15.5, trained two steps and saved, converted without a hint, and run by plain
Keras on the inputs of TensorFlow 1.15 at two sizes. `--python jax=PATH` also compares the model
with its original on that backend, forward and in training.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

from run_backends import figures

ROOT = Path(__file__).resolve().parent.parent
ENTRIES = ROOT / "tests" / "zoo"
BUILD = ROOT / "tests" / "tf115" / "zoo.py"
PAGE = ROOT / "docs" / "zoo.md"
BASE = (
    "tensorflow==1.15.5", "protobuf<3.21", "numpy<1.19", "h5py<3", "scipy<1.6", "pillow<9",
    "pyyaml", "requests", "tqdm",
)  # fmt: skip
ALLOWED = 2e-5  # of the scale of the outputs
MIB = 2**20
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")

INTRODUCTION = """\
# Zoo

Well-known networks, built unchanged from the packages that have them, under TensorFlow 1.15.5,
trained two steps, saved, and converted by `tfmigrate convert-ckpt` without a hint. `make zoo`
writes this page.

*Forward* is the largest difference between the Keras model and TensorFlow 1.15 at two batch sizes,
lengths or image sizes, relative to the largest output; where outputs hardly depend on the input, it
proves nothing, and the cell says so. *Training* is the number of steps in which
the model and the graph's own train operation agree. *Lines* are those of model.py. *Seconds* and
*MiB* are those of the conversion, its proof included, over all of its processes; seconds depend on
the machine and on other work on it. *JAX* and *PyTorch* are `tfmigrate verify` on that backend: the
largest difference of the outputs, of the losses of three training steps, and of weights and slots
after them, each relative; empty where it was not run.

"""
HEAD = (
    "network", "package", "operations", "parameters", "outcome", "forward", "training", "lines",
    "seconds", "MiB", "JAX", "PyTorch",
)  # fmt: skip
BACKENDS = ("jax", "torch")


@dataclass
class Row:
    """What is shown of a network."""

    cells: list[str]
    right: bool

    def __str__(self) -> str:
        return f"| {' | '.join(self.cells)} |"


def main() -> None:
    """Runs the entries and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python3.7", dest="old", required=True, help="a Python 3.7 interpreter")
    parser.add_argument("--only", default="", help="entries whose names contain this")
    parser.add_argument("--keep", type=Path, help="folder for environments, cases and results")
    parser.add_argument("--python", action="append", default=[], help="NAME=PATH of a backend")
    arguments = parser.parse_args()
    folder = arguments.keep or Path(tempfile.mkdtemp())
    rows = []
    paths = sorted(ENTRIES.glob("*.toml"))
    for path in paths:
        kept = folder / f"{path.stem}.json"
        if arguments.only in path.stem:
            row = run(path, folder, arguments.old, arguments.python)
            kept.write_text(json.dumps(asdict(row)))
            print(row, flush=True)
        if kept.exists():
            rows.append(Row(**json.loads(kept.read_text())))
    if len(rows) == len(paths):
        lines = [Row(list(HEAD), True), Row(["---"] * len(HEAD), True), *rows]
        PAGE.write_text(INTRODUCTION + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    if arguments.keep is None:
        shutil.rmtree(folder)
    sys.exit(not all(row.right for row in rows))


def run(path: Path, folder: Path, old: str, pythons: list[str]) -> Row:
    """One network, from its package to the comparison; `pythons` has interpreters of backends."""
    entry = tomllib.loads(path.read_text(encoding="utf-8"))
    case, out = folder / path.stem, folder / f"{path.stem}-keras"
    shutil.rmtree(case, ignore_errors=True)
    case.mkdir(parents=True)
    python, library = environment(folder / "environments", entry["packages"], old)
    (case / "entry.json").write_text(json.dumps(entry))
    built = subprocess.run(
        [python, BUILD, case / "entry.json", case],
        capture_output=True, text=True, cwd=case, env={**os.environ, "PYTHONPATH": str(library)},
    )  # fmt: skip
    name, package = entry["about"], "<br>".join(entry["packages"])
    if built.returncode:
        said = built.stderr.strip().splitlines()[-1]
        return Row([name, package, *[""] * 2, f"not built: {said[:200]}", *[""] * 7], False)
    facts = json.loads((case / "built.json").read_text())
    shutil.rmtree(out, ignore_errors=True)
    command = [ROOT / ".venv" / "bin" / "tfmigrate", "convert-ckpt", case / "model.ckpt", "-o", out]
    seconds, memory, said = measured([*map(str, command), "-q"])
    cells = [name, package, f"{facts['operations']:,}", f"{facts['parameters']:,}"]
    if not (out / "report.json").exists():
        return Row(
            [*cells, f"refused: {said[:200]}", *[""] * 3, f"{seconds:.0f}", memory, "", ""], False
        )
    report = json.loads((out / "report.json").read_text())
    outcome, right, forward, lines = report["outcome"], False, "", ""
    on_backends = ["", ""]
    proved = report.get("parity", {}).get("verdict") == "pass"
    if outcome == "keras":
        answers = subprocess.run(
            [sys.executable, ENTRIES / "answers.py", case, out], capture_output=True, text=True
        )
        differences = json.loads(answers.stdout.splitlines()[-1]) if answers.stdout else ["failed"]
        right = proved and all(isinstance(d, float) and d <= ALLOWED for d in differences)
        outcome = outcome if proved else f"keras, {report['parity']['verdict']}"
        forward = ", ".join(d if isinstance(d, str) else f"{d:.1e}" for d in differences)
        lines = str(len((out / "model.py").read_text().splitlines()))
        on_backends = _on_backends(case, out, pythons, trained=_training(report).endswith("steps"))
    else:
        outcome = f"{outcome}: {' '.join(report.get('lifted') or report['notes'])[:200]}"
    cells += [outcome, forward, _training(report), lines, f"{seconds:.0f}", memory, *on_backends]
    return Row(cells, right and not any("**" in cell for cell in on_backends))


def _on_backends(case: Path, out: Path, pythons: list[str], trained: bool) -> list[str]:
    """What `verify` finds on each backend that `pythons` names."""
    if not pythons:
        return [""] * len(BACKENDS)
    command = [ROOT / ".venv" / "bin" / "tfmigrate", "verify", case / "model.ckpt", out, "--json"]
    command += ["--train", "3"] * trained
    for python in pythons:
        command += ["--backend", python.partition("=")[0], "--python", python]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    if not done.stdout:
        said = done.stderr.strip().splitlines()[-1]
        return [f"**{said[:120]}**"] * len(BACKENDS)
    entries = {e["backend"]: e for e in json.loads(done.stdout)["backends"]}
    cells = {
        name: [cell for cell in figures(e) if cell not in ("", "–")] for name, e in entries.items()
    }
    return [", ".join(cells.get(name, [])) for name in BACKENDS]


def _training(report: dict) -> str:
    training = report.get("training")
    if not training:
        said = [text for text in report["warnings"] if text.startswith("Training")]
        return f"not carried: {said[0][:120]}" if said else "none in the graph"
    check = training.get("check") or {}
    return (
        f"{check['steps']} steps" if check.get("verdict") == "pass" else str(check.get("verdict"))
    )


def environment(folder: Path, packages: list[str], old: str) -> tuple[Path, Path]:
    """An interpreter with TensorFlow 1.15, and a folder with packages; made where they are missing.

    One environment does for all, since packages go to folders of their own, without dependencies:
    those of different networks contradict each other.
    """
    base = folder / "base"
    python = base / "bin" / "python"
    if not (base / "complete").exists():
        subprocess.run([old, "-m", "venv", base], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *BASE], check=True)
        (base / "complete").touch()
    place = folder / hashlib.sha256("+".join(sorted(packages)).encode()).hexdigest()[:12]
    if not place.exists():
        target = ["--quiet", "--no-deps", "--target", place]
        subprocess.run([python, "-m", "pip", "install", *target, *packages], check=True)
    return python, place


def measured(command: list[str]) -> tuple[float, str, str]:
    """Seconds, the largest memory of all its processes together, and the last line of errors."""
    start, peak = time.monotonic(), 0
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    errors: list[str] = []
    reader = threading.Thread(target=lambda: errors.extend(process.stderr or ()))
    reader.start()
    while process.poll() is None:
        peak = max(peak, _memory(process.pid))
        time.sleep(0.2)
    reader.join()
    last = errors[-1].strip() if errors else ""
    return time.monotonic() - start, f"{peak / MIB:,.0f}", last


def _memory(root: int) -> int:
    """The resident memory of a process and all below it."""
    parents, sizes = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            sizes[int(folder.name)] = int((folder / "statm").read_text().split()[1]) * PAGE_SIZE
            parents[int(folder.name)] = int(stat[1])
        except (OSError, ValueError, IndexError):
            continue  # it has ended
    below = {root}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    return sum(sizes.get(pid, 0) for pid in below)


main()
