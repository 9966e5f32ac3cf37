"""The job that opens a finished model and runs it: whole, layer by layer, changed, in float64.

``open`` (or a model that the build job has just made), then ``describe``, ``weights``, ``predict``,
``layers``. A change is never made to the model itself: the model is written down, the text is
edited, and another one is made of it.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import pkgutil
import types
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError, printable
from ..graph import refuse_saved_model
from ..plan.training import OWN_MODEL
from .copies import changed_copy, float64, state_of, training_copy
from .events import Event
from .keras_model import members, set_rates, slot_variable, weights_of, without_dropout
from .rungraph import plain

Answer = tuple[dict[str, Any], dict[str, np.ndarray]]

_state: dict[str, Any] = {}


def run(request: dict[str, Any], arrays: dict[str, np.ndarray], emit: Event) -> Answer:
    """Does one step; ``request["step"]`` says which."""
    return _STEPS[request["step"]](request, arrays)


def hold(model: Any, module: Any = None) -> None:
    """Makes a Keras model the one that later steps run; with the module of its source."""
    _state.clear()
    _state.update(model=model, kind="keras", module=module)


def forget() -> None:
    """Lets go of what earlier steps keep."""
    _state.clear()


def _open(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """Opens ``path``: a .keras file or a SavedModel folder.

    ``code``, a model.py, or ``source``, the text of one, is run before: it registers classes.
    A SavedModel is judged first, but with ``trust``.
    Without a ``path``, the code's ``build_model()``.
    """
    path = request["path"]
    if path is not None and Path(path).is_dir() and not request["trust"]:
        refuse_saved_model(Path(path))
    import keras

    module = _run_code(request["code"]) if request["code"] else None
    if module is None and request.get("source"):
        module = executed(request["source"])
    if path is None:
        hold(_build(module, request["code"]), module)
    elif Path(path).is_dir():
        return _open_saved_model(path)
    else:
        if module is None:
            _register_own_classes()
        compiled = bool(request.get("compile"))
        try:
            known = {} if module is not None or compiled else _plain_classes(path)
            opened = keras.models.load_model(path, custom_objects=known, compile=compiled)
            hold(opened, module)
        except Exception as error:
            text = printable(str(error).strip().splitlines()[0] if str(error).strip() else "", 300)
            beside = Path(path).with_name("model.py")
            code = printable(beside) if beside.is_file() else "the model.py of this model"
            raise UserError(
                f"Keras cannot open {printable(path)}: {type(error).__name__}: {text}",
                try_=f"{code} as MODEL, which runs that file with its custom classes and losses",
            ) from None
    model = _state["model"]
    if not hasattr(model, "get_config") or not getattr(model, "inputs", None):
        raise UserError("the model is neither Sequential nor Functional", expected="one of them")
    return {"kind": "keras", "inputs": [t.name for t in model.inputs]}, {}


def executed(text: str) -> types.ModuleType:
    """The module that the text of a model.py makes."""
    module = types.ModuleType("model")
    exec(compile(text, "model.py", "exec"), module.__dict__)
    return module


def _run_code(path: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("converted_model", path)
    if spec is None or spec.loader is None:
        raise UserError(f"{printable(path)} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        text = f"{type(error).__name__}: {printable(error, 200)}"
        hint = "--trust, if it has to write files" if isinstance(error, PermissionError) else None
        raise UserError(f"{printable(path)} cannot be run: {text}", try_=hint) from None
    return module


def _build(module: types.ModuleType | None, path: str) -> Any:
    build = getattr(module, "build_model", None) or getattr(module, "load_model", None)
    if build is None:
        raise UserError(f"{printable(path)} defines no build_model()")
    needed = [
        p.name
        for p in inspect.signature(build).parameters.values()
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    if needed:
        raise UserError(
            f"{build.__name__}() of {printable(path)} needs {printable(', '.join(needed))}",
            expected="a function without required arguments, or a saved model next to it",
        )
    return build()


def _register_own_classes() -> None:
    """The classes that a converted model may use are known without running its model.py."""
    from ..emit import classes

    importlib.import_module("..optimizers", __package__)
    for module in pkgutil.iter_modules(classes.__path__):
        importlib.import_module(f"{classes.__name__}.{module.name}")


def _plain_classes(path: str) -> dict[str, Any]:
    """A class that a converted model has for its loss alone → what it is without that."""
    import keras

    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as archive:
        name = json.loads(archive.read("config.json")).get("registered_name") or ""
    return {name: keras.Model} if name.endswith(f">{OWN_MODEL}") else {}


def _open_saved_model(path: str) -> Answer:
    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(path)
    except Exception as error:
        text = printable(str(error).splitlines()[0] if str(error) else "", 200)
        raise UserError(f"TensorFlow cannot open {printable(path)}: {text}") from None
    signature = loaded.signatures.get("serving_default")
    if signature is None:
        raise UserError(
            f"{printable(path)} has no signature serving_default",
            expected="a SavedModel that can be called",
        )
    _state.clear()
    _state.update(kind="saved_model", loaded=loaded, signature=signature)
    return {
        "kind": "saved_model",
        "inputs": list(signature.structured_input_signature[1]),
        "outputs": list(signature.structured_outputs),
    }, {}


def _describe(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """Each layer's name, class, configuration, number of calls and variables."""
    model = _state["model"]
    described = [
        {
            "name": layer.name,
            "class": type(layer).__name__,
            "config": json.loads(json.dumps(layer.get_config(), default=str)),
            "calls": len(_nodes(model, layer)),
        }
        for layer in model.layers
    ]
    shapes = {target: list(v.shape) for target, v in weights_of(model).items()}
    return {"layers": described, "weights": shapes}, {}


def _weights(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """The values of the variables in ``targets``."""
    held = weights_of(_state["model"])
    return {}, {target: np.asarray(held[target].value) for target in request["targets"]}


def _predict(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """Runs it on inputs "0", "1" …; gives outputs under the same kind of names.

    A SavedModel is called by name: ``inputs`` and ``outputs`` list them in that order.
    """
    import tensorflow as tf

    if _state["kind"] == "saved_model":
        specs = _state["signature"].structured_input_signature[1]
        given = {
            name: tf.constant(arrays[str(index)], specs[name].dtype)
            for index, name in enumerate(request["inputs"])
        }
        made = _state["signature"](**given)
        return {}, {str(i): plain(made[name]) for i, name in enumerate(request["outputs"])}
    return {}, numbered(_state["model"](together(arrays, _state["model"]), training=False))


def _train(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """One training step on inputs "0", "1" … and labels "label:0" …; dropout does nothing.

    Weights of examples are "weight:<output>". Gives the loss before the step and, where
    ``gradients`` are asked for, what the optimizer applied to each weight, by target.
    """
    with float64("narrow" in _state):
        model, data = _for_training(request, arrays)
        model.reset_metrics()
        if "step" not in _state:
            model._maybe_symbolic_build(data_batch=data)  # as train_on_batch does
            if "start" not in _state:
                _state["start"] = [np.array(variable) for variable in state_of(model)]
            _state["step"] = _traced(model)
        loss, applied = _state["step"](*data)
    asked = applied if request["gradients"] else {}
    return {"loss": float(loss)}, {target: np.asarray(value) for target, value in asked.items()}


def _traced(model: Any) -> Any:
    """Keras's own step as one graph, which gives the loss and the gradients that it applies too."""
    import tensorflow as tf

    targets = {id(variable): target for target, variable in weights_of(model).items()}

    @tf.function
    def step(x: Any, y: Any, weights: Any) -> Any:
        applied: dict[str, Any] = {}
        for optimizer in members(model.optimizer):
            _listen(optimizer, targets, applied)
        try:
            loss = model.train_step((x, y, weights))["loss"]
        finally:
            for optimizer in members(model.optimizer):
                del optimizer._backend_apply_gradients, optimizer._clip_gradients
        return loss, applied

    return step


def _listen(optimizer: Any, targets: dict[int, str], applied: dict[str, Any]) -> None:
    """Lets an optimizer write down what it applies, after clipping, or what it adds up before."""
    import tensorflow as tf

    apply, clip = optimizer._backend_apply_gradients, optimizer._clip_gradients
    adds_up = bool(optimizer.gradient_accumulation_steps)  # and clips in a tf.cond, out of reach
    taken: list[Any] = []

    def write_down(gradients: Any) -> None:
        for variable, gradient in zip(taken, gradients, strict=True):
            if id(variable) in targets:
                applied[targets[id(variable)]] = tf.convert_to_tensor(gradient)

    def listen(gradients: Any, variables: Any) -> Any:
        taken[:] = variables
        if adds_up:
            write_down(gradients)
        return apply(gradients, variables)

    def clip_and_listen(gradients: Any) -> Any:
        clipped = clip(gradients)
        if not adds_up:
            write_down(clipped)
        return clipped

    optimizer._backend_apply_gradients = listen
    optimizer._clip_gradients = clip_and_listen


def _for_training(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[Any, Any]:
    """The model with its dropout switched off, and x, y and weights as Keras takes them."""
    import tensorflow as tf

    model = _compiled()
    without_dropout(model)

    def held(array: np.ndarray) -> Any:
        wide = "narrow" in _state and array.dtype == np.float32
        return tf.constant(array.astype(np.float64) if wide else array)

    labels = [held(arrays[f"label:{index}"]) for index in range(request["labels"])]
    given = (arrays.get(f"weight:{index}") for index in range(len(model.outputs)))
    each = [None if array is None else held(array) for array in given]
    weights = each[0] if len(each) == 1 else each if any(w is not None for w in each) else None
    y = labels if len(labels) > 1 else next(iter(labels), None)
    return model, (together(arrays, model), y, weights)


def _compiled() -> Any:
    """The model, which has a loss and an optimizer."""
    model = _state["model"]
    if getattr(model, "optimizer", None) is None or not model.compiled:
        raise UserError("the model is not compiled", expected="a model with its loss and optimizer")
    return model


def _wide(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """Lets a copy in float64 train until ``narrow``, from the model's state before all training."""
    model = _compiled()
    made = training_copy(model, _state["start"])
    _state.setdefault("narrow", (model, _state.pop("step", None)))
    _state["model"] = made
    return {}, {}


def _narrow(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """Puts the model back in the place of its copy in float64."""
    _state["model"], _state["step"] = _state.pop("narrow")
    if _state["step"] is None:
        del _state["step"]
    return {}, {}


def _rates(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """Sets the learning rate of each optimizer, but for None."""
    set_rates(_compiled().optimizer, request["rates"])
    return {}, {}


def _turn(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """Lets the model of another turn train, from the state before all training.

    ``function`` of the model's source makes it of the whole model; None: the whole model again.
    Gives the targets that are in it.
    """
    if "whole" not in _state:
        start = _state.get("start") or [np.array(variable) for variable in state_of(_compiled())]
        _state["whole"] = _state["model"], start
    whole, start = _state["whole"]
    for variable, value in zip(state_of(whole), start, strict=True):
        variable.assign(value)
    make = request["function"] and getattr(_state["module"], request["function"], None)
    if request["function"] and make is None:
        raise UserError(
            f"there is no function {printable(request['function'])} with this model",
            expected="the model.py of the conversion beside it",
        )
    _state["model"] = make(whole) if make else whole
    for key in ("step", "start", "narrow"):
        _state.pop(key, None)
    return {"targets": list(weights_of(_state["model"]))}, {}


def _slots(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """The optimizer's variables at ``places``: target → number, attribute, target of the weight."""
    model = _state["model"]
    weights = weights_of(model)
    places = request["places"].items()
    return {}, {t: np.asarray(slot_variable(model, weights, place)) for t, place in places}


def _layers(request: dict[str, Any], arrays: dict[str, np.ndarray]) -> Answer:
    """Outputs of layers, and of the model, as it is or changed.

    The request has ``layers``: pairs of a layer's name and the number of its call; ``changes``:
    layer → what to put into its configuration; ``wide``: in float64. Arrays: inputs "0", "1" …, and
    ``weight:layer/kernel`` to put in place of the model's own.

    Returns:
        ``layer:0`` … in the order asked for, and "0", "1" …: the model's outputs.
    """
    import keras

    given = {name: array for name, array in arrays.items() if not name.startswith("weight:")}
    weights = {n.removeprefix("weight:"): a for n, a in arrays.items() if n not in given}
    with float64(bool(request.get("wide"))):
        wide = bool(request.get("wide"))
        model = changed_copy(_state["model"], request.get("changes") or {}, weights, wide)
        asked = [_output(model, name, call) for name, call in request["layers"]]
        probe = keras.Model(model.inputs, [*asked, *model.outputs])
        made = numbered(probe(together(given, probe), training=False))
    count = len(asked)
    return {}, {
        (f"layer:{index}" if int(index) < count else str(int(index) - count)): array
        for index, array in made.items()
    }


def _nodes(model: Any, layer: Any) -> list[Any]:
    """The calls of a layer inside a model, in order; it may have been called elsewhere too."""
    # Keras has no public way to the outputs of a layer that is called twice.
    inside = getattr(model, "_functional", None) or model
    there = {id(node) for nodes in inside._nodes_by_depth.values() for node in nodes}
    return [node for node in layer._inbound_nodes if id(node) in there]


def _output(model: Any, name: str, call: int) -> Any:
    made = _nodes(model, model.get_layer(name))[call].output_tensors
    return made[0]


def together(arrays: dict[str, np.ndarray], model: Any) -> Any:
    """Arrays "0", "1" … as the one argument that a Keras model takes."""
    import tensorflow as tf

    given = []
    for index, tensor in enumerate(model.inputs):
        array, shape = arrays[str(index)], tuple(tensor.shape)
        sizes = zip(shape, array.shape, strict=False)
        if len(shape) != array.ndim or any(n not in (None, size) for n, size in sizes):
            raise UserError(
                f"the model does not accept an array of shape {array.shape}",
                expected=f"{shape} for its input {printable(tensor.name)}",
            )
        given.append(tf.constant(array, tf.as_dtype(tensor.dtype)))
    return given[0] if len(given) == 1 else given


def numbered(made: Any) -> dict[str, np.ndarray]:
    """What a model gives, as arrays "0", "1" …."""
    if isinstance(made, dict):
        made = list(made.values())
    made = list(made) if isinstance(made, (list, tuple)) else [made]
    return {str(index): plain(value) for index, value in enumerate(made)}


_STEPS = {
    "open": _open,
    "describe": _describe,
    "weights": _weights,
    "predict": _predict,
    "layers": _layers,
    "train": _train,
    "rates": _rates,
    "slots": _slots,
    "turn": _turn,
    "wide": _wide,
    "narrow": _narrow,
}
