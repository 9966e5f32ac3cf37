"""Layer names a person would give, from the names that the graph has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping, Sequence

from ..plan import Layer
from ..plan.names import RESERVED, layer_name, snake, unique

# What a variable of a layer is called: the scope above it is the layer's name.
_WEIGHT_WORDS = re.compile(
    r"(?:^|_)(kernel|weights?|biase?s?|gamma|beta|moving_mean|moving_variance|embeddings?|"
    r"depthwise(?:_(?:kernel|weights))?|pointwise(?:_(?:kernel|weights))?|matrix|w|b|W|B|params?|"
    r"filters?|scale|offset|mean|variance|var|candidate|gates|local_step|part_\d+)_?\d*$|"
    r"^[Vv]ariable(_\d+)?$|^[wWbB]\d*$",
    re.IGNORECASE,
)
# Scopes that say how TensorFlow built a layer, not which one it is.
_CELLS = re.compile(
    r"^(basic_)?(lstm|gru|rnn)_cell(_\d+)?$|^rnn$|^multi_rnn_cell$|^cell_\d+$|^while$|^gates$|"
    r"^candidate$|^linear$",
    re.IGNORECASE,
)
# What Keras calls the operations behind Python's operators.
_OPERATORS = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "true_divide", "//": "floor_divide",
    "@": "matmul", "[]": "get_item",
}  # fmt: skip
# Short words for what layers without weights do.
_KINDS = {
    "concatenate": "concat", "max_pooling1d": "max_pool", "max_pooling2d": "max_pool",
    "average_pooling1d": "avg_pool", "average_pooling2d": "avg_pool", "zero_padding2d": "pad",
    "leaky_re_lu": "leaky_relu", "re_lu": "relu", "dot_product_attention": "attention",
    "position_embedding": "position",
}  # fmt: skip
# Names that TensorFlow gives an operation nobody named.
_OPERATION = re.compile(
    r"^(add|addv2|bias_?add|mat_?mul|mul|sub|(real|true)?div|relu6?|elu|selu|crelu|leaky_?relu|"
    r"sigmoid|tanh|softmax|soft(plus|sign)|conv\dd(_transpose)?|convolution|depthwise|"
    r"separable_conv2d|max_?pool(ing)?(\dd)?|avg_?pool(ing)?(\dd)?|average_pooling\dd|reshape|"
    r"flatten|squeeze|expand_dims|transpose|concat(v2)?|stack|unstack|mean|sum|max|min|identity|"
    r"embedding_lookup|gather(v2)?|fused_?batch_?norm(v\d)?|batchnorm|lrn|pad|dropout|cond|merge|"
    r"batch_?to_?space(nd)?|space_?to_?batch(nd)?|resize_?(images|bilinear|bicubic|nearest_?neighbor)|"
    r"tensordot|xw_plus_b|strided_?slice|moments|batch_?norm|output|maximum|alpha)(_\d+)?$",
    re.IGNORECASE,
)


def scope_of(variables: Sequence[str], operation: str) -> str:
    """A name for a layer; empty where the graph has none.

    Args:
        variables: what its weights are made from.
        operation: the name of the node it makes.
    """
    scopes = {_trimmed(name.split("/")[:-1]) if _is_weight(name) else "" for name in variables}
    if len(scopes) == 1 and "" not in scopes:
        return scopes.pop()
    parts = operation.split("/")
    if len(parts) > 2 and parts[0] == parts[1]:  # a variable scope within one of that name
        parts = parts[1:]
    if not _OPERATION.match(parts[-1]):
        return _trimmed(parts)
    if scope := _trimmed([p for p in parts[:-1] if not _OPERATION.match(p)]):
        return scope
    named = [re.sub(_WEIGHT_WORDS, "", name.rpartition("/")[2]) for name in variables[:1]]
    named = [re.sub(r"^(w|W|weights?)_+", "", name).strip("_") for name in named]
    return named[0] if named and re.search("[A-Za-z]{2}|[A-Za-z][0-9]", named[0]) else ""


def scope_in_step(variables: Sequence[str]) -> str:
    """A name for a layer of a step: its variable's, or that of the scope just around it.

    What is around that is the same for all of the step.
    """
    for name in variables:
        scope, _, last = name.rpartition("/")
        own = re.sub(_WEIGHT_WORDS, "", last).strip("_")
        own = re.sub(r"^(w|W|weights?|b|biases)_+", "", own)
        if own or scope:
            return own or scope.rpartition("/")[2]
    return ""


def hint_of(operation: str) -> str:
    """A name for a value: the last part of its node's name that somebody chose."""
    parts = operation.split("/")
    chosen = [part for part in parts if not _OPERATION.match(part) and not _CELLS.match(part)]
    plain = [part for part in chosen if part.lower() not in RESERVED]
    return [*parts[-1:], *chosen, *plain][-1]


def _is_weight(name: str) -> bool:
    return "/" in name and bool(_WEIGHT_WORDS.search(name.rpartition("/")[2]))


def _trimmed(parts: Sequence[str]) -> str:
    kept = list(parts)
    while len(kept) > 1 and _CELLS.match(kept[-1]):
        kept.pop()
    return "/".join(kept)


class _Taken:
    """Names that are not free for a layer with weights.

    Nor are those that end with another such layer's: paths are looked up by their endings.
    """

    def __init__(self, taken: Container[str], with_weights: Container[str]):
        self.taken, self.with_weights = taken, with_weights

    def __contains__(self, name: object) -> bool:
        text = str(name)
        ends = any(text[start:] in self.with_weights for start in range(len(text)))
        return name in self.taken or ends


def name_layers(
    wishes: Sequence[tuple[Layer, str]],
    taken: set[str],
    with_weights: Container[Layer],
    functions: Iterable[str] = (),
    inner: Collection[str] = (),
    before: Mapping[Layer, Layer] | None = None,
) -> None:
    """Gives each layer a unique name: its scope as one word, else its kind.

    A layer without weights or scope is left to Keras, which tells it from operations' names.
    Only the part of a scope is used that tells layers apart: what all scopes begin with is left
    out where two or more have it in common. Where other layers are in the same scope, a layer
    without weights is called by what it does there: ``unit1_add``, and ``unit1_conv1_relu`` where
    the scope has more of the kind.

    Args:
        taken: names that are not free, added to.
        with_weights: layers that are to have a name, since it tells where weights are.
        functions: names of what else the model calls.
        inner: names of layers with weights inside of layers.
        before: layer → the layer that gives what it takes.
    """
    weighty = {*inner}
    taken |= weighty
    shared = _common_prefix([wish for _, wish in wishes if wish])
    # Keras counts these up itself, across all that a process has made.
    counted = {_OPERATORS.get(name, name.rpartition(".")[2]) for name in functions}
    counted |= {snake(y.kind) for y, wish in wishes if not wish and y not in with_weights}
    around = _scopes_around(wish for _, wish in wishes)
    alike = Counter((wish, _word(layer)) for layer, wish in wishes if layer not in with_weights)
    numbers, others = dict[str, int](), dict[str, int]()
    for layer, wish in wishes:
        if not wish and layer not in with_weights:
            continue
        layer.scope = wish
        own = snake(layer.kind.removeprefix("Reversible"))
        name = layer_name(wish[len(shared) :] or wish, otherwise=own)
        if layer not in with_weights and (around[wish] > 1 or name in taken):
            source = (before or {}).get(layer)
            if alike[wish, _word(layer)] > 1 and source and source.name.startswith(f"{name}_"):
                name = source.name
            name = _followed(name, _word(layer))
        elif name in taken:
            name = _followed(name, own)
        if re.sub(r"_\d+$", "", name) in counted:
            if layer not in with_weights:
                continue
            name = f"{name}_layer"
        if layer in with_weights:
            layer.name = unique(name, _Taken(taken, weighty), numbers)
            weighty.add(layer.name)
        else:
            layer.name = unique(name, taken, others)
        taken.add(layer.name)


def _scopes_around(wishes: Iterable[str]) -> Counter[str]:
    """How many layers are in each scope, or in one inside it."""
    found: Counter[str] = Counter()
    for wish in wishes:
        parts = wish.split("/")
        found.update("/".join(parts[: count + 1]) for count in range(len(parts)))
    return found


def _word(layer: Layer) -> str:
    """What a layer does, in a word."""
    given = layer.arguments.get("activation")
    if layer.kind == "Activation" and isinstance(given, str):
        return given
    kind = snake(layer.kind)
    return _KINDS.get(kind, re.sub(r"_?\dd$", "", kind))


def _followed(name: str, word: str) -> str:
    """A name with a word at its end, once."""
    return name if name.lower().endswith(word) else f"{name}_{word}"


def _common_prefix(scopes: Sequence[str]) -> str:
    """The leading scopes that all have in common, with the closing slash; "" for fewer than two."""
    if len(scopes) < 2:
        return ""
    first, last = min(scopes).split("/"), max(scopes).split("/")
    count = 0
    while count < min(len(first), len(last)) - 1 and first[count] == last[count]:
        count += 1
    return "".join(f"{part}/" for part in first[:count])
