"""JSON documents, and what they can hold."""

from __future__ import annotations

import json
import math
from importlib import resources
from typing import Any

_LONG_LIST = 1_000
_COMPACT = json.JSONEncoder(ensure_ascii=False)


def as_json(data: dict[str, Any]) -> str:
    """A JSON document; infinities and NaN become strings, as JSON has none.

    Long lists have one item a line: Python indents an item in 20 times the time.
    """
    members = []
    for key, value in plain(data).items():
        if isinstance(value, list) and len(value) > _LONG_LIST:
            text = "[\n  " + ",\n  ".join(map(_COMPACT.encode, value)) + "\n ]"
        else:
            text = json.dumps(value, indent=1, ensure_ascii=False).replace("\n", "\n ")
        members.append(f" {_COMPACT.encode(key)}: {text}")
    return "{\n" + ",\n".join(members) + "\n}\n"


def schema(name: str) -> dict[str, Any]:
    """The JSON schema of ``report.json``.

    Args:
        name: "report", of one conversion; or "conversions", of several.

    Raises:
        FileNotFoundError: there is no such schema.
    """
    file = resources.files(__package__) / "schemas" / f"{name}.schema.json"
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


_AS_IT_IS = frozenset((str, int, bool, type(None)))


def plain(value: Any) -> Any:
    """A JSON-able copy: tuples become lists, paths and enumerations strings."""
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, (int, str)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return plain(value.item())
    return str(value)
