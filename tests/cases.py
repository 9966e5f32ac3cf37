"""Cases that TensorFlow 1.15 wrote: packed in ``tests/data``, whose README says what one holds."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).with_name("data")


def packed(kind: str = "*") -> list[str]:
    """The names of all packed cases, or of one kind of them, for example ``train/lars``."""
    return sorted(f"{file.parent.name}/{file.stem}" for file in DATA.glob(f"{kind}/*.zip"))


def unpack(archive: Path, folder: Path) -> Path:
    """Unpacks an archive into a folder, and returns the folder."""
    with zipfile.ZipFile(archive) as members:
        members.extractall(folder)
    return folder


@dataclass(frozen=True)
class Case:
    """A source to convert, and what TensorFlow 1.15 computed with it."""

    folder: Path

    @cached_property
    def meta(self) -> dict[str, Any]:
        """The content of case.json."""
        return json.loads((self.folder / "case.json").read_text())

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """The content of golden.npz."""
        with np.load(self.folder / "golden.npz") as arrays:
            return dict(arrays)

    @property
    def source(self) -> Path:
        """The frozen graph, the SavedModel, or the prefix of the checkpoint."""
        for name in ("frozen.pb", "saved_model"):
            if (self.folder / name).exists():
                return self.folder / name
        return self.folder / "model.ckpt"

    def marked(self, mark: str) -> dict[str, np.ndarray]:
        """The arrays whose names begin with a mark, for example ``in_``, by what follows it."""
        return {k.removeprefix(mark): v for k, v in self.arrays.items() if k.startswith(mark)}


CaseOf = Callable[[str], Case]
"""The fixture ``case_of``: the name of a packed case → the case."""
