"""A graph that was built for training is told so, where it keeps moving statistics."""

import numpy as np
from tfmigrate.plan import Call, Layer, Plan, Value, Weight, constant
from tfmigrate.plan.recipe import variable
from tfmigrate.plan.statistics import warn_of_own_statistics


def test_only_statistics_that_the_checkpoint_has_can_be_used_instead() -> None:
    x, y = Value((None, 3), "float32"), Value((None, 3), "float32")
    layer = Layer("norm", "BatchNormalizationByBatch", {})
    saved = variable("norm/moving_mean", (3,), "float32")
    for recipe, told in ((saved, 1), (constant(np.zeros(3, np.float32)), 0)):
        plan = Plan("", "", calls=[Call(layer, (x,), {}, (y,))])
        plan.weights = [Weight("norm/moving_mean", recipe)]
        warn_of_own_statistics(plan)
        assert len(plan.warnings) == told
        assert all("norm normalize by the statistics of each batch" in w for w in plan.warnings)
