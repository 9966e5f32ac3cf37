"""Two checkpoints against each other: every variable is accounted for once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tfmigrate.errors import UserError
from tfmigrate.inspection.difference import diff


def ramp(*shape, start=0.5):
    return (np.arange(np.prod(shape, dtype=int)) * 0.01 + start).reshape(shape).astype(np.float32)


def test_the_same(write):
    arrays = {"w": ramp(3, 2), "s": np.array([b"a", b"b"], object), "n": np.float32(np.nan)}
    changes = diff(write("a", arrays), write("b", arrays))
    assert changes
    assert changes.unchanged == 3


def test_changed_by_how_much(write):
    before = ramp(300_001, start=1)  # more than one piece
    after = before.copy()
    after[[7, 300_000]] += [0.25, 0.5]
    (change,) = diff(write("a", {"w": before}), write("b", {"w": after})).changed
    assert change.differing == 2
    assert change.difference.max_abs == np.abs(after.astype("f8") - before).max()
    assert change.difference.at == (300_000,)
    assert change.difference.scale == before.max()


def test_where_the_greatest_difference_is(write):
    before, after = ramp(600, 500), ramp(600, 500)
    after[590, 3] += 1
    (change,) = diff(write("a", {"w": before}), write("b", {"w": after})).changed
    assert change.difference.at == (590, 3)
    assert change.difference.shape == (600, 500)


def test_renamed_reshaped_removed_added(write):
    first = {
        "conv/weights": ramp(3, 3),
        "fc/w": ramp(4, 2, start=5),
        "old": ramp(7),
        "flat": np.zeros(3, "f4"),
        "grown": ramp(2),
    }
    second = {
        "conv/kernel": ramp(3, 3),
        "fc/weights": ramp(4, 2, start=6),
        "level": np.zeros(3, "f4"),
        "grown": ramp(3),
    }
    changes = diff(write("a", first), write("b", second))
    assert not changes
    assert [(r.before, r.after) for r in changes.renamed] == [("conv/weights", "conv/kernel")]
    assert [(a.shape, b.shape) for a, b in changes.reshaped] == [((2,), (3,))]
    assert [v.name for v in changes.removed] == ["fc/w", "flat", "old"]
    assert [v.name for v in changes.added] == ["fc/weights", "level"]  # zeros prove no renaming
    assert changes.suggestions["fc/w"] == "fc/weights (the only one of its shape)"


def test_strings_and_types(write):
    first = {"s": np.array([b"a", b"b"], object), "t": ramp(2)}
    second = {"s": np.array([b"a", b"c"], object), "t": ramp(2).astype("f8")}
    changes = diff(write("a", first), write("b", second))
    assert [(c.variable.name, c.differing) for c in changes.changed] == [("s", 1)]
    assert [a.name for a, _ in changes.reshaped] == ["t"]


values = st.sampled_from([(2,), (2, 2), (3,)]).flatmap(
    lambda shape: st.integers(0, 2).map(lambda start: ramp(*shape, start=start))
)


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from("abcd"), values, min_size=1), st.data())
def test_every_variable_is_told_of_once(write, first, data):
    second = data.draw(st.dictionaries(st.sampled_from("abcd"), values, min_size=1))
    changes = diff(write("x", first), write("y", second))
    told = [v.name for v in changes.removed] + [r.before for r in changes.renamed]
    told += [a.name for a, _ in changes.reshaped] + [c.variable.name for c in changes.changed]
    assert len(told) + changes.unchanged == len(first)
    assert len(set(told)) == len(told)
    told = [v.name for v in changes.added] + [r.after for r in changes.renamed]
    told += [a.name for a, _ in changes.reshaped] + [c.variable.name for c in changes.changed]
    assert len(told) + changes.unchanged == len(second)


def test_a_filter(write):
    first, second = write("a", {"x/w": ramp(2), "y": ramp(2)}), write("b", {"x/w": ramp(2)})
    assert diff(first, second, pattern="x/*")
    with pytest.raises(UserError, match="no variable of either source matches 'z'"):
        diff(first, second, pattern="z")


def test_a_graph_has_nothing_to_compare(shared, write):
    meta = next((shared / "corpus").glob("yenchenlin*/fragments/meta_only/*.meta"))
    with pytest.raises(UserError, match="no values to compare"):
        diff(meta, write("a", {"w": ramp(2)}))
