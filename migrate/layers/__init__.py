"""Graph nodes → Keras layers and keras.ops: one handler an operation or pattern.

How to add a handler
--------------------

1. Choose the family's file (``dense.py``, ``convolution.py`` …), or start a new one and import it
   below. The file's first line says its subject.
2. Write a function ``(view, tensor) -> Match | None`` under ``@pattern(op, …, keras="…")`` where it
   takes in several nodes, under ``@operation(op, …, keras="…")`` where it takes one. ``op`` is the
   *last* node of the pattern, the one whose output is asked for. Patterns are tried before
   operations, earlier families before later ones. The docstring's first line and ``keras=`` are the
   row in the table of supported operations.
3. Look backwards with the :class:`View`: ``view.graph.node(tensor)``;
   ``view.produced(t, "MatMul")`` (the node, if nothing else needs it: only such nodes may be taken
   in); ``view.static(t)`` and ``view.scalar(t)`` (constants), ``view.recipe(t)`` (variables, and
   whatever depends on variables and constants alone), ``view.sizes(t)`` (shape arithmetic),
   ``view.shape(t)``. Give back None where the pattern is not there: the next handler is asked.
4. Give back ``Match(inputs, build)``: the tensors that must be made before, and a function
   ``build(builder, *values) -> Value`` that calls ``builder.layer("Dense", {"units": 10}, value,
   weights={"kernel": recipe})`` or ``builder.op("concatenate", [a, b], axis=-1)`` (keras.ops) or
   ``builder.op("+", a, b)``. A node of several outputs names them: ``Match(inputs, build,
   tensors)`` and ``build`` gives a value for each.
5. Weights are :class:`~tfmigrate.plan.Recipe` trees: ``kernel.transpose()``, ``.reshape(…)``,
   ``.rows(a, b)``, ``.then("reorder gates", function)``; pass ``moves=False`` to ``then`` where
   numbers are changed and not only moved, since optimizer slots go through the same recipe.
6. A layer that Keras lacks is a file in ``emit/classes``; ``builder.layer`` takes its name.

A layer's name comes from the scope of its variables, else of its node; two calls with the same
weights and arguments are one layer called twice; activations are merged in afterwards.
"""

from . import (  # noqa: F401  each import registers a family; the order is the order of trial
    activations,
    batch_moments,
    columns,
    composed,
    convolution,
    dense,
    dropout,
    elementwise,
    embedding,
    gradients,
    kernels,
    losses,
    moments,
    normalization,
    patches,
    pooling,
    quantization,
    recurrence,
    recurrent,
    reduction,
    replaced,
    resize,
    rows,
    segments,
    shape,
    sized,
    slices,
)
from .dropout import fold_dropout
from .matching import build_plan
from .registry import Handler, UnsupportedError, handlers, supported
from .view import View

__all__ = [
    "Handler",
    "UnsupportedError",
    "View",
    "build_plan",
    "fold_dropout",
    "handlers",
    "supported",
]
