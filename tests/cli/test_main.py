"""The command line's frame: help, errors in one line, exit statuses, and what is not imported."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import click
import pytest
from tfmigrate import __version__
from tfmigrate.cli import main as frame
from tfmigrate.cli.main import COMMANDS, cli, run
from tfmigrate.errors import UserError, nearest, printable


def run_fresh(*arguments, code="sys.exit(status)"):
    """The command line in a process of its own; ``code`` sees its exit status."""
    program = f"import sys\nfrom tfmigrate.cli.main import run\nstatus = run({list(arguments)!r})\n"
    return subprocess.run(
        [sys.executable, "-c", program + code], capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_with_an_example(name, capsys):
    assert run([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: tfmigrate {name}")
    assert "Example: " in out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_help(name):
    command = cli.get_command(click.Context(cli), name)
    options = [p for p in command.params if isinstance(p, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_the_commands_are_listed_in_the_order_of_use(capsys):
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    places = [out.index(f"\n  {name} ") for name in COMMANDS]
    assert places == sorted(places)
    assert "Example: tfmigrate compare mlp" in out


def test_version(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"tfmigrate, version {__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["list"], ["list", "--json"]])
def test_what_answers_at_once_does_not_import_tensorflow(arguments):
    heavy = "{'tensorflow', 'keras', 'tf_keras', 'h5py'} & set(sys.modules)"
    done = run_fresh(*arguments, code=f"assert status == 0\nassert not {heavy}, {heavy}")
    assert done.returncode == 0, done.stderr


def test_it_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "tfmigrate", "--version"], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == f"tfmigrate, version {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["compere", "mlp"], "error: there is no command 'compere'; try compare"),
        (["xyzzy"], "error: there is no command 'xyzzy'; try tfmigrate --help"),
        (["a\x1b[31m\nb"], "error: there is no command 'a\\x1b[31m\\nb'; try tfmigrate --help"),
        (["compare"], "error: Missing argument 'SYSTEM'; try tfmigrate compare --help"),
        (["list", "--x"], "error: No such option '--x'; try tfmigrate list --help"),
        (["compare", "mpl"], "error: there is no system 'mpl'; try mlp"),
        (["compare", "mlp", "--epochs", "0"], "error: epochs is 0; expected 1 or more"),
        (["compare", "mlp", "--batch-size", "-1"], "error: batch size is -1; expected 1 or more"),
        (
            ["compare", "mlp", "--learning-rate", "nan"],
            "error: learning rate is nan; expected a finite number above 0",
        ),
        (["compare", "mlp", "--seed", "-1"], "error: seed is -1; expected 0 to 2147483647"),
        (
            ["verify", "a", "b", "--seed", "-1"],
            "error: Invalid value for '--seed': -1 is not in the range x>=0; "
            "try tfmigrate verify --help",
        ),
        *(
            (
                [*command, "--timeout", number],
                f"error: Invalid value for '--timeout': {number} is not a finite number of "
                f"seconds; try tfmigrate {command[0]} --help",
            )
            for command in (["verify", "a", "b"], ["convert-ckpt", "a"])
            for number in ("nan", "inf", "1e+300")
        ),
        (
            ["convert-ckpt", "a", "--feed", "x=" + "-" * 100_000 + "1"],
            f"error: Invalid value for '--feed': '{'-' * 100_000}1' is not a number, True, False "
            "or a list; try tfmigrate convert-ckpt --help",
        ),
    ],
)
def test_a_wrong_call_gets_one_line_and_status_2(arguments, error, capsys):
    assert run(arguments) == 2
    assert capsys.readouterr() == ("", error + "\n")


@pytest.mark.parametrize(
    ("raised", "status", "error"),
    [
        (UserError("no", expected="yes", try_="again"), 2, "no; expected yes; try again"),
        (UserError("two\nlines"), 2, "two lines"),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), 2, "No space left on device: /x"),
        (OSError(errno.ELOOP, "Too many levels", "/x"), 2, "Too many levels: /x"),
        (
            MemoryError("Unable to allocate 5 EiB"),
            2,
            "there is not enough memory: Unable to allocate 5 EiB; try fewer examples, or a "
            "machine with more memory",
        ),
        (KeyboardInterrupt(), 130, "interrupted; no partial output remains"),
        (
            EOFError("No data left in file"),
            101,
            "EOFError: No data left in file; this is a bug in tfmigrate: please report it with "
            "the trace that TFMIGRATE_DEBUG=1 shows",
        ),
        (
            ZeroDivisionError("oh"),
            101,
            "ZeroDivisionError: oh; this is a bug in tfmigrate: please report it with the trace "
            "that TFMIGRATE_DEBUG=1 shows",
        ),
    ],
)
def test_what_a_command_raises_becomes_a_line_and_a_status(
    raised, status, error, monkeypatch, capsys
):
    @click.command()
    def failing():
        raise raised

    monkeypatch.setattr(frame.LazyGroup, "get_command", lambda *_: failing)
    assert run(["list"]) == status
    assert capsys.readouterr().err == f"error: {error}\n"


def test_the_trace_of_a_bug_is_shown_when_asked_for(monkeypatch, capsys):
    @click.command()
    def failing():
        raise ZeroDivisionError

    monkeypatch.setattr(frame.LazyGroup, "get_command", lambda *_: failing)
    monkeypatch.setenv("TFMIGRATE_DEBUG", "1")
    assert run(["list"]) == 101
    assert "Traceback" in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_error():
    # The pipe's reading end is gone before anything is written to it.
    done = subprocess.run(
        f"{sys.executable} -m tfmigrate list | true; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux's /dev/full")
@pytest.mark.parametrize(
    ("stdout", "done"),
    [("/dev/full", (2, "error: No space left on device\n")), ("&-", (0, ""))],
)
def test_a_stdout_that_takes_nothing_is_one_line(stdout, done):
    ran = subprocess.run(
        f"{sys.executable} -m tfmigrate list >{stdout}",
        shell=True,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == done


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_program(shell, capsys):
    assert run(["completion", shell]) == 0
    assert "_TFMIGRATE_COMPLETE" in capsys.readouterr().out


def test_names_are_made_printable():
    assert printable("w/kernel") == "w/kernel"
    assert printable("a\nb\x1b[0m\u202e\u0000") == "a\\nb\\x1b[0m\\u202e\\x00"
    assert len(printable("x" * 10_000_000)) == 120


def test_the_nearest_name_is_found_or_none():
    assert nearest("mpl", ["mlp", "softmax"]) == "mlp"
    assert nearest("zzz", ["mlp", "softmax"]) is None
