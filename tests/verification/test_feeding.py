"""What a training step is given where neither the graph nor a file says it."""

import numpy as np
import pytest
from tfmigrate.errors import UserError
from tfmigrate.graph import InputTensor
from tfmigrate.plan import Input, Output, Plan, Value
from tfmigrate.plan.training import New, OutputLoss, TrainingPlan
from tfmigrate.verification.feeding import Feeding, read_data


def test_labels_are_as_large_as_what_the_model_gives_of_images_of_any_size() -> None:
    image, mask = (None, None, None, 1), (None, None, None, 2)
    loss = OutputLoss(New("loss"), None, 0, "softmax", ("y:0",))
    plan = Plan("net", "here", training=TrainingPlan(New("optimizer"), losses=[loss]))
    plan.inputs = [Input("x:0", "x", Value(image, "float32"))]
    plan.outputs = [Output("p:0", Value(mask, "float32"))]
    given, label = InputTensor("x:0", image, "float32"), InputTensor("y:0", mask, "float32")
    feeding = Feeding((given,), (label,), None, plan, 0)
    batch = feeding.batch(0, lambda inputs: [np.repeat(inputs[0][:, 1:-1, 2:-1], 2, axis=3)])
    count, height, width, _ = batch["x:0"].shape
    assert batch["y:0"].shape == (count, height - 2, width - 3, 2)


def test_arrays_are_read_by_the_names_of_tensors(tmp_path) -> None:
    x, words = np.arange(6).reshape(2, 3), np.array([b"a", b"b"])
    np.savez(tmp_path / "data.npz", **{"x": x, "words:0": words, "other": x})
    given = InputTensor("x:0", (None, 3), "float32"), InputTensor("words:0", (None,), "string")
    found = read_data(tmp_path / "data.npz", given)
    assert found["x:0"].tolist() == x.tolist()
    assert found["words:0"].tolist() == words.tolist()


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": np.zeros((2, 3)), "x:0": np.ones((2, 3))}, "has two arrays for x:0"),
        ({"x": np.zeros((2, 3), "c8")}, "is complex64; expected values of float32"),
        ({"x": np.zeros((2, 3), "M8[s]")}, r"is datetime64\[s\]; expected values of float32"),
        ({"x": np.zeros((2, 3), "V2")}, "expected values of float32"),  # bfloat16, as npz has it
        ({"x": np.full((2, 3), "1")}, "is <U1; expected values of float32"),
        ({"x": np.zeros((0, 3))}, r"is empty, shape \(0, 3\); expected one example or more"),
        ({"x": np.float32(3)}, r"has shape \(\); expected \(None, 3\)"),
    ],
)
def test_arrays_that_the_graph_cannot_take_are_refused(arrays, words, tmp_path) -> None:
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(UserError, match=words):
        read_data(tmp_path / "data.npz", [InputTensor("x:0", (None, 3), "float32")])
