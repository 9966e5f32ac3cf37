"""Runs of items that are equal become one block, which is called in their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from .body import Block, BlockCall, Body, Item, Loop, Parameter, Ref, Step, common_scope
from .columns import NUMBER, Column, derive
from .forms import NAME, same
from .turns import follows, turning

_MOST_PARAMETERS = 7  # beside the value that flows through
_MOST_RESULTS = 3
_WIDTH = 80  # a statement longer than this has a line for each argument
LOOP_BONUS = 1.5  # for a block of loops: their number of turns may differ elsewhere
SCOPE_BONUS = 1.3  # for a block that somebody outlined before
_LOOKED_AT = 6  # places of a block
_AROUND = 5  # lines of a function beside its body: head, docstring, return, blank lines


def key(item: Item) -> tuple[Any, ...]:
    """What is equal for items that may be lanes of one item."""
    if isinstance(item, Step):
        return item.form
    if isinstance(item, BlockCall):
        return ("block", id(item.block))
    return ("loop", key(item.item), tuple(item.carried.items()))


def weight(item: Item) -> int:
    """The lines that an item takes, about."""
    if isinstance(item, Loop):
        return 1 + weight(item.item)
    columns = columns_of(item)
    if isinstance(item, Step):
        return 1 if item.length < _WIDTH else 1 + min(len(columns), item.length // 12)
    parts = [len(column.label) + len(str(column.values[0])) + 3 for column in columns]
    long = sum(parts) + 8 * len(item.inputs) + 20
    return 1 if long < _WIDTH else 2 + len(columns) + len(item.inputs)


def columns_of(item: Item) -> list[Column]:
    """The slots of an item: a step's own, a block's parameters, what a loop needs."""
    if isinstance(item, Step):
        if not item.columns:
            owner = _owner(item)
            pairs = zip(item.labels, item.slots, strict=True)
            item.columns = [Column(label, slot, label == NAME, owner) for label, slot in pairs]
        return item.columns
    if isinstance(item, BlockCall):
        return [
            Column(p.name, [p.values[lane] for lane in item.lanes], p.is_name)
            for p in item.block.parameters
        ]
    item.turning = turning(columns_of(item.item), item.turns)
    return list(item.turning.outer)


def _owner(step: Step) -> str:
    """The last word of the layer's name, where all lanes have the same."""
    if NAME not in step.labels:
        return ""
    names = step.slots[step.labels.index(NAME)]
    words = {name.rpartition("_")[2] for name in names[:8]}
    word = words.pop() if len(words) == 1 else ""
    return word if word[:1].isalpha() else ""


@dataclass(frozen=True)
class Place:
    """Where a run begins."""

    body: Body
    start: int


class Last:
    """For each value of a body: the last item that takes it; beyond all for results.

    Attributes:
        cost: of a cut before an item: how many values of earlier items later ones take, and in
            how many scopes both sides are.
    """

    def __init__(self, body: Body):
        self._last: dict[Ref, int] = {}
        for index, item in enumerate(body.items):
            for ref in item.inputs:
                self._last[ref] = index
        for ref in body.results:
            self._last[ref] = len(body.items)
        made = {item: index for index, item in enumerate(body.items)}
        change = [0] * (len(body.items) + 2)
        for ref, index in self._last.items():
            if ref.item is not None:
                change[made[ref.item] + 1] += 1
                change[index + 1] -= 1
        scopes = [(), *(item.scope for item in body.items), ()]
        inside = [len(common_scope(pair)) for pair in pairwise(scopes)]
        self.cost = list(zip(accumulate(change), inside, strict=False))

    def __call__(self, ref: Ref) -> int:
        """The index of that item; -1 where none takes the value."""
        return self._last.get(ref, -1)


@dataclass(eq=False)
class Folding:
    """Runs of equal items, and the block that they would be.

    Attributes:
        places: of one wiring.
        given: for each value that the block takes: by place, what is passed.
        wires: by item of the block and by its input: an index into ``given``, or (item, result).
        results: of the block: (item, result).
        gain: lines saved.
    """

    places: list[Place]
    length: int
    given: list[tuple[Ref, ...]]
    wires: list[list[Any]]
    results: list[tuple[int, int]]
    gain: float = 0.0


def consider(places: Sequence[Place], length: int, last: dict[Body, Last]) -> Folding | None:
    """The best block of runs that have equal keys, or None where their wiring forbids it."""
    groups: dict[Any, list[Place]] = {}
    free: dict[Body, int] = {}
    for place in places:
        if place.start < free.get(place.body, 0):
            continue  # overlaps the one before
        signature = _signature(place, length)
        groups.setdefault(signature, []).append(place)
        free[place.body] = place.start + length
    signature, chosen = max(groups.items(), key=lambda pair: len(pair[1]))
    if len(chosen) < 2:
        return None
    given: dict[tuple[Ref, ...], int] = {}
    wires: list[list[Any]] = []
    runs = [place.body.items[place.start : place.start + length] for place in chosen]
    for position, row in enumerate(signature):
        wires.append([])
        for index, wire in enumerate(row):
            if isinstance(wire, int):
                refs = tuple(run[position].inputs[index] for run in runs)
                wire = given.setdefault(refs, len(given))
            wires[-1].append(wire)
    results: dict[tuple[int, int], None] = {}
    for place, run in zip(chosen, runs, strict=True):
        end, used = place.start + length, last[place.body]
        for position, item in enumerate(run):
            for index in range(item.outputs):
                if used(Ref(item, index)) >= end:
                    results[position, index] = None
    if len(results) > _MOST_RESULTS or not results:
        return None
    folding = Folding(list(chosen), length, list(given), wires, sorted(results))
    return folding if _weigh(folding, runs) else None


def _signature(place: Place, length: int) -> tuple[Any, ...]:
    """The wiring of a run: what each input is, an inner result or the how-manieth given value."""
    run = place.body.items[place.start : place.start + length]
    inside: dict[Any, int] = {item: index for index, item in enumerate(run)}
    given: dict[Ref, int] = {}
    return tuple(
        tuple(
            (inside[ref.item], ref.number)
            if ref.item in inside
            else given.setdefault(ref, len(given))
            for ref in item.inputs
        )
        for item in run
    )


def _weigh(folding: Folding, runs: Sequence[Sequence[Item]]) -> bool:
    """Sets the gain; False where the block is none that somebody would write."""
    columns = [column for items in zip(*runs, strict=True) for column in _joined(items)]
    parameters, _ = derive(columns)
    names = sum(parameter.is_name for parameter in parameters)
    count = len(runs)
    taken = len(folding.given) + len(parameters)
    turns = _turns(folding, runs)
    rows = turns.count(False)
    if taken > _MOST_PARAMETERS + 1 and rows > 1:
        return False
    lane, table = 0, 0  # turns that do not count on from those before are rows of a table
    for place, is_turn in zip(folding.places, turns, strict=True):
        table += is_turn and not all(_goes_on(parameter, lane) for parameter in parameters)
        lane += place.body.width
    lines = sum(weight(item) for item in runs[0])
    passed = taken - sum(bool(parameter.default) for parameter in parameters)
    call = 1 if passed + len(folding.results) < 6 else 2 + passed
    around = _AROUND if rows > 1 else 1
    folding.gain = lines * (count - 1) - around - rows * call - table
    folding.gain -= 3 * max(0, names - 1) + (2 + rows) * (len(folding.results) - 1)
    if rows > 1:
        folding.gain -= max(0, passed - 4) * rows * 0.5
    if folding.gain > 0 and 2 * rows <= count:
        folding.gain *= LOOP_BONUS
    if folding.gain > 0 and all(_is_scope(p, folding.length) for p in folding.places[:_LOOKED_AT]):
        folding.gain *= SCOPE_BONUS
    return True


def _goes_on(parameter: Parameter, lane: int) -> bool:
    """Whether a lane has the number that follows in its name, or the same size."""
    before, value = parameter.values[lane - 1 : lane + 1]
    counts = parameter.is_name or parameter.name == NUMBER
    return follows(str(before), str(value)) if counts else same(before, value)


def _turns(folding: Folding, runs: Sequence[Sequence[Item]]) -> list[bool]:
    """Whether each run follows the one before as a turn of a loop: takes what that gave."""
    turns = [False]
    for number in range(1, len(runs)):
        one, other = folding.places[number - 1 : number + 1]
        before = {*runs[number - 1]}
        adjacent = one.body is other.body and one.start + folding.length == other.start
        turns.append(
            adjacent
            and all(r[number] == r[number - 1] or r[number].item in before for r in folding.given)
        )
    return turns


def _is_scope(place: Place, length: int) -> bool:
    """Whether a run is all that the graph has in a scope, as far as the items around it say."""
    items, end = place.body.items, place.start + length
    scope = common_scope([item.scope for item in items[place.start : end]])
    around = [*items[max(0, place.start - 1) : place.start], *items[end : end + 1]]
    return bool(scope) and not any(item.scope[: len(scope)] == scope for item in around)


def _joined(items: Sequence[Item]) -> list[Column]:
    """The columns of items that are lanes of one."""
    if len(items) == 1:
        return columns_of(items[0])
    if isinstance(items[0], Loop):
        return columns_of(_merged_loop(items, []))
    rows = [columns_of(item) for item in items]
    joined = []
    for columns in zip(*rows, strict=True):
        owners = {column.owner for column in columns}
        joined.append(
            Column(
                columns[0].label,
                [value for column in columns for value in column.values],
                columns[0].is_name,
                owners.pop() if len(owners) == 1 else "",
            )
        )
    return joined


def merged(items: Sequence[Any], inputs: list[Ref]) -> Item:
    """One item whose lanes are those of the items, one after the other."""
    first = items[0]
    if isinstance(first, Step):
        slots = [
            [value for item in items for value in item.slots[index]]
            for index in range(len(first.slots))
        ]
        calls = [call for item in items for call in item.calls]
        return Step(first.form, first.labels, slots, inputs, calls, first.length, first.scope)
    if isinstance(first, BlockCall):
        lanes = [lane for item in items for lane in item.lanes]
        return BlockCall(first.block, lanes, inputs, first.scope)
    return _merged_loop(items, inputs)


def _merged_loop(items: Sequence[Any], inputs: list[Ref]) -> Loop:
    inner: Any = merged([item.item for item in items], items[0].item.inputs)
    turns = [count for item in items for count in item.turns]
    return Loop(inner, turns, inputs, dict(items[0].carried), items[0].scope)


def fold(folding: Folding) -> Block:
    """Makes the block, and calls it at each place."""
    runs = [
        place.body.items[p : p + folding.length] for place in folding.places for p in (place.start,)
    ]
    width = sum(place.body.width for place in folding.places)
    body = Body(width, len(folding.given))
    for position, items in enumerate(zip(*runs, strict=True)):
        inputs = [
            Ref(None, wire) if isinstance(wire, int) else Ref(body.items[wire[0]], wire[1])
            for wire in folding.wires[position]
        ]
        body.items.append(merged(items, inputs))
    body.results = [Ref(body.items[p], index) for p, index in folding.results]
    block = Block(body)
    block.parameters = parameters_of(body)
    instead: dict[Ref, Ref] = {}
    first_lane = 0
    changes: dict[Body, dict[int, BlockCall]] = {}
    for number, (place, run) in enumerate(zip(folding.places, runs, strict=True)):
        lanes = list(range(first_lane, first_lane + place.body.width))
        first_lane += place.body.width
        scope = common_scope([item.scope for item in run])
        call = BlockCall(block, lanes, [refs[number] for refs in folding.given], scope)
        changes.setdefault(place.body, {})[place.start] = call
        for index, (position, output) in enumerate(folding.results):
            instead[Ref(run[position], output)] = Ref(call, index)
    for changed, calls in changes.items():
        replace_runs(changed, calls, folding.length, instead)
    return block


def parameters_of(body: Body) -> list[Any]:
    """The parameters that a body needs."""
    return derive([column for item in body.items for column in columns_of(item)])[0]


def replace_runs(
    body: Body, new: dict[int, Any], length: int | dict[int, int], instead: dict[Ref, Ref]
) -> None:
    """Puts an item in the place of each run that begins at a key of ``new``."""
    items: list[Item] = []
    index = 0
    while index < len(body.items):
        if index in new:
            items.append(new[index])
            index += length if isinstance(length, int) else length[index]
        else:
            items.append(body.items[index])
            index += 1
    for item in items:
        item.inputs = [instead.get(ref, ref) for ref in item.inputs]
    body.items = items
    body.results = [instead.get(ref, ref) for ref in body.results]


def unwrap(blocks: Sequence[Block], bodies: Sequence[Body]) -> list[Block]:
    """Calls directly what a block alone calls; gives the blocks that are left."""
    thin: dict[Block, BlockCall] = {}
    for block in blocks:
        item = block.body.items[0]
        direct = [Ref(item, index) for index in range(item.outputs)] == block.body.results
        if len(block.body.items) == 1 and isinstance(item, BlockCall) and direct:
            thin[block] = item
    for body in bodies if thin else ():
        for item in body.items:
            call = item.item if isinstance(item, Loop) else item
            while isinstance(call, BlockCall) and call.block in thin:
                inner = thin[call.block]
                inputs = item.inputs
                item.inputs = [inputs[ref.number] for ref in inner.inputs]
                if isinstance(item, Loop):
                    carried = item.carried
                    item.carried = {
                        index: carried[ref.number]
                        for index, ref in enumerate(inner.inputs)
                        if ref.number in carried
                    }
                call.block, call.lanes = inner.block, [inner.lanes[lane] for lane in call.lanes]
    return [block for block in blocks if block not in thin]
