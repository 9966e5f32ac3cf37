"""The wheel holds everything the checkout has, under the installed names."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {"migrate": "tfmigrate", "legacy": "tfmigrate/legacy", "modern": "tfmigrate/modern"}


@pytest.fixture(scope="module")
def files():
    """What git knows of the checkout, or would if it were told."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in names.split("\0") if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(files, tmp_path_factory):
    """A wheel built from a copy of those files; building must not litter the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in files:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
    build = f"from setuptools import build_meta\nprint(build_meta.build_wheel({str(folder)!r}))"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_every_file_of_the_packages_is_in_the_wheel(wheel, files):
    parts = [name.partition("/") for name in files]
    expected = {f"{FOLDERS[folder]}/{rest}" for folder, _, rest in parts if folder in FOLDERS}
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == expected


def test_the_license_and_the_command_are_in_the_wheel(wheel):
    names = wheel.namelist()
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    (entry,) = [name for name in names if name.endswith("entry_points.txt")]
    assert "tfmigrate = tfmigrate.cli.start:main" in wheel.read(entry).decode()
