"""A map, a checkpoint and a model → assignments, or one error that lists all mismatches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checkpoint.variable import Variable, numpy_dtype
from ..errors import printable
from ..formats import Fate, Tensors, TensorSource
from .diagnosis import candidates, likely_cause, why_unset
from .operations import Cast, Operation, Shape, apply_all, shapes_after
from .rules import Map, Rule, captures, fill
from .variables import MappingError, Mismatch, ModelVariable

AVERAGE = "average"  # the role, here, of a moving average of a weight that is there too

ROLE_REASONS = {
    AVERAGE: "a moving average of a weight; the weight itself is used",
    "slot": "an optimizer's slot: the new model's optimizer keeps its own",
    "step": "a count of training steps, not a weight",
    "bookkeeping": "bookkeeping of the training program, not a weight",
}


@dataclass(frozen=True)
class Assignment:
    """These tensors, after these steps, become those variables."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    steps: tuple[Operation, ...] = ()


@dataclass(frozen=True)
class MappingPlan:
    """A map that fits: every model variable set once, every checkpoint variable accounted for.

    Attributes:
        assignments: in the model's order.
        skipped: checkpoint variable → why it is not used.
        variables: the checkpoint's, by name.
        model: the model's, by path.
    """

    assignments: list[Assignment]
    skipped: dict[str, str]
    variables: Mapping[str, Variable]
    model: dict[str, ModelVariable]

    def fates(self) -> list[Fate]:
        """One entry for each checkpoint variable, in the checkpoint's order."""
        targets: dict[str, list[str]] = {}
        for a in self.assignments:
            for source in a.sources:
                targets.setdefault(source, []).extend(a.targets)
        return [
            Fate(name, ", ".join(targets[name]), None)
            if name in targets
            else Fate(name, None, self.skipped[name])
            for name in self.variables
        ]

    def rows(self) -> list[dict[str, Any]]:
        """The whole plan as rows: assignments in the model's order, then what is skipped."""
        rows: list[dict[str, Any]] = [
            {
                "from": list(a.sources),
                "from_shapes": [list(self.variables[name].shape) for name in a.sources],
                "steps": [str(step) for step in a.steps],
                "to": list(a.targets),
                "to_shapes": [list(self.model[path].shape) for path in a.targets],
                "reason": None,
            }
            for a in self.assignments
        ]
        for name, reason in self.skipped.items():
            shape = list(self.variables[name].shape)
            rows.append(
                {"from": [name], "from_shapes": [shape], "steps": [], "to": [], "to_shapes": []}
                | {"reason": reason}
            )
        return rows

    def tensors(self, source: TensorSource) -> Tensors:
        """The model's variables as a source: read, changed and handed out one at a time."""
        made = {path: (a, i) for a in self.assignments for i, path in enumerate(a.targets)}

        def read(path: str) -> np.ndarray:
            assignment, i = made[path]
            arrays = [source.read(name) for name in assignment.sources]
            array = apply_all(assignment.steps, arrays)[i]
            return np.ascontiguousarray(array).reshape(array.shape)

        described = {}
        for path, (assignment, _) in made.items():
            dtype = _dtype_after(assignment, self.variables)
            v = self.model[path]
            size = int(np.prod(v.shape, dtype=np.int64))
            described[path] = Variable(path, v.shape, dtype, size * numpy_dtype(dtype).itemsize)
        return Tensors(described, read)


def resolve(
    mapping: Map | None,
    variables: Mapping[str, Variable],
    model: Sequence[ModelVariable] | None,
    *,
    roles: Mapping[str, str] | None = None,
) -> MappingPlan:
    """Assigns checkpoint variables to model variables.

    A rule by name goes before a skip by name, these before patterns, patterns in the map's order;
    what is left goes to the model variable of the same name. Slots, steps and bookkeeping are
    used only by name, and are skipped otherwise.

    Args:
        mapping: the map; None: names must be equal.
        variables: of the checkpoint.
        model: every variable to be set; None: whatever the map makes, where nothing else is known.
        roles: each checkpoint variable's role, where known.

    Raises:
        MappingError: anything does not fit; lists everything.
    """
    mapping = mapping or Map()
    roles = roles or {}
    targets = {v.path: v for v in model or ()}
    problems: list[Mismatch] = []
    assignments, skipped = _expand(mapping, variables, targets, roles, problems)
    if model is None:
        targets = {v.path: v for a in assignments for v in _made(a, variables)}
    shapes = {path: v.shape for path, v in targets.items()}
    set_by: dict[str, Assignment] = {}
    for a in assignments:
        for path in a.targets:
            if path not in targets:
                problem = (
                    f"{_names(a.sources)} is mapped to {printable(path)}, which the model "
                    "does not have"
                )
                near = candidates(path, _shape_of(a, variables), shapes)
                problems.append(Mismatch("missing", path, problem, _printable(near)))
            elif path in set_by:
                other = _names(set_by[path].sources)
                problem = f"{printable(path)} is set twice, by {other} and {_names(a.sources)}"
                problems.append(Mismatch("twice", path, problem))
            else:
                set_by[path] = a
        problems += _check(a, variables, targets)
    used = {name for a in assignments for name in a.sources}
    for name in variables:
        if name not in used and name not in skipped and roles.get(name) in ROLE_REASONS:
            skipped[name] = ROLE_REASONS[roles[name]]
    unused = {n: v.shape for n, v in variables.items() if n not in used and n not in skipped}
    unset = {path: shape for path, shape in shapes.items() if path not in set_by}
    for path, shape in unset.items():
        why = printable(why_unset(path, shape, unused, set_by), 400)
        near = candidates(path, shape, unused)
        if near and (cause := likely_cause(unused[near[0]], shape)):
            why += f"; {printable(near[0])} {list(unused[near[0]])} would be {cause}"
        problem = f"{printable(path)} {list(shape)} is not set: {why}"
        problems.append(Mismatch("unset", path, problem, _printable(near)))
    for name, shape in unused.items():
        problem = f"{printable(name)} {list(shape)} of the checkpoint is neither used nor skipped"
        near = candidates(name, shape, unset)
        problems.append(Mismatch("unused", name, problem, _printable(near)))
    if problems:
        raise MappingError(problems, "--write-map to write a proposed map, then edit it")
    order = {path: i for i, path in enumerate(targets)}
    assignments.sort(key=lambda a: order[a.targets[0]])
    in_order = {name: skipped[name] for name in variables if name in skipped}
    return MappingPlan(assignments, in_order, variables, targets)


def _expand(
    mapping: Map,
    variables: Mapping[str, Variable],
    model: Mapping[str, ModelVariable],
    roles: Mapping[str, str],
    problems: list[Mismatch],
) -> tuple[list[Assignment], dict[str, str]]:
    """Rules and skips applied to names."""
    assignments: list[Assignment] = []
    skipped: dict[str, str] = {}
    used: set[str] = set()
    shapes = {name: v.shape for name, v in variables.items()}

    def assign(rule: Rule, sources: tuple[str, ...], paths: tuple[str, ...]) -> None:
        missing = [name for name in sources if name not in variables]
        for name in missing:
            problem = f"the map names {printable(name)}, which the checkpoint does not have"
            near = candidates(name, None, shapes)
            problems.append(Mismatch("map", name, problem, _printable(near)))
        # What is there counts as used even so, lest one mistake be told twice.
        used.update(name for name in sources if name in variables)
        if not missing:
            assignments.append(Assignment(sources, paths, rule.steps))

    patterns = []
    for rule in mapping.rules:
        if rule.sources[0] in variables or not rule.is_pattern:
            assign(rule, rule.sources, rule.targets)
        else:
            patterns.append(rule)
    for name, reason in mapping.skips.items():
        if name in variables and name not in used:
            skipped[name] = reason
    for rule in patterns:
        matched = False
        for name in variables:
            if name in used or name in skipped or roles.get(name) in ROLE_REASONS:
                continue
            values = captures(rule.sources[0], name)
            if values is not None:
                matched = True
                sources = tuple(fill(source, values) for source in rule.sources)
                assign(rule, sources, tuple(fill(target, values) for target in rule.targets))
        if not matched:
            problem = f"the map's {printable(rule.sources[0])} matches no remaining variable"
            near = candidates(rule.sources[0], None, shapes)
            problems.append(Mismatch("map", rule.sources[0], problem, _printable(near)))
    for pattern, reason in mapping.skips.items():
        for name in variables:
            if name not in used and name not in skipped and captures(pattern, name) is not None:
                skipped[name] = reason
    set_already = {path for a in assignments for path in a.targets}
    for name in variables:
        if name in model and name not in used and name not in skipped and name not in set_already:
            assignments.append(Assignment((name,), (name,)))
    return assignments, skipped


def _check(
    assignment: Assignment,
    variables: Mapping[str, Variable],
    model: Mapping[str, ModelVariable],
) -> Iterator[Mismatch]:
    """Shapes and element types of one assignment, as far as both ends are known."""
    label = _names(assignment.sources)
    have = [variables[name].shape for name in assignment.sources]
    try:
        made = shapes_after(assignment.steps, have)
    except ValueError as error:
        yield Mismatch("shape", assignment.sources[0], f"{label}: {printable(error, 400)}")
        return
    if len(made) != len(assignment.targets):
        problem = f"{label}: {len(made)} tensors for {len(assignment.targets)} variables"
        yield Mismatch("shape", assignment.sources[0], problem)
        return
    dtypes = {variables[name].dtype for name in assignment.sources}
    if len(dtypes) > 1:
        problem = f"{label} have different dtypes: {', '.join(sorted(dtypes))}"
        yield Mismatch("dtype", assignment.sources[0], problem)
        return
    dtype = _dtype_after(assignment, variables)
    for path, shape in zip(assignment.targets, made, strict=True):
        if path not in model:
            continue
        want = model[path]
        if shape != want.shape:
            cause = likely_cause(shape, want.shape)
            problem = f"{label} has shape {list(shape)}, {printable(path)} has {list(want.shape)}"
            yield Mismatch("shape", path, problem + (f": {cause}" if cause else ""))
        if not _exact(dtype, want.dtype):
            cause = f'steps = [{{ cast = "{want.dtype}" }}] to round it'
            problem = f"{label} is {dtype}, {printable(path)} is {want.dtype}: {cause}"
            yield Mismatch("dtype", path, problem)


def _exact(have: str, want: str) -> bool:
    """Whether every value of one element type is one of the other."""
    if have == want:
        return True
    if have in ("string", "resource", "variant"):
        return False
    return np.can_cast(numpy_dtype(have), numpy_dtype(want), "safe")


def _dtype_after(assignment: Assignment, variables: Mapping[str, Variable]) -> str:
    casts = [step.to for step in assignment.steps if isinstance(step, Cast)]
    return casts[-1] if casts else variables[assignment.sources[0]].dtype


def _made(assignment: Assignment, variables: Mapping[str, Variable]) -> list[ModelVariable]:
    """The variables that an assignment makes; none where its steps do not fit."""
    try:
        have = [variables[name].shape for name in assignment.sources]
        shapes = shapes_after(assignment.steps, have)
    except ValueError:
        return []
    dtype = _dtype_after(assignment, variables)
    return [ModelVariable(p, s, dtype) for p, s in zip(assignment.targets, shapes, strict=False)]


def _shape_of(assignment: Assignment, variables: Mapping[str, Variable]) -> Shape:
    try:
        have = [variables[name].shape for name in assignment.sources]
        return shapes_after(assignment.steps, have)[0]
    except ValueError:
        return ()


def _names(names: Sequence[str]) -> str:
    return " + ".join(printable(name) for name in names)


def _printable(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(printable(name) for name in names)
