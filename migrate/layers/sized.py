"""Arrays whose size only a run knows: filled, repeated or counted to the batch of another."""

from __future__ import annotations

from ..plan import Value
from .builder import Builder
from .dimensions import Dimension, sizes_of
from .registry import Match, operation, pattern
from .view import View


@operation("Fill", keras="Filled (own class), keras.ops.full_like")
def fill(view: View, tensor: str) -> Match | None:
    """``tf.fill`` and ``tf.zeros`` with the batch size, or all sizes, of another tensor."""
    node = view.graph.node(tensor)
    sizes, number = sizes_of(view, node.inputs[0]), view.scalar(node.inputs[1])
    if sizes is None or number is None or not sizes:
        return None
    first, rest = sizes[0], sizes[1:]
    inner = [size for size in rest if isinstance(size, int)]
    shaped = view.node(node.inputs[0])
    if not isinstance(first, Dimension) or first.axis != 0 or len(inner) != len(rest):
        if shaped.op != "Shape":
            return None

        def build_like(builder: Builder, like: Value) -> Value:
            filled = builder.op("full_like", like, number, shape=like.shape)
            if filled.dtype != like.dtype:
                builder.plan.calls[-1].keywords["dtype"] = filled.dtype
            return filled

        return Match(shaped.inputs, build_like)

    def build(builder: Builder, value: Value) -> Value:
        arguments = {"shape": tuple(inner), "value": number or None}
        dtype = view.dtype(tensor)
        if dtype != "float32":
            arguments["dtype"] = dtype
        shape = (None, *inner)
        return builder.layer("Filled", arguments, value, shape=shape, scope="", dtype=dtype)

    return Match([first.tensor], build)


@pattern("Tile", "BroadcastTo", keras="RepeatForBatch (own class)")
def repeat(view: View, tensor: str) -> Match | None:
    """``tf.tile(x, [tf.shape(y)[0], 1, …])``, of a variable too."""
    node = view.graph.node(tensor)
    counts = sizes_of(view, node.inputs[1])
    recipe = view.recipe(node.inputs[0])
    before = view.shape(node.inputs[0]) if recipe is None else recipe.shape
    if counts is None or not counts or before is None or len(before) != len(counts):
        return None
    first, rest = counts[0], counts[1:]
    if not isinstance(first, Dimension) or first.axis != 0 or before[0] != 1:
        return None
    if node.op == "BroadcastTo":
        if list(before[1:]) != rest:
            return None
        rest = [1] * len(rest)
    times = [n for n in rest if isinstance(n, int)]
    if len(times) != len(rest):
        return None

    def build(builder: Builder, like: Value, *values: Value) -> Value:
        array = values[0] if recipe is None else builder.parameter(recipe, like)
        if any(n != 1 for n in times):
            array = builder.op("tile", array, (1, *times))
        return builder.layer("RepeatForBatch", {}, [array, like], scope="")

    given = [first.tensor] if recipe is not None else [first.tensor, node.inputs[0]]
    return Match(given, build)


@operation("Range", keras="Positions (own class)")
def positions(view: View, tensor: str) -> Match | None:
    """``tf.range(tf.shape(x)[axis])``."""
    node = view.graph.node(tensor)
    limit = sizes_of(view, node.inputs[1])
    if (view.scalar(node.inputs[0]), view.scalar(node.inputs[2])) != (0, 1) or limit is None:
        return None
    count, dtype = limit[0], view.dtype(tensor)
    if isinstance(count, int):
        given = {"dtype": dtype, "shape": (count,)}
        return Match([], lambda builder: builder.op("arange", count, **given))
    if not isinstance(count, Dimension):
        return None
    axis = count.axis
    arguments = {"axis": axis, "dtype": None if dtype == "int32" else dtype}
    return Match(
        [count.tensor],
        lambda builder, value: builder.layer(
            "Positions", arguments, value, scope="", shape=(None,)
        ),
    )


@pattern("StridedSlice", "Squeeze", "Gather", "GatherV2", keras="Size (own class)")
def size(view: View, tensor: str) -> Match | None:
    """``tf.shape(x)[axis]`` as an integer tensor."""
    if view.shape(tensor) != () or not view.dtype(tensor).startswith("int"):
        return None
    found = sizes_of(view, tensor)
    if found is None or len(found) != 1 or not isinstance(found[0], Dimension):
        return None
    (measured, axis), dtype = found[0].measured, view.dtype(tensor)
    arguments = {"axis": axis, "dtype": None if dtype == "int32" else dtype}
    return Match(
        [measured],
        lambda builder, value: builder.layer("Size", arguments, value, scope="", shape=()),
    )


@operation(
    "Const",
    "VariableV2",
    "Variable",
    "VarHandleOp",
    "Conv2D",
    "MatMul",
    keras="Parameter (own class)",
)
def constant_of_the_graph(view: View, tensor: str) -> Match | None:
    """A constant or variable that an operation takes where it usually takes a tensor."""
    held = view.held_variable(tensor)
    recipe = view.recipe(tensor) if held is None else held
    if recipe is None or not view.inputs or not recipe.dtype.startswith(("float", "int", "bool")):
        return None
    scope = None if held is None else held.sources[0]
    return Match([view.inputs[0]], lambda builder, given: builder.parameter(recipe, given, scope))
