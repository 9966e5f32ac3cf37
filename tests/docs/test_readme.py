"""The README: its commands run, its Python runs, and its code is the code of the twin files."""

from __future__ import annotations

import html
import re
import shutil

import pytest
from tfmigrate.cli.main import run

from .pages import PAGES, ROOT, commands

pytestmark = pytest.mark.xdist_group("readme")

README, CONVERTING = PAGES["README.md"], PAGES["docs/converting.md"]


def blocks(language):
    """The fenced blocks of a language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A working folder with the checkpoints that the README speaks of."""
    folder = tmp_path_factory.mktemp("readme")
    assert run(["run", "legacy", "mlp", "-o", str(folder / "run"), "--epochs", "1", "-q"]) == 0
    for file in (folder / "run").glob("model.ckpt*"):
        file.rename(folder / file.name)
    several = folder / "runs" / "a"
    several.mkdir(parents=True)
    for file in folder.glob("model.ckpt.*"):
        shutil.copy(file, several / file.name.replace("model.ckpt", "model.ckpt-1"))
    return folder


def test_every_command_runs(folder, monkeypatch, capfd):
    monkeypatch.chdir(folder)
    for arguments in commands(README + CONVERTING):
        if "--scheduler" in arguments:  # needs a cluster: tests/fleet/test_cluster.py has one
            continue
        force = ["--force"] if "convert-ckpt" in arguments else []
        assert run([*arguments, *force]) == 0, capfd.readouterr().err


def test_the_python_runs(folder, monkeypatch, capsys):
    """In the order of the page; the converted folder is there by then."""
    monkeypatch.chdir(folder)
    ours = [code for code in blocks("python") if "import tfmigrate" in code]
    assert ours
    for code in ours:
        exec(compile(code.replace('"model-keras"', '"by-python"'), "README.md", "exec"), {})
    assert "PASS" in capsys.readouterr().out
    assert (folder / "by-python" / "model.keras").is_file()


def test_the_lines_that_matter_are_lines_of_the_twins():
    """What stands next to each other in the README stands in legacy/mlp.py and modern/mlp.py."""
    legacy, modern = [code for code in blocks("python") if "tfmigrate" not in code][:2]
    for code, path in ((legacy, "legacy/mlp.py"), (modern, "modern/mlp.py")):
        twin = {line.strip() for line in (ROOT / path).read_text().splitlines()}
        shown = [line.strip() for line in code.splitlines() if line.strip()]
        assert [line for line in shown if line not in twin] == []


def test_the_output_shown_is_the_output_of_this_version():
    """Its figures belong to one machine; its lines are those that the command prints today."""
    drawn = (ROOT / "docs" / "pictures" / "terminal.svg").read_text("utf-8")
    texts = re.findall(r"<text [^>]*>([^<]*)</text>", drawn)
    shown = " ".join(html.unescape(text).replace("\xa0", " ").strip() for text in texts)
    for line in (
        "$ tfmigrate compare mlp --epochs 3",
        "logits, weights just moved",
        "logits, after training",
        "weights, after training",
        "trained checkpoint, converted",
        "PASS 4 forms bit-identical over 36 steps · worst 0 ULP",
    ):
        assert line in re.sub(" +", " ", shown)


def test_the_pictures_are_small_and_load_nothing():
    pictures = [ROOT / path for path in re.findall(r"\]\((docs/pictures/[\w.-]+)\)", README)]
    assert len(pictures) == 2
    assert sum(path.stat().st_size for path in pictures) < 300_000
    drawn = (ROOT / "docs" / "pictures" / "terminal.svg").read_text("utf-8")
    assert not re.search(r"@font-face|@import|url\(h|href=", drawn)


def test_it_is_short():
    assert len(README.splitlines()) < 200
