"""TensorFlow 1 in, Keras out, the proof attached.

    import tfmigrate

    tfmigrate.compare("mlp")           # TF1 and TF2 side by side
    tfmigrate.lesson("mlp")            # the code of both, section by section
    tfmigrate.convert("model.ckpt")    # a TF1 checkpoint as a Keras model
    tfmigrate.convert_many(["runs/*/model.ckpt-*.index"], "models")    # many of them
    tfmigrate.inspect("model.ckpt")    # what is in it
    tfmigrate.verify("model.ckpt", "model-keras")    # both on the same inputs, layer by layer
    tfmigrate.propose_map("model.ckpt", "net.py:build", "map.json")    # into a model of your own

What these return is true when parity holds, prints as tables, and shows as HTML in a notebook.
Importing tfmigrate does not import TensorFlow; running these does, in processes of their own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .errors import UserError

if TYPE_CHECKING:
    from .conversion.convert import convert
    from .course.comparison import compare
    from .course.lesson import lesson
    from .fleet import convert_many
    from .inspection import inspect
    from .mapping.proposed import propose_map
    from .verification import verify

__version__ = "0.2.0"
__all__ = [
    "UserError",
    "__version__",
    "compare",
    "convert",
    "convert_many",
    "inspect",
    "lesson",
    "propose_map",
    "verify",
]

_HOMES = {
    "compare": ".course.comparison",
    "convert": ".conversion.convert",
    "convert_many": ".fleet",
    "inspect": ".inspection",
    "lesson": ".course.lesson",
    "propose_map": ".mapping.proposed",
    "verify": ".verification",
}


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
