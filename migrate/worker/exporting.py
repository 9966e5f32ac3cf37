"""Exports a Keras model to the format of a runtime, and runs the file by that runtime.

This file needs nothing but Keras and the libraries of the format, so that ``backend.py`` can use it
in another interpreter.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Runs = Callable[[Sequence[np.ndarray]], list[np.ndarray]]

# Format → modules of its exporter and its runtime, and those that it uses where they are installed.
_NEEDED = {
    "onnx": ("tf2onnx", "onnx", "onnxruntime"),
    "litert": (),
    "tf_saved_model": (),
    "openvino": ("openvino", "scipy"),  # its reader of TensorFlow imports scipy
    "torch": (),
}
_RUNTIMES = {
    "onnx": "onnxruntime",
    "litert": "ai-edge-litert",
    "tf_saved_model": "tensorflow",
    "openvino": "openvino",
    "torch": "torch",
}


def missing(kind: str) -> list[str]:
    """The modules of a format that are not installed."""
    return [name for name in _NEEDED[kind] if importlib.util.find_spec(name) is None]


def versions(kind: str) -> dict[str, str]:
    """``exporter`` (nothing where it is Keras's backend itself) and ``runtime``, with versions."""
    exporter = "tf2onnx" if kind == "onnx" else "openvino" if kind == "openvino" else ""
    runtime = _RUNTIMES[kind]
    if kind == "litert" and importlib.util.find_spec("ai_edge_litert") is None:
        runtime = "tensorflow"
    named = {"exporter": exporter, "runtime": runtime}
    return {
        role: f"{name} {importlib.metadata.version(name)}" if name else ""
        for role, name in named.items()
    }


def export(
    keras: Any, model: Any, kind: str, path: str, given: Sequence[np.ndarray], sizes: str
) -> None:
    """Writes the file or the folder of a format.

    Args:
        given: arrays for the inputs; they say the sizes that are fixed.
        sizes: "open" as in the model, "batch" where only the batch size stays open, or "fixed".
    """
    whole = {
        "open": [tuple(tensor.shape) for tensor in model.inputs],
        "batch": [(None, *array.shape[1:]) for array in given],
        "fixed": [array.shape for array in given],
    }
    shapes, more = whole[sizes], {}
    if kind == "torch":
        if sizes != "fixed":
            more["dynamic_shapes"] = _open_dimensions(shapes)
        shapes = [array.shape for array in given]
        model.eval()
    specs = [
        keras.InputSpec(shape=shape, dtype=tensor.dtype, name=tensor.name)
        for tensor, shape in zip(model.inputs, shapes, strict=True)
    ]
    signature = specs if len(specs) == 1 else [specs]
    model.export(path, format=kind, verbose=False, input_signature=signature, **more)


def _open_dimensions(shapes: Sequence[Sequence[int | None]]) -> Any:
    """As torch.export takes them for a model of Keras, whose ``forward`` has ``*args``."""
    import torch

    free = [
        {axis: torch.export.Dim.AUTO for axis, size in enumerate(shape) if size is None}
        for shape in shapes
    ]
    return [(free if len(free) > 1 else free[0],)]


def opened(kind: str, path: str, names: Sequence[str]) -> Runs:
    """A function that runs an exported file on arrays for the inputs with these names."""
    return _OPENERS[kind](path, names)


def refuse_other_ops(path: str) -> None:
    """Refuses a LiteRT file that needs ops of TensorFlow, which no runtime for Python has."""
    with open(path, "rb") as file:
        ops = sorted({name.decode() for name in re.findall(rb"Flex([A-Z]\w+)", file.read())})
    if ops:
        raise NotImplementedError(f"LiteRT does not have the TensorFlow ops {', '.join(ops)}")


def _onnx(path: str, names: Sequence[str]) -> Runs:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    known = [given.name for given in session.get_inputs()]
    order = names if set(names) == set(known) else known

    def run(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        return list(session.run(None, dict(zip(order, arrays, strict=True))))

    return run


def _litert(path: str, names: Sequence[str]) -> Runs:
    if importlib.util.find_spec("ai_edge_litert") is not None:
        from ai_edge_litert.interpreter import Interpreter
    else:
        from tensorflow.lite.python.interpreter import Interpreter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runner = Interpreter(model_path=path).get_signature_runner("serving_default")
    return _by_name(lambda given: runner(**given), names)


def _saved_model(path: str, names: Sequence[str]) -> Runs:
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    signature = loaded.signatures["serving_default"]

    def call(given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        made = signature(**{name: tf.constant(array) for name, array in given.items()})
        return {name: tensor.numpy() for name, tensor in made.items()}

    return _by_name(call, names)


def _by_name(call: Callable[[dict[str, Any]], dict[str, Any]], names: Sequence[str]) -> Runs:
    """Of a signature of Keras, whose outputs are output_0, output_1 …."""

    def run(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        made = call(dict(zip(names, arrays, strict=True)))
        return [made[f"output_{index}"] for index in range(len(made))]

    return run


def _openvino(path: str, names: Sequence[str]) -> Runs:
    import openvino

    compiled = openvino.compile_model(
        path, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": "1"}
    )
    # Besides the outputs of the model, OpenVINO returns shapes that the model computes.
    ends = [f"Identity{f'_{index}' if index else ''}:0" for index in range(len(compiled.outputs))]
    outputs = [next((o for o in compiled.outputs if end in o.names), None) for end in ends]

    def run(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        made = compiled(dict(zip(names, arrays, strict=True)))
        return [np.array(made[output]) for output in outputs if output is not None]

    return run


def _torch(path: str, names: Sequence[str]) -> Runs:
    import torch

    module = torch.export.load(path).module()

    def run(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        given = [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]
        with torch.no_grad():
            made = module(given if len(given) > 1 else given[0])
        made = list(made.values()) if isinstance(made, dict) else made
        return [t.numpy() for t in (made if isinstance(made, (list, tuple)) else [made])]

    return run


_OPENERS: dict[str, Callable[[str, Sequence[str]], Runs]] = {
    "onnx": _onnx,
    "litert": _litert,
    "tf_saved_model": _saved_model,
    "openvino": _openvino,
    "torch": _torch,
}
