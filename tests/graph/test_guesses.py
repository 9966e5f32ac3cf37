"""Inputs and outputs as a person would say them, of programs that TensorFlow 1.15 wrote.

``data/guesses.tar.xz`` holds the graphs of some cases of ``tests/tf115``, without their weights.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from tfmigrate.graph import find_interface, find_training, read_graph


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("guesses")
    with tarfile.open(Path(__file__).with_name("data") / "guesses.tar.xz") as packed:
        packed.extractall(made, filter="data")
    return made


@pytest.mark.parametrize(
    "name",
    [
        "actor_critic_two_outputs",  # the advantage is learned, but not where it is multiplied
        "dilated_conv1d",  # a last residual sum that nothing goes on with is no output
        "gru_state_placeholder",  # what the state that is fed becomes is one
        "siamese_shared",  # the distance that the program names, not the sum below its root
        "train_two_optimizers",
    ],
)
def test_outputs_are_those_that_a_person_would_name(name: str, folder: Path) -> None:
    told = json.loads((folder / name / "case.json").read_text())
    interface = find_interface(read_graph(folder / name / "model.ckpt.meta"))
    assert list(interface.outputs) == told["outputs"]
    assert [given.tensor for given in interface.inputs] == told["inputs"]


def test_what_was_left_out_is_told(folder: Path) -> None:
    interface = find_interface(read_graph(folder / "dilated_conv1d" / "model.ckpt.meta"))
    why = {candidate.tensor: candidate.why for candidate in interface.considered}
    assert why["block_4/add:0"] == "a sum within the network that no other op uses"


def test_two_optimizers_of_one_loss_share_its_output(folder: Path) -> None:
    graph = read_graph(folder / "train_two_optimizers" / "model.ckpt.meta")
    first, second = find_training(graph).trainers
    assert first.loss is not None
    assert second.loss is not None
    assert first.loss.tensor == second.loss.tensor
    assert not set(first.optimizer.variables) & set(second.optimizer.variables)
