"""Small classes that generated sources carry where Keras has none: one file a class.

Layers and losses are in this folder; optimizers and schedules in the public package
``tfmigrate.optimizers``.

The files are never imported here, since that would import TensorFlow: their text is copied into
the generated ``model.py``. A file holds imports and registered classes that need no more than these
and each other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from importlib import resources


@cache
def available() -> dict[str, str]:
    """Class name → text of the file that defines it."""
    found = {}
    package = resources.files(__name__.partition(".emit")[0])
    folders = (package / "emit" / "classes", package / "optimizers")
    files = (file for folder in folders for file in folder.iterdir())
    for file in sorted(files, key=lambda f: f.name):
        if file.name.endswith(".py") and not file.name.startswith("__"):
            text = file.read_text(encoding="utf-8")
            for node in ast.parse(text).body:
                if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                    found[node.name] = text
    return found


@cache
def pieces(name: str) -> tuple[tuple[str, ...], str]:
    """A class's imports, and its source with decorators and the file's helpers.

    Raises:
        KeyError: there is no such class.
    """
    text = available()[name]
    lines = text.splitlines()
    imports, body = [], []
    for node in ast.parse(text).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            if not getattr(node, "level", 0):
                imports.append(ast.unparse(node))
        elif not isinstance(node, ast.Expr):
            decorators = getattr(node, "decorator_list", [])
            helps = not decorators and not isinstance(node, ast.ClassDef)
            if getattr(node, "name", "") != name and not helps:
                continue
            first = min([node.lineno, *(d.lineno for d in decorators)])
            body.append("\n".join(lines[first - 1 : node.end_lineno]))
    return tuple(imports), "\n\n\n".join(body)


def with_bases(names: Iterable[str]) -> list[str]:
    """The own classes among these names, each once, after those it is derived from; sorted."""
    found: dict[str, None] = {}
    for name in sorted(set(names) & available().keys()):
        for node in ast.parse(pieces(name)[1]).body:
            if isinstance(node, ast.ClassDef):
                bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
                found |= dict.fromkeys(with_bases(bases))
        found[name] = None
    return list(found)
