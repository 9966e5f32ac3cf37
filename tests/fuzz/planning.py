"""A graph to the source of its model, by planning only: no process starts, no graph runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from tfmigrate import convert
from tfmigrate.conversion import output
from tfmigrate.worker import Worker
from tfmigrate.worker.client import Reply

from tests.cases import Case
from tests.conversion.hostile import assert_harmless

CASES = (
    "goldens/train_sgd", "goldens/train_adam", "goldens/layers_batchnorm_dense",
    "goldens/frozen_mlp", "goldens/slim_cnn_bn", "goldens/lstm_dynamic", "goldens/partitioned",
    "goldens/ema_shadow", "structure/attention_heads_by_split", "structure/layer_norm_by_hand",
    "structure/position_table_cut", "structure/softmax_by_hand", "structure/squeeze_excite",
    "structure/one_kernel_two_layers", "structure/gelu_tanh_and_erf", "train/lars",
)  # fmt: skip
_ENDS = ("meta", "index", "data-00000-of-00001")


class NoWorker(Worker):
    """Answers as TensorFlow does where it knows nothing about shapes and dtypes."""

    def __init__(self) -> None:
        """Starts no process."""

    def call(
        self,
        job: str,
        request: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray] | None = None,
        **options: object,
    ) -> Reply:
        """No shapes, no dtypes; nothing else may be asked."""
        assert request["step"] in ("shapes", "kinds"), request["step"]
        return Reply({"shapes": {}, "kinds": {}}, {})


def files(case: Case) -> list[bytes]:
    """The files of a case: a frozen graph, or ``.meta``, ``.index`` and data."""
    if case.source.name == "frozen.pb":
        return [case.source.read_bytes()]
    return [Path(f"{case.source}.{end}").read_bytes() for end in _ENDS]


def plan(contents: list[bytes], folder: Path) -> str | None:
    """Converts without writing, and judges the source; returns it, or None where there is none.

    Raises:
        UserError: the graph is refused.
        AssertionError: the source does more than build a model.
    """
    path = folder / ("x" if len(contents) > 1 else "x.pb")
    names = [f"x.{end}" for end in _ENDS] if len(contents) > 1 else ["x.pb"]
    for name, content in zip(names, contents, strict=False):
        (folder / name).write_bytes(content)
    written: list[str] = []

    def emitted(*arguments: Any, **options: Any) -> str:
        written.append(real(*arguments, **options))
        return written[-1]

    real = output.written
    with patch.object(output, "written", emitted):
        convert(path, folder / "out", dry_run=True, workers=(NoWorker(), NoWorker()))
    for text in written:
        assert_harmless(text)
    return written[-1] if written else None
