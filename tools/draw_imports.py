"""Counts the folders of migrate/, the floors they stand on, and the imports between them.

Folders and the files beside them count alike; ``__init__`` and ``__main__`` of the package do not.
Every relative import counts: at the top of a file, inside a function, for types alone.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "migrate"
Graph = dict[str, set[str]]


def files(package: Path = PACKAGE) -> dict[str, Path]:
    """Dotted name of every module → its file; a package is named without ``__init__``."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(package: Path = PACKAGE) -> Graph:
    """Module → the modules it imports."""
    modules = files(package)
    found: Graph = {name: set() for name in modules}
    for name, path in modules.items():
        parts = name.split(".") if name else []
        here = parts if path.name == "__init__.py" else parts[:-1]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = here[: len(here) - (node.level - 1)]
                target = [*base, *(node.module.split(".") if node.module else [])]
                for each in node.names:
                    full = ".".join([*target, each.name])
                    found[name].add(full if full in modules else ".".join(target))
    return {name: targets - {name} for name, targets in found.items()}


def folder(module: str, modules: Mapping[str, Path]) -> str:
    """The folder of a module; a file at the root of the package stands for itself."""
    if modules[module].name == "__init__.py" or "." not in module:
        return module
    return module.rpartition(".")[0]


def between_folders(package: Path = PACKAGE) -> Graph:
    """Folder → the folders it imports; without ``__init__`` and ``__main__`` of the package."""
    modules = files(package)
    names = {folder(module, modules) for module in modules} - {"", "__main__"}
    found: Graph = {name: set() for name in names}
    for module, targets in imports(package).items():
        here = folder(module, modules)
        if here in names:
            there = {folder(target, modules) for target in targets}
            found[here] |= (there & names) - {here}
    return found


def circles(graph: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """The sets of nodes that reach each other."""
    reached: Graph = {}
    for start in graph:
        seen: set[str] = set()
        waiting = list(graph[start])
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                waiting.extend(graph[at])
        reached[start] = seen
    found = []
    for name in sorted(graph):
        together = {other for other in reached[name] if name in reached[other]}
        if together and together not in found:
            found.append(together)
    return found


def floors(graph: Mapping[str, Iterable[str]]) -> int:
    """The longest way down; folders inside each other stand on one floor."""
    group = {name: name for name in graph}
    for together in circles(graph):
        group |= dict.fromkeys(together, min(together))
    below: Graph = defaultdict(set)
    for name, targets in graph.items():
        below[group[name]] |= {group[target] for target in targets} - {group[name]}
    height: dict[str, int] = {}
    waiting = list(below)
    while waiting:
        at = waiting[-1]
        missing = [name for name in below[at] if name not in height]
        if missing:
            waiting += missing
        else:
            height[waiting.pop()] = 1 + max((height[name] for name in below[at]), default=0)
    return max(height.values())


def main() -> None:
    """Print what was counted, then a line a folder."""
    graph = between_folders()
    arrows = sum(len(targets) for targets in graph.values())
    within = circles(imports())
    print(f"{len(graph)} folders, {floors(graph)} floors, {arrows} arrows, {len(within)} circles")
    for name in sorted(graph):
        print(f"{name}: {', '.join(sorted(graph[name])) or '-'}")


if __name__ == "__main__":
    main()
