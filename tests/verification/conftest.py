"""Converted goldens, and ways to break a .keras file without Keras."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from tfmigrate.conversion.convert import convert
from tfmigrate.worker import Worker


@pytest.fixture(scope="session")
def workers() -> Iterator[tuple[Worker, Worker]]:
    with Worker("graph") as graph, Worker("model") as model:
        yield graph, model


@pytest.fixture(scope="session")
def converted(
    goldens: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[Path, Path]]:
    """Name of a golden → its checkpoint, and the folder it was converted to, once."""

    @cache
    def get(name: str) -> tuple[Path, Path]:
        source = goldens / name / "model.ckpt"
        folder = tmp_path_factory.mktemp(name) / "out"
        assert convert(source, folder).report["outcome"] == "keras"
        return source, folder

    return get


class Broken:
    """A copy of a conversion whose model.keras is edited as the zip file it is."""

    def __init__(self, folder: Path, to: Path):
        shutil.copytree(folder, to)
        self.folder = to

    def configure(self, layer: str, **changes: Any) -> None:
        """Puts something into a layer's configuration."""

        def edit(data: bytes) -> bytes:
            config = json.loads(data)
            for entry in config["config"]["layers"]:
                if entry["config"].get("name") == layer:
                    entry["config"].update(changes)
            return json.dumps(config).encode()

        self._rewrite("config.json", edit)

    def reweigh(self, path: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
        """Changes an array of the weights, by its place in the HDF5 file."""

        def edit(data: bytes) -> bytes:
            file = io.BytesIO(data)
            with h5py.File(file, "r+") as weights:
                weights[path][...] = change(weights[path][...])
            return file.getvalue()

        self._rewrite("model.weights.h5", edit)

    def _rewrite(self, name: str, edit: Callable[[bytes], bytes]) -> None:
        file = self.folder / "model.keras"
        with zipfile.ZipFile(file) as archive:
            entries = {entry: archive.read(entry) for entry in archive.namelist()}
        entries[name] = edit(entries[name])
        with zipfile.ZipFile(file, "w") as archive:
            for entry, data in entries.items():
                archive.writestr(entry, data)


@pytest.fixture
def broken(
    converted: Callable[[str], tuple[Path, Path]], tmp_path: Path
) -> Callable[[str], tuple[Path, Broken]]:
    """Name of a golden → its checkpoint, and a copy of its conversion to be broken."""

    def get(name: str) -> tuple[Path, Broken]:
        source, folder = converted(name)
        return source, Broken(folder, tmp_path / "broken")

    return get
