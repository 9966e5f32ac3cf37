"""A lesson: one Keras source on three engines, and the systems of the course that can do it."""

from __future__ import annotations

from typing import Any

from ..report import Block, Heading, Notes, Paragraph, Result, Source, Table
from .catalogue import SYSTEMS
from .keras_form import KerasForm, keras_form
from .measuring import OF_SCALE
from .programs import Program, Training
from .system import System

_SHOWN = "mlp"
_TITLE = "The same Keras source, three engines"
_TOLD = (
    "Keras 3 is an interface: TensorFlow, JAX or PyTorch computes. KERAS_BACKEND chooses it before "
    "keras is imported. A source runs on all three if it uses only keras, keras.ops and numpy. "
    f"These are the lines of modern/{_SHOWN}.py that build and train the Keras model; the tape "
    "above them needs TensorFlow."
)
# What to expect of a run, one line each.
_EXPECT = (
    "The data, the initial weights and the order of the batches are the same, and so are the first "
    f"losses: they agree within {OF_SCALE:g}.",
    "The last bits differ. Each backend sums in a different order, and training enlarges the "
    f"difference. {_SHOWN} shows it best, because its pixels are not scaled: its losses differ by "
    "3e-06 after 3 steps and by more than a tenth within 36. In activations, with scaled pixels "
    "and a small learning rate, they differ by less than 3e-07 in 100 steps.",
    "Random numbers differ. Each backend has its own generator: weights can be copied, dropout "
    "masks cannot. The comparison does not run systems with dropout.",
    "Times differ. JAX compiles the step with XLA, TensorFlow traces a graph, PyTorch runs op by "
    "op. In a network this small, most of the time is overhead.",
    "The sources say jit_compile=False, because XLA changes the last bits of TensorFlow. On JAX "
    "the comparison sets jit_compile=True: otherwise JAX compiles nothing.",
)


class Engines(Result):
    """The lesson; always true. Nothing is run: it needs no other backend."""

    def blocks(self) -> list[Block]:
        """The source, how to run it, what to expect, and each system that trains."""
        form = keras_form(SYSTEMS[_SHOWN].module, SYSTEMS[_SHOWN].program)
        rows = [(name, form.obstacle or "yes") for name, form in _forms().items()]
        return [
            Heading(_TITLE),
            Paragraph(_TOLD),
            Source(form.text),
            Heading("run it", part=True),
            Source("pip install 'tfmigrate[jax]' 'tfmigrate[torch]'\n" + self.next_step(), "text"),
            Paragraph(
                "If a backend is in another environment, add --python jax=~/jax/bin/python. A "
                "backend that is not installed is reported in one line."
            ),
            Heading("what to expect", part=True),
            Notes(_EXPECT),
            Table(("system that trains", "on JAX and PyTorch"), rows),
        ]

    def next_step(self) -> str:
        """Its run."""
        return f"tfmigrate compare {_SHOWN} --backend all"

    def to_dict(self) -> dict[str, Any]:
        """The systems that train, and what keeps each from other backends."""
        return {
            "schema": 1,
            "title": _TITLE,
            "systems": [
                {"name": name, "obstacle": form.obstacle or None, "source": form.text}
                for name, form in _forms().items()
            ],
        }

    def __bool__(self) -> bool:
        return True


def _forms() -> dict[str, KerasForm]:
    """The Keras form of each system that trains."""
    return {
        name: keras_form(system.module, program)
        for name, system in SYSTEMS.items()
        if (program := _training(system)) is not None
    }


def _training(system: System) -> Program | None:
    return next((p for p in system.programs if isinstance(p, Training)), None)
