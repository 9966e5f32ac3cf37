"""Whether a checkpoint and the graph beside it belong together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..checkpoint import Variable
from ..graph import GraphVariable, Optimizer
from .findings import Finding
from .wording import counted, listed, shape_text, shown


def graph_against_checkpoint(
    graph_variables: Mapping[str, GraphVariable],
    optimizers: Sequence[Optimizer],
    variables: Mapping[str, Variable],
) -> Iterator[Finding]:
    """Variables of the graph that are absent here, the reverse, and shapes that differ."""
    absent = {v.key: v for v in graph_variables.values() if v.key not in variables}
    weights = [key for key, variable in absent.items() if variable.trainable]
    if weights:
        total = len({v.key for v in graph_variables.values() if v.trainable})
        yield Finding(
            "absent",
            f"{len(weights):,} of the graph's {counted(total, 'trainable variable')} "
            f"{'is' if len(weights) == 1 else 'are'} not in the checkpoint: {listed(weights)}",
            tuple(weights),
        )
    slots = {
        graph_variables[node].key
        for optimizer in optimizers
        for update in optimizer.updates
        for node in update.slots.values()
        if node in graph_variables and graph_variables[update.variable].key in variables
    }
    lost = [key for key in absent if key in slots]
    if lost:
        yield Finding(
            "absent",
            f"the checkpoint lacks {counted(len(lost), 'optimizer slot')} of the graph, so "
            f"training cannot resume with the same optimizer state: {listed(lost)}",
            tuple(lost),
        )
    told = slots | set(weights)
    others = [key for key, variable in absent.items() if variable.saved and key not in told]
    if others:
        yield Finding(
            "absent",
            f"the checkpoint lacks {counted(len(others), 'variable')} that the graph's "
            f"Saver writes: {listed(others)}",
            tuple(others),
        )
    keys = {variable.key: variable for variable in graph_variables.values()}
    foreign = [name for name in variables if name not in keys]
    if foreign:
        yield Finding(
            "foreign",
            f"the checkpoint has {counted(len(foreign), 'variable')} that the graph does "
            f"not have: {listed(foreign)}",
            tuple(foreign),
        )
    reshaped = [
        name
        for name, variable in variables.items()
        if name in keys and _differs(keys[name], variable)
    ]
    if reshaped:
        first = reshaped[0]
        yield Finding(
            "reshaped",
            f"{counted(len(reshaped), 'variable')} with different shapes in the checkpoint "
            "and in the graph, so the two belong to different versions of the program: "
            f"{shown(first)} is {shape_text(variables[first].shape)} in the checkpoint and "
            f"{shape_text(keys[first].shape)} in the graph",
            tuple(reshaped),
        )


def _differs(expected: GraphVariable, variable: Variable) -> bool:
    shape = expected.slice.full_shape if expected.slice is not None else expected.shape
    if shape is None:
        return False
    if len(shape) != len(variable.shape):
        return True
    pairs = zip(shape, variable.shape, strict=True)
    return any(size is not None and size != actual for size, actual in pairs)
