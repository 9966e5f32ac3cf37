"""Variables by scope, with subtotals; scopes that hold one thing only are joined with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..errors import printable
from ..report import Table
from .entry import Entry, role_text
from .wording import byte_size, counted, shape_text


@dataclass
class _Scope:
    scopes: dict[str, _Scope] = field(default_factory=dict)
    entries: list[tuple[str, Entry]] = field(default_factory=list)
    count: int = 0
    elements: int = 0
    nbytes: int = 0


def tree_table(entries: Sequence[Entry]) -> Table:
    """Every scope with what it holds in all, every variable below its scope."""
    root = _Scope()
    for entry in entries:
        *scopes, last = entry.name.split("/")
        at = root
        _add(at, entry)
        for scope in scopes:
            at = at.scopes.setdefault(scope, _Scope())
            _add(at, entry)
        at.entries.append((last, entry))
    held = counted(root.count, "variable")
    total = ("in all", held, f"{root.elements:,}", byte_size(root.nbytes))
    return Table(("scope", "holds", ">elements", ">size"), [*_rows(root), total])


def _add(scope: _Scope, entry: Entry) -> None:
    scope.count += 1
    scope.elements += entry.elements
    scope.nbytes += entry.nbytes


def _rows(root: _Scope) -> Iterator[tuple[str, str, str, str]]:
    waiting: list[tuple[str, int, _Scope | Entry]] = _inside(root, 0)[::-1]
    while waiting:  # a loop: names may have any number of slashes
        name, depth, item = waiting.pop()
        if isinstance(item, Entry):
            holds = f"{shape_text(item.shape)} {item.dtype}  {role_text(item.role)}"
        else:
            while len(item.scopes) == 1 and not item.entries:
                inner, item = next(iter(item.scopes.items()))
                name += f"/{inner}"
            waiting += _inside(item, depth + 1)[::-1]
            name, holds = name + "/", counted(item.count, "variable")
        label = "  " * min(depth, 40) + printable(name, 100)
        yield label, holds, f"{item.elements:,}", byte_size(item.nbytes)


def _inside(scope: _Scope, depth: int) -> list[tuple[str, int, _Scope | Entry]]:
    """Variables and scopes by name, a variable before the scope that is called like it."""
    items: list[tuple[str, int, _Scope | Entry]] = [(n, depth, e) for n, e in scope.entries]
    items += [(name, depth, inner) for name, inner in scope.scopes.items()]
    return sorted(items, key=lambda item: (item[0], isinstance(item[2], _Scope)))
