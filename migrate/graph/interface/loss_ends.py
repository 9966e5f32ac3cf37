"""Where a network ends and a loss of no known form begins: walks back from the loss."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from ..loops import LOOP_OPS
from ..nodes import Graph, Node, split_tensor
from ..sources import PIPELINE_OPS, SHAPE_ONLY, is_placeholder
from ..training.optimizers import scalar
from ..variables import resolve

_GUARD = 1e-3  # a bound nearer to 0 or 1 than this keeps a logarithm or a division finite
_MOST_STEPS = 400  # back from the loss's terms to the tensor that they share
_PASSING = (
    "Log", "Log1p", "Neg", "LogSoftmax", "Square", "Abs", "Pow", "Exp", "Cast", "Identity",
    "Softplus", "SquaredDifference", "Unpack",
)  # fmt: skip
# What a loss does with a network that it moves nothing of: the value of a next state, say.
_OF_TARGETS = (
    "Mul", "Add", "AddV2", "Sub", "Max", "Sum", "Mean", "StopGradient", "StridedSlice", "Minimum",
)  # fmt: skip
_RESHAPING = ("Reshape", "ExpandDims", "Squeeze", "Transpose", "Enter", "RefEnter")
_BOUNDING = ("Maximum", "Minimum", "ClipByValue", "Relu")
_SUMS = ("Add", "AddV2", "Sub")
_DEFAULT_NAMES = {
    "RealDiv": "truediv", "AddV2": "add", "GatherV2": "gather", "Maximum": "clip_by_value",
    "Pow": "pow", "Mul": "mul", "Sub": "sub", "Neg": "neg", "StridedSlice": "strided_slice",
    "Unpack": "unstack",
}  # fmt: skip


def is_default_name(node: Node) -> bool:
    """Whether a program left an operation the name that TensorFlow gives: ``Log_1``, ``sub``."""
    last = re.sub(r"_\d+$", "", node.name.rpartition("/")[2]).lower()
    return last in (node.op.lower(), _DEFAULT_NAMES.get(node.op, ""))


class LossEnds:
    """The tensors that a network gives to one loss.

    Args:
        loss: a tensor.
        weights: node names of the variables whose networks are looked for.
        others: those of other variables that count.
        learning: whether what lies behind StopGradient does not count.
    """

    def __init__(
        self,
        graph: Graph,
        loss: str,
        weights: Collection[str],
        others: Collection[str] = (),
        *,
        learning: bool = True,
    ):
        self._graph, self._loss, self._others = graph, loss, others
        self._barriers = (*SHAPE_ONLY, "StopGradient") if learning else SHAPE_ONLY
        self._passing = _PASSING if learning else (*_PASSING, *_OF_TARGETS)
        self._behind = graph.ancestors([loss])
        self._users: dict[str, list[Node]] = {}
        for node in self._behind.values():
            for source in {split_tensor(tensor)[0] for tensor in node.inputs}:
                self._users.setdefault(source, []).append(node)
        self._loops = self._in_loops()
        self._weights = {name for name in weights if name in self._behind}
        self._labels = self._find_labels()
        self._by_labels = self._reached(self._labels)
        self._learned = self._reached(self._weights, self._barriers)
        self._memo: dict[str, frozenset[str]] = {}

    def heads(self) -> list[str]:
        """One tensor for each network or head, in the order of the file."""
        groups: dict[frozenset[str], list[str]] = {}
        for tensor in self._frontier():
            groups.setdefault(self._variables(tensor), []).append(tensor)
        found = [
            self._before_loss(self._shared(group, variables))
            for variables, group in groups.items()
            if variables
        ]
        position = {name: index for index, name in enumerate(self._graph.nodes)}
        return sorted(dict.fromkeys(found), key=lambda t: position[split_tensor(t)[0]])

    def _before_loss(self, tensor: str) -> str:
        """What the operations of a loss that lie before a tensor are given."""
        node = self._graph.node(tensor)
        while self._is_of_loss(node):
            learned = [t for t in node.inputs if self._variables(t)]
            if len(learned) != 1 or split_tensor(resolve(self._graph, learned[0]))[0] in (
                self._weights
            ):
                break
            tensor = learned[0]
            node = self._graph.node(tensor)
        return tensor

    @property
    def labels(self) -> frozenset[str]:
        """Node names of what is given to the loss alone."""
        return frozenset(self._labels)

    def _in_loops(self) -> set[str]:
        """Nodes that are run once a step of a loop: between its Enter and its Exit."""
        found: set[str] = set()
        waiting = [n.name for n in self._behind.values() if n.op in ("Enter", "RefEnter")]
        while waiting:
            name = waiting.pop()
            if name not in found and self._behind[name].op not in ("Exit", "RefExit"):
                found.add(name)
                waiting.extend(user.name for user in self._users.get(name, ()))
        return found

    def _reached(self, names: Iterable[str], barriers: Collection[str] = SHAPE_ONLY) -> set[str]:
        """What depends on the values of some nodes, these included."""
        seen = {name for name in names if name in self._behind}
        waiting = list(seen)
        while waiting:
            for user in self._users.get(waiting.pop(), ()):
                if user.name not in seen and user.op not in barriers:
                    seen.add(user.name)
                    waiting.append(user.name)
        return seen

    def _readers(self, weight: str) -> list[str]:
        """The operations that compute with a weight; not those of the loss, that give a scalar."""
        found: list[str] = []
        waiting, seen = [weight], {weight}
        while waiting:
            name = waiting.pop()
            for user in self._users.get(name, ()):
                source = split_tensor(resolve(self._graph, f"{user.name}:0"))[0]
                passes = source == weight or user.op in _RESHAPING
                if passes and user.name not in seen:
                    seen.add(user.name)
                    waiting.append(user.name)
                elif not passes and user.op not in SHAPE_ONLY:
                    found += [] if self._graph.shape(f"{user.name}:0") == () else [user.name]
        return found

    def _find_labels(self) -> set[str]:
        """What is given to the loss alone.

        None of the weights computes with it, or only such as the loss keeps for itself: the
        transitions of a CRF, which labels look up and which the recursion over all labels takes.
        Those are taken out of the weights here.
        """
        given = [
            name
            for name, node in self._behind.items()
            if (is_placeholder(node) and self._graph.shape(f"{name}:0") != ())
            or node.op in PIPELINE_OPS
        ]
        reached = {name: self._reached([name]) for name in given}
        readers = {weight: self._readers(weight) for weight in self._weights}
        used = {
            name: {w for w, users in readers.items() if not reached[name].isdisjoint(users)}
            for name in given
        }
        if not used:
            return set()
        main = max(given, key=lambda name: len(used[name]))
        own: set[str] = set()
        for name in given:
            if name != main and 0 < len(used[name]) < len(used[main]) / 2:
                alone = {
                    w
                    for w in used[name]
                    if any(r in reached[name] - reached[main] for r in readers[w])
                    and any(r in reached[main] for r in readers[w])
                }
                if alone == used[name]:
                    own |= alone
        self._weights -= own
        return {name for name in given if not used[name] - own and name != main}

    def _variables(self, tensor: str) -> frozenset[str]:
        name = split_tensor(tensor)[0]
        if name not in self._memo:
            found, seen, waiting = set(), set(), [name]
            while waiting:
                current = waiting.pop()
                node = self._graph.nodes[current]
                if current in seen or node.op in self._barriers:
                    continue
                seen.add(current)
                if current in self._weights:
                    found.add(current)
                waiting.extend(split_tensor(t)[0] for t in node.inputs)
            self._memo[name] = frozenset(found)
        return self._memo[name]

    def _frontier(self) -> list[str]:
        """The last tensors before whatever belongs to the loss."""
        found: dict[str, None] = {}
        waiting, seen = [self._loss], set()
        while waiting:
            tensor = waiting.pop()
            node = self._graph.node(tensor)
            if node.name in seen or node.name not in self._learned or node.name in self._weights:
                continue
            seen.add(node.name)
            source = split_tensor(resolve(self._graph, tensor))[0]
            if source in self._weights:
                continue
            if self._is_of_loss(node):
                waiting.extend(reversed(node.inputs))
            else:
                found[tensor] = None
        return list(found)

    def _is_of_loss(self, node: Node) -> bool:
        if node.name in self._by_labels or node.name in self._loops or node.op in LOOP_OPS:
            return True
        shape = self._graph.shape(f"{node.name}:0")
        if shape == () or f"{node.name}:0" == self._loss:
            return True
        if not is_default_name(node):
            return node.op in ("Minimum", "Maximum") and self._guards(node)
        users = self._users.get(node.name, ())
        if users and all(user.op.endswith("SoftmaxCrossEntropyWithLogits") for user in users):
            return node.op == "Reshape"  # into rows, which tf.nn adds
        if node.op == "Reshape":  # of what the program names, into triplets or rows
            return not is_default_name(self._graph.node(resolve(self._graph, node.inputs[0])))
        return node.op in self._passing or self._guards(node) or self._is_distance(node)

    def _guards(self, node: Node) -> bool:
        """Whether a constant bounds a tensor, or is added to it, as only a loss does it."""
        if node.op not in (*_BOUNDING, *_SUMS) or not node.inputs:
            return False
        if node.op == "Relu":  # a hinge: the margin comes before
            before = self._graph.node(node.inputs[0])
            return before.op in _SUMS and self._guards(before)
        numbers = [scalar(self._graph, tensor) for tensor in node.inputs]
        known = [abs(number) for number in numbers if number is not None]
        if node.op in _SUMS:
            whole = node.op == "Sub" and numbers[0] == 1.0
            margin = bool(known) and self._is_bounded(node)
            return whole or margin or any(0 < number < _GUARD for number in known)
        hinge = node.op == "Maximum" and 0.0 in known
        return hinge or any(0 < min(n, abs(1 - n)) < _GUARD for n in known)

    def _is_bounded(self, node: Node) -> bool:
        """Whether a hinge is all that takes a sum, or the sum that it goes into."""
        users = self._users.get(node.name, [])
        return bool(users) and all(
            user.op in ("Relu", "Maximum") or (user.op in _SUMS and self._is_bounded(user))
            for user in users
        )

    def _is_distance(self, node: Node) -> bool:
        """Whether a network's answers to two inputs are compared: they have the same weights."""
        if node.op != "Sub" or len(node.inputs) != 2:
            return False
        one, other = (self._variables(tensor) for tensor in node.inputs)
        return one == other and bool(one) and self._is_bounded(node)

    def _shared(self, tensors: list[str], variables: frozenset[str]) -> str:
        """The last tensor through which alone all of some tensors depend on their variables.

        Where there is none, a network is used several times: its use that needs the fewest other
        variables, and of these the first.
        """
        if len(tensors) == 1:
            return tensors[0]
        behind = self._graph.ancestors(tensors)
        order = [n for n in reversed(self._graph.order) if n in behind and n in self._learned]
        for name in order[:_MOST_STEPS]:
            if name in self._loops or self._variables(f"{name}:0") != variables:
                continue
            if not self._reach_without(tensors, name, variables):
                return f"{name}:0"
        position = {name: index for index, name in enumerate(self._graph.nodes)}

        def rank(tensor: str) -> tuple[int, int]:
            name = split_tensor(tensor)[0]
            behind = self._graph.ancestors([tensor])
            return sum(other in behind for other in self._others), position[name]

        return min(tensors, key=rank)

    def _reach_without(self, tensors: list[str], stop: str, variables: frozenset[str]) -> bool:
        waiting, seen = [split_tensor(t)[0] for t in tensors], {stop}
        while waiting:
            name = waiting.pop()
            node = self._graph.nodes[name]
            if name in seen or node.op in self._barriers:
                continue
            if name in variables:
                return True
            seen.add(name)
            waiting.extend(split_tensor(t)[0] for t in node.inputs)
        return False
