"""Operations whose CPU kernels changed between TensorFlow 1.15.5 and 2.21.0, as measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, nan
from typing import Any

from ..errors import listed
from ..graph import Graph

OLD, NEW = "1.15.5", "2.21.0"
HINT = "--reference PYTHON compares with TensorFlow 1 itself"
_TESTS_OF_NAN = frozenset({"IsNan", "IsFinite", "IsInf"})
_TIE = -4.714286  # halfway between two of the levels -6, -6 + 6 / 7, …
_FAKE_QUANT = "narrow range: a tie between two levels goes to another one"


@dataclass(frozen=True)
class ChangedKernel:
    """One case in which the two versions differ.

    Attributes:
        ops: the operations that have the kernel.
        code: of the case, in terms of ``tf`` (TensorFlow 1), ``x`` and ``y``, float32 tensors.
        x, y: their values.
        old, new: the result in 1.15.5 and in 2.21.0, flat.
        case: when they differ, in words.
        noted: a conversion notes the operation, for its case can occur in practice.
        beside: only where the graph has one of these as well; empty for no condition.
        attribute: only where the node has this attribute and it is true; "" for no condition.
        dtype: only where the node computes in this dtype; "" for no condition.
        training: only where training is converted: the case is of the gradient.
    """

    ops: tuple[str, ...]
    code: str
    x: tuple[float, ...]
    old: tuple[float, ...]
    new: tuple[float, ...]
    case: str
    y: tuple[float, ...] = ()
    noted: bool = False
    beside: frozenset[str] = frozenset()
    attribute: str = ""
    dtype: str = ""
    training: bool = False

    def in_graph(self, graph: Graph, outputs: Iterable[str], *, training: bool) -> bool:
        """Whether a conversion notes it for what these outputs need."""
        if not self.noted or (self.training and not training):
            return False
        nodes = graph.ancestors(list(outputs)).values()
        if self.beside and not any(node.op in self.beside for node in nodes):
            return False
        return any(
            node.op in self.ops
            and (not self.attribute or bool(node.attrs.get(self.attribute)))
            and self.dtype in ("", node.attrs.get("T"))
            for node in nodes
        )


_NAN: dict[str, Any] = {"noted": True, "beside": _TESTS_OF_NAN}
_HALF: dict[str, Any] = {"noted": True, "dtype": "float16"}
_SUM_IN_HALF = "float16: 1.15 also adds up in float16, 2.21 in float32"
_EIGHT = "in groups of eight elements; 1.15 computes a remainder of the tensor as 2.21 does"

CHANGED = (
    ChangedKernel(
        ("Max",), "tf.reduce_max(x)", (nan, 1, 2), (2,), (nan,), "NaN is ignored", **_NAN
    ),
    ChangedKernel(
        ("Max",), "tf.reduce_max(x)", (nan, nan), (-inf,), (nan,), "only NaN", **_NAN
    ),
    ChangedKernel(
        ("Min",), "tf.reduce_min(x)", (nan, 1, 2), (1,), (nan,), "NaN is ignored", **_NAN
    ),
    ChangedKernel(
        ("Maximum",), "tf.maximum(x, y)", (nan, 5), (nan, 5), (nan, nan),
        "NaN as the second argument is ignored", (5, nan), **_NAN,
    ),
    ChangedKernel(
        ("Minimum",), "tf.minimum(x, y)", (nan, 5), (nan, 5), (nan, nan),
        "NaN as the second argument is ignored", (5, nan), **_NAN,
    ),
    ChangedKernel(
        ("SegmentMax",), "tf.segment_max(x, [0, 0])", (2, nan), (2,), (nan,), "NaN is ignored",
        **_NAN,
    ),
    ChangedKernel(
        ("Sign",), "tf.sign(x)", (nan, -2, 0), (0, -1, 0), (nan, -1, 0), "NaN", noted=True
    ),
    ChangedKernel(
        ("Abs",), "tf.gradients(tf.abs(x), x)[0]", (nan, -2), (0, -1), (nan, -1),
        "gradient at NaN",
    ),
    ChangedKernel(
        ("Cumprod",), "tf.gradients(tf.cumprod(x), x)[0]", (2, 0, 3, 4), (1, nan, 0, 0),
        (1, 0, 0, 0), "gradient where a factor is 0; the true one is (1, 32, 0, 0)", noted=True,
        training=True,
    ),
    ChangedKernel(
        ("FakeQuantWithMinMaxArgs",),
        "tf.quantization.fake_quant_with_min_max_args(x, -6, 6, 4, True)",
        (_TIE,), (-5.142857,), (-4.285714,), _FAKE_QUANT, noted=True, attribute="narrow_range",
    ),
    ChangedKernel(
        ("FakeQuantWithMinMaxVars",),
        "tf.quantization.fake_quant_with_min_max_vars(x, -6., 6., 4, True)",
        (_TIE,), (-5.142857,), (-4.285714,), _FAKE_QUANT, noted=True, attribute="narrow_range",
    ),
    ChangedKernel(
        ("FakeQuantWithMinMaxVarsPerChannel",),
        "tf.quantization.fake_quant_with_min_max_vars_per_channel(x, y, -y, 4, True)",
        (_TIE,), (-5.142857,), (-4.285714,), _FAKE_QUANT, (-6,), noted=True,
        attribute="narrow_range",
    ),
    ChangedKernel(
        ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"),
        "tf.nn.fused_batch_norm(tf.reshape(x, [1, 1, 1, 1]), [1.], [0.], [0.], [1e-6], "
        "1e-6, is_training=False)[0]",
        (1,), (301.37439,), (707.10681,),
        "an epsilon below 1.001e-5; the conversion uses that of 1.15",
    ),
    ChangedKernel(
        ("MatMul",),
        "tf.matmul(tf.cast([x], tf.float16), tf.ones([5, 1], tf.float16))",
        (2048, 1, 1, 1, 1), (2048,), (2052,), _SUM_IN_HALF, **_HALF,
    ),
    ChangedKernel(
        ("Conv2D",),
        "tf.nn.conv2d(tf.cast(tf.reshape(x, [1, 1, 1, 5]), tf.float16), "
        "tf.ones([1, 1, 5, 1], tf.float16), [1, 1, 1, 1], 'SAME')",
        (2048, 1, 1, 1, 1), (2048,), (2052,), _SUM_IN_HALF, **_HALF,
    ),
    ChangedKernel(("Sqrt",), "tf.sqrt(x)", (inf,) * 8, (nan,) * 8, (inf,) * 8, _EIGHT),
    ChangedKernel(("Rsqrt",), "tf.rsqrt(x)", (inf,) * 8, (nan,) * 8, (0,) * 8, _EIGHT),
    ChangedKernel(("Rsqrt",), "tf.rsqrt(x)", (-0.0,) * 8, (inf,) * 8, (-inf,) * 8, _EIGHT),
    ChangedKernel(
        ("Exp",), "tf.exp(x)", (88.7,) * 8, (inf,) * 8, (3.3259769e38,) * 8,
        "just below the largest float32",
    ),
    ChangedKernel(
        ("Atan2",), "tf.atan2(x, y)", (1e-40,) * 8, (nan,) * 8, (0.7853981,) * 8,
        "two denormal numbers", (1e-39,) * 8,
    ),
    ChangedKernel(("Digamma",), "tf.digamma(x)", (0, -1), (inf, inf), (nan, nan), "poles"),
    ChangedKernel(
        ("Polygamma",), "tf.polygamma(x, y)", (2,), (-inf,), (nan,), "poles", (-1,)
    ),
    ChangedKernel(("Zeta",), "tf.zeta(x, y)", (3,), (inf,), (nan,), "poles", (0,)),
    ChangedKernel(
        ("Igamma",), "tf.igamma(x, y)", (inf,), (nan,), (0,), "an infinite argument", (1,)
    ),
    ChangedKernel(
        ("Igammac",), "tf.igammac(x, y)", (inf,), (nan,), (1,), "an infinite argument", (1,)
    ),
)  # fmt: skip
"""Every row was measured: ``tests/tf115/kernels.py`` computes it under both versions."""


def changed_in(graph: Graph, outputs: Iterable[str], *, training: bool) -> list[str]:
    """A note about the operations of a graph whose changed kernels can matter; [] for none.

    Args:
        outputs: tensors; what they need is looked at.
        training: whether the graph's training is converted.
    """
    wanted = list(outputs)
    found = [row for row in CHANGED if row.in_graph(graph, wanted, training=training)]
    told = dict.fromkeys(f"{' and '.join(row.ops)} ({row.case})" for row in found)
    if not told:
        return []
    return [
        f"TensorFlow {OLD} and {NEW} compute some cases of these operations differently: "
        f"{listed(list(told))}. {HINT}."
    ]
