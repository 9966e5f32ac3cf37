"""``--write-map``: a map proposed from shapes, words and order, for a person to edit.

A certain pair becomes a rule: the only pair with that shape and role in the layer (kernel, bias,
…), with that name, or with that layer once another variable of the layer is certain. A pair that
only the order suggests becomes a comment, which the user can uncomment. Nothing ambiguous becomes a
rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..checkpoint.variable import Variable
from ..formats.names import natural
from .diagnosis import Shape, role
from .resolving import ROLE_REASONS
from .variables import ModelVariable


@dataclass
class Proposal:
    """The known pairs of a checkpoint and a model.

    Attributes:
        certain: checkpoint variable → model variable.
        by_order: pairs that only the order suggests, with why they are not certain.
        cells: recurrent cells: the ``[[change]]`` tables for each, as text.
        skips: checkpoint variable → reason.
        unused: checkpoint variables without a partner.
        unset: model variables without one.
    """

    certain: dict[str, str] = field(default_factory=dict)
    by_order: list[tuple[str, str, str]] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    skips: dict[str, str] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    unset: list[str] = field(default_factory=list)


def propose(
    variables: Mapping[str, Variable],
    model: Sequence[ModelVariable],
    *,
    roles: Mapping[str, str] | None = None,
    order: Sequence[str] | None = None,
) -> Proposal:
    """Pairs checkpoint and model variables as far as that is certain.

    Args:
        variables: of the checkpoint.
        model: of the model, in its order.
        roles: each checkpoint variable's role, where known.
        order: the checkpoint's names in the order of the graph; by name where there is no graph.
    """
    roles = roles or {}
    proposal = Proposal()
    left: dict[str, Shape] = {}
    for name in order or sorted(variables, key=natural):
        if name not in variables:
            continue
        if roles.get(name) in ROLE_REASONS:
            proposal.skips[name] = ROLE_REASONS[roles[name]]
        else:
            left[name] = variables[name].shape
    for name in variables:
        if name not in left and name not in proposal.skips:
            left[name] = variables[name].shape
    free = {v.path: v.shape for v in model}
    _cells(left, free, proposal)

    def pair(name: str, path: str) -> None:
        proposal.certain[name] = path
        del left[name], free[path]

    progress = True
    while progress:
        pairs = [*_same_names(left, free), *_only_ones(left, free)]
        progress = bool(pairs)
        for name, path in pairs:
            if name in left and path in free:
                pair(name, path)
        layers = {_scope(n): _scope(p) for n, p in proposal.certain.items()}
        places = {(_scope(path), shape, role(path)): path for path, shape in free.items()}
        for name in [n for n in left if role(n) and layers.get(_scope(n))]:
            place = places.get((layers[_scope(name)], left[name], role(name)))
            if place is not None and place in free:
                pair(name, place)
                progress = True
    _by_order(left, free, proposal)
    proposal.unused, proposal.unset = list(left), list(free)
    return proposal


def write_map(proposal: Proposal, variables: Mapping[str, Variable], title: str) -> str:
    """The proposal as a map file, its text.

    Args:
        proposal: what :func:`propose` found.
        variables: of the checkpoint, for shapes.
        title: what is mapped, for the first line.
    """
    lines = [
        f"# {_comment(title)}",
        "# Names within a scope: *; across scopes: **.",
        "",
        "[rename]",
    ]
    for name, path in proposal.certain.items():
        lines.append(f"{_quoted(name)} = {_quoted(path)}  # {list(variables[name].shape)}")
    if proposal.by_order:
        lines += [
            "",
            "# AMBIGUOUS: several variables have this shape. The pairs follow the order of",
        ]
        lines += ["# both sides, which may be wrong: uncomment the pairs that are right."]
        for name, path, why in proposal.by_order:
            lines.append(f"# {_quoted(name)} = {_quoted(path)}  # {_comment(why)}")
    for cell in proposal.cells:
        lines += ["", cell]
    lines += ["", "[skip]"]
    lines += [f"{_quoted(name)} = {_quoted(why)}" for name, why in proposal.skips.items()]
    paired = {name for name, _, _ in proposal.by_order}
    for name in proposal.unused:
        if name not in paired:
            shape = list(variables[name].shape)
            lines.append(
                f'# {_quoted(name)} = "…"  # {shape}: no partner; use it, or give a reason '
                "under [skip]"
            )
    set_by_order = {path for _, path, _ in proposal.by_order}
    missing = [path for path in proposal.unset if path not in set_by_order]
    if missing:
        lines += ["", "# Model variables that nothing sets yet:"]
        lines += [f"#   {_comment(path)}" for path in missing]
    return "\n".join(lines) + "\n"


def _same_names(left: Mapping[str, Shape], free: Mapping[str, Shape]) -> list[tuple[str, str]]:
    """Pairs of one name, or of layers of one name, among variables of one shape and meaning.

    Only where all the names of such a group are the same on both sides: ``dense_1`` here and
    ``dense_1`` there are two layers if one side began to count later.
    """
    pairs = []
    labels_of: tuple[Callable[[str], str], ...] = (str, lambda n: _scope(n).rpartition("/")[2])
    for label in labels_of:
        ours, theirs = _grouped(left, role), _grouped(free, role)
        for key, names in ours.items():
            paths = {label(path): path for path in theirs.get(key, ())}
            labels = {label(name) for name in names}
            if labels == set(paths) and len(labels) == len(names) == len(theirs[key]):
                pairs += [(name, paths[label(name)]) for name in names]
    return pairs


def _only_ones(left: Mapping[str, Shape], free: Mapping[str, Shape]) -> list[tuple[str, str]]:
    """Pairs that are alone on both sides with their shape and meaning, or with their shape."""
    pairs = []
    meanings: tuple[Callable[[str], str | None], ...] = (role, lambda _: None)
    for meaning in meanings:
        ours, theirs = _grouped(left, meaning), _grouped(free, meaning)
        for key, names in ours.items():
            paths = theirs.get(key, [])
            if len(names) == len(paths) == 1 and _agree(names[0], paths[0]):
                pairs.append((names[0], paths[0]))
    return pairs


def _grouped(
    side: Mapping[str, Shape], meaning: Callable[[str], str | None]
) -> dict[tuple[Shape, str | None], list[str]]:
    groups: dict[tuple[Shape, str | None], list[str]] = defaultdict(list)
    for name, shape in side.items():
        groups[shape, meaning(name)].append(name)
    return groups


def _agree(name: str, path: str) -> bool:
    """Whether two variables do not contradict each other in what they are to their layers."""
    return role(name) is None or role(path) is None or role(name) == role(path)


def _by_order(left: dict[str, Shape], free: dict[str, Shape], proposal: Proposal) -> None:
    groups: dict[Shape, tuple[list[str], list[str]]] = {}
    for name, shape in left.items():
        groups.setdefault(shape, ([], []))[0].append(name)
    for path, shape in free.items():
        groups.setdefault(shape, ([], []))[1].append(path)
    for shape, (names, paths) in groups.items():
        taken: set[str] = set()
        for name in names:
            match = next((p for p in paths if p not in taken and _agree(name, p)), None)
            if match is not None:
                taken.add(match)
                why = f"{list(shape)}: {len(names)} in the checkpoint, {len(paths)} in the model"
                proposal.by_order.append((name, match, why))


def _cells(left: dict[str, Shape], free: dict[str, Shape], proposal: Proposal) -> None:
    """LSTM and GRU cells, which a TF1 checkpoint and Keras store differently."""
    cells = [p.removesuffix("/recurrent_kernel") for p in free if p.endswith("/recurrent_kernel")]
    found: list[tuple[str, list[str], str, list[str]]] = []  # cell, targets, text, sources
    for cell in cells:
        units, width = free[f"{cell}/recurrent_kernel"]
        inputs = free[f"{cell}/kernel"][0]
        bias = free.get(f"{cell}/bias")
        for name, shape in left.items():
            scope = _scope(name)
            lstm = width == 4 * units and shape == (inputs + units, width) and bias == (width,)
            gru = (
                width == 3 * units
                and name.endswith("gates/kernel")
                and shape == (inputs + units, 2 * units)
                and bias == (width,)
            )
            biases = [n for n in left if _scope(n) == scope and left[n] == bias]
            if lstm and len(biases) == 1:
                found.append((cell, [name, biases[0]],
                              _lstm(cell, name, biases[0], inputs, units), [scope]))  # fmt: skip
            elif gru:
                above = _scope(scope)
                names = [f"{above}/{part}/{leaf}".lstrip("/") for leaf in ("kernel", "bias")
                         for part in ("gates", "candidate")]  # fmt: skip
                if all(n in left for n in names):
                    found.append((cell, names, _gru(cell, names, inputs, units), [above]))
    for cell, names, text, _ in found:
        alone = sum(c == cell for c, *_ in found) == 1
        alone = alone and sum(set(n) & set(names) != set() for _, n, *_ in found) == 1
        if not alone:
            text = (
                "# AMBIGUOUS: several cells have these shapes; uncomment the one that is right.\n"
                + ("\n".join(f"# {line}" for line in text.splitlines()))
            )
        proposal.cells.append(text)
        if alone:
            for name in names:
                left.pop(name, None)
            for leaf in ("kernel", "recurrent_kernel", "bias"):
                free.pop(f"{cell}/{leaf}", None)


def _lstm(cell: str, kernel: str, bias: str, inputs: int, units: int) -> str:
    targets = f"[{_quoted(f'{cell}/kernel')}, {_quoted(f'{cell}/recurrent_kernel')}]"
    return "\n".join([
        "# An LSTM cell: gates i, j, f, o become i, f, c, o; rows of inputs, then of the state.",
        "[[change]]",
        f"from = {_quoted(kernel)}",
        f"to = {targets}",
        f'steps = [{{ gates = "lstm" }}, {{ split = [{inputs}, {units}], axis = 0 }}]',
        "[[change]]",
        f"from = {_quoted(bias)}",
        f"to = {_quoted(f'{cell}/bias')}",
        (
        "# 1.0 is the default of TF1's cells. The value is in the TF1 code, not in the "
        "checkpoint: check it."
        ),
        'steps = [{ gates = "lstm" }, { forget_bias = 1.0 }]',
    ])  # fmt: skip


def _gru(cell: str, names: Sequence[str], inputs: int, units: int) -> str:
    gates, candidate, gates_bias, candidate_bias = map(_quoted, names)
    targets = f"[{_quoted(f'{cell}/kernel')}, {_quoted(f'{cell}/recurrent_kernel')}]"
    sizes = f"sizes = [{2 * units}, {units}]"
    return "\n".join([
        "# A GRU cell (reset_after=False): r, u and the candidate become u, r, c.",
        "[[change]]",
        f"from = [{gates}, {candidate}]",
        f"to = {targets}",
        f"steps = [{{ concat = 1, {sizes} }}, {{ gates = \"gru\" }}, "
        f"{{ split = [{inputs}, {units}], axis = 0 }}]",
        "[[change]]",
        f"from = [{gates_bias}, {candidate_bias}]",
        f"to = {_quoted(f'{cell}/bias')}",
        f'steps = [{{ concat = 0, {sizes} }}, {{ gates = "gru" }}]',
    ])  # fmt: skip


def _scope(name: str) -> str:
    return name.rpartition("/")[0]


def _quoted(text: str) -> str:
    """A TOML basic string."""
    return '"' + "".join(c if _plain(c) else f"\\U{ord(c):08X}" for c in text) + '"'


def _plain(character: str) -> bool:
    return character.isprintable() and character not in '"\\'


def _comment(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)
