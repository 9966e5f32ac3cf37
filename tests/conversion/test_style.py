"""The style of the source: blocks that the report lists, or one list of calls; both verify."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import CaseOf
from tfmigrate.conversion.convert import convert
from tfmigrate.errors import UserError
from tfmigrate.worker import Worker


@pytest.mark.parametrize(("style", "blocks"), [("blocks", {"residual_block": 8}), ("flat", {})])
def test_the_report_lists_the_blocks_of_the_source(
    style: str,
    blocks: dict[str, int],
    case_of: CaseOf,
    tmp_path: Path,
    graph_worker: Worker,
    keras_worker: Worker,
) -> None:
    source = case_of("structure/residual_eight_equal").source
    result = convert(source, tmp_path / "out", style=style, workers=(graph_worker, keras_worker))
    assert result
    text = (tmp_path / "out" / "model.py").read_text(encoding="utf-8")
    listed = {block["function"]: block["times"] for block in result.report["blocks"]}
    assert listed == blocks
    assert all(f"def {name}(" in text for name in listed)
    assert ("for " in text) == (style == "blocks")


def test_another_style_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--style is short"):
        convert(tmp_path / "model.ckpt", style="short")
