"""The Keras form of a system as a program of its own, which any backend of Keras can run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from ..worker.backends import BY_TENSORFLOW
from .programs import Program, Training
from .training import FORMS

# What draws random numbers: those of a backend are its own.
RANDOM = re.compile(
    r"tf\.(random\.|nn\.dropout)|keras\.(random\.|layers\.(\w*Dropout|GaussianNoise|Random))"
)


@dataclass(frozen=True)
class KerasForm:
    """The functions that build and train a Keras model, and what else of their file they use.

    Attributes:
        form: a key of ``FORMS``; empty where the system has no Keras form.
        text: these lines of the file.
        obstacle: why only TensorFlow can run them, a clause; empty where any backend can.
    """

    form: str = ""
    text: str = ""
    obstacle: str = ""


def keras_form(module: str, program: Program) -> KerasForm:
    """Reads the Keras form out of a modern twin, which is not imported.

    Args:
        module: the file's name without ending.
        program: of the system.
    """
    if not isinstance(program, Training):
        obstacle = "the system compares values, and has no Keras model that fit trains"
        return KerasForm(obstacle=obstacle)
    form = next((form for form in program.forms if FORMS[form].kind == "keras"), "")
    if not form:
        return KerasForm(obstacle="a tape trains the system, which has no Keras form")
    texts: dict[str, str] = {}
    kept: dict[tuple[bool, str, int], tuple[ast.stmt, str]] = {}
    waiting = [(module, FORMS[form].function), (module, "train")]
    while waiting:
        file, name = waiting.pop()
        texts[file] = texts.get(file) or _text(file)
        defined = _defined(ast.parse(texts[file]))
        statement = defined[name]
        if isinstance(statement, ast.ImportFrom) and statement.level:  # from another system's file
            waiting.append((str(statement.module), name))
        elif (place := (file == module, file, statement.lineno)) not in kept:
            kept[place] = statement, name
            names = (node.id for node in ast.walk(statement) if isinstance(node, ast.Name))
            waiting += [(file, name) for name in names if name in defined]
    obstacles, parts = list[str](), dict[str, None]()  # two files may have the same import
    for (_, file, _), (statement, name) in sorted(kept.items(), key=lambda item: item[0]):
        obstacles += _obstacles(statement, name)
        lines = texts[file].splitlines()
        parts["\n".join(lines[_first(statement) - 1 : statement.end_lineno])] = None
    return KerasForm(form, "\n\n\n".join(parts) + "\n", next(iter(obstacles), ""))


def _text(module: str) -> str:
    package = f"{__package__.partition('.')[0]}.modern"
    return resources.files(package).joinpath(f"{module}.py").read_text("utf-8")


def _defined(tree: ast.Module) -> dict[str, ast.stmt]:
    """Name → the statement of the file that defines it."""
    found: dict[str, ast.stmt] = {}
    for statement in tree.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found[name] = statement
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found |= {alias.asname or alias.name: statement for alias in names}
            case ast.Assign(targets=targets):
                nodes = (node for target in targets for node in ast.walk(target))
                found |= {node.id: statement for node in nodes if isinstance(node, ast.Name)}
    return found


def _first(statement: ast.stmt) -> int:
    """The number of its first line, that of a decorator included."""
    return min([d.lineno for d in getattr(statement, "decorator_list", [])] + [statement.lineno])


def _obstacles(statement: ast.stmt, name: str) -> Iterator[str]:
    """What in a statement only TensorFlow can run."""
    for node in ast.walk(statement):
        if not isinstance(node, ast.Attribute):
            continue
        symbol = ast.unparse(node)
        if RANDOM.match(symbol):
            yield f"{name} uses {symbol}, and each backend draws random numbers of its own"
        elif symbol.startswith("tf.") or node.attr in BY_TENSORFLOW:
            yield f"{name} uses {symbol}, which needs TensorFlow"
