"""The source of ``model.py`` beside a lifted graph: it opens the SavedModel as a Keras model."""

from __future__ import annotations

import textwrap

from ..plan import Plan
from .render import WIDTH, prose

_TEMPLATE = '''from pathlib import Path

import keras

FOLDER = Path(__file__).with_name("saved_model")


def load_model(folder=FOLDER):
    """Opens the graph as a Keras model, whose weights are its variables.

    Takes {takes}.
    Gives {gives}.
    """
    inputs = [
{inputs}
    ]
    layer = keras.layers.TFSMLayer(str(folder), call_endpoint="serve", name="lifted")
    return keras.Model(inputs, layer({argument}))
'''
_OPEN_TEMPLATE = '''from pathlib import Path

import keras

FOLDER = Path(__file__).with_name("saved_model")


def load_model(folder=FOLDER):
    """Opens the graph as a Keras layer, whose weights are its variables.

    Takes {takes}.
    Gives {gives}.
    """
    return keras.layers.TFSMLayer(str(folder), call_endpoint="serve", name="lifted")
'''


def lifted_source(plan: Plan) -> str:
    """The text of a module with ``load_model()``; it needs nothing but Keras and TensorFlow.

    A graph whose inputs have an unknown rank, or that has none, is opened as a layer alone.
    """
    known = bool(plan.inputs) and all(given.value.shape is not None for given in plan.inputs)
    inputs = [
        f"        keras.Input(batch_shape={given.value.shape!r}, "
        f"dtype={_quoted(given.value.dtype)}, name={_quoted(given.name)}),"
        for given in plan.inputs
    ]
    body = (_TEMPLATE if known else _OPEN_TEMPLATE).format(
        takes=_listed([f"{i.name}: {i.value.dtype} {i.value.shape}" for i in plan.inputs]),
        gives=_listed([prose(output.tensor, 60) for output in plan.outputs]),
        inputs="\n".join(inputs),
        argument="inputs[0]" if len(plan.inputs) == 1 else "inputs",
    )
    title = f"{prose(plan.name, 40) or 'A model'}, lifted by tfmigrate from {prose(plan.origin)}."
    lines = textwrap.wrap(
        f"{title} The graph is unchanged; its variables are trainable.", WIDTH - 3
    )
    return "\n".join(['"""' + lines[0], *lines[1:], '"""']) + "\n\n" + body


def _listed(names: list[str]) -> str:
    return textwrap.fill(", ".join(names) or "nothing", WIDTH - 10, subsequent_indent="    ")


def _quoted(text: str) -> str:
    return f'"{text}"'  # names here are identifiers of ours and dtypes
