"""Options that every command takes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click


def output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--json``, ``-q`` and ``-v``, and hands the command a ``sink``."""

    @click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
    @click.option("-q", "--quiet", is_flag=True, help="Nothing but errors; the exit status tells.")
    @click.option("-v", "--verbose", is_flag=True, help="Details, and TensorFlow's own log.")
    @functools.wraps(function)
    def with_sink(*args: Any, as_json: bool, quiet: bool, verbose: bool, **options: Any) -> Any:
        from ..report import Sink

        return function(*args, sink=Sink(as_json, quiet, verbose), **options)

    return with_sink
