"""Attention of several heads, in the finished calls: one layer for all between dense layers.

A program splits query, key and value into heads by reshapes, transposes or einsum, multiplies them
in either order, scales the query or the scores, and masks these in one of several ways. What is
left of that in the calls are permutations of reshapes, and products: they are followed backwards
from the softmax to the tensors before the heads, and forwards to where the heads are joined.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from ..plan import Call, Layer, Value
from .builder import Builder
from .calls import (
    adds_axes,
    called_layer,
    first_value,
    is_one_of,
    is_softmax,
    makes_column,
    makes_ones,
    order_of_axes,
    scaled_by_number,
    terms_of,
)

_SUMS = ("+", "Add")
_JOINED = (("batch", "length", "heads", "size"), ("batch", "length", "size", "heads"))
_BY_POSITION = ("Dense", "Bias", "Scale", "LayerNormalization", "Activation", "Dropout")
_MASKED = 1e9  # a score this far below others has no weight
_ROUNDING = 1e-6


@dataclass(frozen=True)
class _Heads:
    """A tensor (batch, length, heads * size) as heads.

    Attributes:
        sizes: of the two axes that the last one is split into.
        axes: of the value asked about: 0 batch, 1 length, 2 and 3 the two parts.
        scale: a number that it is multiplied by.
    """

    source: Value
    sizes: tuple[int, int]
    axes: tuple[int, ...] = (0, 1, 2, 3)
    scale: float = 1.0

    def turned(self) -> _Heads:
        """With the last two axes exchanged."""
        *first, one, other = self.axes
        return replace(self, axes=(*first, other, one))

    @property
    def are_rows(self) -> bool:
        """Whether the value is (batch, heads, length, size), as factors of a product are."""
        return self.axes in ((0, 2, 1, 3), (0, 3, 1, 2))

    @property
    def heads_first(self) -> bool:
        """Whether the last axis of the source has one head after the other."""
        return self.axes[1] == 2

    @property
    def shape(self) -> tuple[int, int]:
        """Heads and the size of one."""
        return self.sizes if self.heads_first else self.sizes[::-1]


@dataclass(frozen=True)
class _Scores:
    query: _Heads
    key: _Heads
    bias: Value | None = None
    causal: bool = False


def join_attention(builder: Builder) -> None:
    """Puts a layer ``DotProductAttention`` where a program multiplies heads."""
    finder = _Finder(builder)
    for call in list(builder.plan.calls):
        if is_softmax(call):
            finder.join(call)
    if finder.instead:
        calls = (finder.instead.get(id(call), call) for call in builder.plan.calls)
        builder.plan.calls = [call for call in calls if call is not None]


class _Finder:
    """What makes and takes each value, and the calls that are put in place of others."""

    def __init__(self, builder: Builder):
        self.builder, self.instead = builder, dict[int, Call | None]()
        plan = builder.plan
        self._uses = plan.uses()
        for call in plan.calls:
            if is_one_of(call, "Size"):  # of scores, for the sizes of a mask
                self._uses[id(call.arguments[0])] -= 1
        self._made = {id(v): call for call in plan.calls for v in call.outputs}
        self._after: dict[int, Call] = {}
        for call in plan.calls:
            if not is_one_of(call, "Size"):
                self._after.update((id(value), call) for value in call.values)

    def join(self, softmax: Call) -> None:
        """Replaces all around a softmax, if it is attention."""
        scores = self._scores(softmax.arguments[0])
        weights, dropout = softmax.outputs[0], 0.0
        following = self._only_user(weights)
        if following is not None and is_one_of(following, "Dropout"):
            assert isinstance(following.function, Layer)
            if following.function.arguments.keys() != {"rate"}:
                return
            dropout = following.function.arguments["rate"]
            weights = following.outputs[0]
            following = self._only_user(weights)
        turned = following is not None and order_of_axes(following) == (0, 1, 3, 2)
        if turned and following is not None:
            weights = following.outputs[0]
            following = self._only_user(weights)
        if scores is None or following is None or following.function != "keras.ops.matmul":
            return
        if following.arguments[turned] is not weights:
            return
        joined = self._joined(following, weights)
        if joined is None:
            return
        value, last, heads_first = joined
        query, key = scores.query, scores.key
        if not query.shape == key.shape == value.shape or value.scale != 1:
            return
        if not all(each.heads_first or self._can_order(each) for each in (query, key, value)):
            return
        if not heads_first:
            after = self._only_user(last.outputs[0])
            if after is None or not self._is_own_dense(after):
                return
            self._order_rows(after, *value.shape)
        for each in (query, key, value):
            if not each.heads_first:
                self._order_columns(each)
        self._put(softmax, scores, value, dropout, following, last)

    # Backwards from the softmax

    def _scores(self, value: Value) -> _Scores | None:
        call = self._made_for_one(value)
        if call is None:
            return None
        terms = terms_of(call)
        if call.function == "-" and len(terms) == 2:
            return self._masked(*terms)
        if is_one_of(call, *_SUMS) and len(terms) == 2:
            for product, bias in (terms, terms[::-1]):
                found = self._product(product)
                if found is not None and isinstance(bias, Value):
                    return replace(found, bias=bias)
        return self._product(value)

    def _masked(self, left: Any, right: Any) -> _Scores | None:
        """``scores * mask - 1e10 * (1 - mask)`` with a mask of ones at and below the diagonal."""
        product, penalty = self._made_for_one(left), self._made_for_one(right)
        if product is None or penalty is None or product.function != "*":
            return None
        scaled = scaled_by_number(penalty)
        inverse = None if scaled is None else self._made_for_one(scaled[0])
        if inverse is None or scaled is None or scaled[1] < _MASKED:
            return None
        if inverse.function != "-" or inverse.arguments[0] != 1:
            return None
        mask = inverse.arguments[1]
        for scores, other in (product.arguments, product.arguments[::-1]):
            if other is mask and (found := self._product(scores)) is not None:
                same = self._same_length(found.query.source, found.key.source)
                if same and self._is_causal(mask):
                    return replace(found, causal=True)
        return None

    def _product(self, value: Any) -> _Scores | None:
        """``scale * query @ transposed(key)``, possibly exchanged and transposed."""
        scale, turned = 1.0, False
        while True:
            call = self._made_for_one(value)
            if call is None:
                return None
            if (found := scaled_by_number(call)) is not None:
                value, number = found
                scale *= number
            elif order_of_axes(call) == (0, 1, 3, 2):
                value, turned = call.arguments[0], not turned
            else:
                break
        if call.function != "keras.ops.matmul":
            return None
        rows, columns = (self._heads(side) for side in call.arguments)
        if rows is None or columns is None:
            return None
        columns = columns.turned()
        if not (rows.are_rows and columns.are_rows):
            return None
        query, key = (columns, rows) if turned else (rows, columns)
        return _Scores(replace(query, scale=scale * query.scale * key.scale), key)

    def _heads(self, value: Any) -> _Heads | None:
        """A tensor as heads, through permutations and products with numbers to the reshape."""
        axes: tuple[int, ...] = (0, 1, 2, 3)
        scale = 1.0
        while True:
            call = self._made_for_one(value)
            if call is None:
                return None
            if (own := order_of_axes(call)) is not None:
                axes, value = tuple(own[axis] for axis in axes), call.arguments[0]
            elif (found := scaled_by_number(call)) is not None:
                value, number = found
                scale *= number
            else:
                break
        if not is_one_of(call, "Reshape"):
            return None
        assert isinstance(call.function, Layer)
        source, target = call.arguments[0], call.function.arguments["target_shape"]
        shape = source.shape
        if shape is None or len(shape) != 3 or len(target) != 3 or -1 in target[1:]:
            return None
        if shape[2] != target[1] * target[2] or target[0] not in (-1, shape[1]):
            return None
        return _Heads(source, (target[1], target[2]), axes, scale)

    def _same_length(self, one: Value, other: Value) -> bool:
        """Whether two tensors are made position by position from the same one."""
        return one is other or self._origin(one) is self._origin(other)

    def _origin(self, value: Value) -> Value:
        while (call := self._made.get(id(value))) is not None:
            cut = call.function == "keras.ops.split" and call.keywords.get("axis") in (2, -1)
            if not cut and not is_one_of(call, *_BY_POSITION):
                break
            value = call.arguments[0]
        return value

    def _is_causal(self, mask: Value) -> bool:
        """Whether a mask of ones and zeros has the ones at and below its diagonal."""
        call = self._made.get(id(mask))
        while call is not None and (adds_axes(call) or is_one_of(call, "keras.ops.cast")):
            call = self._made.get(id(first_value(call)))
        if call is None:
            return False
        if call.function == "keras.ops.tril" and not call.keywords.get("k"):
            filled = self._made.get(id(call.arguments[0]))
            return filled is not None and makes_ones(filled)
        if call.function != "keras.ops.greater_equal":
            return False
        rows = self._made.get(id(call.arguments[0]))
        if rows is None or not makes_column(rows):
            return False
        return self._counts(rows.arguments[0]) and self._counts(call.arguments[1])

    def _counts(self, value: Any) -> bool:
        """Whether a vector is 0, 1, 2 …: also less the keys' length plus the queries'."""
        call = self._made.get(id(value))
        if call is None or call.function != "+":
            return call is not None and is_one_of(call, "Positions", "keras.ops.arange")
        less = self._made.get(id(call.arguments[0]))
        if less is None or less.function != "-" or not self._counts(less.arguments[0]):
            return False
        if less.arguments[1] is call.arguments[1]:
            return True
        sizes = [self._made.get(id(side)) for side in (less.arguments[1], call.arguments[1])]
        measured = [
            (size.arguments[0], size.function.arguments.get("axis"))
            for size in sizes
            if size is not None and isinstance(size.function, Layer) and is_one_of(size, "Size")
        ]
        # Of the same scores, whose last two axes are the lengths.
        same = len(measured) == 2 and measured[0][0] is measured[1][0]
        return same and {axis for _, axis in measured} == {2, 3}

    # Forwards from the softmax

    def _joined(self, product: Call, weights: Value) -> tuple[_Heads, Call, bool] | None:
        """The values, the call that joins the heads, and whether heads come first there."""
        axes: tuple[str, ...] = ("batch", "heads", "length", "size")
        left, right = product.arguments
        if left is weights:
            value = self._heads(right)
        else:
            value, axes = self._heads(left), ("batch", "heads", "size", "length")
            value = None if value is None else value.turned()
        if value is None or not value.are_rows:
            return None
        call = self._only_user(product.outputs[0])
        while call is not None and (own := order_of_axes(call)) is not None:
            axes = tuple(axes[axis] for axis in own)
            call = self._only_user(call.outputs[0])
        if call is None or axes not in _JOINED:
            return None
        size = math.prod(value.sizes)
        flat = call.function == "keras.ops.reshape" and call.arguments[1:] == ((-1, size),)
        target: tuple[int, ...] = (
            called_layer(call).arguments["target_shape"] if is_one_of(call, "Reshape") else ()
        )
        if not flat and (len(target) != 2 or target[1] != size):
            return None
        return value, call, axes == _JOINED[0]

    def _can_order(self, heads: _Heads) -> bool:
        """Whether a tensor is made by a dense layer whose columns can be moved."""
        made = self._made_for_one(heads.source)
        return made is not None and self._is_own_dense(made)

    def _is_own_dense(self, call: Call) -> bool:
        """Whether a call is the only one of a dense layer, whose weights can be moved then."""
        called = (other for other in self.builder.plan.calls if other.function is call.function)
        return is_one_of(call, "Dense") and len(list(called)) == 1

    def _made_for_one(self, value: Any) -> Call | None:
        """The call that makes a value if only one takes it."""
        if not isinstance(value, Value) or self._uses.get(id(value), 0) != 1:
            return None
        call = self._made.get(id(value))
        return call if call is not None and id(call) not in self.instead else None

    def _only_user(self, value: Value) -> Call | None:
        return self._after.get(id(value)) if self._uses.get(id(value), 0) == 1 else None

    # The layer

    def _put(
        self, softmax: Call, scores: _Scores, value: _Heads, dropout: Any, product: Call, last: Call
    ) -> Layer:
        heads, size = value.shape
        arguments: dict[str, Any] = {"num_heads": heads}
        if not math.isclose(scores.query.scale, size**-0.5, rel_tol=_ROUNDING):
            arguments["scale"] = scores.query.scale
        if scores.causal:
            arguments["causal"] = True
        if dropout:
            arguments["dropout"] = dropout
        output = last.outputs[0]
        if output.dtype != "float32":
            arguments["dtype"] = output.dtype
        layer = Layer("", "DotProductAttention", arguments)
        if isinstance(softmax.function, Layer):
            self.builder.set_wish(layer, self.builder.wish(softmax.function))
        given = (scores.query.source, scores.key.source, value.source)
        for each, name in zip(given, ("query", "key", "value"), strict=True):
            if given.count(each) == 1 and self._made.get(id(each)) is not None:
                each.hint = name
        keywords = {}
        if scores.bias is not None:
            keywords = {"bias": scores.bias}
            scores.bias.hint = "attention_bias"
        made = output
        if is_one_of(last, "keras.ops.reshape"):
            made = Value((*(given[0].shape or ())[:2], heads * size), output.dtype, output.hint)
            last.arguments = (made, *last.arguments[1:])
        else:
            self.instead[id(last)] = None
        self.instead[id(product)] = Call(layer, given, keywords, (made,))
        return layer

    def _order_columns(self, heads: _Heads) -> None:
        """Lets a dense layer give its heads one after the other."""
        call = self._made[id(heads.source)]
        weights, (first, second) = self.builder.weights_of(called_layer(call)), heads.sizes
        for path, recipe in weights.items():
            *before, units = recipe.shape
            parts = recipe.reshape(*before, first, second)
            order = (*range(len(before)), len(before) + 1, len(before))
            weights[path] = parts.transpose(*order).reshape(*before, units)
        heads.source.tensor = None

    def _order_rows(self, call: Call, heads: int, size: int) -> None:
        """Lets a dense layer take heads one after the other."""
        weights = self.builder.weights_of(called_layer(call))
        rows, units = weights["kernel"].shape
        parts = weights["kernel"].reshape(size, heads, units)
        weights["kernel"] = parts.transpose(1, 0, 2).reshape(rows, units)
        call.arguments[0].tensor = None
