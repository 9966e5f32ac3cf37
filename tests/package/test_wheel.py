"""The wheel holds the packages, under their installed names, and the sdist what users read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from tfmigrate import __version__

ROOT = Path(__file__).parents[2]
FOLDERS = {"migrate": "tfmigrate", "legacy": "tfmigrate/legacy", "modern": "tfmigrate/modern"}


@pytest.fixture(scope="module")
def files():
    """What git knows of the checkout, or would if it were told."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in names.split("\0") if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def built(files, tmp_path_factory):
    """A folder with what is built from a copy of those files; the checkout is not littered."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    for name in files:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
    build = (
        "from setuptools import build_meta\n"
        f"build_meta.build_wheel({str(folder)!r})\nbuild_meta.build_sdist({str(folder)!r})"
    )
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    (path,) = built.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_sdist_holds_the_sources_and_what_the_readme_links_to(built, wheel):
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    links = set(re.findall(r"\]\(([^):#]+)\)", (ROOT / "README.md").read_text()))
    assert "docs/parity.md" in links
    assert links - names == set()
    packages = {installed: folder for folder, installed in FOLDERS.items()}
    for name in (n for n in wheel.namelist() if ".dist-info/" not in n):
        top = next(t for t in sorted(packages, reverse=True) if name.startswith(f"{t}/"))
        assert f"{packages[top]}{name.removeprefix(top)}" in names


def test_every_file_of_the_packages_is_in_the_wheel(wheel, files):
    parts = [name.partition("/") for name in files]
    expected = {f"{FOLDERS[folder]}/{rest}" for folder, _, rest in parts if folder in FOLDERS}
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == expected


def test_the_license_and_the_command_are_in_the_wheel(wheel):
    names = wheel.namelist()
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    (entry,) = [name for name in names if name.endswith("entry_points.txt")]
    assert "tfmigrate = tfmigrate.cli.start:main" in wheel.read(entry).decode()


def test_the_version_is_written_once(wheel, built):
    (metadata,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    assert f"\nVersion: {__version__}\n" in wheel.read(metadata).decode()
    assert (built / f"tfmigrate-{__version__}.tar.gz").exists()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["dynamic"] == ["version"]


def test_what_is_in_the_wheel_suffices(wheel, tmp_path):
    """Twin files, data, templates, schemas: of the wheel, not of the checkout."""
    wheel.extractall(tmp_path / "wheel")
    program = """
import tfmigrate
from tfmigrate.cli.main import run
from tfmigrate.course.datasets import load
from tfmigrate.report import schema

assert "wheel" in tfmigrate.__file__, tfmigrate.__file__
assert run(["list", "-q"]) == 0
assert run(["lesson", "mlp", "-q", "--html", "lesson.html"]) == 0
assert load("digits").x_train.shape == (1437, 28, 28)
assert schema("report")["properties"] and schema("conversions")["properties"]
"""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "wheel")}
    command = [sys.executable, "-c", program]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "lesson.html").stat().st_size > 10_000
