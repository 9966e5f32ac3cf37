"""Optimizers, schedules, losses and clipping as TensorFlow 1.15 was told to build them."""

from __future__ import annotations

import pytest
from tfmigrate.graph import Graph, Node, find_training, find_variables, roles_from_graph
from tfmigrate.graph.training.operation import train_operation
from tfmigrate.graph.training.schedule_rates import FORMULAS
from tfmigrate.graph.training.trainers import loss_tensor

from .conftest import EXPECTED


def cases(prefix: str) -> list[str]:
    return [name for name in EXPECTED if name.startswith(prefix)]


@pytest.mark.parametrize("case", cases("optimizer_"))
def test_an_optimizer_is_read_with_arguments_slots_and_step(graph_of, case):
    told = EXPECTED[case]
    (trainer,) = find_training(graph_of(case)).trainers
    optimizer = trainer.optimizer
    assert f"{optimizer.class_name}Optimizer" == told["optimizer"]
    assert told["arguments"].items() <= dict(optimizer.hyperparameters).items()
    assert {u.variable: dict(u.slots) for u in optimizer.updates} == told["slots"]
    assert optimizer.step == told["step"]
    assert (trainer.loss.tensor, trainer.loss.logits) == (told["loss"], told["logits"])


@pytest.mark.parametrize("case", cases("schedule_"))
def test_a_schedule_is_recognized_with_its_arguments(graph_of, case):
    told = EXPECTED[case]
    schedule = find_training(graph_of(case)).schedule
    assert (schedule.kind, schedule.step) == (told["schedule"], told["step"])
    assert told["arguments"].items() <= dict(schedule.arguments).items()


@pytest.mark.parametrize("case", [c for c in cases("schedule_") if EXPECTED[c]["values"]])
def test_the_formulas_give_the_rates_of_a_session(case):
    told = EXPECTED[case]
    defaults = {
        "exponential_decay": {"staircase": False},
        "natural_exp_decay": {"staircase": False},
        "inverse_time_decay": {"staircase": False},
        "polynomial_decay": {"power": 1.0, "cycle": False},
        "cosine_decay_restarts": {"t_mul": 2.0, "m_mul": 1.0, "alpha": 0.0},
    }
    arguments = {**defaults.get(told["schedule"], {}), **told["arguments"]}
    rate = FORMULAS[told["schedule"]](**arguments)
    for step, value in told["values"].items():
        # float32 in the session; near the zero of a cosine only its absolute error is small.
        assert rate(int(step)) == pytest.approx(value, rel=3e-6, abs=1e-8)


@pytest.mark.parametrize("case", [name for name, told in EXPECTED.items() if "kind" in told])
def test_a_loss_is_taken_apart(graph_of, case):
    told = EXPECTED[case]
    loss = find_training(graph_of(case)).loss
    assert (loss.kind, loss.reduction, loss.notes) == (told["kind"], told["reduction"], ())
    assert loss.scale == pytest.approx(told.get("scale", 1.0), rel=1e-6)
    assert (loss.tensor, loss.logits) == (told["loss"], told["logits"])
    assert list(loss.label_inputs) == told["labels"]
    for kind in ("l1", "l2"):
        factors = {r.variable: r.factor for r in loss.regularization if r.kind == kind}
        assert factors == pytest.approx(told.get(kind, {}), rel=1e-6)
    for option in ("label_smoothing", "delta", "clip"):
        assert loss.options.get(option) == told.get(option)


@pytest.mark.parametrize("case", cases("clip_"))
def test_clipping_is_recognized(graph_of, case):
    told = EXPECTED[case]
    training = find_training(graph_of(case))
    assert (training.clipping.kind, training.clipping.by) == (told["clipping"], told["by"])
    assert training.loss.tensor == told["loss"]


def test_two_optimizers_of_a_gan_are_kept_apart(graph_of, expected):
    told = expected["gan"]
    training = find_training(graph_of("gan"))
    assert [trainer.loss.tensor for trainer in training.trainers] == told["losses"]
    assert [sorted(o.variables) for o in training.optimizers] == told["variables"]
    assert [o.hyperparameters["learning_rate"] for o in training.optimizers] == told["rates"]
    assert training.notes == ("2 optimizers train parts of this graph",)


@pytest.mark.parametrize("case", cases("embedding_"))
def test_updates_of_single_rows_count_as_updates(graph_of, case):
    told = EXPECTED[case]
    training = find_training(graph_of(case))
    (optimizer,) = training.optimizers
    assert sorted(optimizer.variables) == told["variables"]
    assert training.loss.tensor == told["loss"]
    rows = {update.variable for update in optimizer.updates if update.indices}
    assert rows == {"table"}


def test_a_learning_rate_may_be_fed_or_kept_in_a_variable(graph_of):
    fed = find_training(graph_of("fed_learning_rate")).schedule
    kept = find_training(graph_of("learning_rate_variable")).schedule
    assert (fed.kind, fed.tensor) == ("placeholder", "learning_rate:0")
    assert (kept.kind, kept.tensor) == ("variable", "lr:0")


def test_a_graph_without_training_has_no_trainers(graph_of):
    training = find_training(graph_of("inference_only"))
    assert (training.trainers, training.loss, training.step) == ((), None, None)


def test_the_train_op_is_the_outermost_that_was_collected(graph_of):
    graph = graph_of("fed_learning_rate")
    (optimizer,) = find_training(graph).optimizers
    assert train_operation(graph, optimizer) == optimizer.name
    outer = Node("train_op", "Identity", ("loss:0",), (optimizer.name,))
    collections = {"train_op": [optimizer.name, "train_op:0"]}
    wrapped = Graph({**graph.nodes, "train_op": outer}, collections=collections)
    assert train_operation(wrapped, optimizer) == "train_op"


def test_roles_come_from_the_graph(graph_of, expected):
    graph, told = graph_of("ema_and_batch_norm"), expected["ema_and_batch_norm"]
    keys = [variable.key for variable in find_variables(graph).values()]
    roles = roles_from_graph(graph, [*keys, "unknown/to/the/graph"])
    assert roles.keys() == set(keys)
    for variable, average in told["averages"].items():
        assert (roles[average].kind, roles[average].of) == ("moving_average", variable)
        assert roles[variable].kind == "weight"
        assert (roles[f"{variable}/Adam_1"].slot, roles[f"{variable}/Adam_1"].of) == ("v", variable)
    for statistic in told["statistics"]:
        assert (roles[statistic].kind, roles[statistic].of) == ("moving_average", None)
    assert roles[told["step"]].kind == "step"
    assert roles["beta1_power"].kind == "bookkeeping"
    assert {role.evidence for role in roles.values()} == {"graph"}


def test_the_goldens_losses_and_optimizers(goldens):
    from tfmigrate.graph import read_graph

    found = {}
    for folder in sorted(goldens.glob("train_*")):
        training = find_training(read_graph(folder / "model.ckpt.meta"))
        loss = training.loss
        assert (loss.kind, loss.reduction, loss.scale) == ("softmax_cross_entropy", "mean", 1.0)
        found[folder.name] = (training.optimizers[0].class_name, training.schedule.kind)
    assert found == {
        "train_adagrad": ("Adagrad", "constant"),
        "train_adam": ("Adam", "constant"),
        "train_adam_l2": ("Adam", "constant"),
        "train_adam_unnamed": ("Adam", "constant"),
        "train_momentum": ("Momentum", "constant"),
        "train_rmsprop": ("RMSProp", "constant"),
        "train_sgd": ("GradientDescent", "constant"),
        "train_sgd_expdecay": ("GradientDescent", "exponential_decay"),
    }


def test_a_difference_of_sums_is_the_loss_whose_terms_the_gradients_start_from() -> None:
    """tf.gradients(policy + values - entropy): an addition has no operation in the gradients."""

    def node(name: str, op: str, *inputs: str) -> Node:
        return Node(name, op, inputs, attrs={"dtype": "float32"})

    nodes = [
        node("policy", "Mean"),
        node("values", "Mean"),
        node("entropy", "Mul"),
        node("both", "Add", "policy:0", "values:0"),
        node("loss", "Sub", "both:0", "entropy:0"),
        node("reported", "Add", "loss:0", "values:0"),
        node("gradients/Fill", "Fill"),
        node("gradients/policy_grad/Reshape", "Reshape", "gradients/Fill:0"),
        node("gradients/values_grad/Reshape", "Reshape", "gradients/Fill:0"),
        node("gradients/loss_grad/Neg", "Neg", "gradients/Fill:0"),
        node(
            "gradients/AddN",
            "AddN",
            "gradients/policy_grad/Reshape:0",
            "gradients/values_grad/Reshape:0",
            "gradients/loss_grad/Neg:0",
        ),
    ]
    graph = Graph({each.name: each for each in nodes})
    assert loss_tensor(graph, ["gradients/AddN:0"]) == ("loss:0", "")
