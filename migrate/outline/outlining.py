"""A network → its outline: the greatest gain in lines is taken until nothing is gained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..plan import Layer, Network, Value
from .body import Block, BlockCall, Body, Item, Loop, Outline, Ref, Step, scope_of
from .columns import constant
from .folding import (
    LOOP_BONUS,
    SCOPE_BONUS,
    Folding,
    Last,
    Place,
    columns_of,
    consider,
    fold,
    key,
    unwrap,
    weight,
)
from .forms import Form, length
from .looping import loop_up
from .naming import name_blocks
from .repeats import Repeat, repeats
from .writing import write

_LEAST_GAIN = 4  # lines
_LARGE = 6  # calls of a block whose loops are worth it for two turns
_LONG_CALL, _MANY_CALLS = 4, 4  # arguments and places of a call that becomes a block itself
_MOST_BLOCKS = 60
_WORK = 60  # how often each item may be looked at for one block: keeps the time linear
_CUTS = 3  # ends of a run that are tried, on either side
_REACH = 64  # how far from the ends of a run they are


def outline(network: Network, stands_for: Mapping[tuple[int, str], Any] | None = None) -> Outline:
    """The blocks and loops of a network.

    Args:
        stands_for: layer's ``id`` and argument → the :class:`Argument` of ``build_model`` there.
    """
    made = unfolded(network, stands_for)
    loop_up(made.main, _is_large)
    while len(made.blocks) < _MOST_BLOCKS and (best := _best(list(made.bodies))) is not None:
        made.blocks.append(fold(best))
        made.blocks = unwrap(made.blocks, list(made.bodies))
        for body in made.bodies:
            loop_up(body, _is_large)
    for body in made.bodies:
        loop_up(body, _is_shorter)
    _fold_long_calls(made)
    made.blocks = _in_order(made)
    write(made)
    name_blocks(made)
    return made


def unfolded(network: Network, stands_for: Mapping[tuple[int, str], Any] | None = None) -> Outline:
    """The network without blocks or loops; ``stands_for`` is as for :func:`outline`."""
    called = [call.function for call in network.calls if isinstance(call.function, Layer)]
    counts: dict[Layer, int] = {}
    for layer in called:
        counts[layer] = counts.get(layer, 0) + 1
    shared = [layer for layer, count in counts.items() if count > 1]
    given: list[Value | Layer] = [put.value for put in network.inputs]
    given += shared
    main = Body(1, len(given))
    refs = {id(value): Ref(None, index) for index, value in enumerate(given)}
    among = set(shared)
    for call in network.calls:
        form = Form(call, among, dict(stands_for or {}))
        inputs = [refs[id(value)] for value in form.values]
        step = Step(
            form.key,
            tuple(form.labels),
            [[slot] for slot in form.slots],
            inputs,
            [call],
            length(call),
        )
        step.scope = scope_of(call)
        main.items.append(step)
        refs |= {id(value): Ref(step, index) for index, value in enumerate(call.outputs)}
    main.results = [refs[id(output.value)] for output in network.outputs]
    return Outline(main, given)


def _best(bodies: Sequence[Body]) -> Folding | None:
    """The block that saves most lines."""
    sequence: list[int] = []
    weights: list[float] = []
    places: list[Place] = []
    numbers: dict[Any, int] = {}
    for body in bodies:
        for index, item in enumerate(body.items):
            sequence.append(numbers.setdefault(key(item), len(numbers)))
            weights.append(weight(item))
            places.append(Place(body, index))
        sequence.append(-1 - len(sequence))  # nothing repeats across bodies
        weights.append(0)
        places.append(Place(body, len(body.items)))
    last = {body: Last(body) for body in bodies}
    best: Folding | None = None
    most = SCOPE_BONUS * LOOP_BONUS
    tried: set[tuple[int, int]] = set()
    left = _WORK * len(sequence)
    for promise, repeat in repeats(sequence, weights):
        if best is not None and best.gain >= most * promise:
            break
        for offset, size in _variants(repeat, places, last):
            if (repeat.places[0] + offset, size) in tried:
                continue
            tried.add((repeat.places[0] + offset, size))
            found = _all_places([place + offset for place in repeat.places], size, sequence)
            starts = [places[place] for place in found]
            lines = sum(weights[repeat.places[0] + offset : repeat.places[0] + offset + size])
            if best is not None and best.gain >= most * lines * (len(starts) - 1):
                continue
            left -= size * len(starts)
            if left < 0:
                return best
            made = consider(starts, size, last)
            if made and made.gain >= _LEAST_GAIN and (not best or made.gain > best.gain):
                best = made
    return best


def _fold_long_calls(made: Outline) -> None:
    """Makes blocks of single calls with many arguments that occur again and again."""
    places: dict[Any, list[Place]] = {}
    for body in made.bodies:
        for index, item in enumerate(body.items):
            if isinstance(item, Step) and len(body.items) > 1 and _is_long(item):
                places.setdefault(key(item), []).append(Place(body, index))
    for each in places.values():
        if len(each) >= _MANY_CALLS:
            found = consider(each, 1, {place.body: Last(place.body) for place in each})
            if found is not None and found.gain >= _LEAST_GAIN:
                made.blocks.append(fold(found))


def _is_long(step: Step) -> bool:
    layer = step.calls[0].function
    return isinstance(layer, Layer) and len(layer.arguments) >= _LONG_CALL


def _variants(
    repeat: Repeat, places: Sequence[Place], last: Mapping[Body, Last]
) -> Iterable[tuple[int, int]]:
    """Parts of a repeat that may be its block: cut where few values cross."""
    length = repeat.length
    gaps = [b - a for a, b in zip(repeat.places, repeat.places[1:], strict=False)]
    period = min(gaps)
    first = places[repeat.places[0]]
    cost = last[first.body].cost
    if period == 1:
        return
    if period < length:  # copies in a row: one is a block, wherever it begins
        starts = sorted(
            range(min(length - period + 1, _REACH)), key=lambda o: (cost[first.start + o], o)
        )
        yield from ((start, period) for start in starts[:_CUTS])
        return
    start = first.start
    heads = [o for o in range(min(length - 1, _REACH)) if cost[start + o] < cost[start]]
    short = range(max(2, length - _REACH), length)
    tails = [o for o in short if cost[start + o] < cost[start + length]]
    heads.sort(key=lambda o: (cost[start + o], o))
    tails.sort(key=lambda o: (cost[start + o], -o))
    tried, ends = [0, *heads[:_CUTS]], [length, *tails[:_CUTS]]
    yield from ((a, b - a) for a in tried for b in ends if b - a > 1)


def _all_places(known: list[int], size: int, sequence: Sequence[int]) -> list[int]:
    """The places of a part of a repeat: of copies in a row, the last ones are no whole repeats."""
    run = sequence[known[0] : known[0] + size]
    places = dict.fromkeys(known)
    for place in known:
        after = place + size
        while after not in places and sequence[after : after + size] == run:
            places[after] = None
            after += size
    return sorted(places)


def _calls(item: Item) -> int:
    """How many calls of the plan an item is, in a lane."""
    if isinstance(item, Step):
        return 1
    if isinstance(item, Loop):
        return 2 * _calls(item.item)
    return sum(_calls(inner) for inner in item.block.body.items)


def _is_large(items: Sequence[Item], loop: Loop) -> bool:
    """Whether a loop is worth it at once: it may be part of a block."""
    columns_of(loop)
    assert loop.turning is not None
    counted = loop.turning.counted and loop.turning.table is None
    if _calls(items[0]) < _LARGE:
        return counted and isinstance(items[0], Step) and (weight(items[0]) > 2 or len(items) > 2)
    return len(items) > 2 or loop.turning.table is None


def _is_shorter(items: Sequence[Item], loop: Loop) -> bool:
    """Whether a loop takes fewer lines than its turns."""
    columns_of(loop)
    turning, lines = loop.turning, weight(items[0])
    assert turning is not None
    rows = 0
    if turning.table is not None:
        if loop.width > 1 and not constant(turning.outer[turning.table].values):
            return False
        rows = 2 + len(items) if len(turning.heads) > 1 else 1
    return len(items) * lines - (1 + lines + rows) >= 2


def _in_order(made: Outline) -> list[Block]:
    """The blocks that are called, each after those that it calls itself."""
    order: dict[Block, None] = {}

    def visit(body: Body) -> None:
        for item in body.items:
            inner = item.item if isinstance(item, Loop) else item
            if isinstance(inner, BlockCall) and inner.block not in order:
                visit(inner.block.body)
                order[inner.block] = None

    visit(made.main)
    return list(order)
