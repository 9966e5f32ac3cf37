"""Arrays whose size only a run knows: filled, repeated or counted to the batch of another."""

from __future__ import annotations

from ..plan import Value
from .builder import Builder
from .dimensions import Dimension, sizes_of
from .dynamic import dynamic, made_of_sizes
from .registry import Match, operation, pattern
from .view import View


@operation("Fill", keras="Filled, DynamicFull, DynamicBroadcast (own classes), keras.ops.full_like")
def fill(view: View, tensor: str) -> Match | None:
    """``tf.fill``, ``tf.zeros`` and ``tf.ones`` with sizes of other tensors."""
    node = view.graph.node(tensor)
    sizes, number = sizes_of(view, node.inputs[0]), view.scalar(node.inputs[1])
    if sizes is None or not sizes:
        return None
    if number is None:  # itself a size, say
        return dynamic(view, tensor, "DynamicBroadcast", sizes, at=1)
    first, rest = sizes[0], sizes[1:]
    inner = [size for size in rest if isinstance(size, int)]
    shaped = view.node(node.inputs[0])
    likened = shaped.op == "Shape" and view.uses(shaped.inputs[0]) > 1
    if likened or not isinstance(first, Dimension) or first.axis != 0 or len(inner) != len(rest):
        if shaped.op != "Shape":
            dtype = view.dtype(tensor)
            given = {"value": number or None, "dtype": None if dtype == "float32" else dtype}
            return made_of_sizes(view, tensor, "DynamicFull", sizes, given)

        def build_like(builder: Builder, like: Value) -> Value:
            by_number = {0: "zeros_like", 1: "ones_like"}
            if number in by_number:
                filled = builder.op(by_number[number], like, shape=like.shape)
            else:
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


@operation("BroadcastTo", keras="DynamicBroadcast (own class), keras.ops.broadcast_to")
def broadcast(view: View, tensor: str) -> Match | None:
    """``tf.broadcast_to``."""
    node = view.graph.node(tensor)
    sizes = sizes_of(view, node.inputs[1])
    if sizes is None:
        return None
    known = tuple(size for size in sizes if isinstance(size, int))
    if len(known) < len(sizes):
        return dynamic(view, tensor, "DynamicBroadcast", sizes)
    return Match(node.inputs[:1], lambda builder, value: builder.op("broadcast_to", value, known))


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


@operation("Range", keras="Positions, DynamicRange (own classes), keras.ops.arange")
def positions(view: View, tensor: str) -> Match | None:
    """``tf.range`` of constants, or of sizes."""
    node, dtype = view.graph.node(tensor), view.dtype(tensor)
    ends = [sizes_of(view, source) for source in node.inputs]
    parts = [part[0] for part in ends if part is not None and len(part) == 1]
    if len(parts) != 3:
        return None
    start, count, step = parts
    if (start, step) == (0, 1) and isinstance(count, int):
        given = {"dtype": dtype, "shape": (count,)}
        return Match([], lambda builder: builder.op("arange", count, **given))
    if (start, step) != (0, 1) or not isinstance(count, Dimension):
        kind = {"dtype": None if dtype == "int32" else dtype}
        return made_of_sizes(view, tensor, "DynamicRange", parts, kind)
    axis = count.axis
    arguments = {"axis": axis, "dtype": None if dtype == "int32" else dtype}
    return Match(
        [count.tensor],
        lambda builder, value: builder.layer(
            "Positions", arguments, value, scope="", shape=(None,)
        ),
    )


@operation("Shape", keras="Size (own class)")
def shape_vector(view: View, tensor: str) -> Match | None:
    """``tf.shape(x)`` as a vector that other operations use."""
    node, dtype = view.graph.node(tensor), view.dtype(tensor)
    arguments = {"dtype": None if dtype == "int32" else dtype}
    return Match(
        node.inputs[:1], lambda builder, value: builder.layer("Size", arguments, value, scope="")
    )


@operation("Size", keras="keras.ops.size")
def number_of_elements(view: View, tensor: str) -> Match | None:
    """``tf.size(x)``, as the losses of tf.keras divide by."""
    node, dtype = view.graph.node(tensor), view.dtype(tensor)

    def build(builder: Builder, value: Value) -> Value:
        counted = builder.op("size", value, shape=(), dtype="int32")
        return counted if dtype == "int32" else builder.op("cast", counted, dtype)

    return Match(node.inputs[:1], build)


@pattern("StridedSlice", "Squeeze", "Gather", "GatherV2", keras="Size (own class)")
def size(view: View, tensor: str) -> Match | None:
    """``tf.shape(x)[axis]`` as an integer tensor."""
    if view.shape(tensor) != () or not view.dtype(tensor).startswith("int"):
        return None
    found = sizes_of(view, tensor)
    if found is None or len(found) != 1 or not isinstance(found[0], Dimension):
        return None
    (measured, axis), dtype = found[0].measured, view.dtype(tensor)
    return Match([measured], lambda builder, value: builder.size(value, axis, dtype))


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
