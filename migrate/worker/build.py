"""The job that builds the new model from its source, fills it, saves it and opens it again.

The process keeps the model between calls, so that weights come over one at a time:
``source`` → ``assign`` … → ``save`` → ``predict``; or, for one that is there, ``open`` →
``predict``.
"""

from __future__ import annotations

import ast
import gc
import importlib
import types
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError, printable
from . import model as finished
from .compiled import assign_slots, bits_of, compile_model, opened_paths, optimizer_variables
from .disk import writing
from .events import Event
from .keras_model import path_of
from .keras_model import weights_of as _weights
from .model import executed
from .settings import as_delivered

_state: dict[str, Any] = {}


def run(
    request: dict[str, Any], arrays: dict[str, np.ndarray], emit: Event
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Does one step; ``request["step"]`` says which."""
    return _STEPS[request["step"]](request, arrays)


def forget() -> None:
    """Lets go of what earlier steps keep."""
    _state.clear()


def _source(
    request: dict[str, Any], arrays: dict[str, np.ndarray]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Runs the text of model.py and its ``build_model()``; ``keras`` names the library.

    ``given``: arguments of ``build_model`` that have no default.
    """
    keras = importlib.import_module(request["keras"])
    as_delivered(keras)
    if request["keras"] == "tf_keras":
        module, model = _in_keras_2(request["source"], keras, request.get("given") or {})
    else:
        module = executed(request["source"])
        model = module.build_model(**(request.get("given") or {}))
    _state.clear()
    _state.update(keras=keras, module=module, model=model, missing=set(_weights(model)))
    return {
        "variables": [
            {"target": target, "shape": list(v.shape), "dtype": str(v.dtype)}
            for target, v in _weights(model).items()
        ],
        "outputs": [{"shape": list(o.shape), "dtype": str(o.dtype)} for o in model.outputs],
    }, {}


def _in_keras_2(text: str, keras: Any, given: dict[str, Any]) -> tuple[Any, Any]:
    """The module and its model, or a refusal that names what Keras 2 does not have."""
    attributes = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute))
    names = {name for node in attributes if (name := ast.unparse(node)).startswith("keras.")}
    missing = [name for name in sorted(names) if not _reaches(keras, name.split(".")[1:])]
    missing = [name for name in missing if not any(n.startswith(f"{name}.") for n in missing)]
    try:
        if missing:
            raise AttributeError(f"it has no {', '.join(missing)}")
        module = executed(text)
        return module, module.build_model(**given)
    except Exception as error:
        first = str(error).strip().partition("\n")[0]
        raise UserError(
            f"tf-keras cannot build the model: {printable(first, 300)}", try_="--keras keras"
        ) from None


def _reaches(thing: Any, names: list[str]) -> bool:
    return not names or (hasattr(thing, names[0]) and _reaches(getattr(thing, names[0]), names[1:]))


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
        if np.asarray(variable).tobytes() != np.ascontiguousarray(array).tobytes():
            raise ValueError(f"{target} does not have the value that was assigned to it")
        _state["missing"].remove(target)
    return {}, {}


def _compile(
    request: dict[str, Any], arrays: dict[str, np.ndarray]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Compiles the model as its source says, at the step given."""
    given = request.get("given") or {}
    compile_model(_state["model"], _state["module"], request["iterations"], given)
    return {}, {}


def _slots(
    request: dict[str, Any], arrays: dict[str, np.ndarray]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Sets variables of the optimizer by target."""
    model = _state["model"]
    found = assign_slots(model, _weights(model), request["places"], arrays)
    _state.setdefault("slots", {}).update(found)
    return {}, {}


def _save(
    request: dict[str, Any], arrays: dict[str, np.ndarray]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Saves the model, opens the file again and goes on with what was opened.

    Large models are not kept twice: of the saved one, hashes are compared.
    """
    if _state["missing"]:
        raise ValueError(f"never set: {sorted(_state['missing'])}")
    held = _weights(_state["model"])
    size = sum(np.asarray(variable).nbytes for variable in held.values())
    before = {target: bits_of(variable) for target, variable in held.items()}
    optimizer = [bits_of(variable) for variable in optimizer_variables(_state["model"])]
    with writing(request["path"], size):
        _state["model"].save(request["path"])
    if request["weights"]:
        with writing(request["weights"], size):
            _state["model"].save_weights(request["weights"])
    del held, _state["model"]
    gc.collect()  # layers and their model refer to each other
    opened = _state["keras"].models.load_model(request["path"])
    after = _weights(opened)
    different = [t for t, v in after.items() if before.get(t) != bits_of(v)]
    if different or after.keys() != before.keys():
        raise ValueError(
            f"model.keras does not contain {different or before.keys() ^ after.keys()}"
        )
    slots = opened_paths(optimizer, opened, _state.get("slots", {}))
    finished.hold(opened, _state["module"])
    _state["model"] = opened
    # An opened model's own paths lack its name. It is put in front for readers that look a path
    # up and fall back on its ending by `or`: a Keras variable found at once has no truth value.
    paths = {target: path_of(variable) for target, variable in after.items()} | slots
    return {"paths": {target: f"{opened.name}/{path}" for target, path in paths.items()}}, {}


def _predict(
    request: dict[str, Any], arrays: dict[str, np.ndarray]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Runs the model on inputs "0", "1" …; gives outputs under the same kind of names.

    With ``graph`` as a tf.function, where matmul, bias and activation become one kernel as they do
    in a session.
    """
    import tensorflow as tf

    model = _state["model"]
    run = tf.function(model) if request.get("graph") else model
    return {}, finished.numbered(run(finished.together(arrays, model), training=False))


def _open(
    request: dict[str, Any], arrays: dict[str, np.ndarray]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Opens model.keras in a folder; model.py beside it registers the classes it may need."""
    import keras

    folder = Path(request["folder"])
    module = types.ModuleType("model")
    text = (folder / "model.py").read_text(encoding="utf-8")
    exec(compile(text, "model.py", "exec"), module.__dict__)
    _state.update(module=module, model=keras.models.load_model(folder / "model.keras"))
    return {}, {}


_STEPS = {
    "source": _source,
    "assign": _assign,
    "compile": _compile,
    "slots": _slots,
    "save": _save,
    "open": _open,
    "predict": _predict,
}
