"""A variable that a graph uses in several ways is one weight, which trains as in TensorFlow 1."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import CaseOf
from tfmigrate.plan.elements import taken
from tfmigrate.worker import Worker

from .converting import Case, assert_goes_on, plan_of


def test_rho_and_one_minus_rho_train_one_weight(
    case_of: CaseOf, keras_worker: Worker, ask: Callable[..., Any], tmp_path: Path
) -> None:
    case = Case(case_of("train/rho_one_minus_rho").folder)
    assert_goes_on(case, keras_worker, ask, tmp_path)
    _, plan = plan_of(case)
    assert [w.target for w in plan.weights if "rho" in w.recipe.sources] == ["rho/value"]
    assert not plan.warnings


@pytest.mark.parametrize(
    ("name", "variable", "shape"),
    [
        ("position_table_cut", "position_embeddings", (40, 8)),
        ("position_table_whole", "positions", (12, 8)),
        ("one_kernel_two_layers", "kernel", (3, 3, 4, 4)),
        ("albert_shared_block", "group_0/inner/query/kernel", (8, 8)),
    ],
)
def test_each_variable_is_one_weight_and_whole(
    name: str, variable: str, shape: tuple[int, ...], case_of: CaseOf
) -> None:
    source, plan = plan_of(Case(case_of(f"structure/{name}").folder))
    holding = [weight for weight in plan.weights if variable in weight.recipe.sources]
    assert len(holding) == 1
    assert int(np.prod(holding[0].recipe.shape)) == int(np.prod(shape))
    assert taken(holding[0].recipe).covers(variable)
    assert len(plan.weights) == len(source.variables())
    assert not plan.warnings
