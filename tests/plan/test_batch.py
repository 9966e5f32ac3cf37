"""Which batch sizes of a graph are freed."""

import pytest
from tfmigrate.plan import Call, Input, Layer, Made, Output, Plan, Value
from tfmigrate.plan.batch import free_batch

SIZE = 16


def plan_of(*calls: Call, x: Value) -> Plan:
    plan = Plan("model", "nowhere")
    plan.inputs.append(Input("x:0", "x", x))
    plan.calls += calls
    plan.outputs.append(Output("y:0", calls[-1].outputs[0]))
    return plan


def dense(x: Value, units: int = SIZE) -> Call:
    layer = Layer("dense", "Dense", {"units": units})
    return Call(layer, (x,), {}, (Value((SIZE, units), "float32"),))


def test_a_batch_that_only_the_inputs_have_is_freed_though_the_examples_keep_their_number() -> None:
    x = Value((SIZE, 10), "float32")
    plan = plan_of(dense(x, 3), x=x)

    free_batch(plan)

    (given,), (made,) = plan.inputs, plan.outputs
    assert (given.value.shape, given.batch, made.value.shape) == ((None, 10), SIZE, (None, 3))
    assert plan.notes == [
        f"The batch size is fixed at {SIZE} in the graph and variable in the model."
    ]


def test_a_batch_of_one_is_freed_though_other_axes_have_that_size_too() -> None:
    x = Value((1, 2, 5), "float32")
    flat, made = Value((1, 10), "float32"), Value((1, 1), "float32")
    layer = Layer("dense", "Dense", {"units": 1})
    reshape = Call("keras.ops.reshape", (x, (1, -1)), {}, (flat,))
    plan = plan_of(reshape, Call(layer, (flat,), {}, (made,)), x=x)

    free_batch(plan)

    assert (plan.inputs[0].value.shape, plan.inputs[0].batch) == ((None, 2, 5), 1)
    assert plan.calls[0].arguments == (x, (-1, 10))


def test_a_batch_stays_where_running_showed_that_it_must_or_an_output_does_not_have_it() -> None:
    x = Value((SIZE, 10), "float32")
    plan = plan_of(dense(x, 3), x=x)
    free_batch(plan, keep=True)
    half = plan_of(Call("keras.ops.max", (x,), {}, (Value((), "float32"),)), x=x)
    free_batch(half)

    assert x.shape == (SIZE, 10)
    assert plan.notes == [
        f"The batch size is fixed at {SIZE} in the graph. With another batch size the outputs "
        "differ, so the model keeps it."
    ]
    assert half.notes == [
        f"The batch size is fixed at {SIZE} in the graph. y:0 does not have it, so the model "
        "keeps it."
    ]


def test_a_reshape_that_names_the_batch_keeps_whatever_it_is() -> None:
    x = Value((SIZE, 2, 5), "float32")
    flat = Value((SIZE, 10), "float32")
    plan = plan_of(Call("keras.ops.reshape", (x, (SIZE, -1)), {}, (flat,)), dense(flat, 3), x=x)

    free_batch(plan)

    assert plan.calls[0].arguments == (x, (-1, 10))
    assert plan.inputs[0].value.shape == (None, 2, 5)


@pytest.mark.parametrize(
    "arguments",
    [
        (2 * SIZE,),
        (Made("np.full", ((SIZE, 1), 0.5, "float32")),),
        (Made("np.array", ([[float(i)] for i in range(SIZE)], "float32")),),
    ],
    ids=["a multiple", "a constant", "an array of that length"],
)
def test_a_batch_that_is_computed_with_stays_and_that_is_said(arguments: tuple) -> None:
    x = Value((SIZE, 10), "float32")
    made = Value((SIZE, 10), "float32", tensor="scope/add:0")
    plan = plan_of(Call("keras.ops.add", (x, *arguments), {}, (made,)), x=x)

    free_batch(plan)

    assert plan.inputs[0].value.shape == (SIZE, 10)
    assert plan.notes == [
        f"The batch size is fixed at {SIZE} in the graph. The graph also uses it as a number (in "
        "add at scope/add:0), so the model keeps it."
    ]


@pytest.mark.parametrize("shape", [(SIZE, None), (None, 10)])
def test_examples_as_columns_and_open_batches_stay(shape: tuple) -> None:
    x = Value(shape, "float32")
    plan = plan_of(dense(x, 3), x=x)

    free_batch(plan)

    assert plan.inputs[0].value.shape == shape
    assert plan.inputs[0].batch is None
