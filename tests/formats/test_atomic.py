"""Output appears whole or not at all: after a kill, on a full disk, with two writers at once."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tensor_sources import source
from tfmigrate.errors import UserError
from tfmigrate.formats import npz, safetensors, tf1, tf2, weights_h5
from tfmigrate.formats.atomic import check_file, check_folder, room_beside, whole_file, whole_folder

# A writer in a process of its own: fills a folder with 50 files of its letter, over and over.
WRITER = """
import sys
from pathlib import Path
from tfmigrate.formats.atomic import whole_folder
out, letter = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
for _ in range(int(sys.argv[3])):
    with whole_folder(out, force=True) as folder:
        (folder / "report.json").write_text(letter)
        for i in range(50):
            (folder / str(i)).write_text(letter)
"""


def writer(out: Path, letter: str, rounds: int = 1_000_000) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, out, letter, str(rounds)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return process


def letter_of(out: Path) -> str:
    """The one letter that all files of a whole output hold."""
    assert len(os.listdir(out)) == 51
    (letter,) = {file.read_text() for file in out.iterdir()}
    return letter


@pytest.mark.parametrize("after", [0.0, 0.01, 0.02, 0.03, 0.05, 0.08])
def test_killed_at_any_moment_the_old_or_the_new_is_there_whole(tmp_path, after):
    out = tmp_path / "out"
    writer(out, "a", rounds=1).wait()
    process = writer(out, "b")
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert letter_of(out) in "ab"
    with whole_folder(out, force=True) as folder:
        (folder / "report.json").touch()
    assert os.listdir(tmp_path) == ["out"], "the next writer clears what the killed one left"


def test_of_two_writers_one_wins_whole(tmp_path):
    out = tmp_path / "out"
    writers = [writer(out, "a", 40), writer(out, "b", 40)]
    assert [w.wait() for w in writers] == [0, 0]
    assert letter_of(out) in "ab"
    assert os.listdir(tmp_path) == ["out"]


def test_without_force_the_second_of_two_is_told(tmp_path):
    with (
        pytest.raises(UserError, match="already exists; try --force"),
        whole_folder(tmp_path / "o"),
        whole_folder(tmp_path / "o") as other,
    ):
        (other / "x").touch()
    assert os.listdir(tmp_path / "o") == ["x"]


def test_an_error_inside_leaves_nothing(tmp_path):
    def write_half():
        with whole_file(tmp_path / "x") as path:
            path.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert os.listdir(tmp_path) == []


def test_in_one_room_a_second_attempt_begins_anew(tmp_path):
    out = tmp_path / "o"
    with room_beside(out) as room:
        with contextlib.suppress(ZeroDivisionError), whole_folder(out, room=room) as folder:
            (folder / "half").touch()
            raise ZeroDivisionError
        assert not out.exists()
        with whole_folder(out, room=room) as folder:
            (folder / "x").touch()
        assert room.is_dir()
    assert os.listdir(out) == ["x"]
    assert os.listdir(tmp_path) == ["o"]


def test_a_mistake_inside_is_not_blamed_on_the_disk(tmp_path):
    with pytest.raises(FileNotFoundError), whole_folder(tmp_path / "x"):
        (tmp_path / "not there").read_text()


def test_force_does_not_take_away_a_folder_that_is_not_ours(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("…")
    with (
        pytest.raises(UserError, match="contains other files"),
        whole_folder(tmp_path / "thesis", force=True),
    ):
        pass
    assert (tmp_path / "thesis" / "chapter1.tex").exists()


def test_force_does_not_put_a_folder_in_the_place_of_a_file(tmp_path):
    (tmp_path / "thesis.tex").write_text("…")
    with (
        pytest.raises(UserError, match="is a file, not a folder"),
        whole_folder(tmp_path / "thesis.tex", force=True),
    ):
        pass
    assert (tmp_path / "thesis.tex").read_text() == "…"


def test_a_missing_parent_is_named_with_a_command_that_a_shell_takes(tmp_path):
    hint = re.escape(f"try mkdir -p '{tmp_path}/no where'")
    with pytest.raises(UserError, match=hint), whole_file(tmp_path / "no where/x"):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file is a file, not a folder"):
        check_folder(tmp_path / "file" / "out")


def test_through_a_link_what_it_points_to_is_replaced(tmp_path):
    with whole_folder(tmp_path / "real") as folder:
        (folder / "report.json").write_text("old")
    (tmp_path / "there").mkdir()
    link = tmp_path / "there" / "link"
    link.symlink_to("../real")
    with whole_folder(link, force=True) as folder:
        (folder / "report.json").write_text("new")
    assert link.readlink() == Path("../real")
    assert (tmp_path / "real" / "report.json").read_text() == "new"
    (tmp_path / "map.toml").write_text("old")
    (tmp_path / "map").symlink_to("map.toml")
    with whole_file(tmp_path / "map", force=True) as file:
        file.write_text("new")
    assert (tmp_path / "map").is_symlink()
    assert (tmp_path / "map.toml").read_text() == "new"
    assert sorted(os.listdir(tmp_path)) == ["map", "map.toml", "real", "there"]
    assert os.listdir(tmp_path / "there") == ["link"]


@pytest.mark.parametrize("check", [check_file, check_folder])
def test_a_link_to_nowhere_is_refused_and_stays(check, tmp_path):
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(UserError, match="already exists"):
        check(tmp_path / "link")
    with pytest.raises(UserError, match="is a link to nowhere, which does not exist"):
        check(tmp_path / "link", force=True)
    assert (tmp_path / "link").is_symlink()


def test_force_replaces_no_device_no_pipe_and_nothing_by_another_kind(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for check, name in [(check_folder, "pipe"), (check_file, "pipe"), (check_file, "folder")]:
        with pytest.raises(UserError, match=r"is a file, not a folder|is not a regular file"):
            check(tmp_path / name, force=True)


@pytest.mark.parametrize("read", ["out/model.ckpt.index", "out", "out/a/b/c", "link/model.ckpt"])
def test_an_output_that_is_read_or_around_it_is_refused(read, tmp_path):
    (tmp_path / "out" / "a" / "b").mkdir(parents=True)
    (tmp_path / "out" / "report.json").touch()
    (tmp_path / "link").symlink_to("out")
    with pytest.raises(UserError, match=r"the output .*out (is|contains) .*, which is read"):
        check_folder(tmp_path / "out", force=True, spare=[tmp_path / read])
    check_folder(tmp_path / "out" / "new", spare=[tmp_path / "out" / "model.ckpt"])


def test_more_bytes_than_the_disk_has_are_refused_before_any_work(tmp_path):
    with (
        pytest.raises(
            UserError, match=r"x needs 4,611,686,018,427,387,904 bytes, and its disk has"
        ),
        whole_folder(tmp_path / "x", size=1 << 62),
    ):
        pytest.fail("the work began")
    assert os.listdir(tmp_path) == []


def test_inside_an_output_the_file_that_did_not_fit_is_named(tmp_path):
    def fill():
        with whole_folder(tmp_path / "out", size=77) as room, whole_file(room / "x.npz"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    said = re.escape(
        f"cannot write {tmp_path}/out/x.npz: No space left on device; all of it needs "
    )
    with pytest.raises(UserError, match=f"{said}77 bytes; no partial output remains"):
        fill()
    assert os.listdir(tmp_path) == []


def test_a_place_that_takes_no_folders_is_one_clear_error():
    with pytest.raises(UserError, match="cannot write /proc/x"), whole_folder(Path("/proc/x")):
        pass


def test_a_signal_while_it_clears_away_does_not_stop_it(tmp_path, monkeypatch):
    rmtree = shutil.rmtree
    signals = [KeyboardInterrupt, KeyboardInterrupt]

    def interrupted(*arguments, **options):
        if signals:
            raise signals.pop()
        rmtree(*arguments, **options)

    monkeypatch.setattr(shutil, "rmtree", interrupted)
    with pytest.raises(KeyboardInterrupt), whole_file(tmp_path / "x") as file:
        file.write_text("half")
    assert [name for name in os.listdir(tmp_path) if name != "x"] == []


FILLER = """
import resource, sys
import numpy as np
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from tensor_sources import source
import importlib
from tfmigrate.errors import UserError
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
tensors = source({f"layer_{i}/kernel": np.ones((100, 100), "f4") for i in range(10)})
try:
    importlib.import_module("tfmigrate.formats." + sys.argv[1]).write(Path(sys.argv[2]), tensors)
except UserError as error:
    print(error)
    sys.exit(2)
"""


@pytest.mark.parametrize("module", [npz, safetensors, tf1, tf2, weights_h5])
def test_a_disk_that_takes_no_more_is_one_clear_error_and_nothing_is_left(tmp_path, module):
    name = module.__name__.rpartition(".")[2]
    done = subprocess.run(
        [sys.executable, "-c", FILLER, name, tmp_path / "out", Path(__file__).parents[1]],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.startswith(f"cannot write {tmp_path / 'out'}")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_one_may_not_write_to_is_one_clear_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="Permission denied"):
        npz.write(tmp_path / "x.npz", source({"a": np.ones(3)}))
