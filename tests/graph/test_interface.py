"""Inputs, outputs and feeds found without hints; the inference part between them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tfmigrate.errors import UserError
from tfmigrate.graph import Graph, extract, find_interface, find_variables, read_graph
from tfmigrate.sources import open_source

from .conftest import EXPECTED


def listed(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def golden_graph(folder: Path) -> Graph:
    names = ("model.ckpt.meta", "frozen.pb", "saved_model")
    return read_graph(next(folder / name for name in names if (folder / name).exists()))


def test_every_golden_needs_no_hint(goldens):
    seen = 0
    for case in sorted(goldens.glob("*/case.json")):
        told = json.loads(case.read_text())
        if "outputs" not in told:
            continue
        found = find_interface(golden_graph(case.parent))
        assert [entry.tensor for entry in found.inputs] == told["inputs"], case
        assert list(found.outputs) == told["outputs"], case
        assert told.get("inference_feed", {}).items() <= dict(found.fed).items(), case
        assert list(found.labels) == told.get("labels", []), case
        seen += 1
    assert seen == 21


@pytest.mark.parametrize("case", [n for n, told in EXPECTED.items() if "output" in told])
def test_inputs_and_outputs_are_those_a_person_would_name(graph_of, case):
    told = EXPECTED[case]
    found = find_interface(graph_of(case))
    assert [entry.tensor for entry in found.inputs] == listed(told["input"])
    assert list(found.outputs) == listed(told["output"])
    assert told.get("fed", {}).items() <= dict(found.fed).items()
    if case.startswith("interface_"):
        assert sorted(found.labels) == told["labels"]


def test_of_a_gan_the_generator_is_taken_and_both_are_listed(graph_of):
    found = find_interface(graph_of("gan"))
    assert [network.name for network in found.networks] == ["discriminator", "generator"]
    assert found.outputs == ("generator/d2/Tanh:0",)
    assert [entry.tensor for entry in found.inputs] == ["z:0"]
    assert "generator is converted" in found.notes[0]


def test_the_checkpoint_decides_between_networks(graph_of):
    graph = graph_of("gan")
    saved = [name for name in find_variables(graph) if name.startswith("discriminator")]
    assert find_interface(graph, saved=saved).outputs == ("discriminator/d2/BiasAdd:0",)


def test_what_is_asked_for_is_taken(graph_of):
    graph = graph_of("optimizer_adam")
    found = find_interface(graph, ["net/hidden/Relu"], ["net/head/MatMul"])
    assert (found.how, found.outputs) == ("asked", ("net/head/MatMul:0",))
    part = extract(graph, [entry.tensor for entry in found.inputs], found.outputs)
    assert [node.op for node in part.graph.nodes.values()] == [
        "Placeholder", "VariableV2", "MatMul",
    ]  # fmt: skip
    assert found.inputs[0].shape == (None, 4)


@pytest.mark.parametrize("names", [{"outputs": ["nothing:0"]}, {"inputs": ["nothing"]}])
def test_a_tensor_that_is_not_there_is_named(graph_of, names):
    with pytest.raises(UserError, match="no tensor or operation 'nothing"):
        find_interface(graph_of("optimizer_adam"), **names)


@pytest.mark.parametrize(
    ("names", "near"),
    [
        ({"outputs": ["net/hed/MatMul"]}, "net/head/MatMul:0"),
        ({"inputs": ["net/hidden/Relo:0"]}, "net/hidden/Relu:0"),
    ],
)
def test_a_tensor_that_was_mistyped_is_suggested(graph_of, names, near):
    with pytest.raises(UserError, match=f"; try {near}$"):
        find_interface(graph_of("optimizer_adam"), **names)


def test_a_feed_that_was_mistyped_is_suggested(graph_of):
    graph = graph_of("loss_squared")
    with pytest.raises(UserError, match=r"no tensor or operation 'Man:0'; try Mean:0$"):
        extract(graph, ["x", "y"], ["Mean"], {"Man": 1.0})


def test_an_output_that_needs_more_than_the_inputs_says_what(graph_of):
    with pytest.raises(UserError, match="'y:0', which is neither an input nor fed"):
        extract(graph_of("loss_squared"), ["x"], ["Mean"])


def test_conds_constants_and_identities_are_gone(graph_of):
    graph = graph_of("ema_and_batch_norm")
    found = find_interface(graph)
    part = extract(graph, [entry.tensor for entry in found.inputs], found.outputs, found.fed)
    operations = {node.op for node in part.graph.nodes.values()}
    assert not operations & {
        "Switch",
        "Merge",
        "Identity",
        "RandomUniform",
        "PlaceholderWithDefault",
    }
    assert all(not node.control_inputs for node in part.graph.nodes.values())
    assert list(part.graph.nodes) == list(part.graph.order)
    dropout = part.resolved["dropout/cond/Merge"]
    assert dropout.predicate == "is_training:0"
    assert "RandomUniform" in {n.op for n in graph.ancestors([dropout.other]).values()}


def test_a_while_loop_stays_whole_and_is_described(graph_of):
    part = extract(graph_of("while_and_cond"), ["x"], ["out"], {"flag": True})
    (loop,) = part.loops.values()
    assert [variable.exit is not None for variable in loop.variables] == [False, True]
    assert loop.invariants == {"while/MatMul/Enter:0": "w:0"}
    assert loop.variables[1].initial == part.sources.get("cond/Merge:0", "cond/mul:0")
    assert {"while/MatMul", "while/add"} <= loop.body_nodes
    assert loop.predicate == "while/Less:0"
    assert part.sources["out:0"] == "while/Exit_1:0"


@pytest.mark.parametrize(("flag", "op"), [(True, "Mul"), (False, "AddV2")])
def test_a_functional_conditional_becomes_the_side_that_runs(graph_of, flag, op):
    part = extract(graph_of("control_flow_v2"), ["x"], ["out"], {"flag": flag})
    operations = [node.op for node in part.graph.nodes.values()]
    assert op in operations
    assert {"While", "StatelessWhile"} & set(operations)
    assert not {"If", "StatelessIf"} & set(operations)


def test_parts_of_a_variable_know_their_place_in_the_checkpoint(graph_of, expected):
    told = expected["partitioned"]
    variables = find_variables(graph_of("partitioned"))
    assert [[v.name, list(v.slice.offset), list(v.slice.shape)] for v in variables.values()] == (
        told["parts"]
    )
    assert {(v.key, v.slice.full_shape) for v in variables.values()} == {
        (told["full"], tuple(told["shape"]))
    }


def test_a_keep_probability_that_only_a_loops_body_uses_is_fed(shared):
    graph = read_graph(shared / "corpus" / "skully-coder__COVID-19_TLSTM" / "model" / ".meta")
    found = find_interface(graph)
    assert found.fed == {"Placeholder_3:0": 1.0}
    assert [i.tensor for i in found.inputs] == ["Placeholder:0", "Placeholder_2:0"]


def test_a_feature_of_parsed_examples_is_an_input(shared: Path) -> None:
    """y = a * x + b, where x comes out of ParseExample and nothing else is fed."""
    folder = shared / "corpus/tensorflow__serving/testdata/half_plus_two/00000123"
    source = open_source(folder / "export-00000-of-00001")
    assert source.graph is not None
    interface = find_interface(source.graph, saved=source.recipes().keys())
    assert [given.tensor for given in interface.inputs] == ["ParseExample/ParseExample:0"]
    assert interface.networks[0].variables == ("a", "b")
