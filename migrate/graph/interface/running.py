"""The part of a graph that runs when its outputs are fetched."""

from __future__ import annotations

from dataclasses import replace

from ..nodes import Graph
from .interface import Interface


def running_part(graph: Graph, interface: Interface) -> Graph:
    """What of the file runs when the outputs are fetched."""
    folded = graph.folded
    written = graph if folded is None else folded.written
    wanted = [*interface.outputs, *(folded.initializers if folded is not None else ())]
    nodes = written.ancestors(wanted, stop=cut_tensors(graph, interface), control=True)
    return replace(written, nodes=nodes)


def given_tensors(interface: Interface) -> set[str]:
    """Inputs and what is fed: what makes these tensors is not run."""
    return {*(given.tensor for given in interface.inputs), *interface.fed}


def cut_tensors(graph: Graph, interface: Interface) -> dict[str, str]:
    """The tensors of the file that are given, with their dtypes; sparse ones by their parts."""
    given = {tensor: graph.dtype(tensor) or "float32" for tensor in sorted(interface.fed)}
    for i in interface.inputs:
        parts = graph.folded.dense.get(i.tensor) if graph.folded is not None else None
        if parts is None:
            given[i.tensor] = i.dtype
        else:
            given |= {parts.indices: "int64", parts.values: i.dtype, parts.shape: "int64"}
    return given
