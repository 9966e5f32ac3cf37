"""What a stranger's graph must not do is refused, in every version TensorFlow registers."""

from __future__ import annotations

import re

import numpy as np
import pytest
from tfmigrate.errors import UserError
from tfmigrate.graph import Graph, Node, forbidden_operations
from tfmigrate.graph.dtypes import FunctionName
from tfmigrate.graph.files.safety import refusal
from tfmigrate.graph.interface.interface import find_interface
from tfmigrate.graph.interface.running import refuse_forbidden
from tfmigrate.graph.nodes import Function

REGISTERED = """
import os, json
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow
from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session
data = pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList())
print(json.dumps([op.name for op in op_def_pb2.OpList.FromString(data).op]))
"""

# Every registered operation whose name speaks of the world outside must be refused or be here.
SUSPICIOUS = re.compile(r"File|Writ|PyFunc|Rpc|Restore|Send|Recv|Remote|Dump|Sql|LMDB|CSV|Server")
HARMLESS = re.compile(
    r"TensorArrayWrite.*|ReaderRestoreState.*|Sharded.*|RewriteDataset|DecodeCSV|"
    r"DeleteRpcFutureResource|FilterDataset|ParallelFilterDataset"
)


@pytest.mark.xdist_group("tensorflow")
def test_every_registered_operation_that_reaches_outside_is_refused(tensorflow):
    names = tensorflow(REGISTERED)
    assert len(names) > 1500
    open_questions = [
        name
        for name in names
        if SUSPICIOUS.search(name) and refusal(name) is None and not HARMLESS.fullmatch(name)
    ]
    assert open_questions == []
    refused = [name for name in names if refusal(name) is not None]
    assert len(refused) < len(names) / 5


@pytest.mark.parametrize(
    "op",
    ["MatMul", "Conv2D", "VariableV2", "While", "RandomUniform", "TensorArrayWriteV3", "Snapshot",
     "ReadVariableOp", "CropAndResize", "ParseExample", "DecodeJpeg", "LookupTableFindV2",
     "FusedBatchNormV3", "BatchDataset", "StatefulPartitionedCall", "CudnnRNN"],
)  # fmt: skip
def test_what_computes_is_allowed(op):
    assert refusal(op) is None


@pytest.mark.parametrize(
    "op",
    ["ReadFile", "WriteFile", "LoadDataset", "EncodeProto", "LoadAndRemapMatrix", "TryRpc", "Save",
     "EagerPyFunc", "RemoteCall", "SqlDataset", "PrintV2"],
)  # fmt: skip
def test_later_versions_of_what_is_refused_are_too(op):
    later = op.removesuffix("V2")
    assert refusal(op)
    assert refusal(f"{later}V3") == refusal(f"{later}V13") == refusal(op)


def test_files_and_python_are_named(graph_of, expected):
    graph = graph_of("reads_files")
    found = forbidden_operations(graph)
    assert [item.op for item in found] == expected["reads_files"]["forbidden"]
    interface = find_interface(graph, [], [f"{item.node}:0" for item in found])
    told = r"PyFunc \(runs Python\), ReadFile \(reads files\).*--trust"
    with pytest.raises(UserError, match=told):
        refuse_forbidden(graph, interface)


def test_library_functions_are_entered_once():
    body = Graph({"w": Node("w", "WriteFile")})
    call = Node("call", "PartitionedCall", attrs={"f": FunctionName("body")})
    again = Node("again", "PartitionedCall", attrs={"f": FunctionName("body")})
    library = {"body": Function("body", (), {}, body)}
    graph = Graph({"call": call, "again": again}, functions=library)
    assert [item.node for item in forbidden_operations(graph)] == ["body/w"]


@pytest.mark.parametrize(("name", "refused"), [(b"", False), (b"/etc/x", True)])
def test_a_dataset_cache_is_refused_where_it_names_a_file(name, refused):
    value = np.array(name, object)
    graph = Graph({
        "name": Node("name", "Const", attrs={"value": value, "dtype": "string"}),
        "cache": Node("cache", "CacheDataset", ("data:0", "name:0")),
    })  # fmt: skip
    assert bool(forbidden_operations(graph)) is refused


def test_a_sampler_is_refused_where_it_names_a_file():
    for file, refused in (("", False), ("/etc/passwd", True)):
        node = Node("s", "FixedUnigramCandidateSampler", attrs={"vocab_file": file})
        assert bool(forbidden_operations(Graph({"s": node}))) is refused
