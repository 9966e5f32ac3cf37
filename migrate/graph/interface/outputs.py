"""Which tensors are a network's outputs: by signature, from the loss upward, or by its leaves."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from ...errors import UserError, printable
from ..nodes import Graph, Node, Signature, split_tensor
from ..sources import PIPELINE_OPS, SHAPE_ONLY, is_placeholder
from ..training.losses import Loss, read_loss
from ..training.optimizers import scalar
from ..training.trainers import Training
from ..variables import find_frozen_weights, find_variables, resolve
from .choice import Candidate, Choice, Network, of_several
from .heads import LossHeads, is_auto_named
from .inference_copies import before_chance, inference_copy
from .loss_ends import LossEnds


class NoNetworkError(UserError):
    """The graph holds variables, but nothing that computes with them and an input."""


_LOOPING = ("Enter", "RefEnter", "While", "StatelessWhile")
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


class OutputFinder:
    """Finds the outputs of one graph's network."""

    def __init__(self, graph: Graph, training: Training, saved: Collection[str] | None):
        self.graph, self._training = graph, training
        variables = find_variables(graph)
        trainable = [v for v in variables.values() if v.trainable]
        self.weights = {v.name: v.key for v in trainable or variables.values()}
        if not variables:
            self.weights = {name: name for name in find_frozen_weights(graph)}
        self._by_losses = LossHeads(graph, self.weights)
        self._behind = self._by_losses.variables_behind
        self._saved = saved
        self.signature: Signature | None = None

    def by_signature(self) -> Choice | None:
        """Those of the serving signature; None without signatures."""
        signatures = {
            key: signature
            for key, signature in self.graph.signatures.items()
            if any(info.tensor in self.graph for info in signature.outputs.values())
            and not key.startswith("__saved_model_init")
        }
        if not signatures:
            return None
        key = "serving_default" if "serving_default" in signatures else min(signatures)
        self.signature = signatures[key]
        infos = [i for i in signatures[key].outputs.values() if i.tensor in self.graph]
        words = [i.tensor for i in infos if i.dtype == "string" and i.tensor is not None]
        if len(words) < len(infos):  # names of classes, beside their scores
            infos = [i for i in infos if i.dtype != "string"]
        else:
            words = []
        outputs = tuple(dict.fromkeys(i.tensor for i in infos))
        why = f"output of the signature {printable(key)!r}"
        choice = Choice(
            tuple(tensor for tensor in outputs if tensor is not None),
            "signature",
            [Candidate(tensor, True, why) for tensor in outputs if tensor is not None],
        )
        others = [printable(name) for name in signatures if name != key]
        if others:
            choice.notes.append(f"the signature {printable(key)} is used, not {', '.join(others)}")
        choice.considered += [Candidate(t, False, "strings, not numbers") for t in words]
        if words:
            choice.notes.append(
                f"{printable(', '.join(words))} is left out, because it contains strings"
            )
        return choice

    def by_loss(self) -> Choice | None:
        """Those that the losses take, of the network that is most whole; None without losses."""
        networks: dict[tuple[str, ...], tuple[Network, Loss]] = {}
        cut: dict[tuple[str, ...], tuple[str, ...]] = {}
        minimized = self._training.minimized
        for loss, _ in minimized:
            # Several optimizers may share the variables of one loss.
            trained = {n for other, own in minimized if other.tensor == loss.tensor for n in own}
            outputs = self._by_losses.heads(loss, trained)
            if not outputs:  # an actor, say, whose loss is what a critic gives
                inner = self._boundary(loss.tensor, trained)
                outputs = () if inner is None else (inner,)
            if not outputs:
                continue
            if loss.kind == "unknown" and len(outputs) == 1:
                outputs = (self._of_fewer_feeds(outputs[0]),)
            heads = outputs
            outputs = tuple(
                dict.fromkeys(before_chance(self.graph, t, self.weights) for t in heads)
            )
            if outputs != heads:
                cut.setdefault(outputs, heads)
            variables = set().union(*(self._behind(output) for output in outputs))
            if variables - trained and trained & variables:
                inner = self._boundary(outputs[0], trained)
                # A generator, trained through another network, has all variables that are trained.
                if inner is not None and trained & variables <= self._behind(inner):
                    outputs, variables = (inner,), self._behind(inner)
            for part in self._by_losses.apart(loss, outputs):
                if part not in networks:
                    own = set().union(*(self._behind(output) for output in part))
                    network = replace(self._network(part[0], own), outputs=part)
                    networks[part] = (network, loss)
        if not networks:
            return None
        ranked = sorted(networks.values(), key=lambda pair: self._missing(pair[0]))
        chosen, loss = ranked[0]
        through = self._through_another([network for network, _ in ranked])
        if through is not None and self._missing(through) <= self._missing(chosen):
            chosen = through
        copy = None
        if len(chosen.outputs) == 1:
            copy = inference_copy(self.graph, chosen.outputs[0], self.leaves())
        if copy is not None:
            chosen = replace(chosen, outputs=(copy,))
        choice = Choice(
            chosen.outputs,
            "loss",
            networks=[network for network, _ in ranked],
            cut=cut.get(chosen.outputs, ()),
        )
        why = f"enters the loss {printable(loss.tensor)}"
        if copy is not None:
            why = "computes the input of the loss, with moving averages"
        choice.considered += [Candidate(tensor, True, why) for tensor in chosen.outputs]
        for network, other in ranked:
            if network is not chosen:
                why = f"enters another loss, {printable(other.tensor)}"
                choice.considered.append(Candidate(network.outputs[0], False, why))
        choice.considered += [
            Candidate(tensor, False, "not an input of the loss")
            for tensor in self.leaves()[:20]
            if tensor not in [candidate.tensor for candidate in choice.considered]
        ]
        if len(networks) > 1:
            choice.notes.append(of_several(choice.networks, chosen))
        return choice

    def _of_fewer_feeds(self, output: str) -> str:
        """The leaf of the same weights that needs less than an output, if there is one.

        A program may write its loss out anew, where labels enter before the last weight does. An
        autoencoder has no labels: there the output may be what its loss is of each example.
        """

        def fed(tensor: str) -> set[str]:
            nodes = self.graph.ancestors([tensor]).values()
            return {n.name for n in nodes if is_placeholder(n)}

        needed, variables = fed(output), self._behind(output)
        leaves = [t for t in self.leaves() if self.graph.shape(t) != ()]
        leaves = [t for t in leaves if self._behind(t) == variables and fed(t) <= needed]
        one_number = len(self.graph.shape(output) or ()) == 1
        wider = (t for t in leaves if one_number and len(self.graph.shape(t) or ()) > 1)
        fewer = (t for t in leaves if fed(t) < needed)
        return next(fewer, None) or next(wider, output)

    def doubt(self, outputs: Collection[str], others: Collection[str]) -> str:
        """Why the outputs found are hardly those of the network; empty where nothing says so.

        Args:
            others: what was found besides.
        """
        names = printable(", ".join(outputs))
        if any(_GRADIENTS.search(tensor) for tensor in outputs):
            return f"{names} is part of a gradient"
        whole = set(self.weights)
        if self._saved is not None:
            saved = set(self._saved)
            whole = {n for n, key in self.weights.items() if n in saved or key in saved}
        own = whole.intersection(*[set().union(*(self._behind(t) for t in outputs))])
        covered = own.union(*(self._behind(tensor) for tensor in others)) & whole
        if 2 * len(covered) < len(whole):
            return f"{names} depends on only {len(own)} of the {len(whole)} trained variables"
        return ""

    def _boundary(self, output: str, trained: set[str]) -> str | None:
        """Where a network whose variables are all trained ends and another takes over."""
        behind = self.graph.ancestors([output])
        inner: dict[str, set[str]] = {}
        for name in self.graph.order:
            if name in behind:
                node = behind[name]
                own = {name} & self.weights.keys()
                sets = (inner.get(split_tensor(t)[0], set()) for t in node.inputs)
                inner[name] = own.union(*sets)
        foreign = [
            f"{node.name}:0"
            for node in behind.values()
            if any(
                (source := split_tensor(resolve(self.graph, t))[0]) in self.weights
                and source not in trained
                for t in node.inputs
            )
        ]
        taken_over = self.graph.ancestors(foreign)
        ends = [
            name
            for name, variables in inner.items()
            if variables
            and variables <= trained
            and name not in self.weights
            and behind[name].op not in ("Identity", "ReadVariableOp", *SHAPE_ONLY)
            and name in taken_over
            and any(
                inner[user.name] - trained
                for user in self.graph.node_consumers(name)
                if user.name in inner and user.op not in SHAPE_ONLY
            )
        ]
        largest = max((len(inner[name]) for name in ends), default=0)
        ends = [name for name in ends if len(inner[name]) == largest]
        if len(ends) != 1:
            return None
        end = f"{ends[0]}:0"
        joined = [t for t in behind[ends[0]].inputs if inner.get(split_tensor(t)[0])]
        if behind[ends[0]].op in ("Concat", "ConcatV2") and len(joined) == 1:
            (end,) = joined  # what a generator made, before the other network's labels are joined
        return end

    def _through_another(self, networks: list[Network]) -> Network | None:
        """The network whose output another one, of other variables, takes: a GAN's generator."""
        for network in networks:
            reached = self.graph.descendants(network.outputs)
            for other in networks:
                others = set(other.variables) - set(network.variables)
                if others & self._read_by(reached):
                    return network
        return None

    def _read_by(self, nodes: Mapping[str, Node]) -> set[str]:
        read = set()
        for node in nodes.values():
            if not _is_bookkeeping(node):
                for tensor in node.inputs:
                    name = split_tensor(resolve(self.graph, tensor))[0]
                    if name in self.weights:
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
            self.weights[name] not in self._saved and name not in self._saved
            for name in network.variables
        )

    def leaves(self) -> list[str]:
        """Tensors that depend on an input and on weights, and that nothing of a network takes."""
        graph = self.graph
        sources = [
            n.name for n in graph.nodes.values() if is_placeholder(n) or n.op in PIPELINE_OPS
        ]
        bookkeeping = {name for name, node in graph.nodes.items() if _is_bookkeeping(node)}
        bookkeeping -= self._selecting(bookkeeping)
        from_data = self._network_part(sources, bookkeeping)
        from_weights = self._network_part(list(self.weights), bookkeeping)
        network = [name for name in graph.nodes if name in from_data and name in from_weights]
        members = set(network)
        return [
            f"{name}:0"
            for name in network
            if not any(
                # Bookkeeping, and the only user of what moves an average: that is no leaf.
                user.name in members or user.op in ("AssignSub", "AssignSubVariableOp")
                for user in graph.node_consumers(name)
            )
        ]

    def _selecting(self, bookkeeping: set[str]) -> set[str]:
        """Choices by rank or equality that the network itself goes on with: weights follow."""
        nodes = (self.graph.nodes[name] for name in bookkeeping)
        candidates = [n for n in nodes if n.op.startswith(("Arg", "TopK", "Equal", "NotEqual"))]
        return {
            n.name
            for n in candidates
            if not _GRADIENTS.search(n.name)
            and self._read_by(self.graph.descendants([f"{n.name}:0", f"{n.name}:1"]))
        }

    def _network_part(self, start: list[str], bookkeeping: set[str]) -> set[str]:
        seen: set[str] = set()
        waiting = list(start)
        while waiting:
            for user in self.graph.node_consumers(waiting.pop()):
                if user.name not in seen and user.name not in bookkeeping:
                    seen.add(user.name)
                    waiting.append(user.name)
        return seen

    def by_leaves(self) -> Choice:
        """What nothing of a network takes.

        Raises:
            NoNetworkError: nothing depends on both an input and a weight.
        """
        leaves = self.leaves()
        considered: list[Candidate] = []
        candidates: dict[str, set[str]] = {}
        trainers = self._training.trainers
        minimized = [trainer.loss.tensor for trainer in trainers if trainer.loss is not None]
        for tensor in leaves:
            node, variables = self.graph.node(tensor), self._behind(tensor)
            if self.graph.shape(tensor) == ():
                found = read_loss(self.graph, tensor, lambda t: bool(self._behind(t)))
                if found.logits is not None:
                    considered.append(Candidate(tensor, False, "a loss"))
                    output = self._by_losses.output_of(found)
                    candidates[output] = self._behind(output)
                    continue
                layers = self._by_losses.last_layers(tensor) if tensor in minimized else []
                if layers:
                    considered.append(Candidate(tensor, False, "a loss"))
                    candidates |= {output: self._behind(output) for output in layers}
                    continue
                ends = LossEnds(self.graph, tensor, variables, self.weights).heads()
                if ends:
                    considered.append(Candidate(tensor, False, "a single number"))
                    candidates |= {output: self._behind(output) for output in ends}
                    continue
            if node.op in ("Exit", "RefExit", "Switch", "TensorArraySizeV3"):
                considered.append(Candidate(tensor, False, "a loop's leftover"))
            elif (self.graph.dtype(tensor) or "float32") in ("bool", "string", "resource"):
                considered.append(Candidate(tensor, False, "not numeric"))
            else:
                candidates[tensor] = variables
        if not candidates:
            for candidate in list(considered):
                if candidate.why == "a loop's leftover":
                    considered.remove(candidate)
                    candidates[candidate.tensor] = self._behind(candidate.tensor)
        if not candidates:
            candidates = self._without_weights()
        if not candidates:
            raise NoNetworkError(
                "no output can be found: no tensor depends on both an input and a weight",
                try_="--outputs with the name of a tensor",
            )
        return self._choose(candidates, considered)

    def _without_weights(self) -> dict[str, set[str]]:
        """Leaves behind placeholders alone, for graphs that have no weights."""
        bookkeeping = {name for name, node in self.graph.nodes.items() if _is_bookkeeping(node)}
        sources = [n.name for n in self.graph.nodes.values() if is_placeholder(n)]
        sources = [name for name in sources if not name.startswith("save")]
        part = self._network_part(sources, bookkeeping)
        return {
            f"{name}:0": set()
            for name in self.graph.nodes
            if name in part
            and not any(user.name in part for user in self.graph.node_consumers(name))
        }

    def _is_state(self, tensor: str) -> bool:
        """Whether a leaf is what a state that is fed becomes: sampling goes on from it."""
        node = self.graph.node(tensor)
        shape = self.graph.shape(tensor)
        if node.op != "Identity" or not shape or is_auto_named(node):
            return False
        fed = [n for n in self.graph.ancestors([tensor]).values() if is_placeholder(n)]
        return any(
            self.graph.shape(f"{n.name}:0") == shape
            and all(user.op in _LOOPING for user in self._users(n.name))
            for n in fed
        )

    def _users(self, name: str) -> list[Node]:
        return [u for u in self.graph.node_consumers(name) if u.op not in SHAPE_ONLY]

    def _joins_towers(self, tensor: str) -> bool:
        """Whether the parts of a batch come together, each from a tower of the same weights."""
        node = self.graph.node(tensor)
        if node.op not in ("Concat", "ConcatV2") or len(node.inputs) < 3:
            return False
        joined = node.inputs[:-1] if node.op == "ConcatV2" else node.inputs[1:]
        axis = scalar(self.graph, node.inputs[-1 if node.op == "ConcatV2" else 0])
        variables = self._behind(joined[0])
        return axis == 0 and bool(variables) and all(self._behind(t) == variables for t in joined)

    def _is_leftover(self, tensor: str, group: list[str]) -> bool:
        """Whether a leaf is an unnamed residual sum of what another leaf goes on with."""
        node = self.graph.node(tensor)
        if node.op not in ("Add", "AddV2") or not is_auto_named(node):
            return False
        for other in group:
            inner = self.graph.ancestors([other])
            later = self.graph.order.index(split_tensor(other)[0]) > self.graph.order.index(
                node.name
            )
            if other != tensor and later and any(split_tensor(t)[0] in inner for t in node.inputs):
                return True
        return False

    def _choose(self, candidates: dict[str, set[str]], considered: list[Candidate]) -> Choice:
        def rank(tensor: str) -> tuple[int, int, int, int]:
            variables = candidates[tensor]
            return (
                self._missing(self._network(tensor, variables)),
                int(self.graph.shape(tensor) == ()),
                -len(variables),
                int(not self._joins_towers(tensor)),
            )

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
                and self.graph.shape(tensor) != ()
            ):
                home.append(tensor)  # another head
            elif self._is_state(tensor):
                home.append(tensor)
            else:
                why = f"uses no variable that {printable(home[0])} does not use"
                considered.append(Candidate(tensor, False, why))
        for group in groups:
            for tensor in [t for t in group if self._is_leftover(t, group)]:
                group.remove(tensor)
                why = "a sum within the network that no other op uses"
                considered.append(Candidate(tensor, False, why))
        networks = [self._network(g[0], set().union(*(candidates[t] for t in g))) for g in groups]
        networks = [
            Network(network.name, tuple(group), network.variables)
            for network, group in zip(networks, groups, strict=True)
        ]
        chosen = tuple(sorted(groups[0], key=list(candidates).index))
        choice = Choice(chosen, "leaves", networks=networks)
        why = "no other op of the network uses it"
        choice.considered = [Candidate(tensor, True, why) for tensor in chosen]
        choice.considered += [
            Candidate(t, False, "belongs to another network") for g in groups[1:] for t in g
        ] + considered
        if len(groups) > 1:
            choice.notes.append(of_several(networks, networks[0]))
        return choice
