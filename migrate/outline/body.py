"""What an outline is made of: bodies of items, each written once for one or more places.

A body is a piece of source: the model's, or that of a block. It stands for as many runs of the
plan's calls as it has lanes, which differ in numbers and names alone. Lane *i* of an item is the
item in run *i*.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..plan import Call, Layer, Value


class Ref(NamedTuple):
    """A value in a body: a result of one of its items, or (without item) one that is given."""

    item: Item | None
    number: int


@dataclass(frozen=True)
class Argument:
    """An argument of ``build_model``, or a multiple of it, where a literal could stand."""

    name: str
    times: int = 1

    def __str__(self) -> str:
        return self.name if self.times == 1 else f"{self.times} * {self.name}"


@dataclass(eq=False)
class Step:
    """A call of the plan, in each lane.

    Attributes:
        form: what is equal in all lanes; see :mod:`.forms`.
        labels: what each slot is called.
        slots: the literals, by slot and then by lane.
        calls: of the plan, by lane.
        length: of its source on one line, about.
        scope: of the graph, in the first lane.
        columns: labels and slots as :func:`~.folding.columns_of` gives them, made once.
        written: what stands in each slot of the source; set last.
    """

    form: tuple[Any, ...]
    labels: tuple[str, ...]
    slots: list[list[Any]]
    inputs: list[Ref]
    calls: list[Call]
    length: int
    scope: tuple[str, ...] = ()
    columns: list[Any] = field(default_factory=list)
    written: list[Any] = field(default_factory=list)

    @property
    def width(self) -> int:
        """The number of lanes."""
        return len(self.calls)

    @property
    def outputs(self) -> int:
        """The number of results."""
        return len(self.calls[0].outputs)


@dataclass(eq=False)
class BlockCall:
    """A call of a block.

    Attributes:
        lanes: of the block, by lane.
        written: what is passed for each parameter; set last.
    """

    block: Block
    lanes: list[int]
    inputs: list[Ref]
    scope: tuple[str, ...] = ()
    written: list[Any] = field(default_factory=list)

    @property
    def width(self) -> int:
        """The number of lanes."""
        return len(self.lanes)

    @property
    def outputs(self) -> int:
        """The number of results."""
        return len(self.block.body.results)


@dataclass(eq=False)
class Loop:
    """An item that is repeated, each time on what it gave the time before.

    Attributes:
        item: in a body of its own, whose lanes are all turns of lane 0, then those of lane 1 …
        turns: how many, by lane.
        inputs: for each input of the item: what the first turn takes.
        carried: input → the result of the turn before; the other inputs are the same in all turns.
        turning: how the item's slots change from turn to turn; set last.
    """

    item: Step | BlockCall
    turns: list[int]
    inputs: list[Ref]
    carried: dict[int, int]
    scope: tuple[str, ...] = ()
    turning: Any = None

    @property
    def width(self) -> int:
        """The number of lanes."""
        return len(self.turns)

    @property
    def outputs(self) -> int:
        """The number of results."""
        return self.item.outputs


Item = Step | BlockCall | Loop


@dataclass(eq=False)
class Body:
    """Items in the order in which they run.

    Attributes:
        width: the number of lanes.
        given: how many values it takes.
        results: what it gives.
    """

    width: int
    given: int
    items: list[Item] = field(default_factory=list)
    results: list[Ref] = field(default_factory=list)


@dataclass(eq=False)
class Parameter:
    """A parameter of a block: the literals that it has, by lane.

    Attributes:
        default: a tuple of the value that it has where a call does not pass it, or none.
    """

    name: str
    values: list[Any]
    is_name: bool = False
    default: tuple[Any, ...] = ()


@dataclass(eq=False)
class Block:
    """A body that several places call: a function of the source.

    Attributes:
        name: of the function.
        about: what it is, in a sentence.
        parameters: beside the values that are given.
        given: what these may be called.
        inline: whether it is the body of the one loop that calls it, and no function.
    """

    body: Body
    name: str = ""
    about: str = ""
    parameters: list[Parameter] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    inline: bool = False


@dataclass(eq=False)
class Outline:
    """A network as blocks and the body that calls them.

    Attributes:
        given: what the main body takes: inputs of the network, and layers that are called twice.
        blocks: those that are called by others first.
    """

    main: Body
    given: list[Value | Layer]
    blocks: list[Block] = field(default_factory=list)

    @property
    def bodies(self) -> Iterator[Body]:
        """The main body, and those of the blocks."""
        yield self.main
        for block in self.blocks:
            yield block.body

    @property
    def inline(self) -> list[Step]:
        """The calls that the main body makes itself, outside of loops."""
        return [item for item in self.main.items if isinstance(item, Step)]

    @property
    def repeats(self) -> bool:
        """Whether there is a block or a loop."""
        return bool(self.blocks) or any(isinstance(item, Loop) for item in self.main.items)

    def summary(self) -> list[tuple[str, int]]:
        """The blocks and how often each occurs, in the order of their size."""
        functions = [block for block in reversed(self.blocks) if not block.inline]
        return [(block.name, block.body.width) for block in functions]


def overwrites(item: Item, taken: Ref, result: int) -> bool:
    """Whether a result of an item may have the name of a value that it takes.

    A loop needs what it does not carry in each turn, and the start of another result too.
    """
    if not isinstance(item, Loop):
        return True
    places = [index for index, given in enumerate(item.inputs) if given == taken]
    return all(item.carried.get(index) == result for index in places)


def common_scope(scopes: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The scopes around all of these, from the outermost one; those that are not known left out."""
    known = [scope for scope in scopes if scope]
    if not known:
        return ()
    first, last = min(known), max(known)
    count = 0
    while count < min(len(first), len(last)) and first[count] == last[count]:
        count += 1
    return first[:count]


def scope_of(call: Call) -> tuple[str, ...]:
    """The scopes of the graph around a call; none where it is not known."""
    if isinstance(call.function, Layer) and call.function.scope:
        return tuple(call.function.scope.split("/"))
    return tuple((call.outputs[0].tensor or "").split("/")[:-1])
