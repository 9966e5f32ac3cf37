"""What a stranger's graph must not run is refused wherever the GraphDef holds it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from tfmigrate.errors import UserError
from tfmigrate.graph import forbidden_operations, prune, refuse_forbidden
from tfmigrate.graph.files import protos
from tfmigrate.graph.files.cutting import drop_defaults
from tfmigrate.graph.files.operations import COMPUTES, DRAWS, KEEPS_STATE, REFUSED
from tfmigrate.graph.files.safety import refusal

REGISTERED = """
import os, json
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow
from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session
data = pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList())
ops = op_def_pb2.OpList.FromString(data).op
print(json.dumps({op.name: op.is_stateful for op in ops}))
"""
CLASSES = [COMPUTES, KEEPS_STATE, DRAWS, *REFUSED.values()]

# Operations with state in TensorFlow's registry that only compute: they check or print what they
# are given, run functions, whose bodies are judged, or are kept from constant folding.
STATELESS = {
    "BoostedTreesExampleDebugOutputs", "Case", "CheckNumerics", "CheckNumericsV2", "CudnnRNN",
    "CudnnRNNBackprop", "CudnnRNNBackpropV2", "CudnnRNNBackpropV3", "CudnnRNNV2", "CudnnRNNV3",
    "DeviceIndex", "Empty", "GraphDefVersion", "GuaranteeConst", "If", "IsTensorFloat32Enabled",
    "RiscWhile", "StatefulPartitionedCall", "StatelessRandomGetAlg", "While",
}  # fmt: skip


@pytest.mark.xdist_group("tensorflow")
def test_every_registered_operation_has_a_class(tensorflow):
    registered = tensorflow(REGISTERED)
    assert len(registered) > 1500
    known = frozenset().union(*CLASSES)
    assert sorted(registered.keys() - known) == []
    with_state = {name for name, stateful in registered.items() if stateful}
    assert (COMPUTES & with_state) - STATELESS == set()


def test_no_operation_has_two_classes():
    count = Counter(name for names in CLASSES for name in names)
    assert [name for name, times in count.items() if times > 1] == []


@pytest.mark.parametrize(
    "op",
    ["MatMul", "Conv2D", "VariableV2", "While", "RandomUniform", "TensorArrayWriteV3", "Snapshot",
     "ReadVariableOp", "CropAndResize", "ParseExample", "DecodeJpeg", "LookupTableFindV2",
     "FusedBatchNormV3", "BatchDataset", "StatefulPartitionedCall", "CudnnRNN"],
)  # fmt: skip
def test_what_computes_may_run(op):
    assert refusal(op) is None


@pytest.mark.parametrize(
    ("op", "why"),
    [("PyFunc", "runs Python"), ("EagerPyFunc", "runs Python"), ("ReadFile", "reads files"),
     ("Skipgram", "reads files"), ("RestoreV2", "reads files"), ("WriteFile", "writes files"),
     ("SaveV2", "writes files"), ("RemoteCall", "accesses the network"),
     ("DeserializeIterator", "runs native code"), ("Abort", "ends the process"),
     ("XlaCallModule", "runs native code"), ("TPUReplicate", "is not on the list"),
     ("ReadFileV9", "is not on the list")],
)  # fmt: skip
def test_what_does_more_is_refused_and_so_is_what_nobody_knows(op, why):
    assert str(refusal(op)).startswith(why)


def graph(*nodes: tuple[str, str, list[str]]) -> Any:
    made = protos.GraphDef()
    for name, op, inputs in nodes:
        made.node.add(name=name, op=op, input=inputs)
    return made


def function(definition: Any, name: str, *ops: str) -> Any:
    made = definition.library.function.add()
    made.signature.name = name
    for op in ops:
        made.node_def.add(name=f"n{op}", op=op)
    return made


def test_files_and_python_are_found_in_a_graph_of_tensorflow(graph_files, expected):
    meta = protos.MetaGraphDef.FromString((graph_files / "reads_files.meta").read_bytes())
    prune(meta.graph_def, ["out:0"])
    found = [item.op for item in forbidden_operations(meta.graph_def)]
    assert found == expected["reads_files"]["forbidden"]


NETWORK = (("x", "Placeholder", []), ("y", "Relu", ["x"]))


def test_the_message_names_every_operation_once():
    reading = graph(*NETWORK, ("f", "ReadFile", []), ("g", "ReadFile", []), ("p", "PyFunc", []))
    told = r"the graph contains .*: PyFunc \(runs Python\), ReadFile \(reads files\)"
    with pytest.raises(UserError, match=told) as caught:
        refuse_forbidden("the graph", reading)
    assert "--trust" in str(caught.value.try_)


def by_call(definition: Any) -> None:
    definition.node.add(name="c", op="body", input=["x"])


def by_attribute(definition: Any) -> None:
    definition.node.add(name="c", op="PartitionedCall").attr["f"].func.name = "body"


def by_list(definition: Any) -> None:
    definition.node.add(name="c", op="Case").attr["branches"].list.func.add(name="body")


def by_nested_attribute(definition: Any) -> None:
    node = definition.node.add(name="c", op="MapDataset")
    node.attr["f"].func.attr["inner"].func.name = "body"


def by_text(definition: Any) -> None:
    definition.node.add(name="c", op="Relu").attr["_forward_function_name"].s = b"body"


def by_gradient(definition: Any) -> None:
    definition.node.add(name="c", op="between", input=["x"])
    function(definition, "between", "Relu")
    definition.library.gradient.add(function_name="between", gradient_func="body")


def by_another_function(definition: Any) -> None:
    definition.node.add(name="c", op="between", input=["x"])
    function(definition, "between", "body")


def by_an_attribute_of_a_function(definition: Any) -> None:
    definition.node.add(name="c", op="between", input=["x"])
    function(definition, "between", "Relu").attr["api_implements"].s = b"body"


@pytest.mark.parametrize(
    "reach",
    [by_call, by_attribute, by_list, by_nested_attribute, by_text, by_gradient,
     by_another_function, by_an_attribute_of_a_function],
)  # fmt: skip
def test_a_function_is_judged_however_it_is_reached(reach):
    definition = graph(*NETWORK)
    function(definition, "body", "WriteFile")
    prune(definition, ["y:0"])
    assert list(definition.library.function) == []  # nothing calls it
    assert forbidden_operations(definition) == []
    definition = graph(*NETWORK)
    function(definition, "body", "WriteFile")
    reach(definition)
    prune(definition, ["c"])
    found = [item for item in forbidden_operations(definition) if item.op == "WriteFile"]
    assert [item.node for item in found] == ["body/nWriteFile"]


def test_what_the_outputs_do_not_need_does_not_count():
    definition = graph(*NETWORK, ("aside", "WriteFile", []), ("z", "Relu", ["y", "^aside"]))
    prune(definition, ["y:0"])
    assert forbidden_operations(definition) == []
    definition = graph(*NETWORK, ("aside", "WriteFile", []), ("z", "Relu", ["y", "^aside"]))
    prune(definition, ["z:0"])
    assert [item.op for item in forbidden_operations(definition)] == ["WriteFile"]


@pytest.mark.parametrize("given", [["x:0"], ["x"], []])
def test_the_default_of_a_placeholder_counts_where_it_is_not_given(given):
    nodes = (("file", "ReadFile", []), ("x", "PlaceholderWithDefault", ["file"]))
    definition = graph(*nodes, ("y", "Relu", ["x"]))
    drop_defaults(definition, given)
    prune(definition, ["y:0"])
    assert [node.op for node in definition.node if node.name == "x"] == [
        "Placeholder" if given else "PlaceholderWithDefault"
    ]
    assert [item.op for item in forbidden_operations(definition)] == ([] if given else ["ReadFile"])


@pytest.mark.parametrize(("name", "refused"), [(b"", False), (b"/etc/x", True)])
def test_a_dataset_cache_is_refused_where_it_names_a_file(name, refused):
    for stored in ("string_val", "tensor_content"):
        definition = graph(("name", "Const", []), ("cache", "CacheDataset", ["data", "name"]))
        tensor = definition.node[0].attr["value"].tensor
        if stored == "string_val":
            tensor.string_val.append(name)
        else:
            tensor.tensor_content = name
        assert bool(forbidden_operations(definition)) is refused
    unknown = graph(("name", "Placeholder", []), ("cache", "CacheDataset", ["data", "name"]))
    assert forbidden_operations(unknown)


@pytest.mark.parametrize(
    ("op", "key", "harmless", "harmful"),
    [("FixedUnigramCandidateSampler", "vocab_file", b"", b"/etc/passwd"),
     ("PrintV2", "output_stream", b"stderr", b"file://log")],
)  # fmt: skip
def test_an_attribute_decides_where_a_file_is_named_by_it(op, key, harmless, harmful):
    for value, refused in ((harmless, False), (harmful, True)):
        definition = graph(("n", op, []))
        definition.node[0].attr[key].s = value
        assert bool(forbidden_operations(definition)) is refused
    assert forbidden_operations(graph(("n", op, []))) == []
