"""What a loss takes of a network: its heads, before anything that belongs to the loss alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from ..nodes import Graph, Node, split_tensor
from ..sources import SHAPE_ONLY, is_placeholder
from ..training.losses import Loss, read_loss, summands
from ..training.optimizers import scalar
from ..training.trainers import Learned
from ..variables import resolve
from .inference_copies import values_reach
from .loss_ends import LossEnds

_PARTS = ("Split", "SplitV", "StridedSlice", "Slice", "Unpack")
_MOST_STEPS = 10
_NAMED = (
    "Identity", "Sqrt", "Sum", "Add", "AddV2", "Sub", "Mul", "RealDiv", "Exp", "Sigmoid", "Softmax",
    "Tanh", "Relu", "Squeeze", "Reshape",
)  # fmt: skip
_LOSS_ONLY = (
    "Log", "Neg", "Maximum", "Minimum", "ClipByValue", "Reshape", "LogSoftmax", "Squeeze", "Cast",
    "SparseSoftmaxCrossEntropyWithLogits", "SoftmaxCrossEntropyWithLogits", "Log1p", "Abs",
)  # fmt: skip
_ACTIVATIONS = ("Relu", "Relu6", "Elu", "Selu", "Sigmoid", "Softmax", "Softplus", "Tanh")
_SMALL = 1e-3
_MEASURED = ("squared_error", "absolute_error", "huber")
_ABOUT_LOSS = re.compile(r"(?i)loss|cost|error|objective|train|optim|grad|summar|metric|accura")
_OTHER_NAMES = {"RealDiv": "truediv", "FloorDiv": "floordiv", "AddV2": "add", "Sum": "sum"}


def is_auto_named(node: Node) -> bool:
    """Whether a program left an operation its default name: ``Sum_1``, ``truediv``."""
    last = re.sub(r"_\d+$", "", node.name.rpartition("/")[2]).lower()
    return last in (node.op.lower(), _OTHER_NAMES.get(node.op, ""), "strided_slice", "l2_normalize")


class LossHeads:
    """Finds the outputs of a network by the losses that take them.

    Args:
        weights: node names of the variables that count.
    """

    def __init__(self, graph: Graph, weights: Collection[str]):
        self.graph, self.weights = graph, weights

    def heads(self, loss: Loss, trained: Collection[str]) -> tuple[str, ...]:
        """The network's outputs that a loss takes: one, or one for each head of its own weights.

        Args:
            trained: node names of the variables that the loss moves.
        """
        heads: dict[str, set[str]] = {}
        behind = self.graph.ancestors([loss.tensor])
        for part in self._ends(loss, trained) or self._taken(loss):
            output = self._of_keras(self._whole(part, behind), behind)
            variables = self.variables_behind(output)
            if all(variables - other and other - variables for other in heads.values()):
                heads[output] = variables
        return tuple(heads)

    def _of_keras(self, output: str, behind: Mapping[str, Node]) -> str:
        """The activation that labels of Keras are named for, where its loss takes what enters it.

        Keras names the labels of a layer ``score`` ``score_target``.
        """
        for user in self.graph.consumers(resolve(self.graph, output)):
            layer = user.name.rpartition("/")[0]
            labels = self.graph.get(f"{layer}_target") if layer else None
            if labels is not None and labels.name in behind and user.op in ("Sigmoid", "Softmax"):
                return f"{user.name}:0"
        return output

    def _whole(self, output: str, behind: Mapping[str, Node]) -> str:
        """The tensor of which a loss takes several parts, or that it flattens."""
        for _ in range(_MOST_STEPS):
            node = self.graph.node(resolve(self.graph, output))
            if not node.inputs or split_tensor(node.inputs[-1])[0] in self.weights:
                return output
            whole = node.inputs[1] if node.op == "Split" else node.inputs[0]
            if node.op in _PARTS and self._is_column(node):
                output = whole
                continue
            if node.op in _PARTS:
                users = self.graph.node_consumers(split_tensor(whole)[0])
                parts = [u for u in users if u.op in _PARTS and u.name in behind]
                of_one = [
                    t for n in behind.values() for t in n.inputs if t.startswith(f"{node.name}:")
                ]
                if len(parts) < 2 and len(set(of_one)) < 2:
                    return output
            elif not self._is_flattened(node):
                return output
            output = whole
        return output

    def _is_column(self, node: Node) -> bool:
        """Whether the one column of a tensor that the program names is taken, for a loss alone."""
        before = self.graph.shape(node.inputs[0])
        after = self.graph.shape(f"{node.name}:0")
        if node.op != "StridedSlice" or not before or after is None or before[-1] != 1:
            return False
        named = not is_auto_named(self.graph.node(resolve(self.graph, node.inputs[0])))
        return after == before[:-1] and named and is_auto_named(node)

    def _is_flattened(self, node: Node) -> bool:
        """Whether examples and places are made rows of one kind, for a loss alone."""
        if node.op != "Reshape" or not is_auto_named(node):
            return False
        before, after = self.graph.shape(node.inputs[0]), self.graph.shape(f"{node.name}:0")
        if not before or not after or len(before) < 3 or before[0] is not None:
            return False
        rows = len(after) == 2 and after[0] is None and after[1] == before[-1]
        return rows or (len(after) == 1 and after[0] is None)

    def apart(self, loss: Loss, outputs: tuple[str, ...]) -> list[tuple[str, ...]]:
        """The outputs of a loss by networks: a policy first, then the critic that judges it.

        A critic gives one number, learns by a squared error beside terms of other forms, and
        shares no weights with the policy.
        """
        measured = {self.output_of(p) for p in loss.parts if p.logits and p.kind in _MEASURED}
        if loss.kind != "unknown" or not measured:
            return [outputs]
        critics = [t for t in outputs if t in measured and self._is_single(t)]
        policies = tuple(t for t in outputs if t not in critics)
        learned = set().union(*(self.variables_behind(t) for t in policies))
        if not policies or any(self.variables_behind(t) & learned for t in critics):
            return [outputs]
        return [policies, *((critic,) for critic in critics)]

    def _is_single(self, tensor: str) -> bool:
        shape = self.graph.shape(tensor)
        return shape is not None and (len(shape) == 1 or shape[-1] == 1)

    def _ends(self, loss: Loss, trained: Collection[str]) -> list[str]:
        """Where the network ends before a loss of no known form; of nested ends the last."""
        if loss.kind != "unknown":
            return []
        found = LossEnds(self.graph, loss.tensor, trained, self.weights).heads()
        within = {tensor: self.graph.ancestors([tensor]) for tensor in found}
        last = [
            tensor
            for tensor in found
            if not any(split_tensor(tensor)[0] in within[o] for o in found if o != tensor)
        ]
        behind = self.graph.ancestors([loss.tensor])
        fed = [node.name for node in behind.values() if is_placeholder(node)]
        return [
            self._named_after(tensor, behind, fed)
            if is_auto_named(self.graph.node(tensor))
            else tensor
            for tensor in last
        ]

    def _taken(self, loss: Loss) -> Iterator[str]:
        """What a loss takes of the network: by the forms of its terms, else where labels join."""
        if loss.kind != "unknown":
            yield from map(self.output_of, loss.parts or (loss,))
            return
        learned = Learned(self.graph)
        penalties = {p.variable for p in loss.regularization}
        for tensor, _ in summands(self.graph, loss.tensor):
            if not self.variables_behind(tensor) - penalties:
                continue
            term = read_loss(self.graph, tensor, learned)
            if term.logits is not None:
                yield from (self.output_of(p) for p in term.parts or (term,) if p.logits)
            elif (joined := self._where_labels_join(tensor)) is not None:
                yield joined

    def _where_labels_join(self, loss: str) -> str | None:
        """The last tensor of the network before a loss of unknown form takes labels.

        Of the operations that join what is learned with what is fed, the one with the most
        weights behind it, and of these the first; then back over what only a loss would do.
        """
        behind = self.graph.ancestors([loss])
        from_weights = values_reach(self.graph, self.weights, learning=True)
        fed = [n.name for n in behind.values() if is_placeholder(n)]
        fed = [name for name in fed if self.graph.shape(f"{name}:0") != ()]
        from_feeds = values_reach(self.graph, fed)
        candidates: dict[str, int] = {}
        for name in self.graph.order:
            if name not in behind or len(behind[name].inputs) < 2:
                continue
            sources = {t: split_tensor(t)[0] for t in behind[name].inputs}
            learned = [t for t, source in sources.items() if source in from_weights]
            joins = any(s in from_feeds and s not in from_weights for s in sources.values())
            if len(learned) == 1 and joins:
                source = split_tensor(resolve(self.graph, learned[0]))[0]
                if source not in self.weights:
                    count = len(self.variables_behind(learned[0], learning=True))
                    candidates[learned[0]] = count
        if not candidates:
            return None
        largest = max(candidates.values())
        if largest < len(self.variables_behind(loss, learning=True)):
            return None  # labels enter before the last weight does
        tensor = next(t for t, count in candidates.items() if count == largest)
        node = self.graph.node(tensor)
        while (node.op in _LOSS_ONLY or self._guards(node)) and node.inputs:
            tensor = next((t for t in node.inputs if self.variables_behind(t)), tensor)
            node = self.graph.node(tensor)
        return self._named_after(self._taken_alone(tensor, loss), behind, from_feeds)

    def last_layers(self, loss: str) -> list[str]:
        """What the last layer gives on each way to a loss that takes several in a form unknown."""
        behind = self.graph.ancestors([loss])
        fed = [node.name for node in behind.values() if is_placeholder(node)]
        found: dict[str, None] = {}
        for summand, _ in summands(self.graph, loss):
            waiting, seen = [summand], set()
            while waiting:
                tensor = waiting.pop()
                node = self.graph.node(tensor)
                if node.name in seen or not self.variables_behind(tensor):
                    continue
                seen.add(node.name)
                sources = [split_tensor(resolve(self.graph, t))[0] for t in node.inputs]
                if not any(source in self.weights for source in sources):
                    waiting.extend(reversed(node.inputs))
                elif len(node.inputs) > 1:  # a penalty takes a weight alone
                    made = self._activated(tensor, behind)
                    found[self._named_after(made, behind, fed)] = None
        return list(found)

    def _activated(self, output: str, behind: Mapping[str, Node]) -> str:
        """What a layer gives after its own activation, of its own scope."""
        scope = split_tensor(output)[0].rpartition("/")[0]
        users = [u for u in self.graph.consumers(output) if u.name in behind]
        own = len(users) == 1 and users[0].op in _ACTIVATIONS
        same = own and bool(scope) and users[0].name.rpartition("/")[0] == scope
        return f"{users[0].name}:0" if same else output

    def _taken_alone(self, output: str, loss: str) -> str:
        """The last tensor up to an output through which alone a loss takes what is learned.

        A distance, where one term has its square and another what it lacks to a margin.
        """
        tensor = output
        for _ in range(_MOST_STEPS):
            if not self.variables_behind(loss, learning=True, stop=tensor):
                return tensor
            learned = [t for t in self.graph.node(tensor).inputs if self.variables_behind(t)]
            if len(learned) != 1 or split_tensor(resolve(self.graph, learned[0]))[0] in (
                self.weights
            ):
                break
            tensor = learned[0]
        return output

    def _named_after(self, output: str, behind: Mapping[str, Node], fed: Collection[str]) -> str:
        """What the program itself names, computed from an output alone, before labels enter.

        The distance of two towers, say, whose square the loss takes too.
        """
        after = values_reach(self.graph, [split_tensor(output)[0]])
        given = self.graph.ancestors([output])
        by_others = values_reach(self.graph, self._others(fed, given))
        for name in reversed(self.graph.order):
            node = behind.get(name)
            if node is None or name not in after or name in by_others or node.op not in _NAMED:
                continue
            scalar_or_loss = self.graph.shape(f"{name}:0") == () or _ABOUT_LOSS.search(name)
            if not scalar_or_loss and not is_auto_named(node):
                return f"{name}:0"
        return output

    def _others(self, fed: Collection[str], given: Mapping[str, Node]) -> list[str]:
        """What is fed or kept in weights, and is no part of what made an output."""
        placeholders = [name for name in fed if is_placeholder(self.graph.nodes[name])]
        return [name for name in (*placeholders, *self.weights) if name not in given]

    def _guards(self, node: Node) -> bool:
        """Whether a small number is added, against the logarithm or division of 0."""
        if node.op not in ("Add", "AddV2"):
            return False
        added = (scalar(self.graph, tensor) for tensor in node.inputs)
        return any(value is not None and 0 < value < _SMALL for value in added)

    def output_of(self, loss: Loss) -> str:
        """What the network gives: probabilities where the loss is written on them, else logits.

        A selection among the network's outputs by another placeholder (the action of a DQN)
        belongs to the loss.
        """
        tensor = loss.logits or ""
        written = (
            *("categorical_cross_entropy", "binary_cross_entropy", "log_loss"),
            "sparse_softmax_cross_entropy",
        )
        if loss.kind in written and loss.predictions is not None:
            node = self.graph.get(loss.predictions)
            if node is not None and node.op in ("Softmax", "Sigmoid"):
                return loss.predictions
        found = tensor
        node = self.graph.get(resolve(self.graph, tensor))
        scope = node.name.rpartition("/")[0] if node is not None else ""
        for user in self.graph.consumers(f"{node.name}:0") if node is not None and scope else ():
            if user.op in ("Softmax", "Sigmoid") and user.name.rpartition("/")[0] == scope:
                return f"{user.name}:0"  # the layer's own activation, which tf.keras undoes
        while node is not None and node.inputs:
            behind = [(t, self.variables_behind(t)) for t in node.inputs]
            learned = [t for t, variables in behind if variables]
            others = [t for t, variables in behind if not variables]
            if len(learned) != 1 or split_tensor(resolve(self.graph, learned[0]))[0] in (
                self.weights
            ):
                break
            flattens = node.op == "Reshape" and len(self.graph.shape(f"{node.name}:0") or ()) == 1
            within = loss.tensor.rpartition("/")[0]
            own = bool(within) and node.name.startswith(f"{within}/") and is_auto_named(node)
            if node.op == "Reshape" and own:
                found = learned[0]  # sequence_loss flattens what it is given
            elif any(self._is_fed(other, learned[0]) for other in others) or (
                found != tensor and (flattens or self._guards(node))
            ):
                found = learned[0]
            elif node.op not in ("Reshape", "Sum", "Squeeze", "Mul", "Gather", "GatherV2", "Max"):
                break
            node = self.graph.get(resolve(self.graph, learned[0]))
        return found

    def _is_fed(self, tensor: str, network: str) -> bool:
        """Whether values (not just the shape) of a placeholder of one dimension or more enter.

        Not one that the network is given too: an image from which it takes the noise.
        """
        own = self.graph.ancestors([network])
        waiting, seen = [tensor], set()
        while waiting:
            current = waiting.pop()
            node = self.graph.get(current)
            if node is None or node.name in seen or node.op in SHAPE_ONLY:
                continue
            seen.add(node.name)
            if is_placeholder(node):
                if self.graph.shape(current) != () and node.name not in own:
                    return True
            else:
                waiting.extend(node.inputs)
        return False

    def variables_behind(
        self, tensor: str, *, learning: bool = False, stop: str | None = None
    ) -> set[str]:
        """The weights whose values (not just shapes) a tensor depends on.

        Args:
            learning: only those that a loss would move: not through StopGradient.
            stop: a tensor behind which nothing counts.
        """
        found: set[str] = set()
        waiting, seen = [tensor], set()
        while waiting:
            current = waiting.pop()
            if current == stop:
                continue
            node = self.graph.get(current)
            if learning and node is not None and node.op == "StopGradient":
                continue
            if node is None or node.name in seen or node.op in SHAPE_ONLY:
                continue
            seen.add(node.name)
            if node.name in self.weights:
                found.add(node.name)
            waiting.extend(node.inputs)
        return found
