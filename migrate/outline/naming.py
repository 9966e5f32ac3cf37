"""Names of blocks and of what they take, from the scopes of the graph and the kinds of layers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..plan import Call, Layer, Value
from ..plan.names import RESERVED, identifier, snake
from .body import (
    Block,
    BlockCall,
    Body,
    Item,
    Loop,
    Outline,
    Ref,
    Step,
    common_scope,
    overwrites,
    scope_of,
)
from .columns import named
from .folding import weight

_MOST_LANES = 24  # of a block, that are looked at for its name
_LONGEST = 40
_NEAR = 2  # scopes of a block, from the innermost one, that may name it
_SMALL = 4  # calls of a block that is called by its kinds
_LINES_INLINE = 8
_MOST_PARAMETERS = 8
_LONGEST_LOCAL = 24
# Words for parts, which say less than the scope around them.
_GENERIC = {"layer", "block", "unit", "cell", "module", "stage", "branch", "group", "num", "res"}
_SHORT = {"conv1d": "conv", "conv2d": "conv", "conv3d": "conv", "batch_normalization": "bn",
    "fused_batch_normalization": "bn", "fixed_batch_normalization": "bn",
    "layer_normalization": "norm", "conv2d_transpose": "deconv", "concatenate": "concat",
    "depthwise_conv2d": "depthwise_conv", "max_pooling2d": "max_pool", "zero_padding2d": "pad",
    "average_pooling2d": "avg_pool"}  # fmt: skip
_OPERATORS = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "@": "matmul",
    "[]": "part",
}


def name_blocks(outline: Outline) -> None:
    """Names the blocks, their parameters and what they take, and says which are no functions."""
    taken = {*RESERVED}
    callers = _callers(outline)
    for block in reversed(outline.blocks):
        places = callers[block]
        block.given = [
            _given(ref, body, _block_of(outline, body))
            for body, item in places[:1]
            for ref in item.inputs
        ]
        block.inline = len(places) == 1 and _fits_in_loop(places[0][1], block)
    for block in outline.blocks:
        wish = _name(block)
        block.name = identifier(wish, taken, longest=_LONGEST)
        taken.add(block.name)
        block.about = _about(block)
        named(block.parameters, {"x", "inputs"})


def _callers(outline: Outline) -> dict[Block, list[tuple[Body, Item]]]:
    callers: dict[Block, list[tuple[Body, Item]]] = {}
    for body in outline.bodies:
        for item in body.items:
            inner = item.item if isinstance(item, Loop) else item
            if isinstance(inner, BlockCall):
                callers.setdefault(inner.block, []).append((body, item))
    return callers


def _block_of(outline: Outline, body: Body) -> Block | Outline:
    return next((block for block in outline.blocks if block.body is body), outline)


def _fits_in_loop(item: Item, block: Block) -> bool:
    """Whether a block is rather the body of the loop that calls it."""
    if not isinstance(item, Loop):
        return False
    order = {inner: index for index, inner in enumerate(block.body.items)}
    for index, result in item.carried.items():
        given, became = Ref(None, index), block.body.results[result]
        made = order[became.item]  # type: ignore[index]
        later = [i for i, inner in enumerate(block.body.items) if given in inner.inputs]
        last = max(later, default=0)
        if last > made or (
            last == made and not overwrites(block.body.items[made], given, became.number)
        ):
            return False
    lines = sum(weight(inner) for inner in block.body.items)
    many = len(block.parameters) + block.body.given > _MOST_PARAMETERS
    return lines <= _LINES_INLINE or many


def value_in(ref: Ref, lane: int) -> Value:
    """The value of the plan that a result is in a lane."""
    item, index = ref
    if isinstance(item, Step):
        return item.calls[lane].outputs[index]
    if isinstance(item, BlockCall):
        return value_in(item.block.body.results[index], item.lanes[lane])
    assert isinstance(item, Loop)
    return value_in(Ref(item.item, index), sum(item.turns[: lane + 1]) - 1)


def hint(ref: Ref) -> str:
    """A name for a result: a word that its lanes have in common, else its kind."""
    assert ref.item is not None
    values = [value_in(ref, lane) for lane in range(min(ref.item.width, _MOST_LANES))]
    hints = {value.hint for value in values}
    if len(hints) == 1 and (only := hints.pop()):
        return only
    words = {_word(value.hint) for value in values}
    if len(words) == 1 and len(word := words.pop()) > 1:
        return word
    item = ref.item.item if isinstance(ref.item, Loop) else ref.item
    return kind_of(item.calls[0]) if isinstance(item, Step) else item.block.name


def wishes(ref: Ref) -> list[str]:
    """Names for a result, the best first: its hint, and the hint with what makes it."""
    assert ref.item is not None
    wish, item = hint(ref), ref.item.item if isinstance(ref.item, Loop) else ref.item
    kind = kind_of(item.calls[0]) if isinstance(item, Step) else item.block.name
    return [wish, *followed_by(wish, kind), kind]


def followed_by(wish: str, kind: str) -> list[str]:
    """A name with what makes it, unless it says that already."""
    word = kind.rpartition("_")[2] if len(f"{wish}_{kind}") > _LONGEST_LOCAL else kind
    return [] if word in wish or not word.isidentifier() else [f"{wish}_{word}"]


def _word(text: str) -> str:
    """A name without the number at its end."""
    return re.sub(r"_?v?\d+[a-z]?$", "", text)


def _given(ref: Ref, body: Body, owner: Block | Outline) -> str:
    """What a block calls a value, by the first place that passes it."""
    if ref.item is not None:
        return hint(ref)
    given = owner.given[ref.number]
    if isinstance(given, Layer):
        return given.name or given.kind
    return given.hint if isinstance(given, Value) else given


def kind_of(call: Call) -> str:
    """What a call does, in a word."""
    function = call.function
    if isinstance(function, Layer):
        kind = snake(function.kind)
        given = function.arguments.get("activation")
        if kind == "activation" and isinstance(given, str):
            return given
        return _SHORT.get(kind, re.sub(r"\dd$", "", kind))
    return _OPERATORS.get(function, function.rpartition(".")[2])


def _calls(item: Item) -> Iterator[Step]:
    """The steps of an item, those of its blocks included."""
    if isinstance(item, Step):
        yield item
    elif isinstance(item, Loop):
        yield from _calls(item.item)
    else:
        for inner in item.block.body.items:
            yield from _calls(inner)


def _calls_in(item: Item, lane: int) -> Iterator[Call]:
    """The calls of the plan that an item is in a lane."""
    if isinstance(item, Step):
        yield item.calls[lane]
    elif isinstance(item, Loop):
        start = sum(item.turns[:lane])
        for turn in range(item.turns[lane]):
            yield from _calls_in(item.item, start + turn)
    else:
        for inner in item.block.body.items:
            yield from _calls_in(inner, item.lanes[lane])


def _scopes(block: Block) -> list[tuple[str, ...]]:
    """The scope that the calls of a block have in common, in each lane."""
    return [
        common_scope(
            [scope_of(call) for item in block.body.items for call in _calls_in(item, lane)]
        )
        for lane in range(min(block.body.width, _MOST_LANES))
    ]


def _name(block: Block) -> str:
    kinds = [kind_of(step.calls[0]) for item in block.body.items for step in _calls(item)]
    if len(kinds) <= _SMALL and len(block.body.items) <= _SMALL:
        return "_".join(
            kind for kind, before in zip(kinds, ["", *kinds], strict=False) if kind != before
        )
    scopes = _scopes(block)
    residual = kinds[-1] == "add" or kinds[-2:-1] == ["add"]
    for place in range(1, min(_NEAR, *map(len, scopes)) + 1):
        if len({scope[: 1 - place or None] for scope in scopes}) == 1 < len(scopes):
            break  # a scope around all of them says nothing about one
        words = {_word(scope[-place]).lower() for scope in scopes}
        word = words.pop() if len(words) == 1 else ""
        if len(word) > 2 and word not in RESERVED:
            around = {scope[-place - 1] if place < len(scope) else "" for scope in scopes}
            outer = around.pop() if len(around) == 1 else ""
            if word in _GENERIC and outer and not re.search(r"\d", outer):
                return f"{outer}_{word}"
            return f"residual_{word}" if residual and word in _GENERIC else word
    if "dot_product_attention" in kinds or {"softmax", "matmul"} <= {*kinds}:
        return "transformer_block" if "add" in kinds else "attention"
    return "residual_block" if residual else f"{kinds[0]}_block"


def _about(block: Block) -> str:
    kinds = []
    for item in block.body.items:
        for step in _calls(item):
            function = step.calls[0].function
            kinds.append(function.kind if isinstance(function, Layer) else kind_of(step.calls[0]))
    if len(kinds) <= _SMALL:
        return f"{', '.join(kinds[:-1])} and {kinds[-1]}." if len(kinds) > 1 else f"{kinds[0]}."
    scope = "/".join(_scopes(block)[0])
    while len(scope) > _LONGEST:
        scope = scope.partition("/")[2]
    such = f", such as {scope} of the graph" if scope else " of the graph"
    return f"One of {block.body.width} parts{such}."
