"""Tensor names inside containers: made harmless without losing them."""

from __future__ import annotations

import itertools
import re
from urllib.parse import quote


def escape(name: str) -> str:
    """A name percent-encoded where it could harm, so that no tool takes it for a way out.

    Encoded are a leading slash and doubled ones, ``.`` and ``..`` between slashes, backslashes,
    drive colons and the other characters that Windows forbids, control and invisible characters,
    ``%`` itself, and the dot of a final ``.npy``, which numpy would mistake for its own. Plain
    names, ``encoder/kernel``, stay as they are. ``urllib.parse.unquote`` gives the name back.
    """
    segments = ["".join(c if _harmless(c) else _quote(c) for c in s) for s in name.split("/")]
    segments = [s.replace(".", "%2E") if s in (".", "..") else s for s in segments]
    text = segments[0]
    for before, segment in itertools.pairwise(segments):
        text += ("/" if before else "%2F") + segment
    return f"{text[:-4]}%2Enpy" if text.endswith(".npy") else text


def natural(name: str) -> list[tuple[int, str]]:
    """A sort key that puts ``dense_2`` before ``dense_10``."""
    parts = re.split(r"(\d+)", name)
    return [(int(p), "") if p.isdecimal() and len(p) < 19 else (-1, p) for p in parts]


def _harmless(character: str) -> bool:
    return character.isprintable() and character not in '%\\:<>"|?*'


def _quote(character: str) -> str:
    return quote(character.encode("utf-8", "surrogatepass"), safe="")
