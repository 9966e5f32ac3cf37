"""What a training step is given where neither the graph nor a file says it."""

import numpy as np
from tfmigrate.graph import InputTensor
from tfmigrate.plan import Input, Output, Plan, Value
from tfmigrate.plan.training import New, OutputLoss, TrainingPlan
from tfmigrate.verification.feeding import Feeding


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
