"""``verify`` opens whatever convert-ckpt wrote, and runs no other model.py unless asked."""

from __future__ import annotations

from pathlib import Path

import landlockpy
import pytest
from tfmigrate import convert, verify
from tfmigrate.errors import UserError
from tfmigrate.worker import Worker

from ..training.converting import unpacked_to

pytestmark = pytest.mark.xdist_group("verification")

CASES = ("train_dice_loss", "train_losses_weights", "train_clipped_surrogate")
Workers = tuple[Worker, Worker]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked_to(tmp_path_factory.mktemp("objectives"), "objectives")


@pytest.mark.parametrize("name", CASES)
def test_a_model_with_losses_of_its_own_is_opened_and_trained(
    name: str, folder: Path, workers: Workers, tmp_path: Path
) -> None:
    source, out = folder / name / "model.ckpt", tmp_path / "out"
    convert(source, out, workers=workers)
    assert (
        "def graph_loss" in (out / "model.py").read_text()
        or "class " in (out / "model.py").read_text()
    )
    text = (out / "model.py").read_text()
    (out / "model.py").write_text(text.replace("converted by", "with a note, converted by", 1))
    result = verify(source, out, train=2, workers=workers)
    assert result
    assert result.trained is not None


def test_another_model_py_is_not_run(folder: Path, workers: Workers, tmp_path: Path) -> None:
    """In new processes: a worker keeps the classes that it has run."""
    source, out = folder / CASES[0] / "model.ckpt", tmp_path / "out"
    convert(source, out, workers=workers)
    code = (out / "model.py").read_text()
    (out / "model.py").write_text(f"{code}\n\nRAN = True\n")
    with pytest.raises(UserError, match=r"model\.py as MODEL"):
        verify(source, out, train=2)
    assert verify(source, out / "model.py", train=2)
    (out / "model.py").write_text(f"{code}\n\nraise RuntimeError('it ran')\n")
    with pytest.raises(UserError, match=r"model\.py as MODEL"):
        verify(source, out, train=2)
    with pytest.raises(UserError, match="it ran"):
        verify(source, out / "model.py", train=2)


def test_a_model_py_that_is_run_writes_nothing(
    folder: Path, workers: Workers, tmp_path: Path
) -> None:
    source, out = folder / CASES[0] / "model.ckpt", tmp_path / "out"
    convert(source, out, workers=workers)
    written = tmp_path / "written"
    code = (out / "model.py").read_text()
    (out / "model.py").write_text(f"open({str(written)!r}, 'w').close()\n{code}")
    if landlockpy.supported():
        with pytest.raises(UserError, match=r"Permission denied.*--trust"):
            verify(source, out / "model.py")
        assert not written.exists()
    assert verify(source, out / "model.py", trust=True)
    assert written.exists()
