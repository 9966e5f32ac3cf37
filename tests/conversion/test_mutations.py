"""The definition of proof: forty ways to break a conversion, and the default proof catches each.

A plan is broken on purpose after planning, and the conversion goes on. The broken Keras model must
not pass: parity fails or is not proved, or no Keras model comes out. Where only training is broken,
training is not carried over and a warning says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import Case
from tfmigrate import convert
from tfmigrate.conversion import by_graph
from tfmigrate.parity import Verdict
from tfmigrate.plan import Call, Layer, Made, Plan, Recipe
from tfmigrate.plan.training import New
from tfmigrate.worker import Worker

pytestmark = pytest.mark.xdist_group("mutations")

Break = Callable[[Plan], None]


@pytest.fixture(scope="module")
def workers() -> Iterator[tuple[Worker, Worker]]:
    with Worker("graph") as graph, Worker("model") as model:
        yield graph, model


def layer(plan: Plan, kind: str, number: int = 0) -> Layer:
    return [each for each in plan.layers if each.kind == kind][number]


def configure(kind: str, number: int = 0, **changes: Any) -> Break:
    """Puts arguments into a layer; None takes one out."""

    def change(plan: Plan) -> None:
        arguments = layer(plan, kind, number).arguments
        for name, value in changes.items():
            if value is None:
                del arguments[name]
            else:
                arguments[name] = value

    return change


def scale(kind: str, argument: str, factor: float, otherwise: float | None = None) -> Break:
    def change(plan: Plan) -> None:
        arguments = layer(plan, kind).arguments
        arguments[argument] = arguments.get(argument, otherwise) * factor

    return change


def remake(path: str, text: str, function: Callable[[np.ndarray], np.ndarray]) -> Break:
    """Gives the first weight whose path ends so other values."""

    def change(plan: Plan) -> None:
        index = next(i for i, w in enumerate(plan.weights) if w.target.endswith(path))
        weight = plan.weights[index]
        made = weight.recipe.then(text, function, shape=weight.recipe.shape)
        plan.weights[index] = replace(weight, recipe=made)

    return change


def swap(one: str, other: str) -> Break:
    """Exchanges two weights of one shape."""

    def change(plan: Plan) -> None:
        first, second = (
            next(i for i, w in enumerate(plan.weights) if w.target == path) for path in (one, other)
        )
        recipes = plan.weights[second].recipe, plan.weights[first].recipe
        for index, recipe in zip((first, second), recipes, strict=True):
            plan.weights[index] = replace(plan.weights[index], recipe=recipe)

    return change


def drop_bias(plan: Plan) -> None:
    dense = layer(plan, "Dense", -1)
    dense.arguments["use_bias"] = False
    plan.weights = [w for w in plan.weights if w.target != f"{dense.name}/bias"]
    if plan.training is not None:
        slots = [s for s in plan.training.slots if s.weight != f"{dense.name}/bias"]
        plan.training.slots = slots


def drop_call(kind: str, number: int = 0) -> Break:
    """Leaves out a call; whatever takes its output takes its first input."""

    def change(plan: Plan) -> None:
        calls = [c for c in plan.calls if kind in (c.function, getattr(c.function, "kind", None))]
        gone = calls[number]
        (made,), given = gone.outputs, gone.values[0]

        def instead(item: Any) -> Any:
            if item is made:
                return given
            return type(item)(map(instead, item)) if isinstance(item, (list, tuple)) else item

        plan.calls = [
            Call(c.function, instead(c.arguments), c.keywords, c.outputs)
            for c in plan.calls
            if c is not gone
        ]
        plan.outputs = [replace(o, value=instead(o.value)) for o in plan.outputs]

    return change


def turn_arguments(kind: str) -> Break:
    """Gives a call's list of values the other way round."""

    def change(plan: Plan) -> None:
        index, call = next(
            (i, c) for i, c in enumerate(plan.calls) if getattr(c.function, "kind", "") == kind
        )
        values = list(reversed(call.values))
        plan.calls[index] = Call(call.function, (values,), call.keywords, call.outputs)

    return change


def swap_outputs(plan: Plan) -> None:
    one, other = plan.outputs[:2]
    plan.outputs[:2] = [replace(one, value=other.value), replace(other, value=one.value)]


def optimizer(**changes: Any) -> Break:
    """Puts arguments into the optimizer; None takes one out, a function computes it."""

    def change(plan: Plan) -> None:
        assert plan.training is not None
        old = plan.training.optimizer
        arguments: dict[str, Any] = dict(old.arguments)
        for name, value in changes.items():
            if value is None:
                del arguments[name]
            else:
                arguments[name] = value(arguments.get(name)) if callable(value) else value
        plan.training.optimizer = New(old.kind, arguments)

    return change


def other_optimizer(kind: str, **arguments: Any) -> Break:
    def change(plan: Plan) -> None:
        assert plan.training is not None
        plan.training.optimizer = New(kind, arguments)
        plan.training.slots = []

    return change


def loss(**changes: Any) -> Break:
    """Changes the first loss: its object's arguments, or with ``weight`` its factor."""

    def change(plan: Plan) -> None:
        assert plan.training is not None
        first = plan.training.losses[0]
        factor = changes.pop("weight", first.weight)
        assert isinstance(first.new, New)
        new = New(first.new.kind, {**first.new.arguments, **changes})
        plan.training.losses[0] = replace(first, new=new, weight=factor)

    return change


def training(**changes: Any) -> Break:
    def change(plan: Plan) -> None:
        assert plan.training is not None
        for name, value in changes.items():
            setattr(plan.training, name, value)

    return change


def scale_slots(plan: Plan) -> None:
    assert plan.training is not None
    plan.training.slots = [replace(slot, scale=2.0) for slot in plan.training.slots]


def freeze(plan: Plan) -> None:
    layer(plan, "Dense").arguments["trainable"] = False
    assert plan.training is not None
    name = layer(plan, "Dense").name
    slots = [s for s in plan.training.slots if not s.weight.startswith(f"{name}/")]
    plan.training.slots = slots


def regularize(plan: Plan) -> None:
    for each in plan.layers:
        if "kernel_regularizer" in each.arguments:
            each.arguments["kernel_regularizer"] = Made("keras.regularizers.L2", (0.00025,))


def constant_rate(plan: Plan) -> None:
    optimizer(learning_rate=0.2)(plan)


def halves_turned(a: np.ndarray) -> np.ndarray:
    return np.roll(a, a.shape[-1] // 2, axis=-1)


def moved_by_a_quarter(a: np.ndarray) -> np.ndarray:
    return np.roll(a, a.shape[-1] // 4, axis=-1)


def forgetful(a: np.ndarray) -> np.ndarray:
    """Keras's gates are i, f, c, o; TensorFlow 1 adds 1 to f at run time."""
    return a - (np.arange(len(a)) * 4 // len(a) == 1).astype(a.dtype)


def rows_cut(a: np.ndarray) -> np.ndarray:
    return np.where(np.arange(len(a))[:, None] < len(a) // 2, a, 0).astype(a.dtype)


def half(value: float) -> float:
    return value / 2


MUTATIONS: Mapping[str, tuple[str, Break]] = {
    # The network.
    "a bias is dropped": ("goldens/train_adam", drop_bias),
    "a bias is another": (
        "goldens/train_momentum",
        remake("/bias", "shift", lambda a: a / 2 + 0.1),
    ),
    "a kernel is transposed": (
        "structure/gelu_tanh_and_erf",
        remake("b/kernel", "transpose", lambda a: np.ascontiguousarray(a.T)),
    ),
    "two kernels are swapped": (
        "goldens/resnet_block",
        swap("conv2d_1/kernel", "conv2d_2/kernel"),
    ),
    "rows of a kernel are turned": (
        "goldens/lenet_raw",
        remake("dense/kernel", "turn", lambda a: a[::-1].copy()),
    ),
    "the gates of an LSTM are swapped": (
        "goldens/lstm_dynamic",
        remake("/kernel", "turn", halves_turned),
    ),
    "the recurrent gates of an LSTM are moved": (
        "goldens/lstm_dynamic",
        remake("/recurrent_kernel", "move", moved_by_a_quarter),
    ),
    "the forget bias is lost": (
        "goldens/lstm_dynamic",
        remake("lstm_cell/bias", "lose 1", forgetful),
    ),
    "a table is cut": ("goldens/partitioned", remake("table/embeddings", "cut", rows_cut)),
    "epsilon of batch normalization is ten times as large": (
        "goldens/layers_batchnorm_dense",
        configure("BatchNormalization", epsilon=1e-2),
    ),
    "epsilon of layer normalization is Keras's": (
        "structure/layer_norm_by_hand",
        configure("LayerNormalization", epsilon=1e-3),
    ),
    "gamma and beta are swapped": (
        "goldens/layers_batchnorm_dense",
        swap("batch_normalization/gamma", "batch_normalization/beta"),
    ),
    "moving mean and variance are swapped": (
        "goldens/layers_batchnorm_dense",
        swap("batch_normalization/moving_mean", "batch_normalization/moving_variance"),
    ),
    "batch normalization is dropped": (
        "goldens/slim_cnn_bn",
        remake("BatchNorm/moving_variance", "ones", np.ones_like),
    ),
    "relu is elu": ("goldens/train_sgd", configure("Dense", activation="elu")),
    "an activation is dropped": ("goldens/train_momentum", configure("Dense", activation=None)),
    "tanh is sigmoid": ("goldens/v1_format", configure("Dense", activation="sigmoid")),
    "softmax is dropped": ("goldens/softmax_regression", configure("Dense", activation=None)),
    "the slope of leaky ReLU is Keras's": (
        "goldens/layers_mlp_activations",
        configure("LeakyReLU", negative_slope=0.3),
    ),
    "max pooling is average pooling": (
        "goldens/lenet_raw",
        lambda plan: setattr(layer(plan, "MaxPooling2D"), "kind", "AveragePooling2D"),
    ),
    "an activation between layers is dropped": ("goldens/slim_cnn_bn", drop_call("Activation")),
    "the last call is dropped": ("goldens/saved_model_mlp", drop_call("Dense", -1)),
    "a residual is dropped": ("goldens/resnet_block", drop_call("Add")),
    "a sum of features is dropped": ("structure/layer_norm_by_hand", drop_call("Add")),
    "a concatenation is turned": (
        "structure/attention_heads_by_split",
        turn_arguments("Concatenate"),
    ),
    "two outputs are swapped": ("train/two_heads", swap_outputs),
    # Training.
    "the rate of dropout is halved": (
        "goldens/layers_batchnorm_dense",
        scale("Dropout", "rate", 0.5),
    ),
    "dropout is lost": ("goldens/layers_batchnorm_dense", drop_call("Dropout")),
    "the learning rate is halved": ("goldens/train_adam", optimizer(learning_rate=half)),
    "the momentum is lost": ("goldens/train_momentum", optimizer(momentum=None)),
    "the momentum is Nesterov's": ("goldens/train_momentum", optimizer(nesterov=True)),
    "epsilon of Adam is Keras's times 1000": ("goldens/train_adam", optimizer(epsilon=1e-4)),
    "beta of Adam is another": ("goldens/train_adam", optimizer(beta_1=0.8)),
    "Adam starts anew": ("goldens/train_adam", training(iterations=[0])),
    "slots are twice as large": ("goldens/train_rmsprop", scale_slots),
    "another optimizer": (
        "goldens/train_adagrad",
        other_optimizer("keras.optimizers.SGD", learning_rate=0.1),
    ),
    "a schedule is lost": ("goldens/train_sgd_expdecay", constant_rate),
    "the L2 penalty is halved": ("goldens/train_adam_l2", regularize),
    "the loss is a sum": ("goldens/train_sgd", loss(reduction="sum")),
    "the loss is of probabilities": ("goldens/train_sgd", loss(from_logits=False)),
    "the loss weighs twice as much": ("goldens/train_sgd", loss(weight=2.0)),
    "gradients are clipped": ("goldens/train_momentum", optimizer(clipnorm=0.05)),
    "a layer is frozen": ("goldens/train_momentum", freeze),
}


def source_of(case: Case) -> Path:
    for name in ("frozen.pb", "saved_model"):
        if (case.folder / name).exists():
            return case.folder / name
    return case.folder / "model.ckpt"


def not_carried(report: Mapping[str, Any]) -> bool:
    told = any("Training is not carried over" in warning for warning in report["warnings"])
    return report["training"] is None and told


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_proof_catches_a_broken_conversion(
    name: str,
    case_of: Callable[[str], Case],
    workers: tuple[Worker, Worker],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case, breaks = MUTATIONS[name]
    planned = by_graph.GraphConversion._plan
    broken = []

    def plan_wrongly(self: Any, *arguments: Any, **options: Any) -> Plan:
        plan = planned(self, *arguments, **options)
        if plan.training is not None or not options.get("without"):
            breaks(plan)
            broken.append(plan)
        return plan

    monkeypatch.setattr(by_graph.GraphConversion, "_plan", plan_wrongly)
    source = source_of(case_of(case))
    try:
        result = convert(source, tmp_path / "out", workers=workers)
    except AssertionError:  # the balance of elements, which tests are strict about
        assert broken
        return
    assert broken, "nothing was broken"
    report = result.report
    if any("dropout" in w and "the model does not have" in w for w in report["warnings"]):
        return
    caught = result.verdict is not Verdict.PASS or report["outcome"] != "keras"
    assert caught or not_carried(report)


@pytest.mark.parametrize("case", sorted({case for case, _ in MUTATIONS.values()}))
def test_it_passes_what_is_not_broken(
    case: str, case_of: Callable[[str], Case], workers: tuple[Worker, Worker], tmp_path: Path
) -> None:
    result = convert(source_of(case_of(case)), tmp_path / "out", workers=workers)
    assert result.verdict is Verdict.PASS
    assert not not_carried(result.report)


def test_there_are_forty_ways() -> None:
    assert len(MUTATIONS) >= 40


def test_a_recipe_is_remade() -> None:
    made = Recipe("w", (2,), "float32").then("turn", lambda a: a[::-1])
    assert made.make(lambda name: np.array([1, 2], "float32")).tolist() == [2, 1]
