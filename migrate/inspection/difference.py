"""How one checkpoint differs from another: added, removed, renamed, reshaped, changed."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np

from ..checkpoint import Role, Variable
from ..errors import UserError, printable
from ..parity import measure, worst
from .changes import Change, Changes, Rename
from .contents import matching
from .entry import role_text
from .inspecting import Progress, read_roles
from .subject import Subject, open_subject

_PIECE = 1 << 18  # elements compared at a time
_CANDIDATES = 200  # names that a lost one is held against


def diff(
    source: str | os.PathLike[str],
    other: str | os.PathLike[str],
    *,
    pattern: str | None = None,
    on_progress: Progress | None = None,
) -> Changes:
    """Compares the variables of ``other`` with those of ``source``.

    Args:
        source, other: checkpoints, frozen graphs or SavedModels.
        pattern: compare only variables whose names match this glob.
        on_progress: called with bytes read so far and in all.

    Returns:
        a result that is true if names, shapes, types and all values are the same.

    Raises:
        UserError: there is no such source, it has no values, or it is damaged.
    """
    first, second = _open(source), _open(other)
    before, after = _selected(first, pattern), _selected(second, pattern)
    if pattern is not None and not before and not after:
        raise UserError(f"no variable of either source matches {printable(pattern)!r}")
    removed = [name for name in before if name not in after]
    added = [name for name in after if name not in before]
    total = sum(v.nbytes for v in before.values())
    done, unchanged = 0, 0
    changed, reshaped = [], []
    for name, variable in before.items():
        if name not in after:
            continue
        if variable.shape != after[name].shape or variable.dtype != after[name].dtype:
            reshaped.append((variable, after[name]))
        else:
            change = _compare(first, second, variable)
            if change is None:
                unchanged += 1
            else:
                changed.append(change)
        done += variable.nbytes
        if on_progress is not None:
            on_progress(done, total)
    renamed = _renamed(first, second, [before[n] for n in removed], [after[n] for n in added])
    removed = [name for name in removed if name not in {r.before for r in renamed}]
    added = [name for name in added if name not in {r.after for r in renamed}]
    roles = read_roles(second.variables, second.graph)
    roles |= read_roles(first.variables, first.graph)
    return Changes(
        paths=(Path(source), Path(other)),
        removed=[before[name] for name in removed],
        added=[after[name] for name in added],
        renamed=renamed,
        reshaped=reshaped,
        changed=changed,
        unchanged=unchanged,
        suggestions=_suggestions([before[n] for n in removed], [after[n] for n in added], roles),
        roles=roles,
    )


def _open(source: str | os.PathLike[str]) -> Subject:
    subject = open_subject(source)
    if not subject.variables:
        raise UserError(
            f"{printable(source)} has no values to compare",
            expected="a checkpoint, a frozen graph or a SavedModel with variables",
        )
    return subject


def _selected(subject: Subject, pattern: str | None) -> Mapping[str, Variable]:
    return {
        name: variable
        for name, variable in subject.variables.items()
        if pattern is None or matching(name, pattern)
    }


def _compare(first: Subject, second: Subject, variable: Variable) -> Change | None:
    """How far the values are apart; None where they are the same, bit for bit."""
    parts, differing, at = [], 0, 0
    where = None
    for left, right in zip(_pieces(first, variable), _pieces(second, variable), strict=True):
        if left.dtype == object:
            differing += int(np.count_nonzero(left != right))
        elif left.tobytes() != right.tobytes():
            part = measure(left, right)
            differing += part.differing
            if where is None or part.max_abs > worst(parts).max_abs:
                where = at + (part.at or (0,))[0]
            parts.append(part)
        at += left.size
    if not differing and not parts:
        return None
    if not parts:
        return Change(variable, differing, None)
    joined = replace(
        worst(parts),
        shape=variable.shape,
        differing=differing,
        max_rel=max(part.max_rel for part in parts),
        scale=max(part.scale for part in parts),
        at=tuple(int(i) for i in np.unravel_index(where or 0, variable.shape or (1,))),
        same_class=None,
    )
    return Change(variable, differing, joined)


def _pieces(subject: Subject, variable: Variable) -> Iterator[np.ndarray]:
    """The values in pieces of one length, however the file is cut."""
    rest: list[np.ndarray] = []
    held = 0
    for chunk in subject.chunks(variable.name):
        rest.append(chunk)
        held += chunk.size
        while held >= _PIECE:
            joined = np.concatenate(rest) if len(rest) > 1 else rest[0]
            yield joined[:_PIECE]
            rest, held = [joined[_PIECE:]], held - _PIECE
    if held:
        yield np.concatenate(rest)


def _renamed(
    first: Subject, second: Subject, removed: Sequence[Variable], added: Sequence[Variable]
) -> list[Rename]:
    """Pairs of equal values, where there is one candidate only and it is no mere constant."""
    forms = {(v.shape, v.dtype) for v in removed} & {(v.shape, v.dtype) for v in added}
    lost, new = (
        _by_values(subject, [v for v in found if (v.shape, v.dtype) in forms])
        for subject, found in ((first, removed), (second, added))
    )
    return [
        Rename(names[0], new[key][0])
        for key, names in lost.items()
        if len(names) == 1 and len(new.get(key, ())) == 1
    ]


def _by_values(subject: Subject, variables: Sequence[Variable]) -> dict[bytes, list[str]]:
    found: dict[bytes, list[str]] = defaultdict(list)
    for variable in variables:
        digest = hashlib.blake2b(repr((variable.shape, variable.dtype)).encode(), digest_size=16)
        constant = variable.size < 2
        for piece in subject.chunks(variable.name):
            constant = constant or bool(piece.size and (piece == piece[0]).all())
            digest.update(repr(piece.tolist()).encode() if piece.dtype == object else piece.data)
        if not constant:
            found[digest.digest()].append(variable.name)
    return found


def _suggestions(
    removed: Sequence[Variable], added: Sequence[Variable], roles: Mapping[str, Role]
) -> dict[str, str]:
    """For each lost name the new one of the same role that it may have become, and why."""
    found = {}
    by_role: dict[str, list[Variable]] = defaultdict(list)
    for variable in added:
        by_role[role_text(roles[variable.name])].append(variable)
    for variable in removed[:_CANDIDATES]:
        others = by_role[role_text(roles[variable.name])]
        same = [v.name for v in others if v.shape == variable.shape][:_CANDIDATES]
        near = same or [v.name for v in others][:_CANDIDATES]
        if not near:
            continue
        best = max(near, key=lambda name: _likeness(variable.name, name))
        if len(same) == 1:
            found[variable.name] = f"{printable(best)} (the only one of its shape)"
        elif same:
            found[variable.name] = f"{printable(best)} (nearest name of {len(same)} of its shape)"
        elif _likeness(variable.name, best) > 0.6:
            found[variable.name] = f"{printable(best)} (nearest name, of another shape)"
    return found


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one[-200:], other[-200:], autojunk=False).ratio()
