"""A proposed map for the user's model, written for the user to edit; and its summary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import UserError
from ..formats.atomic import check_file
from ..parity import Verdict
from ..report import Block, Closing, Heading, Result, Table, plain
from ..sources import open_source
from .converting import write_proposed_map
from .proposing import Proposal
from .users_model import function_of, is_users_model


class ProposedMap(Result):
    """A map file; true if every variable of the model is set with certainty.

    Attributes:
        proposal: what was found.
        path: the file.
    """

    def __init__(self, title: str, proposal: Proposal, path: Path):
        self.title, self.proposal, self.path = title, proposal, path

    def __bool__(self) -> bool:
        return not self.proposal.unset

    def to_dict(self) -> dict[str, Any]:
        """The certain and the uncertain pairs."""
        found = self.proposal
        return plain(
            {
                "schema": 1,
                "map": self.path,
                "certain": found.certain,
                "recurrent_cells": len(found.cells),
                "by_order": [
                    {"from": name, "to": path, "why": why} for name, path, why in found.by_order
                ],
                "skipped": found.skips,
                "unused": found.unused,
                "unset": found.unset,
            }
        )

    def blocks(self) -> list[Block]:
        """For people: the pairs, and what is left to decide."""
        found = self.proposal
        rows = [[name, path, "certain"] for name, path in found.certain.items()]
        rows += [[name, path, f"a guess: {why}"] for name, path, why in found.by_order]
        rows += [[name, "", reason] for name, reason in found.skips.items()]
        guessed = {name for name, _, _ in found.by_order}
        rows += [[name, "", "no partner"] for name in found.unused if name not in guessed]
        guessed = {path for _, path, _ in found.by_order}
        rows += [["", path, "nothing sets it"] for path in found.unset if path not in guessed]
        cells = len(found.cells)
        rows += [["", "", f"{cells} recurrent cells, with their steps"]] if cells else []
        text = (
            f"{len(found.unset)} variables of your model are not set: edit the map"
            if found.unset
            else ""
        )
        text = text or "every variable of your model is set with certainty"
        columns = ["variable", "in your model", "certainty"]
        return [
            Heading(self.title),
            Table(columns, rows),
            Closing(Verdict.NOT_RUN, f"{text} · {self.path}: edit it, then --map {self.path}"),
        ]


def propose_map(
    source: str | Path,
    model: str | None,
    path: str | Path,
    *,
    keras: str = "keras",
    force: bool = False,
    timeout: float | None = None,
) -> ProposedMap:
    """Proposes a map from a checkpoint to the user's model, and writes it.

    Args:
        source: as for :func:`tfmigrate.convert`.
        model: ``FILE.py:FUNCTION``.
        path: the map file to write.
        keras: "tf-keras" where the user's ``tf.keras`` is Keras 2.
        force: replace a file that is there.
        timeout: seconds without a response after which the worker is ended.

    Raises:
        UserError: there is no such model, the source cannot be read, or the file is there.
    """
    if model is None or not is_users_model(model):
        raise UserError("--write-map needs your own model", try_="--model FILE.py:FUNCTION")
    target = Path(path)
    opened = open_source(source)
    function = function_of(model)
    code = Path(function.rpartition(":")[0])
    check_file(target, force=force, spare=(opened.path, *opened.files, code))
    proposal = write_proposed_map(
        opened,
        function,
        target,
        legacy_keras=keras == "tf-keras",
        force=force,
        timeout=timeout,
    )
    return ProposedMap(f"{opened.path} → {model}", proposal, target)
