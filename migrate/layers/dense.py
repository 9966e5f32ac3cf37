"""Dense layers: MatMul with a kernel, with or without a bias, in every spelling."""

from __future__ import annotations

from ..plan import Recipe, Value
from .builder import Builder
from .registry import Match, operation, pattern
from .view import View

_PRODUCTS = ("MatMul", "BatchMatMul", "BatchMatMulV2")


@pattern("BiasAdd", "Add", "AddV2", keras="Dense")
def dense_with_bias(view: View, tensor: str) -> Match | None:
    """``MatMul(x, kernel) + bias``, the bias on either side."""
    node = view.graph.node(tensor)
    for product, added in (node.inputs, node.inputs[::-1]):
        matmul = view.produced(product, *_PRODUCTS)
        bias = view.recipe(added)
        if matmul is None or bias is None:
            continue
        taken = _kernel(view, matmul.name)
        if taken is None:
            continue
        x, kernel = taken
        units = kernel.shape[1]
        if _flat(bias.shape) == (units,):
            bias = bias if bias.shape == (units,) else bias.reshape(units)
        elif bias.shape in ((), (1,)) and not bias.sources and units == 1:
            bias = bias.reshape(1)
        else:
            continue
        return _match(x, kernel, bias)
    return None


def biased(view: View, product: str, bias: Recipe) -> Match | None:
    """A product of rows with a bias that follows them beyond a reshape, with leading ones."""
    taken = _kernel(view, view.graph.node(product).name)
    if taken is None or _flat(bias.shape) != taken[1].shape[1:]:
        return None
    return _match(*taken, bias.reshape(*bias.shape[-1:]))


@operation(*_PRODUCTS, keras="Dense(use_bias=False)")
def dense(view: View, tensor: str) -> Match | None:
    """``MatMul(x, kernel)`` without a bias."""
    taken = _kernel(view, view.graph.node(tensor).name)
    return _match(*taken, None) if taken else None


@operation(*_PRODUCTS, keras="keras.ops.matmul")
def matmul(view: View, tensor: str) -> Match | None:
    """The product of two tensors of the model, or of one and a transposed one."""
    node = view.graph.node(tensor)
    flags = [
        bool(node.attrs.get(f"transpose_{side}") or node.attrs.get(f"adj_{letter}"))
        for side, letter in (("a", "x"), ("b", "y"))
    ]
    recipes = [view.recipe(source) for source in node.inputs]
    dynamic = [s for s, recipe in zip(node.inputs, recipes, strict=True) if recipe is None]
    if not dynamic:
        return None

    def build(builder: Builder, *values: Value) -> Value:
        waiting = list(values)
        sides = []
        for recipe, flip in zip(recipes, flags, strict=True):
            side = waiting.pop(0) if recipe is None else builder.operand(recipe, values[0])
            if flip:
                shape = side.shape if isinstance(side, Value) else None
                if shape is not None:
                    shape = (*shape[:-2], shape[-1], shape[-2])
                side = builder.op("swapaxes", side, -1, -2)
                side.shape = shape
            sides.append(side)
        return builder.op("matmul", *sides)

    return Match(dynamic, build)


def _kernel(view: View, name: str) -> tuple[str, Recipe] | None:
    """What a MatMul node multiplies: the tensor of the model, and the kernel (inputs, units)."""
    node = view.graph.nodes[name]
    if node.attrs.get("transpose_a") or node.attrs.get("adj_x"):
        return None
    kernel = view.recipe(node.inputs[1])
    if kernel is None or len(kernel.shape) != 2 or view.recipe(node.inputs[0]) is not None:
        return None
    if node.attrs.get("transpose_b") or node.attrs.get("adj_y"):
        kernel = kernel.transpose()
    return node.inputs[0], kernel


def _flat(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without leading ones."""
    while len(shape) > 1 and shape[0] == 1:
        shape = shape[1:]
    return shape


def _match(x: str, kernel: Recipe, bias: Recipe | None) -> Match:
    def build(builder: Builder, value: Value) -> Value:
        if value.shape is None:
            builder.refine(value, (None, kernel.shape[0]))
        else:
            builder.refine(value, (*[None] * (len(value.shape) - 1), kernel.shape[0]))
        shape = None if value.shape is None else (*value.shape[:-1], kernel.shape[1])
        weights = {"kernel": kernel} | ({"bias": bias} if bias else {})
        arguments = {"units": kernel.shape[1], "use_bias": None if bias else False}
        return builder.layer("Dense", arguments, value, weights=weights, shape=shape)

    return Match([x], build)
