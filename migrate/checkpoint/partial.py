"""Slots of partitioned variables whose slices lie under a key of their own each.

A slot made inside a variable_scope is called ``train/emb/part_0/Adam``. Saver cuts as many
characters off its front as ``emb/part_0/`` has, whatever they are, and files the slice under
``emb/art_0/Adam``, the next one under ``emb/art_1/Adam`` (slot_creator.py, _create_slot_var). No
key then holds the whole tensor, and TensorFlow itself cannot read any of them back as one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping

from .slices import Extents, boxes
from .wire import MalformedError

Shape = tuple[int, ...]


def joinable(
    partial: Mapping[str, tuple[Shape, str, list[Extents]]], whole: Collection[str]
) -> list[list[str]]:
    """Groups of keys that together hold one tensor.

    Args:
        partial: key → shape, element type and slices, of the keys that hold part of a tensor.
        whole: the keys of the other variables.

    Returns:
        the groups, each in the order of the keys; what fits no group is in none.
    """
    groups = []
    left = dict(partial)
    # With one slot of a name to a variable the last part tells; with several, all but the digits.
    for kind in (lambda rest: rest.rpartition("/")[2], lambda rest: re.sub(r"\d+", "#", rest)):
        candidates = defaultdict(list)
        for name, (shape, dtype, _) in left.items():
            owner, rest = _owner(name, whole)
            candidates[owner, kind(rest), shape, dtype].append(name)
        for (_, _, shape, _), names in candidates.items():
            try:
                boxes(shape, [extents for name in names for extents in left[name][2]])
            except MalformedError:
                continue
            groups.append(sorted(names))
            for name in names:
                del left[name]
    return groups


def _owner(name: str, whole: Collection[str]) -> tuple[str, str]:
    owner = name
    while owner := owner.rpartition("/")[0]:
        if owner in whole:
            return owner, name[len(owner) + 1 :]
    return "", name
