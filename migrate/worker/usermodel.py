"""The job that builds a model of the user's own, describes its variables, and loads them.

It is the user's code, run because they said so: ``--model FILE.py:FUNCTION``.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np

from ..errors import UserError, printable
from .client import Event

_models: dict[tuple[str, str], Any] = {}


def run(
    request: dict[str, Any], arrays: dict[str, np.ndarray], emit: Event
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Describes or loads the model that a function builds; the same model in later calls.

    The request has ``file`` and ``function``; and, to load, ``weights``: an .npz with each
    variable under its escaped path, and ``keras`` or ``weights_h5``: where to save, or None.

    Raises:
        UserError: the function is not there, fails, or gives no built model.
    """
    key = request["file"], request["function"]
    if key not in _models:
        _models[key] = _build(*key)
    model = _models[key]
    variables = _variables(model, f"{Path(key[0]).name}:{key[1]}")
    if "weights" in request:
        _load(variables, Path(request["weights"]), emit)
        if request.get("keras"):
            model.save(request["keras"])
        if request.get("weights_h5"):
            model.save_weights(request["weights_h5"])
    described = [
        {"path": path, "shape": [int(n) for n in v.shape], "dtype": _dtype(v)}
        for path, v in variables.items()
    ]
    return {"variables": described, "model": str(getattr(model, "name", ""))}, {}


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
    try:
        spec.loader.exec_module(module)
        build = getattr(module, function, None)
        if not callable(build):
            raise UserError(f"{path.name} has no function {printable(function)}")
        return build()
    except UserError:
        raise
    except BaseException as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
        line = f", line {frames[-1].lineno}" if frames else ""
        raise UserError(
            f"{path.name}:{function}{line} failed: {type(error).__name__}: {printable(error, 400)}",
            expected="a function without arguments that gives a built Keras model",
        ) from None


def _variables(model: Any, label: str) -> dict[str, Any]:
    """Path → variable, without seeds and metrics; the model's own name is no part of a path."""
    found = getattr(model, "weights", None)
    if found is None:
        raise UserError(
            f"{label} gives a {type(model).__name__}", expected="a Keras model", try_="return model"
        )
    if not found:
        raise UserError(
            f"{label} gives a model without weights",
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


def _load(variables: dict[str, Any], weights: Path, emit: Event) -> None:
    with np.load(weights, allow_pickle=False) as archive:
        keys = {unquote(key): key for key in archive.files}
        if set(keys) != set(variables):
            raise RuntimeError("the plan and the model differ")
        for path, variable in variables.items():
            value = archive[keys[path]].astype(_numpy_dtype(_dtype(variable)))
            variable.assign(value)
            if np.asarray(variable).tobytes() != value.tobytes():
                raise UserError(f"{printable(path)} does not keep the value it is given")
            emit({"loaded": path})


def _dtype(variable: Any) -> str:
    dtype = variable.dtype
    return str(getattr(dtype, "name", dtype))


def _numpy_dtype(name: str) -> np.dtype:
    import ml_dtypes

    return np.dtype(getattr(ml_dtypes, name, name))
