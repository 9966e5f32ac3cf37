"""Names from graphs, which are data, made into identifiers and layer names."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Container, Sequence

RESERVED = frozenset(
    {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "keras", "np", "tf", "numpy"}
    | {"tensorflow", "build_model", "compile_model", "model", "inputs", "outputs", "self", "cls"}
)
_LONGEST_LAYER = 250  # no name that a person gave is cut
_LONGEST_IDENTIFIER = 24  # three identifiers and an operator fit in a line


def ascii_words(text: str) -> str:
    """Letters, digits and single underscores of a text, without leading digits; may be empty."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub(r"[^0-9A-Za-z]+", "_", plain).strip("_")
    return re.sub(r"^[0-9_]+", "", words)[:_LONGEST_LAYER].strip("_")


def identifier(
    text: str,
    taken: Container[str] = (),
    *,
    otherwise: str = "x",
    longest: int = _LONGEST_IDENTIFIER,
) -> str:
    """A valid, harmless Python name in lower case that is not taken yet."""
    humps = r"(?<=[a-z])(?=[A-Z])|(?<=[a-z0-9])(?=[A-Z][a-z])"
    words = re.sub(humps, "_", ascii_words(text)).lower()
    name = _whole_words(words, longest) or otherwise
    if name in RESERVED:
        name += "_"
    return unique(name, taken)


def best_identifier(wishes: Sequence[str], taken: Container[str], *, otherwise: str = "x") -> str:
    """The first of several names that is free, else the first one with a number."""
    for wish in wishes:
        name = identifier(wish, otherwise="_")
        if name not in taken and not name.endswith("_"):
            return name
    return identifier(wishes[0], taken, otherwise=otherwise)


def _whole_words(words: str, longest: int) -> str:
    """As many of the words as there is room for; of a single long one, its beginning."""
    if len(words) > longest:
        words = words[: longest + 1].rpartition("_")[0] or words[:longest]
    return words.strip("_")


def layer_name(scope: str, taken: Container[str] = (), *, otherwise: str) -> str:
    """A layer name: ASCII words joined by underscores, case kept, not taken yet."""
    return unique(ascii_words(scope) or otherwise, taken)


def unique(name: str, taken: Container[str], numbers: dict[str, int] | None = None) -> str:
    """The name, or the name with the first free number from 1 on, as TensorFlow counts.

    Args:
        numbers: name → the number to try first; kept up here. For names that stay taken.
    """
    if name not in taken:
        return name
    numbers = {} if numbers is None else numbers
    number = numbers.get(name, 1)
    while f"{name.rstrip('_')}_{number}" in taken:
        number += 1
    numbers[name] = number
    return f"{name.rstrip('_')}_{number}"


def snake(name: str) -> str:
    """``Conv2D`` → ``conv2d``, ``SimpleRNN`` → ``simple_rnn``, as Keras does."""
    parts = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", parts).lower()
