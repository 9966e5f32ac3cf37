"""Small layer classes that generated sources carry where Keras has none: one file a class.

The files are never imported here, since that would import TensorFlow: their text is copied into
the generated ``model.py``. Each file holds imports and one registered class of the file's name.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib import resources


@cache
def available() -> dict[str, str]:
    """Class name → text of the file that defines it."""
    found = {}
    for file in sorted(resources.files(__name__).iterdir(), key=lambda f: f.name):
        if file.name.endswith(".py") and not file.name.startswith("__"):
            text = file.read_text(encoding="utf-8")
            for node in ast.parse(text).body:
                if isinstance(node, ast.ClassDef):
                    found[node.name] = text
    return found


@cache
def pieces(name: str) -> tuple[tuple[str, ...], str]:
    """A class's imports, and its source with decorators and helpers, without the file's docstring.

    Raises:
        KeyError: there is no such class.
    """
    text = available()[name]
    lines = text.splitlines()
    imports, body = [], []
    for node in ast.parse(text).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imports.append(ast.unparse(node))
        elif not isinstance(node, ast.Expr):
            decorators = getattr(node, "decorator_list", [])
            first = min([node.lineno, *(d.lineno for d in decorators)])
            body.append("\n".join(lines[first - 1 : node.end_lineno]))
    return tuple(imports), "\n\n\n".join(body)
