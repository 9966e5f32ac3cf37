"""An outline as source: a function for each block, loops, and the body of ``build_model``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..outline.body import (
    Block,
    BlockCall,
    Body,
    Item,
    Loop,
    Outline,
    Ref,
    Step,
    overwrites,
)
from ..outline.forms import filled, same
from ..outline.naming import followed_by, hint, wishes
from ..outline.nesting import Line, nested
from ..plan import Layer, Network, Value
from ..plan.names import best_identifier, identifier, snake
from .flat import MOST_TARGETS, model_call
from .parameters import Parameters, is_attention
from .render import WIDTH, Apply, Name, prose, render
from .slots import expression, header
from .writer import BODY, Writer

_POSITIONAL = ("filters", "units", "size")  # a block's first parameter, passed without its name
_COUNTERS = ("i", "j", "k", "n")


class Outlined(Writer):
    """Writes the outline of a network; functions and classes of the source are not hidden.

    Attributes:
        stack: the one loop over layers of attention, whose number is an argument.
    """

    def __init__(self, plan: Network, outline: Outline, parameters: Parameters, legacy_keras: bool):
        super().__init__(plan, parameters, legacy_keras)
        self.outline = outline
        self.defined |= {block.name for block in outline.blocks}
        self.defined |= {*parameters.required, *parameters.defaults, "num_layers"}
        loops = [item for item in outline.main.items if isinstance(item, Loop)]
        stacks = [loop for loop in loops if _attends(loop) and not loop.turning.first]
        counted = [loop for loop in stacks if loop.turning.table is None]
        self.stack = counted[0] if len(counted) == 1 == len(stacks) else None

    def functions(self) -> list[str]:
        """The definitions of the blocks; those that others call come first."""
        return [
            _Function(self, block.body, block).definition()
            for block in self.outline.blocks
            if not block.inline
        ]

    def lines(self) -> list[str]:
        """The body of ``build_model``."""
        return _Function(self, self.outline.main, None).main()


class _Function:
    """One body as the statements of a function.

    Attributes:
        names: what each value is called.
        inside: values whose calls stand where they are used.
        items: those that have lines of their own.
        users: which of them take a value.
        free: the first item whose result may be called x: until then x is a value from around.
    """

    def __init__(self, writer: Outlined, body: Body, block: Block | None):
        self.writer, self.body, self.block = writer, body, block
        self.names: dict[Ref, str] = {}
        self.taken = {"x", *writer.defined}
        self.inside = _nested(body)
        self.items = [item for item in body.items if Ref(item, 0) not in self.inside]
        self.users = self._users()
        self.free: float = 0

    # The text

    def definition(self) -> str:
        """The function of a block."""
        block = self.block
        assert block is not None
        self.taken |= {parameter.name for parameter in block.parameters}
        for index, wish in enumerate(block.given):
            self._name_given(index, wish)
        given = [Name(self.names[Ref(None, index)]) for index in range(self.body.given)]
        asked = [Name(p.name) for p in block.parameters if not p.default]
        usual = {p.name: p.default[0] for p in block.parameters if p.default}
        head = render(Apply(Name(block.name), [*given, *asked], usual), before=4, after=1)
        arguments = [parameter.name for parameter in block.parameters]
        lines = self.statements(self._inside(arguments), BODY)
        results = [self.names[ref] for ref in self.body.results]
        return "\n".join(
            [
                f"def {head}:",
                f'{BODY}"""{prose(block.about)}"""',
                *_returning(lines, results),
            ]
        )

    def main(self) -> list[str]:
        """The body of ``build_model``."""
        writer, lines = self.writer, []
        inputs = writer.plan.inputs
        for index, given in enumerate(self.writer.outline.given):
            if isinstance(given, Layer):
                wish, made = given.name or given.kind, writer.constructor(given)
            else:
                put = inputs[index]
                wish, made = put.name, writer.input(put)
            ref = Ref(None, index)
            if isinstance(given, Value) and len(inputs) == 1:
                self.names[ref] = "inputs"
                self.taken.add("inputs")
            else:
                kind = given.kind if isinstance(given, Layer) else "input"
                self._take(ref, [wish, *followed_by(wish, snake(kind))])
            lines.append(_assignment(self.names[ref], made, BODY))
        lines += self.statements(self._inside([]), BODY)
        starts = [self.names[Ref(None, index)] for index in range(len(inputs))]
        ends = [self.names[ref] for ref in self.body.results]
        return [*lines, model_call(writer.plan, starts, ends)]

    def _inside(self, arguments: Sequence[str]) -> Callable[[Any], Any]:
        names = [Name(name) for name in arguments]
        return lambda written: expression(written, names, ())

    def statements(self, express: Callable[[Any], Any], indent: str) -> list[str]:
        """Statements of the body, whose given values have names."""
        self._name_results()
        lines: list[str] = []
        for index, item in enumerate(self.items):
            if isinstance(item, Loop):
                lines += self._loop(item, express, indent, busy=index < self.free)
            else:
                lines += self._lines_of(item, express, indent)
        return lines

    def _lines_of(
        self, item: Step | BlockCall, express: Callable[[Any], Any], indent: str
    ) -> list[str]:
        """The line of a call, after those of values that have no room in it."""
        targets = self._targets(item)
        line = _assignment(targets, self._call(item, express, len(targets)), indent)
        value = next((ref for ref in item.inputs if ref in self.inside), None)
        if len(line) <= WIDTH or value is None:
            return [line]
        first = self.inside.pop(value)
        self._take(value, wishes(value))
        return [
            *self._lines_of(first, express, indent),
            *self._lines_of(item, express, indent),
        ]

    def _call(self, item: Step | BlockCall, express: Callable[[Any], Any], before: int) -> Any:
        slots = [express(written) for written in item.written]
        values = []
        for ref in item.inputs:
            step = self.inside.get(ref)
            values.append(self._call(step, express, 0) if step else Name(self.names[ref]))
        return self._applied(item, slots, values, before)

    def _applied(
        self, item: Step | BlockCall, slots: Sequence[Any], values: Sequence[Any], before: int
    ) -> Any:
        if isinstance(item, BlockCall):
            pairs = list(zip(item.block.parameters, slots, strict=True))
            keywords = {
                p.name: slot for p, slot in pairs if not p.default or not same(slot, p.default[0])
            }
            asked = [p.name for p in item.block.parameters if not p.default]
            first = [keywords.pop(name) for name in asked[:1] if name in _POSITIONAL]
            return Apply(Name(item.block.name), [*values, *first], keywords)
        call = item.calls[0]
        shared = item.form[0] == "shared"
        original = call.function if isinstance(call.function, Layer) else None
        call = filled(call, slots, values[1:] if shared else values, shared)
        function = values[0] if shared else call.function
        own = original if self.body is self.writer.outline.main else None
        return self.writer.applied(call, function, before + 3, original=own)

    def _loop(
        self, loop: Loop, express: Callable[[Any], Any], indent: str, busy: bool
    ) -> list[str]:
        """The statements of a loop; busy says whether x is a value that is taken after it."""
        turning, inner = loop.turning, loop.item
        outer = [express(written) for written in turning.written]
        if self.writer.stack is loop:
            outer[turning.last] = self.writer.parameters.add("num_layers", outer[turning.last])
        lines = []
        own: dict[int, str] = {}  # what an input of the item is called in the loop
        for index, ref in enumerate(loop.inputs):
            own[index] = self.names[ref]
            if index in loop.carried:
                own[index] = self.names[Ref(loop, loop.carried[index])]
                start = f"{indent}{own[index]} = {self.names[ref]}"
                if own[index] != self.names[ref] and start not in lines:
                    lines.append(start)
        counter = next(name for name in _COUNTERS if name not in self.taken)
        self.taken.add(counter)
        heads = []
        for label in turning.heads:
            heads.append(identifier(label, self.taken))
            self.taken.add(heads[-1])
        lines.append(f"{indent}for {header(turning, outer, counter, heads, indent)}:")
        turn = [Name(counter), *map(Name, heads)]

        def express_turn(written: Any) -> Any:
            return expression(written, outer, turn)

        slots = [express_turn(written) for written in turning.slots]
        deeper = indent + BODY
        if isinstance(inner, BlockCall) and inner.block.inline:
            lines += self._inlined(loop, inner.block, slots, own, deeper, busy)
        else:
            targets = self._targets(loop)
            inputs = [Name(own[index]) for index in range(len(own))]
            call = self._applied(inner, slots, inputs, len(targets))
            lines.append(_assignment(targets, call, deeper))
        self.taken.difference_update([counter, *heads])
        return lines

    def _inlined(
        self,
        loop: Loop,
        block: Block,
        slots: Sequence[Any],
        own: dict[int, str],
        indent: str,
        busy: bool,
    ) -> list[str]:
        """The body of a block that only this loop calls."""
        inside = _Function(self.writer, block.body, None)
        inside.taken = self.taken
        inside.names = {Ref(None, index): name for index, name in own.items()}
        given = [index for index, name in own.items() if name == "x"]
        carried = all(index in loop.carried for index in given)
        kept = [inside.kept_until(index) if carried else math.inf for index in given]
        inside.free = math.inf if busy else max(kept, default=0)
        first = []
        if 1 < inside.free < math.inf:  # with another name, x is free for what follows
            name = self._unique(["shortcut"])
            first = [f"{indent}{name} = x"]
            inside.names |= {Ref(None, index): name for index in given}
            inside.free = 0
        for index, ref in enumerate(block.body.results):
            inside.names[ref] = self.names[Ref(loop, index)]
        lines = inside.statements(lambda written: expression(written, slots, ()), indent)
        return [*first, *lines]

    # The names

    def _users(self) -> dict[Ref, list[int]]:
        """The items that take each value; a result is taken after all of them."""
        users: dict[Ref, list[int]] = {}
        for index, item in enumerate(self.items):
            for ref in self._taken(item):
                users.setdefault(ref, []).append(index)
        for ref in self.body.results:
            users.setdefault(ref, []).append(len(self.items))
        return users

    def _taken(self, item: Item) -> list[Ref]:
        """The values that the lines of an item take."""
        found = []
        for ref in item.inputs:
            found += self._taken(self.inside[ref]) if ref in self.inside else [ref]
        return found

    def _name_given(self, index: int, wish: str) -> None:
        ref = Ref(None, index)
        if index == 0 and self._is_passing(ref, 0):
            self.names[ref] = "x"
        elif index == 0:
            self.names[ref] = "inputs"
        else:
            self._take(ref, [wish])

    def _name_results(self) -> None:
        for index, item in enumerate(self.items):
            refs = [Ref(item, output) for output in range(item.outputs)]
            many = isinstance(item, Step) and len(refs) > MOST_TARGETS
            if many:
                whole = self._unique([hint(refs[0]) or "parts"])
                self.names |= {ref: f"{whole}[{n}]" for n, ref in enumerate(refs)}
                continue
            for ref in refs:
                if ref in self.names:
                    continue
                if len(refs) == 1 and index >= self.free and self._is_passing(ref, index + 1):
                    self.names[ref] = "x"
                else:
                    self._take(ref, wishes(ref))

    def _is_passing(self, ref: Ref, following: int) -> bool:
        """Whether only the next item takes a value, which may then be called x."""
        users = self.users.get(ref, [])
        if any(user != following for user in users):
            return False
        if isinstance(ref.item, Loop) and not _turns_by_x(ref.item):
            return False
        if following == len(self.items):
            return True
        # In a loop, x is what goes from turn to turn.
        loop = self.items[following]
        if not isinstance(loop, Loop):
            return True
        taken = [index for index, given in enumerate(loop.inputs) if given == ref]
        carried = {loop.carried.get(index) for index in taken}
        return carried == {0} and _turns_by_x(loop)

    def kept_until(self, given: int) -> int:
        """The first item that may give its result the name of a given value."""
        last, value = 0, Ref(None, given)
        for index, item in enumerate(self.items):
            if value in self._taken(item):
                last = index if overwrites(item, value, 0) else index + 1
        return last

    def _take(self, ref: Ref, names: Sequence[str]) -> None:
        self.names[ref] = self._unique(names)

    def _unique(self, names: Sequence[str]) -> str:
        name = best_identifier(names, self.taken, otherwise="y")
        self.taken.add(name)
        return name

    def _targets(self, item: Item) -> str:
        names = [self.names[Ref(item, output)] for output in range(item.outputs)]
        # One of many is written steps[3]: what is assigned is the list.
        return names[0].partition("[")[0] if "[" in names[0] else ", ".join(names)


def _attends(item: Item) -> bool:
    """Whether an item is a layer of attention, or has one."""
    if isinstance(item, Loop):
        return _attends(item.item)
    if isinstance(item, BlockCall):
        return any(map(_attends, item.block.body.items))
    return is_attention(item.calls[0].function)


def _nested(body: Body) -> dict[Ref, Step]:
    """Values whose calls stand where they are used → the calls."""
    lines = []
    for item in body.items:
        own = isinstance(item, Step) and item.form[0] != "shared"
        call = item.calls[0] if isinstance(item, Step) and own else None
        gives = [Ref(item, output) for output in range(item.outputs)]
        length = item.length if isinstance(item, Step) else 0
        lines.append(Line(call, item.inputs, gives, length))
    found = nested(lines, body.results)
    refs = [(Ref(item, 0), item) for item in body.items if isinstance(item, Step)]
    return {ref: item for ref, item in refs if ref in found}


def _turns_by_x(loop: Loop) -> bool:
    """Whether what a loop carries may be called x: one value goes from turn to turn."""
    return loop.outputs == 1 and 0 in loop.carried.values()


def _assignment(target: str, expression: Any, indent: str) -> str:
    levels = len(indent) // len(BODY)
    return f"{indent}{target} = " + render(expression, levels, before=len(target) + 3)


def _returning(lines: list[str], results: Sequence[str]) -> list[str]:
    """The statements with the last one's value returned, where that is all the results."""
    *before, last = lines
    target = f"{BODY}{', '.join(results)} = "
    longer = len("return ") - len(target.strip()) - 1
    fits = "\n" in last or len(last) + longer <= WIDTH
    if len(results) == 1 and last.startswith(target) and fits:
        return [*before, f"{BODY}return {last.removeprefix(target)}"]
    return [*lines, f"{BODY}return {', '.join(results)}"]
