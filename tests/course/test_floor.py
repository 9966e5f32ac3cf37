"""The matrix products of an epoch: as many as training needs, and only of dense networks."""

from __future__ import annotations

import numpy as np
import pytest
from tfmigrate.course import floor

EXAMPLES = np.zeros((10, 4, 2), np.float32)


def arrays(*shapes):
    return [np.zeros(shape, np.float32) for shape in shapes]


def test_a_step_has_five_products_of_two_layers(monkeypatch):
    made = []

    def dot(one, other, real=np.dot):
        made.append((one.shape, other.shape))
        return real(one, other)

    monkeypatch.setattr(floor.np, "dot", dot)
    assert floor.seconds_of_products(arrays((8, 5), (5,), (5, 3), (3,)), EXAMPLES, 4) > 0
    whole = [((4, 8), (8, 5)), ((8, 4), (4, 5)), ((4, 5), (5, 3)), ((5, 4), (4, 3))]
    assert made[:5] == [*whole, ((4, 3), (3, 5))]
    steps = 3  # the last of two examples
    assert len(made) == 5 * steps * floor._TURNS
    assert made[10][0] == (2, 8)


@pytest.mark.parametrize(
    "shapes", [[(3, 3, 1, 8), (8, 2)], [(8, 5), (6, 3)], [(100, 8), (8, 3)], [(8,)]]
)
def test_other_networks_have_no_floor(shapes):
    assert floor.seconds_of_products(arrays(*shapes), EXAMPLES, 4) is None
