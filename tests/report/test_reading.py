"""report.json beside a model: what a conversion wrote, nothing, or one clear error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tfmigrate.conversion.back import open_way_back
from tfmigrate.errors import UserError
from tfmigrate.report.reading import read_report

REPORT: dict[str, Any] = {
    "schema": 1,
    "source": {"path": "model.ckpt"},
    "outcome": "keras",
    "inputs": [{"tensor": "x:0"}],
    "outputs": [{"tensor": "y:0", "name": "y"}],
    "layers": [{"tensor": None, "name": "dense"}],
    "variables": [{"name": "w", "role": "weight", "fate": "converted", "target": "dense/kernel"}],
    "parity": {"examples": 64},
    "training": None,
}
OTHERS = (None, 3, -1.5, True, "x", [], {}, [3], [{}], [None], {"a": 1})


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every part of a document."""
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    return [at, *(place for key, part in inside for place in places(part, (*at, key)))]


def changed(at: tuple[Any, ...], value: Any) -> Any:
    """The report with something else at one place; without the place for ``...``."""
    if not at:
        return value
    copy = json.loads(json.dumps(REPORT))
    part = copy
    for key in at[:-1]:
        part = part[key]
    if value is ...:
        del part[at[-1]]
    else:
        part[at[-1]] = value
    return copy


def refusal(model: Path) -> str:
    """What is said against converting a model back; "" where its report is none of ours."""
    try:
        open_way_back(model, None, timeout=1, tell=lambda event: None, trust=False)
    except UserError as error:
        return str(error)
    return ""


def test_what_a_conversion_wrote_is_read(tmp_path: Path) -> None:
    assert read_report(tmp_path) == {}
    (tmp_path / "report.json").write_text(json.dumps(REPORT))
    assert read_report(tmp_path) == REPORT


@pytest.mark.parametrize("at", places(REPORT)[1:], ids=lambda at: ".".join(map(str, at)))
def test_whatever_stands_in_a_report_no_reader_of_it_fails(at: Any, tmp_path: Path) -> None:
    model = tmp_path / "model.keras"
    for value in (..., *OTHERS):
        (tmp_path / "report.json").write_text(json.dumps(changed(at, value)))
        # The source does not exist: the report is refused, or the source is looked for.
        said = refusal(model)
        assert not said or "is damaged: " in said or "needed to convert it back" in said


@pytest.mark.parametrize("path", [None, 3, "", "a\0b"])
def test_a_source_that_is_no_path_is_named(path: Any, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(changed(("source", "path"), path)))
    with pytest.raises(UserError, match=r"report\.json is damaged: source\.path is missing or wro"):
        read_report(tmp_path)
