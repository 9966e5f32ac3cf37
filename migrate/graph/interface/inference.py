"""The part of a graph that makes its outputs from its inputs, and nothing else.

Feeds become constants, constants are folded, conds whose side is known are resolved, functions
are inlined, and operations that only pass a value on are gone; dropout and batch normalization stay
as they are written. Loops stay loops.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ...errors import UserError, printable
from ..constants import Evaluator
from ..dtypes import numpy_dtype
from ..functions import inline_functions
from ..loops import LOOP_OPS, Loop, find_loops
from ..nodes import Graph, Node, split_tensor, tensor_name
from ..variables import PASSING_OPS, VARIABLE_OPS, find_frozen_weights

PLACEHOLDERS = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")


@dataclass(frozen=True)
class ResolvedCond:
    """A v1 ``cond`` (or ``tf.layers`` ``training=`` switch) whose side is known.

    Attributes:
        merge: the Merge of the original graph.
        predicate: the tensor of the original graph that decides.
        taken: the original tensor of the side that runs.
        other: the original tensor of the side that does not: where a dropout rate still stands.
    """

    merge: str
    predicate: str | None
    taken: str
    other: str | None


@dataclass(frozen=True)
class Inference:
    """What :func:`extract` found.

    Attributes:
        graph: the pruned graph, in topological order, without control inputs; inputs are nodes of
            op ``Placeholder``, variables ``VariableV2`` / ``VarHandleOp`` are consumed directly.
        inputs: tensors, as asked for; they keep their names.
        outputs: tensors, as asked for.
        sources: output as asked for → the tensor of ``graph`` that holds it.
        folded: tensors of ``graph`` that folding or feeding made constant → their values.
        resolved: the conds that were decided, by the name of their Merge.
    """

    graph: Graph
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    sources: Mapping[str, str]
    folded: Mapping[str, np.ndarray]
    resolved: Mapping[str, ResolvedCond]

    @cached_property
    def loops(self) -> dict[str, Loop]:
        """The loops of ``graph`` by frame name."""
        return find_loops(self.graph)


def extract(
    graph: Graph,
    inputs: Sequence[str],
    outputs: Sequence[str],
    feed: Mapping[str, Any] | None = None,
) -> Inference:
    """Extract the inference part.

    Args:
        graph: as read.
        inputs: tensors a caller will give; any tensor may be one.
        outputs: tensors a caller will get.
        feed: tensor → value, fixed for good; a PlaceholderWithDefault that is neither input nor
            fed takes its default.

    Raises:
        UserError: a tensor that is not there, or an output that needs a placeholder which is
            neither input nor fed.
    """
    inputs = tuple(tensor_name(tensor) for tensor in inputs)
    outputs = tuple(tensor_name(tensor) for tensor in outputs)
    for tensor in (*inputs, *outputs):
        graph.node(tensor)
    feeds = {
        tensor_name(tensor): _feed_value(graph, tensor_name(tensor), value)
        for tensor, value in (feed or {}).items()
        if tensor_name(tensor) not in inputs
    }
    weights = [weight.tensor for weight in find_frozen_weights(graph).values()]
    evaluator = Evaluator(graph, feeds, opaque=(*inputs, *weights))
    inlined = inline_functions(_needed(graph, outputs, inputs), evaluator)
    return _Extraction(inlined, inputs, feeds, evaluator.on(inlined)).run(outputs)


def _feed_value(graph: Graph, tensor: str, value: Any) -> np.ndarray:
    graph.node(tensor)
    dtype = numpy_dtype(graph.dtype(tensor) or "")
    try:
        return np.asarray(value, dtype)
    except (TypeError, ValueError):
        raise UserError(
            f"{printable(tensor)!r} cannot be fed {printable(value)!r}",
            expected=f"a value of type {graph.dtype(tensor)}",
        ) from None


def _needed(graph: Graph, outputs: Iterable[str], inputs: Sequence[str]) -> Graph:
    """The part that outputs depend on, and the inputs; control inputs count, for dead branches."""
    kept = graph.ancestors(outputs, stop=frozenset(inputs))
    pivots = [name for node in kept.values() for name in node.control_inputs]
    kept |= graph.ancestors(pivots, stop=frozenset(inputs))
    kept |= {(node := graph.node(tensor)).name: node for tensor in inputs}
    kept |= graph.ancestors([t for node in list(kept.values()) for t in node.inputs])
    return replace(graph, nodes={name: n for name, n in graph.nodes.items() if name in kept})


class _Extraction:
    """One run of :func:`extract`: each tensor of the old graph → its stand-in in the new one."""

    def __init__(
        self,
        graph: Graph,
        inputs: tuple[str, ...],
        feeds: Mapping[str, np.ndarray],
        evaluator: Evaluator,
    ):
        self._graph, self._inputs, self._feeds = graph, inputs, feeds
        self._evaluator = evaluator
        self._stand_ins: dict[str, str] = {}
        self._folded: dict[str, np.ndarray] = {}
        self._resolved: dict[str, ResolvedCond] = {}
        self._loop_switches = {
            node.name
            for node in graph.of("Switch", "RefSwitch")
            if len(node.inputs) > 1 and graph.node(node.inputs[1]).op == "LoopCond"
        }

    def run(self, outputs: tuple[str, ...]) -> Inference:
        sources = {tensor: self._stand_in(tensor) for tensor in outputs}
        waiting = [*sources.values(), *self._inputs]
        rewritten: dict[str, Node] = {}
        while waiting:
            tensor = waiting.pop()
            name = tensor.rpartition(":")[0]
            if name not in rewritten:
                rewritten[name] = self._rewrite(tensor)
                waiting.extend(rewritten[name].inputs)
        graph = replace(self._graph, nodes=rewritten, signatures={}, saver=None)
        graph = replace(graph, nodes={name: rewritten[name] for name in graph.order})
        folded = {t: v for t, v in self._folded.items() if t.rpartition(":")[0] in rewritten}
        return Inference(graph, self._inputs, outputs, sources, folded, self._resolved)

    def _rewrite(self, tensor: str) -> Node:
        if tensor in self._folded:
            value = self._folded[tensor]
            name = tensor.rpartition(":")[0]
            kind = self._graph.dtype(tensor) or str(value.dtype)
            return Node(name, "Const", attrs={"value": value, "dtype": kind})
        node = self._graph.node(tensor)
        if any(split_tensor(given)[0] == node.name for given in self._inputs):
            return self._placeholder(node)
        if node.op in PLACEHOLDERS or node.op == "_Arg":
            raise UserError(
                f"the outputs need {printable(tensor)!r}, which is neither an input nor fed",
                try_=f"--feed {printable(node.name)}=VALUE or --inputs",
            )
        inputs = tuple(self._stand_in(source) for source in node.inputs)
        return replace(node, inputs=inputs, control_inputs=())

    def _placeholder(self, node: Node) -> Node:
        """An input: whatever made its value, it is now given."""
        tensors = [t for t in self._inputs if split_tensor(t)[0] == node.name]
        attrs = {
            "dtype": self._graph.dtype(tensors[0]),
            "shape": self._graph.shape(tensors[0]),
            "_output_shapes": node.attrs.get("_output_shapes"),
            "keys": node.attrs.get("keys"),
        }
        if len(tensors) > 1:
            kinds = {split_tensor(t)[1]: self._graph.dtype(t) for t in tensors}
            attrs["dtype"] = [kinds.get(i, "float32") for i in range(max(kinds) + 1)]
        return Node(
            node.name, "Placeholder", attrs={k: v for k, v in attrs.items() if v is not None}
        )

    def _stand_in(self, tensor: str) -> str:
        path = []
        while tensor not in self._stand_ins:
            path.append(tensor)
            following = self._follow(tensor)
            if following is None or following == tensor:
                self._stand_ins[tensor] = tensor
                break
            if following in self._folded:
                self._stand_ins[tensor] = self._stand_ins[following] = following
                break
            tensor = following
        found = self._stand_ins[tensor]
        for step in path:
            self._stand_ins[step] = found
        return found

    def _follow(self, tensor: str) -> str | None:
        """The tensor that holds the same value one step back; None where there is none."""
        if tensor in self._inputs:
            return None
        node = self._graph.node(tensor)
        index = split_tensor(tensor)[1]
        in_loop = node.op in LOOP_OPS or node.name in self._loop_switches
        if in_loop or node.op in VARIABLE_OPS:
            return None
        if node.op == "Const" and tensor not in self._feeds:
            return None
        value = self._evaluator.value(tensor)
        if value is not None:
            return self._fold(tensor, value)
        if node.op in PASSING_OPS or (node.op == "PlaceholderWithDefault" and node.inputs):
            return node.inputs[0]
        if node.op == "IdentityN":
            return node.inputs[index]
        if node.op == "Cast" and node.attrs.get("SrcT") == node.attrs.get("DstT"):
            return node.inputs[0]
        if node.op in ("Switch", "RefSwitch"):
            known = self._evaluator.value(node.inputs[1]) is not None
            return node.inputs[0] if known else None
        if node.op in ("Merge", "RefMerge") and index == 0:
            return self._follow_merge(node)
        return None

    def _fold(self, tensor: str, value: np.ndarray) -> str:
        # A node has one name; what a second output folds to needs another.
        made = tensor if tensor.endswith(":0") else f"{tensor}:0"
        self._folded[made] = value
        return made

    def _follow_merge(self, node: Node) -> str | None:
        alive = [tensor for tensor in node.inputs if not self._evaluator.is_dead(tensor)]
        if len(alive) != 1 or len(node.inputs) < 2:
            return None
        dead = next(tensor for tensor in node.inputs if tensor != alive[0])
        self._resolved[node.name] = ResolvedCond(node.name, self._predicate(dead), alive[0], dead)
        return alive[0]

    def _predicate(self, tensor: str) -> str | None:
        """The predicate of the nearest Switch behind a branch's result."""
        seen: set[str] = set()
        waiting = [tensor]
        while waiting:
            node = self._graph.get(waiting.pop())
            if node is None or node.name in seen:
                continue
            seen.add(node.name)
            if node.op in ("Switch", "RefSwitch") and node.name not in self._loop_switches:
                return self._stand_in_free(node.inputs[1])
            waiting.extend((*node.control_inputs, *reversed(node.inputs)))
        return None

    def _stand_in_free(self, tensor: str) -> str:
        node = self._graph.get(tensor)
        while node is not None and node.op in PASSING_OPS:
            tensor = node.inputs[0]
            node = self._graph.get(tensor)
        return tensor
