"""Inputs and outputs of small programs that TensorFlow 1.15 wrote, held against their case.json."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cases import CaseOf
from tfmigrate.graph import Interface, find_interface, find_training
from tfmigrate.graph.interface.outputs import OutputFinder
from tfmigrate.layers.planning import inference_part, make_plan
from tfmigrate.sources import open_source

# Where the loss of the program has no known form, or another network enters it.
ENDS = [
    "structure/phase_train_triplet",
    "train/crf_tagger",  # not a tensor of the recursion over labels
    "train/ctc_lstm",
    "train/ddpg",
    "train/fm_log_loss",
    "train/hard_examples",
    "train/keras_clipnorm",
    "train/keras_clipped_loss",  # neither 1 - p nor the clipped p
    "train/labels_in_graph",  # no percentage error
    "train/ppo",
    "train/towers_split",  # the rows of the whole batch
    "train/unread_optimizer",  # not the logarithm in the loss
    "train/wgan_clip",
]


def found(case_of: CaseOf, name: str) -> tuple[Interface, dict[str, list[str]]]:
    folder = case_of(name).folder
    source = open_source(folder / "model.ckpt")
    assert source.graph is not None
    interface = find_interface(source.graph, saved=source.recipes().keys())
    return interface, json.loads((folder / "case.json").read_text())


@pytest.mark.parametrize("name", ENDS)
def test_the_outputs_are_the_end_of_the_network(name: str, case_of: CaseOf) -> None:
    interface, told = found(case_of, name)
    assert list(interface.outputs) == told["outputs"]
    assert [given.tensor for given in interface.inputs] == told["inputs"]
    assert not interface.undecided


def test_several_heads_stay_several(case_of: CaseOf) -> None:
    interface, told = found(case_of, "train/two_heads")
    scopes = {tensor.rpartition("/")[0] for tensor in told["outputs"]}
    assert {tensor.rpartition("/")[0] for tensor in interface.outputs} == scopes


def test_a_state_that_is_given_back_stays_an_output(case_of: CaseOf) -> None:
    interface, told = found(case_of, "structure/streaming_lstm_state")
    assert list(interface.outputs) == told["outputs"]
    assert [given.tensor for given in interface.inputs] == told["inputs"]


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("structure/gpt_present", ["model/present:0"]),
        ("train/ddpg", ["Critic/eval/q/BiasAdd:0", "Critic/target/q/BiasAdd:0"]),
        ("train/ppo", ["ppo/old_pi/dense_1/BiasAdd:0", "ppo/strided_slice:0"]),
        ("train/wgan_clip", ["critic_1/d2/BiasAdd:0"]),
    ],
)
def test_one_line_names_what_is_left_out_and_how_to_have_it(
    name: str, left_out: list[str], case_of: CaseOf
) -> None:
    interface, _ = found(case_of, name)
    (line,) = [note for note in interface.notes if note.startswith("left out: ")]
    assert line.startswith(f"left out: {', '.join(left_out)}; --outputs ")
    asked = line.partition("--outputs ")[2].removesuffix(" selects all").split(",")
    assert asked == [*interface.outputs, *left_out]


def test_a_constant_in_the_place_of_data_is_the_input(case_of: CaseOf) -> None:
    interface, told = found(case_of, "structure/constant_input")
    assert [given.tensor for given in interface.inputs] == told["inputs"]


def test_the_components_of_an_iterator_are_the_inputs(case_of: CaseOf) -> None:
    interface, told = found(case_of, "train/estimator_iterator")
    assert [given.tensor for given in interface.inputs] == told["inputs"]


def test_a_small_part_of_the_network_is_doubted_first_of_all(case_of: CaseOf) -> None:
    source = open_source(case_of("goldens/resnet_block").folder / "model.ckpt")
    assert source.graph is not None
    saved = source.recipes().keys()
    whole = find_interface(source.graph, saved=saved)
    assert not whole.undecided
    finder = OutputFinder(source.graph, find_training(source.graph), saved)
    convolution = next(iter(source.graph.of("Conv2D")))
    doubt = finder.doubt([f"{convolution.name}:0"], [])
    assert f"depends on only 1 of the {len(finder.weights)} trained variables" in doubt
    plan = make_plan(source, replace(whole, undecided=doubt), inference_part(source, whole))
    assert (
        plan.warnings[0]
        == f"The outputs are uncertain: {doubt}. Check them, and select others with --outputs."
    )


def test_an_image_without_a_batch_keeps_its_height(case_of: CaseOf) -> None:
    source = open_source(case_of("structure/single_image_expand_dims").folder / "model.ckpt")
    assert source.graph is not None
    interface = find_interface(source.graph)
    plan = make_plan(source, interface, inference_part(source, interface))
    (given,) = plan.inputs
    assert (given.value.shape, given.batch) == ((40, 28, 3), None)
    assert plan.warnings[0].startswith("image:0 is a single example")
