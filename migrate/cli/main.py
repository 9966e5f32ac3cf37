"""The entry point: finds the command, and turns errors into one line and an exit status."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from contextlib import suppress
from typing import Any

import click

from .. import __version__
from ..errors import (
    EXIT_BUG,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_USER,
    UserError,
    described,
    nearest,
    printable,
)
from .signals import Ended, interruption_behind

# Name → (module in this package, short help). Modules are imported when their command is called.
COMMANDS = {
    "compare": ("compare", "Run a system's TF1 and TF2 sides next to each other."),
    "lesson": ("lesson", "Show the code of both sides of a system, section by section."),
    "convert-ckpt": ("convert_ckpt", "Convert a TF1 checkpoint, graph or SavedModel to Keras."),
    "inspect": ("inspect", "Show the contents of a checkpoint, a graph or a SavedModel."),
    "verify": ("verify", "Run an original and its model on the same inputs, layer by layer."),
    "export": ("export", "Export a converted model to ONNX, LiteRT, PyTorch and other runtimes."),
    "run": ("run", "Train only one side of a system."),
    "list": ("list", "List all systems."),
    "doctor": ("doctor", "Show versions, devices and float settings."),
    "completion": ("completion", "Print the completion script for a shell."),
}


class _PastClickError(Exception):
    """Carries an error past click, which reports a file that ends early as an interruption."""

    def __init__(self, carried: BaseException):
        super().__init__()
        self.carried = carried


class LazyGroup(click.Group):
    """A group that knows its commands' names and short helps without importing them."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, EOFError) as error:
            raise _PastClickError(error) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of ``COMMANDS``."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the command's module, whose ``command`` it is."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f".{COMMANDS[cmd_name][0]}", __package__)
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds the command, or suggests the nearest name."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            raise UserError(
                f"there is no command '{printable(name)}'",
                try_=nearest(name, COMMANDS) or "tfmigrate --help",
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands from ``COMMANDS`` only, without imports."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: tfmigrate compare mlp",
)
@click.version_option(__version__, "--version", prog_name="tfmigrate")
def cli() -> None:
    """TensorFlow 1 in, Keras out, the proof attached.

    Exit status: 0 done, and parity holds where it was measured; 1 a difference beyond tolerance; 2
    wrong input or environment, reported in one line; 3 the model could not be proved; 101 a bug in
    tfmigrate; 128 and its number after a signal (130 for Ctrl-C).
    """


def run(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns the exit status."""
    try:
        try:
            status: Any = cli.main(arguments, prog_name="tfmigrate", standalone_mode=False)
            if sys.stdout is not None:  # as it is after >&-
                sys.stdout.flush()
        except _PastClickError as error:
            raise error.carried from None
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return EXIT_USER
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"; try {context.command_path} --help" if context else ""
        return _fail(error.format_message().rstrip(".") + hint, EXIT_USER)
    except (KeyboardInterrupt, click.Abort) as ended:
        return _interrupted(ended)
    except BrokenPipeError:
        # The reader of our output left, as `head` does. Python would complain at exit otherwise.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except Exception as error:
        behind = interruption_behind(error)
        if behind is not None:
            return _interrupted(behind)
        message, status = described(error)
        if status == EXIT_BUG and os.environ.get("TFMIGRATE_DEBUG"):
            traceback.print_exc()
        return _fail(message, status)
    return status if isinstance(status, int) else EXIT_OK


def _interrupted(interruption: BaseException) -> int:
    if isinstance(interruption, Ended):
        return _fail(str(interruption), interruption.status)
    return _fail("interrupted; no partial output remains", EXIT_INTERRUPTED)


def _fail(message: str, status: int) -> int:
    with suppress(OSError):  # a terminal that is gone
        click.echo(f"error: {printable(' '.join(message.split()), None)}", err=True)
    return status
