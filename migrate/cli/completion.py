"""``tfmigrate completion``: the completion script for a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command(epilog='Example: eval "$(tfmigrate completion bash)"')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL; evaluate it in the shell's start-up file."""
    from .main import cli

    completion = get_completion_class(shell)
    assert completion is not None, "click supports these three shells"
    click.echo(completion(cli, {}, "tfmigrate", "_TFMIGRATE_COMPLETE").source())
