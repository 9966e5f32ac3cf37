"""Opens a source, reads as much as is cheap, and collects the findings."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import replace

from ..checkpoint import Checkpoint, Role, Variable, guess_roles
from ..checkpoint.variable import item_size
from ..errors import UserError, nearest, printable
from ..graph import Graph, Optimizer, roles_from_graph
from ..graph.variables import VARIABLE_OPS, GraphVariable
from . import findings
from .belonging import graph_against_checkpoint
from .contents import Inspection, matching
from .entry import Entry
from .findings import Finding
from .graph_summary import GraphSummary, summarize
from .statistics import Statistics, gather
from .steps import find_steps
from .subject import Subject, open_subject

# Without --stats no more than this is read: a quarter of a second has to do for everything.
CHEAP_BYTES = 16 << 20
CHEAP_TENSORS = 1_000

Progress = Callable[[int, int], None]


def inspect(
    source: str | os.PathLike[str],
    *,
    stats: bool = False,
    pattern: str | None = None,
    sort: str = "name",
    tree: bool = False,
    on_progress: Progress | None = None,
) -> Inspection:
    """Lists the contents of a checkpoint, a graph or a SavedModel, without TensorFlow.

    Args:
        source: a checkpoint prefix, any file of a checkpoint, a folder with one, a ``.meta``, a
            frozen ``.pb`` or ``.pbtxt``, or a SavedModel folder.
        stats: read every value and show minimum, mean, maximum, deviation, share of zeros, NaN and
            Inf of each variable.
        pattern: show only variables whose names match this glob; ``*`` matches slashes too.
        sort: order of the table: "name", "size" (largest first), "role" or "shape".
        tree: show the variables by scope, with subtotals.
        on_progress: called with bytes read so far and in all.

    Returns:
        a result that is true if there are no warnings.

    Raises:
        UserError: there is no such source, it is damaged, or no variable matches.
    """
    subject = open_subject(source)
    variables = subject.variables
    described = variables or _described(subject.graph_variables)
    summary = _summary(subject)
    optimizers = summary.optimizers if summary is not None else ()
    roles = read_roles(described, subject.graph, optimizers)
    if pattern is not None and not any(matching(name, pattern) for name in described):
        near = nearest(pattern, described)
        raise UserError(
            f"no variable matches {printable(pattern)!r}",
            expected="a glob for whole names, such as '*/kernel'",
            try_=f"--filter {printable(near)!r}" if near else None,
        )
    figures = _figures(subject, stats, on_progress)
    found = [Finding("files", text) for text in subject.warnings]
    steps = []
    if subject.checkpoint is not None:
        steps = find_steps(
            _step_name(subject.checkpoint),
            variables,
            roles,
            optimizers,
            subject.graph_variables,
            subject.checkpoint.read,
        )
        found += findings.not_numbers(figures)
        found += findings.batch_norm(variables, figures)
        found += findings.untrained(variables, roles, figures, steps)
        if not subject.checkpoint.object_based:
            found += findings.duplicates(variables, roles, figures, subject.checkpoint.read)
            if subject.graph is not None:
                found += graph_against_checkpoint(subject.graph_variables, optimizers, variables)
        found += findings.step_disagreements(steps)
    elif variables:
        found += findings.not_numbers(figures)
    numeric = [v for v in variables.values() if _has_figures(v)]
    return Inspection(
        path=subject.path,
        format=subject.format,
        files=subject.files,
        graph=summary,
        entries=[
            Entry(v.name, v.shape, v.dtype, v.nbytes, roles[v.name], figures.get(v.name))
            for v in described.values()
        ],
        steps=steps,
        findings=found,
        notes=subject.notes,
        unread=len(numeric) - len(figures),
        stats=stats,
        pattern=pattern,
        sort=sort,
        tree=tree,
    )


def _summary(subject: Subject) -> GraphSummary | None:
    if subject.graph is None:
        return None
    try:
        return summarize(subject.graph, subject.variables)
    except UserError as error:
        if subject.checkpoint is None:
            raise
        subject.graph = None
        subject.warnings.append(f"the graph next to it cannot be used: {error}")
        return None


def read_roles(
    variables: Mapping[str, Variable],
    graph: Graph | None,
    optimizers: tuple[Optimizer, ...] | None = None,
) -> dict[str, Role]:
    """Every variable's role: read from the graph where it tells, else guessed from names.

    Args:
        variables: of the checkpoint, by key.
        graph: the one beside it, or None.
        optimizers: of the graph, if already read.
    """
    roles = guess_roles(variables)
    if graph is None:
        return roles
    if not any(
        graph.of(*VARIABLE_OPS)
    ):  # frozen: that it enters as a weight is read from the graph
        return {name: replace(role, evidence="graph") for name, role in roles.items()}
    return roles | roles_from_graph(graph, variables, optimizers)


def _figures(
    subject: Subject, everything: bool, on_progress: Progress | None
) -> dict[str, Statistics]:
    """The figures of all variables, or of the smallest ones as far as that is cheap."""
    numeric = [v for v in subject.variables.values() if _has_figures(v)]
    if not everything:
        small = sorted(numeric, key=lambda v: v.nbytes)[:CHEAP_TENSORS]
        numeric, budget = [], CHEAP_BYTES
        for variable in small:
            budget -= variable.nbytes
            if budget < 0:
                break
            numeric.append(variable)
    total = sum(v.nbytes for v in numeric)
    figures, done = {}, 0
    for variable in sorted(numeric, key=lambda v: v.name):
        figures[variable.name] = gather(subject.chunks(variable.name))
        done += variable.nbytes
        if on_progress is not None:
            on_progress(done, total)
    return figures


def _has_figures(variable: Variable) -> bool:
    return variable.dtype not in ("string", "resource", "variant")


def _described(graph_variables: Mapping[str, GraphVariable]) -> dict[str, Variable]:
    """What a graph alone says about the variables a checkpoint of it would hold, by key."""
    found = {}
    for variable in graph_variables.values():
        shape = variable.slice.full_shape if variable.slice is not None else variable.shape
        if shape is not None and None not in shape:
            sizes = tuple(size for size in shape if size is not None)
            nbytes = math.prod(sizes) * item_size(variable.dtype)
            found[variable.key] = Variable(variable.key, sizes, variable.dtype, nbytes)
    return dict(sorted(found.items()))


def _step_name(checkpoint: Checkpoint) -> str:
    return "" if checkpoint.saved_model else checkpoint.path.name
