"""Every target of ``make fuzz`` on its seeds and on a hundred mutations; needs no atheris."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.fuzz import __main__ as command
from tests.fuzz.one import SECONDS, plain
from tests.fuzz.targets import TARGETS

MUTATIONS = 100


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_gives_a_result_or_one_line(name: str, tmp_path: Path) -> None:
    session = plain(TARGETS[name], tmp_path, MUTATIONS)
    assert session.findings == {}
    assert session.refused < session.inputs  # a reader that refuses everything tests nothing
    assert session.inputs >= MUTATIONS
    assert session.slowest < SECONDS


def test_what_a_reader_raises_is_found_and_kept(tmp_path: Path) -> None:
    def fails(data: bytes, folder: Path) -> None:
        raise KeyError(len(data))

    target = TARGETS["map"]._replace(run=fails)
    (finding,) = plain(target, tmp_path, 20).findings.items()
    assert finding[0].startswith("KeyError ")
    assert Path(finding[1]).read_bytes() == target.seeds()[0]
    assert "in fails" in Path(finding[1]).with_suffix(".txt").read_text()


def test_without_atheris_the_command_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert command.main([]) == 2
    assert "pip install" in capsys.readouterr().err


def test_the_page_has_the_place_that_a_run_fills() -> None:
    page = command.PAGE.read_text("utf-8")
    assert page.count(command.START) == page.count(command.END) == 1
