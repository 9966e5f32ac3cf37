"""Runs a Keras model on another backend: a program of its own, in any interpreter.

It opens a converted model and exports it, or trains the Keras form of a system of the course. It
needs Keras and its backend, numpy, and a few files beside this one. It reads and writes the frames
of ``channel.py``. Its argument names the backend.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import select
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

_REFUSED = {"kind": "refused", "expected": None, "try": None}


def _beside(name: str) -> types.ModuleType:
    """A module of this folder, which is not on the path: Keras must not find our files."""
    spec = importlib.util.spec_from_file_location(
        f"tfmigrate_{name}", Path(__file__).with_name(f"{name}.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    return module


def _module(name: str, text: str) -> types.ModuleType:
    """A module of this source."""
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(text, f"{name}.py", "exec"), module.__dict__)
    return module


class Session:
    """An open model; each method is one step: (request, arrays) -> (data, arrays).

    Args:
        versions: what runs, of :func:`_started`.
        emit: sends an event to the command, in the middle of a step.
    """

    def __init__(
        self,
        keras: Any,
        versions: dict[str, str],
        helpers: types.ModuleType,
        emit: Callable[[Any], None],
    ):
        self._keras, self._helpers, self._emit = keras, helpers, emit
        self._versions = versions
        self._model: Any = None
        self._exported: Any = None

    def open(self, request: dict[str, Any], arrays: dict[str, Any]) -> Any:
        """Opens ``path``, a .keras file, after ``code`` (a file) or ``source`` (its text) ran."""
        text = Path(request["code"]).read_text("utf-8") if request["code"] else request["source"]
        if text:
            _module("converted_model", text)
        self._model = self._keras.models.load_model(request["path"], compile=request["compile"])
        if os.environ.get("TFMIGRATE_PRECISION") == "bfloat16":
            for layer in self._model._flatten_layers():  # which keep their float32 variables
                layer.dtype_policy = "mixed_bfloat16"
        inputs = self._model.inputs
        return {
            "kind": "keras",
            "inputs": [tensor.name for tensor in inputs],
            "shapes": [list(tensor.shape) for tensor in inputs],
        }, {}

    def describe(self, request: dict[str, Any], arrays: dict[str, Any]) -> Any:
        """The shapes of the variables; no layers, since only whole models are compared here."""
        held = self._helpers.weights_of(self._model)
        return {"layers": [], "weights": {t: list(v.shape) for t, v in held.items()}}, {}

    def weights(self, request: dict[str, Any], arrays: dict[str, Any]) -> Any:
        """The values of the variables in ``targets``."""
        held = self._helpers.weights_of(self._model)
        return {}, {target: self._numpy(held[target]) for target in request["targets"]}

    def predict(self, request: dict[str, Any], arrays: dict[str, Any]) -> Any:
        """Runs it on inputs "0", "1" …; gives outputs under the same kind of names."""
        made = self._model(self._inputs(arrays), training=False)
        made = list(made.values()) if isinstance(made, dict) else made
        made = list(made) if isinstance(made, (list, tuple)) else [made]
        return {}, {str(index): self._numpy(value) for index, value in enumerate(made)}

    def train(self, request: dict[str, Any], arrays: dict[str, Any]) -> Any:
        """One training step, as in ``model.py``; gives the loss and the seconds that it took."""
        model, count = self._model, len(self._model.outputs)
        if not model.compiled:
            raise ValueError("the model is not compiled")
        self._helpers.without_dropout(model)
        labels = [arrays[f"label:{index}"] for index in range(request["labels"])]
        each = [arrays.get(f"weight:{index}") for index in range(count)]
        weights = each[0] if count == 1 else each if any(w is not None for w in each) else None
        y = labels if len(labels) > 1 else next(iter(labels), None)
        x = self._inputs(arrays)
        model.reset_metrics()
        before = time.perf_counter()
        made = model.train_on_batch(x, y, sample_weight=weights, return_dict=True)
        return {"loss": float(made["loss"]), "seconds": time.perf_counter() - before}, {}

    def rates(self, request: dict[str, Any], arrays: dict[str, Any]) -> Any:
        """Sets the learning rate of each optimizer, but for None."""
        self._helpers.set_rates(self._model.optimizer, request["rates"])
        return {}, {}

    def slots(self, request: dict[str, Any], arrays: dict[str, Any]) -> Any:
        """The optimizer's variables at ``places``."""
        model, helpers = self._model, self._helpers
        held, places = helpers.weights_of(model), request["places"].items()
        found = {target: helpers.slot_variable(model, held, place) for target, place in places}
        return {}, {target: self._numpy(variable) for target, variable in found.items()}

    def fit(self, request: dict[str, Any], arrays: dict[str, Any]) -> Any:
        """Builds and trains the model of ``source``; in and out as in ``train.py``."""
        fit, keras, alone = _beside("fit"), self._keras, request["losses_alone"]
        is_jax = keras.backend.backend() == "jax"
        keras.backend.clear_session()
        keras.config.set_floatx(request["floatx"])
        if is_jax:
            importlib.import_module("jax").config.update(
                "jax_enable_x64", request["floatx"] == "float64"
            )
        module = _module("course_model", request["source"])
        model = getattr(module, request["function"])(**request["arguments"])
        placement = os.environ.get("TFMIGRATE_DEVICE", "cpu").upper()
        if is_jax:  # the twins say no to XLA, TensorFlow's second compiler, but JAX's only one
            model.jit_compile = True
        held = fit.by_path(model, request["targets"])
        for name, variable in held.items():
            variable.assign(arrays[f"weight:{name}"])
        x, y, x_test, y_test = (arrays[k] for k in ("x_train", "y_train", "x_test", "y_test"))
        made = {} if alone else {"logits_before": model.predict_on_batch(x_test)}
        losses: list[float] = []
        done = 0

        def on_epoch(epoch: Any) -> None:
            nonlocal done
            done += 1
            losses.extend(epoch.losses)
            metric = 0.0 if alone else fit.measured(model, x_test, y_test, request["metric"])
            told = {"loss": epoch.loss, "seconds": epoch.seconds, "examples": epoch.examples}
            self._emit({"epoch": done, "metric": metric, **told})

        sizes = request["batch_size"], request["epochs"]
        first_step = fit.fit(module.train, model, x, y, *sizes, on_epoch)
        made["losses"] = fit.np.array(losses, request["floatx"])
        made |= {f"weight:{name}": self._numpy(variable) for name, variable in held.items()}
        if not alone:
            made["logits_after"] = model.predict_on_batch(x_test)
        told = {"first_step": first_step, "placement": placement, "settings": self._versions}
        return told, made

    def export(self, request: dict[str, Any], arrays: dict[str, Any]) -> Any:
        """Exports it to ``format`` at ``path``, with ``sizes`` as in ``exporting.export``, and runs
        the file; gives what did it, the modules that are ``missing``, or what a library ``says``
        that cannot do it.
        """
        kind, path, exporting = request["format"], request["path"], _beside("exporting")
        if missing := exporting.missing(kind):
            return {"missing": missing}, {}
        given = self._given(arrays)
        try:
            self.predict(request, arrays)  # ONNX: a model must have been called
            exporting.export(self._keras, self._model, kind, path, given, request["sizes"])
            if kind == "litert":
                exporting.refuse_other_ops(path)
            names = [tensor.name for tensor in self._model.inputs]
            self._exported = exporting.opened(kind, path, names)
            made = self._exported(given)
        except Exception as error:
            return {"missing": [], "says": f"{type(error).__name__}: {error}"}, {}
        answer = {"missing": [], "says": "", **exporting.versions(kind)}
        return answer, {str(index): value for index, value in enumerate(made)}

    def exported(self, request: dict[str, Any], arrays: dict[str, Any]) -> Any:
        """Runs the exported file, as ``predict`` runs the model."""
        made = self._exported(self._given(arrays))
        return {}, {str(index): value for index, value in enumerate(made)}

    def _given(self, arrays: dict[str, Any]) -> list[Any]:
        """The inputs, in the types that the model takes."""
        types = [self._keras.backend.standardize_dtype(t.dtype) for t in self._model.inputs]
        return [
            arrays[str(index)] if dtype == "string" else arrays[str(index)].astype(dtype)
            for index, dtype in enumerate(types)
        ]

    def _inputs(self, arrays: dict[str, Any]) -> Any:
        given = self._given(arrays)
        return given[0] if len(given) == 1 else given

    def _numpy(self, value: Any) -> Any:
        return self._keras.ops.convert_to_numpy(value)


def _sees_gpu(name: str, backend: Any) -> bool:
    if name == "jax":
        return any(device.platform == "gpu" for device in backend.devices())
    if name == "torch":
        return bool(backend.cuda.is_available())
    return bool(backend.config.list_physical_devices("GPU"))


def _started(name: str) -> tuple[Any, dict[str, str]]:
    """Keras on a backend, with exact arithmetic, and what runs; the reason is an ImportError.

    ``TFMIGRATE_PRECISION=tf32`` allows products of a shorter mantissa, as GPUs offer them.
    """
    os.environ["KERAS_BACKEND"] = name  # a script that starts Python may have set another
    backend = importlib.import_module(name)
    if os.environ.get("TFMIGRATE_DEVICE") == "gpu" and not _sees_gpu(name, backend):
        raise ImportError(f"{name} sees no GPU")
    tf32 = os.environ.get("TFMIGRATE_PRECISION") == "tf32"
    if name == "jax":
        backend.config.update(
            "jax_default_matmul_precision", "tensorfloat32" if tf32 else "highest"
        )
    elif name == "torch":
        backend.set_float32_matmul_precision("high" if tf32 else "highest")
        backend.backends.cudnn.allow_tf32 = tf32
        backend.use_deterministic_algorithms(True, warn_only=True)
    else:
        backend.config.experimental.enable_tensor_float_32_execution(tf32)
        backend.config.experimental.enable_op_determinism()
    import keras

    if int(keras.__version__.partition(".")[0]) < 3:
        raise ImportError(f"Keras {keras.__version__} is there, and it has to be Keras 3")
    if (runs := keras.backend.backend()) != name:  # it was imported before, such as by a .pth file
        raise ImportError(f"Keras there computes on {runs}")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    versions = {
        "backend": name,
        "version": backend.__version__,
        "keras": keras.__version__,
        "python": platform.python_version(),
        "device": os.environ.get("TFMIGRATE_DEVICE", "cpu"),
    }
    return keras, versions


def _end_with_the_command() -> None:
    """As in ``confine.py``."""
    command = select.poll()
    command.register(0, 0)
    command.poll()
    os._exit(0)


def main() -> None:
    """Answers ``version`` first, then the steps of a session, until stdin ends."""
    threading.Thread(target=_end_with_the_command, daemon=True).start()
    if sys.path and Path(sys.path[0]) == Path(__file__).parent:
        sys.path.pop(0)
    # Whatever a library prints must not end up between two frames.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    try:
        channel, helpers = _beside("channel"), _beside("keras_model")
    except ImportError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    try:
        keras, versions = _started(sys.argv[1])
    except ImportError as error:
        channel.send(replies, {**_REFUSED, "problem": f"{type(error).__name__}: {error}"})
        return

    def emit(data: Any) -> None:
        channel.send(replies, {"kind": "event", "data": data})

    session = Session(keras, versions, helpers, emit)
    while True:
        try:
            message, arrays = channel.receive(sys.stdin.buffer)
        except EOFError:
            return
        request = message["request"]
        try:
            if request["step"] == "version":
                data, made = versions, {}
            else:
                data, made = getattr(session, request["step"])(request, arrays)
            channel.send(replies, {"kind": "reply", "data": data}, made)
        except Exception:
            channel.send(replies, {"kind": "failed", "trace": traceback.format_exc()})


if __name__ == "__main__":
    main()
