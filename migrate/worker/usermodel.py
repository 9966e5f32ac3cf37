"""The job that builds a model of the user's own, describes its variables, sets and saves them.

It is the user's code, run because they said so: ``--model FILE.py:FUNCTION``.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError, printable
from .disk import writing
from .events import Event


@dataclass
class _Built:
    """A model, its variables by path, and those that have no value of the checkpoint yet."""

    model: Any
    variables: dict[str, Any]
    missing: set[str]


_models: dict[tuple[str, str], _Built] = {}


def run(
    request: dict[str, Any], arrays: dict[str, np.ndarray], emit: Event
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Does one step with the model that a function builds; the same model in later calls.

    The request has ``file``, ``function`` and ``step``: ``describe``; ``assign``, with arrays by
    path; ``save``, once all are set, to ``places``: ``keras`` and ``weights_h5``, a path or None.

    Raises:
        UserError: the function is not there, fails, or gives no built model; or it cannot be saved.
    """
    key = request["file"], request["function"]
    if key not in _models:
        with _users_code(*key):
            model = _build(*key)
            variables = _variables(model, f"{Path(key[0]).name}:{key[1]}")
            _models[key] = _Built(model, variables, set(variables))
    built = _models[key]
    if request["step"] == "assign":
        _assign(built, arrays)
    elif request["step"] == "save":
        with _users_code(*key):
            _save(built, request["places"])
    else:
        with _users_code(*key):
            return {"variables": [_described(p, v) for p, v in built.variables.items()]}, {}
    return {}, {}


@contextmanager
def _users_code(file: str, function: str) -> Iterator[None]:
    """Whatever their code raises is reported with the line of their file, not as a bug of ours."""
    try:
        yield
    except UserError:
        raise
    except BaseException as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
        line = f", line {frames[-1].lineno}" if frames else ""
        raise UserError(
            f"{Path(file).name}:{function}{line} failed: {type(error).__name__}: "
            f"{printable(error, 400)}",
            expected="a function without arguments that returns a built Keras model",
        ) from None


def _build(file: str, function: str) -> Any:
    path = Path(file)
    # The file's own neighbors can be imported, after everything installed.
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UserError(f"there is no Python file {printable(file)}", expected="FILE.py:FUNCTION")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # so that the model's own classes can be found by name
    spec.loader.exec_module(module)
    build = getattr(module, function, None)
    if not callable(build):
        raise UserError(f"{path.name} has no function {printable(function)}")
    return build()


def _variables(model: Any, label: str) -> dict[str, Any]:
    """Path → variable, without seeds and metrics; the model's own name is no part of a path."""
    found = getattr(model, "weights", None)
    if found is None:
        raise UserError(
            f"{label} returns a {type(model).__name__}",
            expected="a Keras model",
            try_="return model",
        )
    if not isinstance(found, list | tuple):
        raise UserError(
            f"{label} returns a {type(model).__name__} whose weights are no list",
            expected="a Keras model",
        )
    if not found:
        raise UserError(
            f"{label} returns a model without weights",
            expected="a built model",
            try_="calling it once, or model.build(input_shape), before it is returned",
        )
    variables: dict[str, Any] = {}
    for v in found:
        path = getattr(v, "path", None) or v.name.partition(":")[0]
        path = path.removeprefix(f"{getattr(model, 'name', '')}/")
        number = 2
        while path in variables:  # two layers may share a name in nested models
            path = f"{path.partition('#')[0]}#{number}"
            number += 1
        variables[path] = v
    return variables


def _assign(built: _Built, arrays: dict[str, np.ndarray]) -> None:
    """Sets variables, each once, and looks whether they keep their values bit for bit."""
    for path, array in arrays.items():
        if path not in built.missing:
            raise RuntimeError("the plan and the model differ")
        variable = built.variables[path]
        value = array.astype(_numpy_dtype(_dtype(variable)))
        variable.assign(value)
        if np.asarray(variable).tobytes() != value.tobytes():
            raise UserError(f"{printable(path)} does not keep the value that is assigned to it")
        built.missing.remove(path)


def _save(built: _Built, places: dict[str, str | None]) -> None:
    if built.missing:
        raise RuntimeError("the plan and the model differ")
    size = sum(np.asarray(variable).nbytes for variable in built.variables.values())
    if places["keras"]:
        with writing(places["keras"], size):
            built.model.save(places["keras"])
    if places["weights_h5"]:
        with writing(places["weights_h5"], size):
            built.model.save_weights(places["weights_h5"])


def _described(path: str, variable: Any) -> dict[str, Any]:
    return {"path": path, "shape": [int(n) for n in variable.shape], "dtype": _dtype(variable)}


def _dtype(variable: Any) -> str:
    dtype = variable.dtype
    return str(getattr(dtype, "name", dtype))


def _numpy_dtype(name: str) -> np.dtype:
    import ml_dtypes

    return np.dtype(getattr(ml_dtypes, name, name))
