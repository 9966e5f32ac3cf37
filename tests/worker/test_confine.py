"""A confined worker writes nothing but its output, starts nothing, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import landlockpy
import pytest
from tfmigrate.worker.client import Worker

CONFINED = """
import json, os, resource, socket, subprocess, sys
from tfmigrate.worker import confine

temporary, output, elsewhere, port = sys.argv[1:]
confine.confine(temporary, [output])

def tried(action):
    try:
        action()
    except OSError as error:
        return type(error).__name__
    return "done"

print(json.dumps({
    "applied": confine.applied(),
    "temporary": tried(lambda: open(f"{temporary}/t", "w").close()),
    "output": tried(lambda: os.mkdir(f"{output}/made")),
    "write": tried(lambda: open(f"{elsewhere}/made", "w").close()),
    "append": tried(lambda: open(f"{elsewhere}/there", "a").close()),
    "remove": tried(lambda: os.remove(f"{elsewhere}/there")),
    "link": tried(lambda: os.symlink("/", f"{elsewhere}/link")),
    "link inside": tried(lambda: os.symlink(f"{elsewhere}/there", f"{output}/link")),
    "hard link": tried(lambda: os.link(f"{elsewhere}/there", f"{output}/hard")),
    "move": tried(lambda: os.rename(f"{elsewhere}/there", f"{output}/there")),
    "read": tried(lambda: open(f"{elsewhere}/there").close()),
    "start": tried(lambda: subprocess.run(["true"])),
    "connect": tried(lambda: socket.create_connection(("127.0.0.1", int(port)), 5).close()),
    "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0] <= 4096,
    "time": resource.getrlimit(resource.RLIMIT_CPU)[0] <= 24 * 3600,
}))
"""

needs_landlock = pytest.mark.skipif(
    not landlockpy.supported(), reason="the kernel has no Landlock, or it is switched off"
)


@needs_landlock
def test_what_a_confined_process_can_still_do(tmp_path: Path) -> None:
    places = {name: tmp_path / name for name in ("temporary", "output", "elsewhere")}
    for place in places.values():
        place.mkdir()
    (places["elsewhere"] / "there").touch()
    with socket.create_server(("127.0.0.1", 0)) as server:
        arguments = [*map(str, places.values()), str(server.getsockname()[1])]
        made = subprocess.run(
            [sys.executable, "-c", CONFINED, *arguments], capture_output=True, text=True, check=True
        )
    found = json.loads(made.stdout)
    network = found["applied"]["network"]
    assert network == (landlockpy.abi_version() >= 4)
    refused = dict.fromkeys(
        ("write", "append", "remove", "link", "link inside", "move", "start"), "PermissionError"
    )
    assert found == {
        "applied": {"landlock": landlockpy.abi_version(), "network": network},
        **dict.fromkeys(("temporary", "output", "read"), "done"),
        **refused,
        "hard link": "OSError",  # EXDEV, as landlock(7) has it for two folders of other rights
        "connect": "PermissionError" if network else "done",
        "files": True,
        "time": True,
    }
    assert [path.name for path in places["elsewhere"].iterdir()] == ["there"]


ORPHAN = """
import os, sys
from tfmigrate.worker.client import Worker

worker = Worker("orphan", writable=())
print(worker._process.pid, worker._room.name, flush=True)
worker.call("doctor")
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_worker_ends_with_a_command_that_was_killed() -> None:
    command = subprocess.Popen(
        [sys.executable, "-c", ORPHAN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert command.stdout is not None
    pid, _, room = command.stdout.readline().strip().partition(" ")
    assert command.stdout.readline() == "ready\n"
    (Path(room) / "left").touch()
    command.send_signal(signal.SIGKILL)
    command.communicate()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and (os.listdir(room) or _runs(int(pid))):
        time.sleep(0.1)
    assert not _runs(int(pid))
    assert os.listdir(room) == []
    os.rmdir(room)


def _runs(pid: int) -> bool:
    """Whether a process is there and no zombie that nobody has waited for."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_worker_leaves_no_temporary_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Worker("short", writable=()):
        assert os.listdir(tmp_path)
    assert os.listdir(tmp_path) == []
