"""A warning for inputs that have time before the batch, and for no others."""

import pytest
from tfmigrate.plan import Call, Input, Layer, Network, Value
from tfmigrate.plan.axes import warn_of_time_first


def network(*steps: tuple[str, tuple]) -> Network:
    """A chain of layers and functions after the input ``words``."""
    value = Value((None, None), "int32", "words")
    plan = Network("net", "here", inputs=[Input("words:0", "words", value)])
    for function, more in steps:
        made = Value((None, None, 4), "float32")
        called = function if "." in function else Layer("", function)
        plan.calls.append(Call(called, (value, *more), {}, (made,)))
        value = made
    return plan


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("Embedding", ()), ("keras.ops.transpose", ((1, 0, 2),)), ("LSTM", ())], True),
        ([("keras.ops.transpose", ((1, 0),)), ("Embedding", ()), ("GRU", ())], True),
        ([("Embedding", ()), ("LSTM", ())], False),
        ([("Embedding", ()), ("keras.ops.transpose", ((1, 0, 2),)), ("Dense", ())], False),
        ([("Conv1D", ()), ("keras.ops.transpose", ((1, 0, 2),)), ("LSTM", ())], False),
    ],
)
def test_an_input_that_is_turned_before_a_recurrent_layer_has_time_first(
    steps: list[tuple[str, tuple]], expected: bool
) -> None:
    plan = network(*steps)
    warn_of_time_first(plan)
    assert [w.startswith("predict and fit would split words:0") for w in plan.warnings] == (
        [True] if expected else []
    )
