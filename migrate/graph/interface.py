"""What a graph's network takes and gives: by signature, from the loss, or by its leaves."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import UserError, printable
from .feeds import inference_value
from .losses import Loss, read_loss
from .nodes import Graph, Node, Signature, split_tensor, tensor_name
from .sources import PIPELINE_OPS, SHAPE_ONLY, data_sources, is_placeholder
from .training import Training, find_training
from .variables import find_frozen_weights, find_variables, resolve


class NoNetworkError(UserError):
    """The graph holds variables, but nothing that computes with them and an input."""


@dataclass(frozen=True)
class InputTensor:
    """A tensor the network is given; None for unknown dimensions or rank."""

    tensor: str
    shape: tuple[int | None, ...] | None
    dtype: str


@dataclass(frozen=True)
class Candidate:
    """A tensor that was looked at as an output, and why it was taken or not."""

    tensor: str
    chosen: bool
    why: str


@dataclass(frozen=True)
class Network:
    """One of the networks of a graph.

    Attributes:
        name: the name scope its variables share, else that of its output.
        outputs: tensors.
        variables: node names, sorted.
    """

    name: str
    outputs: tuple[str, ...]
    variables: tuple[str, ...]


@dataclass(frozen=True)
class Interface:
    """How a network is used.

    Attributes:
        inputs: in the order of the file, or as asked for.
        outputs: tensors.
        fed: placeholders fixed for inference → value.
        labels: placeholders (or pipeline outputs) that only the loss takes.
        considered: the tensors that might have been the outputs, the chosen ones first.
        networks: every network found; more than one means that one was chosen.
        how: "asked", "signature", "loss" or "leaves".
        notes: what a person may want to know about the choice.
    """

    inputs: tuple[InputTensor, ...]
    outputs: tuple[str, ...]
    fed: Mapping[str, float | bool]
    labels: tuple[str, ...]
    considered: tuple[Candidate, ...]
    networks: tuple[Network, ...]
    how: str
    notes: tuple[str, ...] = ()


# What gathers the results of tf.map_fn's loop into one tensor.
_COLLECTS = ("TensorArrayGatherV3", "TensorArrayGatherV2", "TensorArrayGather", "TensorListStack")


_LOSS_ONLY = (
    "Log", "Neg", "Maximum", "Minimum", "ClipByValue", "Reshape", "LogSoftmax", "Squeeze", "Cast",
    "SparseSoftmaxCrossEntropyWithLogits", "SoftmaxCrossEntropyWithLogits", "Log1p", "Abs",
)  # fmt: skip


@dataclass
class _Choice:
    outputs: tuple[str, ...]
    how: str
    considered: list[Candidate] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_interface(
    graph: Graph,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    feed: Mapping[str, Any] | None = None,
    *,
    training: Training | None = None,
    saved: Collection[str] | None = None,
) -> Interface:
    """Find the inputs and outputs of a graph's network.

    Args:
        inputs, outputs: tensors that replace what would be found.
        feed: placeholder → value, added to what would be fed.
        training: of the graph, if already read.
        saved: names of the variables that a checkpoint holds; networks that are not whole in it
            are chosen last.

    Raises:
        UserError: a tensor asked for is not there.
        NoNetworkError: no output can be found.
    """
    training = find_training(graph) if training is None else training
    finder = _Finder(graph, training, saved)
    if outputs:
        asked = tuple(tensor_name(tensor) for tensor in outputs)
        for tensor in asked:
            graph.node(tensor)
        choice = _Choice(asked, "asked", [Candidate(t, True, "asked for") for t in asked])
    else:
        choice = finder.by_signature() or finder.by_loss() or finder.by_leaves()
    behind = graph.ancestors(choice.outputs)
    fixed = {tensor_name(tensor): value for tensor, value in (feed or {}).items()}
    if inputs:
        given = [tensor_name(tensor) for tensor in inputs]
        for tensor in given:
            graph.node(tensor)
        reached = graph.ancestors(choice.outputs, stop=frozenset(given))
        _, fed = finder.inputs_and_feeds(reached, fixed)
        found = [tensor for tensor in given if tensor not in fixed]
    else:
        found, fed = finder.inputs_and_feeds(behind, fixed)
    if choice.how == "signature" and not inputs:
        found = finder.signature_inputs(found, fixed)
    labels = [
        tensor
        for trainer in training.trainers
        for tensor in _label_inputs(graph, trainer.loss)
        if split_tensor(tensor)[0] not in behind
    ]
    return Interface(
        inputs=tuple(
            InputTensor(tensor, graph.shape(tensor), graph.dtype(tensor) or "float32")
            for tensor in found
        ),
        outputs=choice.outputs,
        fed={**fed, **fixed},
        labels=tuple(dict.fromkeys(labels)),
        considered=tuple(choice.considered),
        networks=tuple(choice.networks),
        how=choice.how,
        notes=tuple(choice.notes),
    )


def _label_inputs(graph: Graph, loss: Loss | None) -> Sequence[str]:
    """What a loss is given: its labels first; scalars (a penalty's factor) are none."""
    if loss is None:
        return ()
    others = [t for t in data_sources(graph, loss.tensor) if graph.shape(t) != ()]
    return (*loss.label_inputs, *others)


_GRADIENTS = re.compile(r"(?:^|/)gradients(?:_\d+)?/")
_BOOKKEEPING = re.compile(
    r".*(?:Assign|Apply|Scatter(?:Add|Sub|Update)|Summary|Restore|Save|Initialized|Grad).*|NoOp|"
    r"Assert|Arg(?:Max|Min)|Equal|NotEqual|InTopK.*|TopK.*|ConfusionMatrix|Is(?:Nan|Inf|Finite)|"
    r"Queue.*|Stack.*|Print|Multinomial|Bucketize|Round"
)


def _is_bookkeeping(node: Node) -> bool:
    """Whether a node serves training, saving, summaries or metrics, not the network."""
    if _GRADIENTS.search(node.name) or node.op in SHAPE_ONLY:
        return True
    if node.op == "PlaceholderWithDefault" or node.op.startswith("TensorArray"):
        return False
    return _BOOKKEEPING.fullmatch(node.op) is not None


class _Finder:
    def __init__(self, graph: Graph, training: Training, saved: Collection[str] | None):
        self._graph, self._training = graph, training
        variables = find_variables(graph)
        trainable = [v for v in variables.values() if v.trainable]
        self._weights = {v.name: v.key for v in trainable or variables.values()}
        if not variables:
            self._weights = {name: name for name in find_frozen_weights(graph)}
        self._saved = saved
        self._signature: Signature | None = None

    # Outputs ---------------------------------------------------------------------------------

    def by_signature(self) -> _Choice | None:
        signatures = {
            key: signature
            for key, signature in self._graph.signatures.items()
            if any(info.tensor in self._graph for info in signature.outputs.values())
            and not key.startswith("__saved_model_init")
        }
        if not signatures:
            return None
        key = "serving_default" if "serving_default" in signatures else min(signatures)
        self._signature = signatures[key]
        infos = signatures[key].outputs.values()
        outputs = tuple(dict.fromkeys(i.tensor for i in infos if i.tensor in self._graph))
        why = f"output of the signature {printable(key)!r}"
        choice = _Choice(
            tuple(tensor for tensor in outputs if tensor is not None),
            "signature",
            [Candidate(tensor, True, why) for tensor in outputs if tensor is not None],
        )
        others = [printable(name) for name in signatures if name != key]
        if others:
            choice.notes.append(f"signature {printable(key)}; not {', '.join(others)}")
        return choice

    def by_loss(self) -> _Choice | None:
        networks: dict[tuple[str, ...], tuple[Network, Loss]] = {}
        for trainer in self._training.trainers:
            loss = trainer.loss
            if loss is None:
                continue
            outputs = self._heads(loss)
            if not outputs:
                continue
            variables = set().union(*(self._variables_behind(output) for output in outputs))
            trained = set(trainer.optimizer.variables)
            if variables - trained and trained & variables:
                inner = self._boundary(outputs[0], trained)
                if inner is not None:  # a generator, trained through another network
                    outputs, variables = (inner,), self._variables_behind(inner)
            if outputs not in networks:
                network = replace(self._network(outputs[0], variables), outputs=outputs)
                networks[outputs] = (network, loss)
        if not networks:
            return None
        ranked = sorted(networks.values(), key=lambda pair: self._missing(pair[0]))
        chosen, loss = ranked[0]
        through = self._through_another([network for network, _ in ranked])
        if through is not None and self._missing(through) <= self._missing(chosen):
            chosen = through
        choice = _Choice(chosen.outputs, "loss", networks=[network for network, _ in ranked])
        why = f"enters the loss {printable(loss.tensor)}"
        choice.considered += [Candidate(tensor, True, why) for tensor in chosen.outputs]
        for network, other in ranked:
            if network is not chosen:
                why = f"enters another loss, {printable(other.tensor)}"
                choice.considered.append(Candidate(network.outputs[0], False, why))
        choice.considered += [
            Candidate(tensor, False, "not what the loss takes")
            for tensor in self._leaves()[:20]
            if tensor not in [candidate.tensor for candidate in choice.considered]
        ]
        if len(networks) > 1:
            names = ", ".join(printable(network.name) for network in choice.networks)
            choice.notes.append(f"{len(networks)} networks ({names}): took {chosen.name}")
        return choice

    def _heads(self, loss: Loss) -> tuple[str, ...]:
        """The network's outputs that a loss takes: one, or one for each head of its own weights."""
        if loss.logits is None:
            joined = self._where_labels_join(loss.tensor)
            return () if joined is None else (joined,)
        heads: dict[str, set[str]] = {}
        for part in loss.parts or (loss,):
            output = self._output_of(part)
            variables = self._variables_behind(output)
            if all(variables - other and other - variables for other in heads.values()):
                heads[output] = variables
        return tuple(heads)

    def _where_labels_join(self, loss: str) -> str | None:
        """The last tensor of the network before a loss of unknown form takes labels.

        Of the operations that join what is learned with what is fed, the one with the most
        weights behind it, and of these the first; then back over what only a loss would do.
        """
        behind = self._graph.ancestors([loss])
        from_weights = self._values_reach(self._weights)
        fed = [n.name for n in behind.values() if is_placeholder(n)]
        fed = [name for name in fed if self._graph.shape(f"{name}:0") != ()]
        from_feeds = self._values_reach(fed)
        candidates: dict[str, int] = {}
        for name in self._graph.order:
            if name not in behind or len(behind[name].inputs) < 2:
                continue
            sources = {t: split_tensor(t)[0] for t in behind[name].inputs}
            learned = [t for t, source in sources.items() if source in from_weights]
            joins = any(s in from_feeds and s not in from_weights for s in sources.values())
            if len(learned) == 1 and joins:
                source = split_tensor(resolve(self._graph, learned[0]))[0]
                if source not in self._weights:
                    candidates[learned[0]] = len(self._variables_behind(learned[0]))
        if not candidates:
            return None
        largest = max(candidates.values())
        if largest < len(self._variables_behind(loss)):
            return None  # labels enter before the last weight does
        tensor = next(t for t, count in candidates.items() if count == largest)
        node = self._graph.node(tensor)
        while node.op in _LOSS_ONLY and node.inputs:
            tensor = next((t for t in node.inputs if self._variables_behind(t)), tensor)
            node = self._graph.node(tensor)
        return tensor

    def _output_of(self, loss: Loss) -> str:
        """What the network gives: probabilities where the loss is written on them, else logits.

        A selection among the network's outputs by another placeholder (the action of a DQN)
        belongs to the loss.
        """
        tensor = loss.logits or ""
        written = ("categorical_cross_entropy", "binary_cross_entropy", "log_loss")
        if loss.kind in written and loss.predictions is not None:
            node = self._graph.get(loss.predictions)
            if node is not None and node.op in ("Softmax", "Sigmoid"):
                return loss.predictions
        found = tensor
        node = self._graph.get(resolve(self._graph, tensor))
        scope = node.name.rpartition("/")[0] if node is not None else ""
        for user in self._graph.consumers(f"{node.name}:0") if node is not None and scope else ():
            if user.op in ("Softmax", "Sigmoid") and user.name.rpartition("/")[0] == scope:
                return f"{user.name}:0"  # the layer's own activation, which tf.keras undoes
        while node is not None and node.inputs:
            behind = [(t, self._variables_behind(t)) for t in node.inputs]
            learned = [t for t, variables in behind if variables]
            others = [t for t, variables in behind if not variables]
            if len(learned) != 1 or split_tensor(resolve(self._graph, learned[0]))[0] in (
                self._weights
            ):
                break
            flattens = node.op == "Reshape" and len(self._graph.shape(f"{node.name}:0") or ()) == 1
            if any(self._is_fed(other) for other in others) or (found != tensor and flattens):
                found = learned[0]
            elif node.op not in ("Reshape", "Sum", "Squeeze", "Mul", "Gather", "GatherV2", "Max"):
                break
            node = self._graph.get(resolve(self._graph, learned[0]))
        return found

    def _is_fed(self, tensor: str) -> bool:
        """Whether values (not just the shape) of a placeholder of one dimension or more enter."""
        waiting, seen = [tensor], set()
        while waiting:
            current = waiting.pop()
            node = self._graph.get(current)
            if node is None or node.name in seen or node.op in SHAPE_ONLY:
                continue
            seen.add(node.name)
            if is_placeholder(node):
                if self._graph.shape(current) != ():
                    return True
            else:
                waiting.extend(node.inputs)
        return False

    def _variables_behind(self, tensor: str) -> set[str]:
        """The weights whose values (not just shapes) a tensor depends on."""
        found: set[str] = set()
        waiting, seen = [tensor], set()
        while waiting:
            node = self._graph.get(waiting.pop())
            if node is None or node.name in seen or node.op in SHAPE_ONLY:
                continue
            seen.add(node.name)
            if node.name in self._weights:
                found.add(node.name)
            waiting.extend(node.inputs)
        return found

    def _values_reach(self, names: Iterable[str]) -> set[str]:
        """The nodes whose values (not just shapes) depend on some nodes, these included."""
        seen = set(names)
        waiting = list(seen)
        while waiting:
            for user in self._graph.node_consumers(waiting.pop()):
                if user.name not in seen and user.op not in SHAPE_ONLY:
                    seen.add(user.name)
                    waiting.append(user.name)
        return seen

    def _boundary(self, output: str, trained: set[str]) -> str | None:
        """Where a network whose variables are all trained ends and another takes over."""
        behind = self._graph.ancestors([output])
        inner: dict[str, set[str]] = {}
        for name in self._graph.order:
            if name in behind:
                node = behind[name]
                own = {name} & self._weights.keys()
                sets = (inner.get(split_tensor(t)[0], set()) for t in node.inputs)
                inner[name] = own.union(*sets)
        ends = [
            name
            for name, variables in inner.items()
            if variables
            and variables <= trained
            and name not in self._weights
            and behind[name].op not in ("Identity", "ReadVariableOp", *SHAPE_ONLY)
            and any(
                inner[user.name] - trained
                for user in self._graph.node_consumers(name)
                if user.name in inner and user.op not in SHAPE_ONLY
            )
        ]
        largest = max((len(inner[name]) for name in ends), default=0)
        ends = [name for name in ends if len(inner[name]) == largest]
        return f"{ends[0]}:0" if len(ends) == 1 else None

    def _through_another(self, networks: list[Network]) -> Network | None:
        """The network whose output another one, of other variables, takes: a GAN's generator."""
        for network in networks:
            reached = self._graph.descendants(network.outputs)
            for other in networks:
                apart = not set(network.variables) & set(other.variables)
                if apart and set(other.variables) & self._read_by(reached):
                    return network
        return None

    def _read_by(self, nodes: Mapping[str, Node]) -> set[str]:
        read = set()
        for node in nodes.values():
            if not _is_bookkeeping(node):
                for tensor in node.inputs:
                    name = split_tensor(resolve(self._graph, tensor))[0]
                    if name in self._weights:
                        read.add(name)
        return read

    def _network(self, output: str, variables: Collection[str]) -> Network:
        names = sorted(variables)
        parts = [name.split("/") for name in names]
        shared = []
        for level in zip(*parts, strict=False):
            if len(set(level)) > 1:
                break
            shared.append(level[0])
        return Network("/".join(shared) or split_tensor(output)[0], (output,), tuple(names))

    def _missing(self, network: Network) -> int:
        """How many of a network's variables the checkpoint does not hold."""
        if self._saved is None:
            return 0
        return sum(
            self._weights[name] not in self._saved and name not in self._saved
            for name in network.variables
        )

    def _leaves(self) -> list[str]:
        """Tensors that depend on an input and on weights, and that nothing of a network takes."""
        graph = self._graph
        sources = [
            n.name for n in graph.nodes.values() if is_placeholder(n) or n.op in PIPELINE_OPS
        ]
        bookkeeping = {name for name, node in graph.nodes.items() if _is_bookkeeping(node)}
        from_data = self._network_part(sources, bookkeeping)
        from_weights = self._network_part(list(self._weights), bookkeeping)
        network = [name for name in graph.nodes if name in from_data and name in from_weights]
        members = set(network)
        return [
            f"{name}:0"
            for name in network
            if not any(user.name in members for user in graph.node_consumers(name))
        ]

    def _network_part(self, start: list[str], bookkeeping: set[str]) -> set[str]:
        seen: set[str] = set()
        waiting = list(start)
        while waiting:
            for user in self._graph.node_consumers(waiting.pop()):
                if user.name not in seen and user.name not in bookkeeping:
                    seen.add(user.name)
                    waiting.append(user.name)
        return seen

    def by_leaves(self) -> _Choice:
        leaves = self._leaves()
        considered: list[Candidate] = []
        candidates: dict[str, set[str]] = {}
        for tensor in leaves:
            node, variables = self._graph.node(tensor), self._variables_behind(tensor)
            if self._graph.shape(tensor) == ():
                found = read_loss(self._graph, tensor, lambda t: bool(self._variables_behind(t)))
                if found.logits is not None:
                    considered.append(Candidate(tensor, False, "a loss"))
                    output = self._output_of(found)
                    candidates[output] = self._variables_behind(output)
                    continue
            if node.op in ("Exit", "RefExit", "Switch", "TensorArraySizeV3"):
                considered.append(Candidate(tensor, False, "a loop's leftover"))
            elif (self._graph.dtype(tensor) or "float32") in ("bool", "string", "resource"):
                considered.append(Candidate(tensor, False, "no number"))
            else:
                candidates[tensor] = variables
        if not candidates:
            for candidate in list(considered):
                if candidate.why == "a loop's leftover":
                    considered.remove(candidate)
                    candidates[candidate.tensor] = self._variables_behind(candidate.tensor)
        if not candidates:
            candidates = self._without_weights()
        if not candidates:
            raise NoNetworkError(
                "no output can be found: nothing depends on both an input and a weight",
                try_="--outputs with the name of a tensor",
            )
        return self._choose(candidates, considered)

    def _without_weights(self) -> dict[str, set[str]]:
        """Leaves behind placeholders alone, for graphs that have no weights."""
        bookkeeping = {name for name, node in self._graph.nodes.items() if _is_bookkeeping(node)}
        sources = [n.name for n in self._graph.nodes.values() if is_placeholder(n)]
        sources = [name for name in sources if not name.startswith("save")]
        part = self._network_part(sources, bookkeeping)
        return {
            f"{name}:0": set()
            for name in self._graph.nodes
            if name in part
            and not any(user.name in part for user in self._graph.node_consumers(name))
        }

    def _choose(self, candidates: dict[str, set[str]], considered: list[Candidate]) -> _Choice:
        def rank(tensor: str) -> tuple[int, int, int]:
            variables = candidates[tensor]
            scalar = self._graph.shape(tensor) == ()
            return (self._missing(self._network(tensor, variables)), int(scalar), -len(variables))

        order = sorted(candidates, key=rank)  # stable: the first of the file among equals
        groups: list[list[str]] = []
        for tensor in order:
            home = next(
                (g for g in groups if any(candidates[tensor] & candidates[t] for t in g)), None
            )
            if home is None:
                groups.append([tensor])
            elif (
                all(
                    candidates[tensor] - candidates[t] and candidates[t] - candidates[tensor]
                    for t in home
                )
                and self._graph.shape(tensor) != ()
            ):
                home.append(tensor)  # another head
            else:
                why = f"uses no variable that {printable(home[0])} does not use"
                considered.append(Candidate(tensor, False, why))
        networks = [self._network(g[0], set().union(*(candidates[t] for t in g))) for g in groups]
        networks = [
            Network(network.name, tuple(group), network.variables)
            for network, group in zip(networks, groups, strict=True)
        ]
        chosen = tuple(sorted(groups[0], key=list(candidates).index))
        choice = _Choice(chosen, "leaves", networks=networks)
        why = "nothing of the network takes it"
        choice.considered = [Candidate(tensor, True, why) for tensor in chosen]
        choice.considered += [
            Candidate(t, False, "belongs to another network") for g in groups[1:] for t in g
        ] + considered
        if len(groups) > 1:
            names = ", ".join(printable(network.name) for network in networks)
            choice.notes.append(f"{len(groups)} networks ({names}): took {networks[0].name}")
        return choice

    # Inputs ----------------------------------------------------------------------------------

    def inputs_and_feeds(
        self, behind: Mapping[str, Node], fixed: Mapping[str, Any]
    ) -> tuple[list[str], dict[str, float | bool]]:
        """The inputs behind some nodes, in the order of the file, and what is fed instead."""
        found: dict[str, None] = {}
        fed: dict[str, float | bool] = {}
        for name in self._graph.nodes:
            node = behind.get(name)
            if node is None or f"{name}:0" in fixed:
                continue
            if is_placeholder(node):
                value = inference_value(self._graph, node, behind)
                if value is None:
                    found[f"{name}:0"] = None
                else:
                    fed[f"{name}:0"] = value
        if not any(self._graph.dtype(t) != "string" for t in found):
            entries = self._after_pipeline(behind)
            if entries:
                return entries, fed
        return list(found), fed

    def _after_pipeline(self, behind: Mapping[str, Node]) -> list[str]:
        """The first tensors of numbers after an input pipeline: where a caller's arrays enter."""
        entries: dict[str, None] = {}
        from_weights = self._graph.descendants(self._weights)
        starts = [
            tensor
            for node in behind.values()
            for tensor in node.inputs
            if self._graph.node(tensor).op in PIPELINE_OPS and node.op not in PIPELINE_OPS
        ]
        collected = [n for n in behind.values() if n.op in _COLLECTS]
        for tensor in dict.fromkeys(starts):
            gathers = [n for n in collected if n.name in self._graph.descendants([tensor])]
            if gathers:  # a loop over examples decodes them: arrays enter where it has ended
                entries[f"{gathers[0].name}:0"] = None
                continue
            while True:
                if (self._graph.dtype(tensor) or "").startswith(("float", "bfloat")):
                    entries[tensor] = None
                    break
                users = [u for u in self._graph.consumers(tensor) if u.name in behind]
                users = [u for u in users if u.op not in SHAPE_ONLY]
                if len(users) != 1 or users[0].name in from_weights:
                    entries[tensor] = None
                    break
                tensor = f"{users[0].name}:0"
        return list(entries)

    def signature_inputs(self, found: list[str], fixed: Mapping[str, Any]) -> list[str]:
        """The signature's inputs, if they are tensors of numbers that the outputs depend on."""
        infos = self._signature.inputs.values() if self._signature is not None else ()
        named = [info.tensor for info in infos if info.tensor and info.dtype != "string"]
        named = [tensor for tensor in named if tensor in self._graph and tensor not in fixed]
        asked = list(dict.fromkeys(named))
        rest = [tensor for tensor in found if tensor not in asked]
        reached = [tensor for tensor in asked if tensor in found]
        # A signature may name a tensor inside the graph: then what lies before it is not needed.
        if asked and not reached:
            return asked
        return reached + rest if reached else found
