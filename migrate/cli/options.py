"""Options that several commands share."""

from __future__ import annotations

import functools
import os
import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..report import Sink

_BACKENDS = ("tensorflow", "jax", "torch")
_PRECISIONS = ("tf32", "bfloat16")
_EXPORTS = ("onnx", "litert", "tf_saved_model", "openvino", "torch")
REFERENCE = (
    "A Python interpreter that has TensorFlow 1, such as ~/tf1/bin/python: there the original "
    "itself runs, forward and in training."
)


def finite(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """Refuses NaN, which no range refuses, and waits that are longer than threads can."""
    if not value <= threading.TIMEOUT_MAX:
        raise click.BadParameter(f"{value} is not a finite number of seconds")
    return value


def output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--json``, ``-q`` and ``-v``, and passes a ``sink`` to the command."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
    @click.option(
        "-q", "--quiet", is_flag=True, help="Print only errors; the exit status shows the result."
    )
    @click.option("-v", "--verbose", is_flag=True, help="Print details and TensorFlow's own log.")
    @functools.wraps(function)
    def with_sink(*args: Any, as_json: bool, quiet: bool, verbose: bool, **options: Any) -> Any:
        from ..report import Sink

        return function(*args, sink=Sink(as_json, quiet, verbose), **options)

    return with_sink


def page_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--html``, below ``output_options``: the sink of the command writes the page."""

    @click.option(
        "--html", type=click.Path(dir_okay=False), metavar="FILE",
        help="Also write the result as a web page: one file that loads nothing from the network.",
    )  # fmt: skip
    @functools.wraps(function)
    def with_page(*args: Any, sink: Sink, html: str | None, **options: Any) -> Any:
        if html is not None:
            sink.write_page(html)
        return function(*args, sink=sink, **options)

    return with_page


def names(ctx: click.Context, param: click.Parameter, value: str | None) -> list[str] | None:
    """``a,b:[?,2]`` → ``["a", "b:[?,2]"]``."""
    parts = re.split(r",(?![^\[]*\])", value or "")
    return [name.strip() for name in parts if name.strip()] or None


def feeds(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, Any]:
    """``NAME=VALUE`` … → a dictionary; values are numbers, truth values or lists of them."""
    import ast

    found = {}
    for text in value:
        name, equals, number = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE")
        words = {"true": True, "false": False}
        try:
            found[name] = words.get(number.strip().lower())
            if found[name] is None:
                found[name] = ast.literal_eval(number.strip())
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise click.BadParameter(f"{number!r} is not a number, True, False or a list") from None
    return found


def backend_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--backend``, and to what ``--python`` names; see :func:`python_option`."""
    return click.option(
        "--backend", multiple=True,
        type=click.Choice(["tensorflow", "jax", "torch", "all"]),
        help="Repeat the comparison, forward and in training, on this backend of Keras. May be "
        "repeated. convert-ckpt and verify use those in TFMIGRATE_BACKENDS by default.",
    )(function)  # fmt: skip


def device_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--device`` and ``--precision``, of the backends."""
    device = click.option(
        "--device", default="cpu", show_default=True, metavar="cpu|gpu|gpu:1",
        help="Device of the --backend processes. The original runs on the CPU.",
    )  # fmt: skip
    precision = click.option(
        "--precision", "precisions", multiple=True, type=click.Choice(_PRECISIONS),
        help="Also measure, and do not judge, what the --backend processes compute in less than "
        "float32. May be repeated.  [default: both with --device gpu]",
    )  # fmt: skip
    return device(precision(function))


def export_option(flag: str, **more: Any) -> Callable[..., Any]:
    """Adds the formats of other runtimes, under the name of a flag."""
    return click.option(
        flag, "export", multiple=True, type=click.Choice(_EXPORTS),
        help="Export the model to this format, run the file by the runtime of the format, and "
        "compare it with the original. May be repeated.", **more,
    )  # fmt: skip


def python_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--python``, above the options that name backends and formats.

    The command gets ``backends`` and ``exports``, those that it has: name → interpreter or None;
    ``backends`` is None where none was asked for.
    """

    @click.option(
        "--python", multiple=True, metavar="NAME=PATH",
        help="The Python interpreter that has Keras with a backend, or the libraries of a format, "
        "if it is not this one, such as jax=~/jax/bin/python. May be repeated.",
    )  # fmt: skip
    @functools.wraps(function)
    def with_interpreters(*args: Any, python: tuple[str, ...], **options: Any) -> Any:
        paths, asked = _paths(python), dict[str, list[str]]()
        if "backend" in options:
            chosen = options.pop("backend")
            asked["backends"] = [n for n in _BACKENDS if n in chosen or "all" in chosen]
        if "export" in options:
            asked["exports"] = list(dict.fromkeys(options.pop("export")))
        for name in paths:
            if not any(name in names for names in asked.values()):
                flags = [f"--backend {name}"] if name in _BACKENDS and "backends" in asked else []
                flags += [f"--export {name}"] if name in _EXPORTS and "exports" in asked else []
                raise click.UsageError(
                    f"--python {name}=… has no effect without {' or '.join(flags) or 'its format'}"
                )
        given: dict[str, Any] = {
            key: {name: paths.get(name) for name in names} for key, names in asked.items()
        }
        if "backends" in given:
            given["backends"] = given["backends"] or None
        return function(*args, **given, **options)

    return with_interpreters


def _paths(python: tuple[str, ...]) -> dict[str, str]:
    known, paths = dict.fromkeys((*_BACKENDS, *_EXPORTS)), {}
    for text in python:
        name, _, path = text.partition("=")
        if name not in known or not path:
            raise click.BadParameter(
                f"{text!r} is not NAME=PATH with one of {', '.join(known)}", param_hint="--python"
            )
        paths[name] = os.path.expanduser(path)
    return paths
