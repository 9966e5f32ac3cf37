"""``--model``: a function that builds the user's model, or the modern twin of a course system."""

from __future__ import annotations

import pkgutil
from importlib.util import find_spec
from pathlib import Path

from ..errors import UserError, nearest, printable

CHAIN = "mlp"  # a chain of dense layers, known by its shapes alone: no model of the user's


def is_users_model(model: str | None) -> bool:
    """Whether ``--model`` names a function: the user's, or that of a system's twin."""
    return model not in (None, CHAIN)


def twin_of(model: str | None) -> Path | None:
    """The file of the modern twin, where ``--model`` names a system of the course.

    Raises:
        UserError: there is no such system.
    """
    if model is None or model == CHAIN or ":" in model or model.endswith(".py"):
        return None
    package = find_spec("tfmigrate.modern")
    assert package is not None
    folders = package.submodule_search_locations
    twins = {m.name.replace("_", "-"): m for m in pkgutil.iter_modules(folders)}
    if model not in twins:
        raise UserError(
            f"there is no model {printable(model)!r}",
            expected="FILE.py:FUNCTION, or a system: mlp, or another of tfmigrate list",
            try_=nearest(model, twins),
        )
    found = find_spec(f"tfmigrate.modern.{twins[model].name}")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin)


def function_of(model: str) -> str:
    """``--model`` as FILE.py:FUNCTION; a system's is ``build_model`` of its modern twin.

    Raises:
        UserError: there is no such system.
    """
    twin = twin_of(model)
    return f"{twin}:build_model" if twin else model
