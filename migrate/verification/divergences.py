"""Where the backends of Keras compute different results from the same model."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from ..plan import Call, Code, Layer, Made, Network, Plan
from ..plan.training import New


@dataclass(frozen=True)
class Divergence:
    """One case in which backends differ, measured with Keras 3.15.1.

    Attributes:
        names: layers, optimizers, functions of ``keras.ops`` that it concerns, as sources name
            them.
        case: the input, a phrase.
        tensorflow, jax, torch: the result of each; ``tests/verification/test_divergences.py``
            computes them.
        dtype: of the tensors that it concerns; "" for any.
        beside: names of which a model must have one too; () where that does not matter.
    """

    names: tuple[str, ...]
    case: str
    tensorflow: str
    jax: str
    torch: str
    dtype: str = ""
    beside: tuple[str, ...] = ()

    def on(self, backend: str) -> str:
        """The result on a backend."""
        result: str = getattr(self, backend)
        return result


_TABLES = ("Embedding", "ReversibleEmbedding", "keras.ops.take")

DIVERGENCES = (
    Divergence(("keras.ops.abs",), "gradient at 0", "0", "1", "0"),
    Divergence(("keras.ops.maximum",), "gradient at a tie with 0", "1", "0.5", "0.5"),
    Divergence(("keras.ops.minimum",), "gradient at a tie with 0", "1", "0.5", "0.5"),
    Divergence(("keras.ops.clip",), "gradient at a bound", "1", "0.5", "1"),
    Divergence(("keras.ops.leaky_relu", "LeakyReLU"), "gradient at 0", "0.2", "1", "0.2"),
    Divergence(("keras.ops.norm",), "gradient at zeros", "nan", "nan", "0"),
    Divergence(("keras.ops.std",), "gradient at equal values", "nan", "nan", "0"),
    Divergence(
        ("keras.ops.normalize", "UnitNormalization"), "gradient at zeros", "1e+07", "nan", "nan"
    ),
    Divergence(("keras.ops.sqrt",), "gradient at a masked 0", "0", "nan", "nan"),
    Divergence(("keras.ops.top_k",), "places of 3 of 4 equal values", "0 1 2", "0 1 2", "2 3 0"),
    Divergence(("keras.ops.sign",), "of nan", "nan", "nan", "0"),
    Divergence(("keras.ops.one_hot",), "of 9 with 3 classes", "0 0 0", "0 0 0", "an error"),
    Divergence(
        ("keras.ops.take", "Embedding"), "rows -1 and 5 of 3", "an error", "2 nan", "an error"
    ),
    Divergence(
        ("keras.ops.slice",), "3 values from the last of 0 1 2 3 on", "an error", "1 2 3", "3"
    ),
    Divergence(("keras.ops.segment_sum",), "segment 5 of 2", "an error", "dropped", "dropped"),
    Divergence(("keras.ops.floor_divide",), "1 // 0 of int32", "an error", "-2", "an error"),
    Divergence(
        ("keras.ops.matmul", "@", "Dense"),
        "a float64 product has the precision of",
        "float64",
        "float32",
        "float32",
        "float64",
    ),
    Divergence(
        ("SparseMomentum", "SparseRMSProp", "SparseAdadelta", "SparseFtrl"),
        "an embedding's row in the batch, with gradient 0",
        "updated",
        "not updated",
        "not updated",
    ),
    Divergence(
        ("global_clipnorm", "clipnorm"),
        "of 1, two gradients of 1 for one row of an embedding move it by",
        "1.41",
        "1",
        "1",
        beside=_TABLES,
    ),
    Divergence(
        ("clipvalue",),
        "of 1, two gradients of 1 for one row of an embedding move it by",
        "2",
        "1",
        "1",
        beside=_TABLES,
    ),
)


def divergences(plan: Plan, backend: str) -> list[str]:
    """A sentence for each case that concerns a model and that differs from TensorFlow there."""
    used = set(_names(plan))
    dtypes = {value.dtype for call in plan.calls for value in call.outputs}
    if plan.training is not None:
        used |= set(_names(plan.training.optimizer))
        for formula in plan.training.formulas:
            used |= set(_names(formula.body))
    found = []
    for each in DIVERGENCES:
        if each.on(backend) == each.tensorflow or (each.dtype and each.dtype not in dtypes):
            continue
        if each.beside and not used.intersection(each.beside):
            continue
        if names := used.intersection(each.names):
            found.append(
                f"{', '.join(sorted(names))}, {each.case}: {each.on(backend)} on {backend}, "
                f"{each.tensorflow} on TensorFlow"
            )
    return found


def _names(item: Any) -> Iterator[str]:
    """Every layer and function of a network, of steps and of arguments too."""
    if isinstance(item, Network):
        for call in item.calls:
            yield from _names(call)
    elif isinstance(item, Call):
        yield from _names(item.function)
        yield from _names([*item.arguments, *item.keywords.values()])
    elif isinstance(item, Layer | New):
        yield item.kind
        given = {name: value for name, value in item.arguments.items() if value is not None}
        yield from _names([*given, *given.values()])
    elif isinstance(item, Code):
        yield item.text
    elif isinstance(item, Made):
        yield item.function
    elif isinstance(item, str):
        yield item
    elif isinstance(item, Collection):
        for part in item:
            yield from _names(part)
