"""The site: built without a warning, with every page, and nothing that is loaded from elsewhere."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from .pages import PAGES, ROOT

pytest.importorskip("sphinx", reason="needs Sphinx: .[docs]")
pytest.importorskip("myst_parser", reason="needs MyST: .[docs]")


@pytest.fixture(scope="module")
def make_site() -> ModuleType:
    path = ROOT / "tools" / "make_site.py"
    spec = importlib.util.spec_from_file_location("make_site", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "text", "loads"),
    [
        ("a.html", '<img src="https://x.org/a.png">', True),
        ("a.html", '<script src="//x.org/a.js"></script>', True),
        ("a.html", '<link rel="stylesheet" href="http://x.org/a.css">', True),
        ("a.html", '<b style="background: url(https://x.org/a.png)">', True),
        ("a.html", "<style>@import 'https://x.org/a.css'</style>", True),
        ("a.css", "@font-face { src: url(https://x.org/a.woff2) }", True),
        ("a.html", '<a href="https://x.org">x</a><code>url(https://x.org)</code>', False),
        ("a.html", '<link rel="canonical" href="https://x.org"><img src="a.png">', False),
        ("a.css", "b { background: url(data:image/png;base64,AA//AA) }", False),
    ],
)
def test_what_a_browser_loads_from_elsewhere_is_found(
    name: str, text: str, loads: bool, make_site: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    assert bool(list(make_site.remote(tmp_path))) == loads


@pytest.mark.skipif(
    "TFMIGRATE_LONG" not in os.environ, reason="takes long (TFMIGRATE_LONG=1 runs it)"
)
def test_it_is_built(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    subprocess.run([sys.executable, "tools/make_site.py", folder], cwd=ROOT, check=True)
    for page in PAGES:
        assert (folder / page).with_suffix(".html").exists(), page
    index = (folder / "index.html").read_text("utf-8")
    for kind in ("Tutorials", "How to", "Reference", "Explanation"):
        assert f">{kind}</span>" in index
    reference = (folder / "docs" / "python.html").read_text("utf-8")
    assert 'id="tfmigrate.convert"' in reference
    assert "train_check" in reference
    assert "docs/parity.md" not in index  # links show titles
