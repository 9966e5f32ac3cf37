"""Graph files as TensorFlow itself reads them; and what is no graph is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format
from hypothesis import given, settings
from hypothesis import strategies as st
from tfmigrate.errors import UserError
from tfmigrate.graph import (
    extract,
    find_frozen_weights,
    find_interface,
    find_training,
    find_variables,
    read_graph,
    roles_from_graph,
)
from tfmigrate.graph.files import protos

# Names, operations, inputs and a sum over each constant, by TensorFlow's own parser.
DESCRIBE = """
import os, sys, json
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
from tensorflow.core.framework import graph_pb2
from tensorflow.python.framework import tensor_util
out = {}
for path in sys.argv[1:]:
    data = open(path, "rb").read()
    if path.endswith("saved_model.pb"):
        graph = saved_model_pb2.SavedModel.FromString(data).meta_graphs[0].graph_def
    elif path.endswith(".meta"):
        graph = meta_graph_pb2.MetaGraphDef.FromString(data).graph_def
    else:
        graph = graph_pb2.GraphDef.FromString(data)
    nodes = []
    for node in graph.node:
        total = None
        if node.op == "Const" and node.attr["dtype"].type in (1, 2, 3, 9, 10):
            total = float(np.sum(tensor_util.MakeNdarray(node.attr["value"].tensor), dtype="f8"))
            total = total if np.isfinite(total) else None
        nodes.append([node.name, node.op, list(node.input), node.device, total])
    out[path] = nodes
print(json.dumps(out))
"""


@pytest.mark.xdist_group("tensorflow")
def test_every_real_graph_reads_as_tensorflow_reads_it(sources, tensorflow):
    patterns = ("*.meta", "frozen*.pb", "saved_model.pb")
    files = [file for pattern in patterns for file in sources.rglob(pattern)]
    assert len(files) >= 40
    for path, nodes in tensorflow(DESCRIBE, *map(str, files)).items():
        graph = read_graph(path)
        # A vocabulary among the assets is held in the graph: test_assets.py.
        filled = {n for n, op, *_ in nodes if op.startswith("InitializeTableFromTextFile")}
        held = {name for name in filled if graph.nodes[name].op == "InitializeTableV2"}
        made = {f"{name}/column_{index}" for name in held for index in (0, 1)}
        assert [name for name in graph.nodes if name not in made] == [n for n, *_ in nodes]
        for name, op, inputs, device, total in nodes:
            if name in held:
                continue
            node = graph.nodes[name]
            assert (node.op, node.device) == (op, device)
            data = [text for text in inputs if not text.startswith("^")]
            assert [tensor.removesuffix(":0") for tensor in node.inputs] == [
                text.removesuffix(":0") for text in data
            ]
            assert len(node.control_inputs) == len(inputs) - len(data)
            if total is not None:
                value = np.sum(node.attrs["value"], dtype="f8")
                np.testing.assert_allclose(value, total, rtol=1e-12)


def test_17_003_nodes_are_read_and_understood(shared):
    graph = read_graph(shared / "corpus" / "alfredholmes__shortterm_rnn" / "forcaster.meta")
    training = find_training(graph)
    found = find_interface(graph, training=training)
    assert len(graph.nodes) == 17_003
    assert found.outputs == ("Sigmoid:0",)
    assert training.optimizers[0].class_name == "Adam"


def test_text_and_binary_say_the_same(graph_files, tmp_path):
    data = (graph_files / "optimizer_adam.meta").read_bytes()
    meta = protos.MetaGraphDef.FromString(data)
    text = tmp_path / "graph.pbtxt"
    text.write_text(text_format.MessageToString(meta))
    binary, textual = read_graph(graph_files / "optimizer_adam.meta"), read_graph(text)
    assert list(binary.nodes) == list(textual.nodes)
    assert {n: dict(v.attrs).keys() for n, v in binary.nodes.items()} == {
        n: dict(v.attrs).keys() for n, v in textual.nodes.items()
    }
    assert binary.collections == textual.collections
    assert find_variables(binary) == find_variables(textual)


def test_a_saved_model_gives_the_graph_tagged_serve(graph_files, tmp_path):
    model = protos.SavedModel(saved_model_schema_version=1)
    for tag, case in (("train", "gan"), ("serve", "inference_only")):
        meta = protos.MetaGraphDef.FromString((graph_files / f"{case}.meta").read_bytes())
        meta.meta_info_def.tags.append(tag)
        model.meta_graphs.append(meta)
    (tmp_path / "saved_model.pb").write_bytes(model.SerializeToString())
    graph = read_graph(tmp_path)
    assert graph.tags == ("serve",)
    assert graph.meta_graphs == (("train",), ("serve",))
    assert "probabilities" in graph.nodes


def test_collections_savers_and_contexts_are_decoded(graph_of):
    graph = graph_of("while_and_cond")
    kinds = {key: {type(value).__name__ for value in values}
             for key, values in graph.collections.items()}  # fmt: skip
    assert kinds["variables"] == {"VariableDef"}
    assert kinds["cond_context"] == kinds["while_context"] == {"ControlContext"}
    assert graph.saver is not None
    assert (graph.saver.format, graph.tensorflow_version) == ("v2", "1.15.5")


def test_functions_become_graphs_between_arguments_and_results(graph_of):
    functions = graph_of("control_flow_v2").functions
    body = next(f for name, f in functions.items() if name.startswith("while_body"))
    product = body.graph.node(list(body.results.values())[3])
    assert (product.op, len(body.arguments), len(body.results)) == ("MatMul", 5, 5)


def node(name: str, op: str, *inputs: str) -> object:
    return protos.NodeDef(name=name, op=op, input=inputs)


@pytest.mark.parametrize(
    ("nodes", "complaint"),
    [
        ([node("a", "Const"), node("a", "Const")], "two operations of the graph are called 'a'"),
        ([node("a", "Relu", "b")], "has the input 'b:0', which does not exist"),
        ([node("a", "NoOp", "^b")], "has the input 'b', which does not exist"),
        ([node("a", "Relu", "b"), node("b", "Relu", "a")], "depend on each other in a cycle"),
        ([node("a", "Relu", "a")], "depend on each other in a cycle"),
        ([node("a", "Switch")], "expected 2 or more"),
        ([], "other content, cut short, or damaged"),
    ],
)  # fmt: skip
def test_what_is_no_graph_is_refused_in_one_line(tmp_path, nodes, complaint):
    path = tmp_path / "graph.pb"
    path.write_bytes(protos.GraphDef(node=nodes).SerializeToString() or b"\x12\x00")
    with pytest.raises(UserError, match=complaint) as caught:
        read_graph(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"hello", b"{}", b"PK\x03\x04" + bytes(100), b"\n" * 50])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "model.pb"
    path.write_bytes(content)
    with pytest.raises(UserError):
        read_graph(path)


@pytest.mark.parametrize("name", ["nothing.meta", "no\x00name", ""])
def test_a_path_without_a_file_is_refused(tmp_path, name):
    with pytest.raises(UserError):
        read_graph(tmp_path / name)


def test_a_loop_is_no_circle(graph_of):
    graph = graph_of("while_and_cond")
    assert sorted(graph.order) == sorted(graph.nodes)


def test_a_chain_of_a_hundred_thousand_operations_needs_no_recursion(tmp_path):
    nodes = [node("n0", "Placeholder")]
    nodes += [node(f"n{i}", "Relu", f"n{i - 1}") for i in range(1, 100_000)]
    path = tmp_path / "long.pb"
    path.write_bytes(protos.GraphDef(node=reversed(nodes)).SerializeToString())
    graph = read_graph(path)
    assert graph.order[0] == "n0"
    assert graph.order[-1] == "n99999"
    assert len(graph.ancestors(["n99999:0"])) == 100_000


FUZZ = settings(max_examples=150)


def refusal_of(path: Path) -> str:
    """Reads and understands all of a graph; the text of the UserError it ends in, if any."""
    try:
        graph = read_graph(path)
        for member in graph.nodes.values():
            for key in member.attrs:
                member.attrs[key]
        found = find_interface(graph)
        extract(graph, [entry.tensor for entry in found.inputs], found.outputs, found.fed)
        roles_from_graph(graph, [v.key for v in find_variables(graph).values()])
    except UserError as error:
        return str(error)
    return ""


@FUZZ
@given(data=st.data())
def test_damaged_files_are_read_or_refused(graph_files, tmp_path, data):
    """Whatever bytes are changed or cut, reading and understanding end in a result or UserError."""
    case = data.draw(st.sampled_from(["loss_softmax_losses", "while_and_cond", "partitioned"]))
    content = bytearray((graph_files / f"{case}.meta").read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    path = tmp_path / "damaged.meta"
    path.write_bytes(content)
    assert "\n" not in refusal_of(path)


@FUZZ
@given(data=st.data())
def test_rewired_graphs_are_understood_or_refused(graph_files, tmp_path, data):
    """Inputs swapped, dropped or retyped: a hostile graph is valid to protobuf."""
    case = data.draw(st.sampled_from(["optimizer_adam", "loss_huber", "schedule_cosine", "gan"]))
    meta = protos.MetaGraphDef.FromString((graph_files / f"{case}.meta").read_bytes())
    nodes = meta.graph_def.node
    for _ in range(data.draw(st.integers(1, 12))):
        target = nodes[data.draw(st.integers(0, len(nodes) - 1))]
        other = nodes[data.draw(st.integers(0, len(nodes) - 1))]
        change = data.draw(st.sampled_from(["op", "input", "drop", "attrs", "name"]))
        if change == "op":
            target.op = other.op
        elif change == "input" and target.input:
            target.input[0] = other.name
        elif change == "drop" and target.input:
            del target.input[data.draw(st.integers(0, len(target.input) - 1))]
        elif change == "attrs":
            target.ClearField("attr")
        elif change == "name":
            target.name = data.draw(st.sampled_from(['"; import os #', "a\nb", "[red]", "class"]))
    path = tmp_path / "rewired.meta"
    path.write_bytes(meta.SerializeToString())
    assert "\n" not in refusal_of(path)


READ_IN_WORKER = """
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from tfmigrate.worker.graphdef import read
print(json.dumps([node.name for node in read({"path": sys.argv[1], "tags": []}).node]))
"""


@pytest.mark.xdist_group("tensorflow")
def test_tensorflow_runs_what_was_judged(tensorflow, tmp_path):
    """Bytes that are a MetaGraphDef, and a GraphDef of more operations too."""
    judged = protos.MetaGraphDef()
    judged.graph_def.node.add(name="Pp", op="Placeholder")
    judged.graph_def.node.add(name="Pq", op="Relu", input=["Pp"])
    hidden = protos.GraphDef()
    for _ in range(5):
        hidden.node.add(name="a")
    path = tmp_path / "model.meta"
    path.write_bytes(judged.SerializeToString() + hidden.SerializeToString())
    assert list(read_graph(path).nodes) == ["Pp", "Pq"]
    assert tensorflow(READ_IN_WORKER, str(path)) == ["Pp", "Pq"]


@pytest.mark.parametrize("value", ["", "attr { key: 'value' value { } }"])
def test_a_constant_without_a_value_is_no_weight(tmp_path, value):
    """TensorFlow counts an attribute that is not set as missing."""
    text = f"""
    node {{ name: 'w' op: 'Const' attr {{ key: 'dtype' value {{ type: 1 }} }} {value} }}
    node {{ name: 'w/read' op: 'Identity' input: 'w' }}
    """
    (tmp_path / "x.pbtxt").write_text(text)
    graph = read_graph(tmp_path / "x.pbtxt")
    assert "value" not in graph.nodes["w"].attrs
    assert dict(graph.nodes["w"].attrs) == {"dtype": "float32"}
    assert find_frozen_weights(graph) == {}


def test_a_constant_whose_value_is_a_placeholder_is_refused(tmp_path):
    text = "node { name: 'w' op: 'Const' attr { key: 'value' value { placeholder: 'v' } } }"
    (tmp_path / "x.pbtxt").write_text(text)
    with pytest.raises(UserError, match="'value' of operation 'w' is a placeholder"):
        read_graph(tmp_path / "x.pbtxt")
