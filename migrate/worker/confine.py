"""What the operating system lets a worker do that runs a stranger's files.

As a program, ``python -m tfmigrate.worker.confine TEMPORARY [FOLDER]… -- PROGRAM [ARGUMENT]…``
confines itself and becomes the other program.
"""

from __future__ import annotations

import glob
import os
import resource
import select
import shutil
import sys
import threading
from collections.abc import Sequence
from typing import Any

# Devices that TensorFlow opens for writing (nvidia's driver, and AMD's).
_DEVICES = ("/dev/null", "/dev/nvidia*", "/dev/nvidia-caps/*", "/dev/kfd", "/dev/dri/*")
_OPEN_FILES = 4096
_LARGEST_FILE = 1 << 30
_SECONDS = 24 * 3600  # of processor time

_applied: dict[str, Any] = {"landlock": None}


def confine(temporary: str, writable: Sequence[str] = (), *, programs: bool = False) -> None:
    """Takes away from this process what it does not need; it can never be given back.

    Everywhere: a day of processor time, 4,096 open files, no core dumps, and files of at most 1 GiB
    where nothing but temporary ones are to be written. Where the Linux kernel has Landlock (5.13
    and later): no file is written, made or removed but in these folders, no link is made that the
    command might follow out of them, and no program is started; from 6.7 on, no TCP connection
    either. Call it before other threads start: Landlock holds for the calling thread and those that
    it starts.

    Args:
        temporary: a folder for temporary files.
        writable: folders of the output.
        programs: other programs may be started.
    """
    _limit(resource.RLIMIT_CPU, _SECONDS)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _limit(resource.RLIMIT_CORE, 0)
    if not writable:
        _limit(resource.RLIMIT_FSIZE, _LARGEST_FILE)
    if not sys.platform.startswith("linux"):
        return
    from landlockpy import AccessFS, Ruleset, Scope, abi_version, fs_for_abi, supported

    if not supported():
        return  # an older kernel, or switched off
    every = fs_for_abi(abi_version())
    free = AccessFS.READ_FILE | AccessFS.READ_DIR | AccessFS.IOCTL_DEV
    if programs:
        free |= AccessFS.EXECUTE
    scoped = Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL
    with Ruleset(handled_fs=every & ~free, scoped=scoped) as rules:
        for folder in (temporary, *writable):
            rules.allow_path(folder, every & ~AccessFS.EXECUTE & ~AccessFS.MAKE_SYM)
        for device in (path for pattern in _DEVICES for path in glob.glob(pattern)):
            rules.allow_path(device, AccessFS.WRITE_FILE)
        rules.restrict()
        _applied.update(landlock=rules.abi_version, network=bool(rules.handled_net))


def applied() -> dict[str, Any]:
    """``landlock``: the version of its interface, None without; ``network``: is it shut off."""
    return _applied


def end_with_the_command(temporary: str | None) -> None:
    """Ends this process, in the midst of a job too, when the command at the other end is gone.

    Args:
        temporary: a folder whose files are removed then.
    """

    def watch() -> None:
        command = select.poll()
        command.register(0, 0)  # only that it hangs up
        command.poll()
        tidy(temporary)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def tidy(temporary: str | None) -> None:
    """Removes temporary files, which the command would have done.

    The folder itself stays: whoever may write in it alone may not remove it.
    """
    if temporary is not None:
        shutil.rmtree(temporary, ignore_errors=True)


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(what, (most, hard))


if __name__ == "__main__":
    end = sys.argv.index("--")
    confine(sys.argv[1], sys.argv[2:end], programs=True)
    os.execv(sys.argv[end + 1], sys.argv[end + 1 :])
