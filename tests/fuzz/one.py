"""One target until its time ends, in a process of its own: under atheris, or by plain mutation.

    python -m tests.fuzz.one TARGET FOLDER --seconds 60 --covers tfmigrate.graph

FOLDER/TARGET-PROCESS.json holds what was tried so far; what fails is kept beside it. Inputs that
reach new code are kept in ../corpus, from which the next run begins.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

SECONDS = 10  # for one input
MEMORY = 500  # MiB of one process
_IN_MEMORY = Path("/dev/shm")  # a folder of Linux whose files never reach a disk
_STARTED = time.monotonic()
_ROOT = Path(__file__).parents[2] / "migrate"
_OURS = f"{os.sep}migrate{os.sep}"


class Session:
    """Inputs of one target, and what became of them.

    Args:
        target: of :data:`tests.fuzz.targets.TARGETS`.
        kept: where an input that fails is written.
    """

    def __init__(self, target: Any, kept: Path):
        self._target, self._kept = target, kept
        self.inputs = self.refused = 0
        self.slowest = 0.0  # seconds
        self.findings: dict[str, str] = {}  # what and where → the file with the first such input
        self._at = 0.0

    def one(self, data: bytes, room: Path) -> None:
        """Tries one input in an empty folder, which is empty again afterwards."""
        from tfmigrate.errors import UserError

        started = time.perf_counter()
        try:
            self._target.run(data, room)
        except UserError as error:
            self.refused += 1
            if not str(error).isprintable():
                self._found(data, f"a message that cannot be printed: {str(error)[:200]!r}", None)
        except Exception as error:
            self._found(data, f"{type(error).__name__}: {error}"[:300], error.__traceback__)
        self.inputs += 1
        self.slowest = max(self.slowest, time.perf_counter() - started)
        for entry in os.scandir(room):
            shutil.rmtree(entry) if entry.is_dir() else os.unlink(entry)

    def _found(self, data: bytes, what: str, trace: TracebackType | None) -> None:
        """Keeps an input, unless one was kept that fails at the same place."""
        frames = traceback.extract_tb(trace)
        ours = [frame for frame in frames if _OURS in frame.filename] or frames
        where = f"{ours[-1].filename.rpartition(_OURS)[2]}:{ours[-1].lineno}" if ours else ""
        key = f"{what.partition(':')[0]} {where}"
        if key not in self.findings:
            path = self._kept / f"{self._target.name}-{os.getpid()}-{len(self.findings)}.bin"
            path.write_bytes(data)
            path.with_suffix(".txt").write_text(
                f"{what}\n" + "".join(traceback.format_list(frames)), errors="backslashreplace"
            )
            self.findings[key] = str(path)

    def write(self, path: Path) -> None:
        """What was tried so far, at most once a second."""
        if time.monotonic() < self._at:
            return
        self._at = time.monotonic() + 1
        found = {
            "inputs": self.inputs,
            "refused": self.refused,
            "slowest": self.slowest,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,  # MiB
            "findings": self.findings,
        }
        part = path.with_suffix(".part")
        part.write_text(json.dumps(found))
        part.replace(path)


def mutated(target: Any, seeds: list[bytes], rng: random.Random) -> bytes:
    """A seed with damage, or with its structure changed where the target knows how."""
    from tests.checkpoint.hostile import damage

    data = rng.choice(seeds)
    if target.mutate is not None and rng.random() < 0.7:
        return target.mutate(data, rng.randrange(1 << 32))
    return damage(rng, data, rng.choice(seeds))


def plain(target: Any, kept: Path, count: int, seed: int = 0) -> Session:
    """The seeds and so many mutations of them, without atheris.

    Raises:
        TimeoutError: an input takes longer than ``SECONDS``.
    """

    def too_slow(*_: object) -> None:
        raise TimeoutError(f"not done in {SECONDS} s")

    def inputs() -> Iterator[bytes]:
        rng = random.Random(seed)
        yield from seeds
        for _ in range(count):
            yield mutated(target, seeds, rng)

    seeds = target.seeds()
    session = Session(target, kept)
    before = signal.signal(signal.SIGALRM, too_slow)
    try:
        with TemporaryDirectory(dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None) as room:
            for data in inputs():
                signal.alarm(SECONDS)
                session.one(data, Path(room))
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return session


def guided(name: str, covers: Sequence[str], folder: Path, seconds: int) -> None:
    """Coverage-guided, until the time ends; does not return."""
    import atheris

    # atheris includes whole distributions; instrumenting all of ours takes most of a minute.
    modules = (path.relative_to(_ROOT).with_suffix("").parts for path in _ROOT.rglob("*.py"))
    names = [".".join(("tfmigrate", *parts)).removesuffix(".__init__") for parts in modules]
    excluded = [name for name in names if not name.startswith(tuple(covers))]
    whole = {cover.partition(".")[0] for cover in covers}
    with atheris.instrument_imports(include=list(whole), exclude=excluded):
        from tests.fuzz.targets import TARGETS

        target = TARGETS[name]
        with TemporaryDirectory() as empty, suppress(Exception):
            target.run(b"", Path(empty))  # imports what only this target needs
    seeds = target.seeds()
    corpus, begin = folder.parent / "corpus" / name, folder / "seeds" / name
    for part in (corpus, begin):
        part.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (begin / str(number)).write_bytes(seed)
    session = Session(target, folder)
    room = TemporaryDirectory(dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None)
    counts = folder / f"{name}-{os.getpid()}.json"

    def one(data: bytes) -> None:
        session.one(data, Path(room.name))
        session.write(counts)

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        if target.mutate is not None and seed % 2:
            return target.mutate(data, seed)[:longest]
        return atheris.Mutate(data, longest)

    spent = int(time.monotonic() - _STARTED)
    options = [
        f"-max_total_time={max(seconds - spent, 1)}",
        f"-timeout={SECONDS}",
        f"-rss_limit_mb={MEMORY}",
        f"-max_len={2 * max(4096, *map(len, seeds))}",
        f"-artifact_prefix={folder / name}-",
        "-print_final_stats=0",
        "-verbosity=0",
        "-use_value_profile=0",
        str(corpus),
        str(begin),
    ]
    atheris.Setup([sys.argv[0], *options], one, custom_mutator=mutate)
    atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--covers", nargs="+", default=["tfmigrate"])
    options = parser.parse_args()
    guided(options.target, options.covers, options.folder, options.seconds)


if __name__ == "__main__":
    main()
