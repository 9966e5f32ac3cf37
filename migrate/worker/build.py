"""The job that builds the new model from its source, fills it, saves it, opens it and runs it.

The process keeps the model between calls, so that weights come over one at a time:
``source`` → ``assign`` … → ``save`` → ``predict``.
"""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from ..errors import UserError
from .client import Event

_state: dict[str, Any] = {}


def run(
    request: dict[str, Any], arrays: dict[str, np.ndarray], emit: Event
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Does one step; ``request["step"]`` says which."""
    return _STEPS[request["step"]](request, arrays)


def _source(
    request: dict[str, Any], arrays: dict[str, np.ndarray]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Runs the text of model.py and its ``build_model()``."""
    module = types.ModuleType("model")
    exec(compile(request["source"], "model.py", "exec"), module.__dict__)
    model = module.build_model()
    _state.update(module=module, model=model, missing=set(_weights(model)))
    return {
        "variables": [
            {"target": target, "shape": list(v.shape), "dtype": str(v.dtype)}
            for target, v in _weights(model).items()
        ],
        "outputs": [{"shape": list(o.shape), "dtype": str(o.dtype)} for o in model.outputs],
    }, {}


def _weights(model: Any) -> dict[str, Any]:
    """``layer/variable`` → Keras variable; a Sequential model does not put its name in front."""
    found = {}
    for layer in model.layers:
        for variable in layer.weights:
            _, _, below = variable.path.partition(f"{layer.name}/")
            found[f"{layer.name}/{below}"] = variable
    return found


def _assign(
    request: dict[str, Any], arrays: dict[str, np.ndarray]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Sets variables by target, each exactly once, bit for bit."""
    weights = _weights(_state["model"])
    for target, array in arrays.items():
        if target not in _state["missing"]:
            problem = "set twice" if target in weights else "not in the model"
            raise ValueError(f"{target} is {problem}; the model has {sorted(weights)}")
        variable = weights[target]
        if tuple(variable.shape) != array.shape:
            raise ValueError(f"{target} has shape {variable.shape}, not {array.shape}")
        variable.assign(array)
        if not _same(variable, array):
            raise ValueError(f"{target} does not hold what was assigned to it")
        _state["missing"].remove(target)
    return {}, {}


def _same(variable: Any, array: np.ndarray) -> bool:
    return np.asarray(variable.value).tobytes() == np.ascontiguousarray(array).tobytes()


def _save(
    request: dict[str, Any], arrays: dict[str, np.ndarray]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Saves the model, opens the file again and goes on with what was opened."""
    import keras

    if _state["missing"]:
        raise ValueError(f"never set: {sorted(_state['missing'])}")
    before = _weights(_state["model"])
    if hasattr(_state["module"], "compile_model"):
        _state["module"].compile_model(_state["model"])
    try:
        _state["model"].save(request["path"])
    except OSError as error:
        raise UserError(f"the model cannot be written: {error.strerror or error}") from None
    opened = keras.models.load_model(request["path"])
    after = _weights(opened)
    different = [t for t, v in after.items() if not _same(v, np.asarray(before[t].value))]
    if different or after.keys() != before.keys():
        raise ValueError(f"model.keras does not hold {different or before.keys() ^ after.keys()}")
    _state["model"] = opened
    return {"paths": {target: variable.path for target, variable in after.items()}}, {}


def _predict(
    request: dict[str, Any], arrays: dict[str, np.ndarray]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Runs the model on inputs "0", "1" …; gives outputs under the same kind of names."""
    given = [arrays[str(index)] for index in range(len(arrays))]
    made = _state["model"](given[0] if len(given) == 1 else given, training=False)
    made = list(made) if isinstance(made, (list, tuple)) else [made]
    return {}, {str(index): np.asarray(value) for index, value in enumerate(made)}


_STEPS = {"source": _source, "assign": _assign, "save": _save, "predict": _predict}
