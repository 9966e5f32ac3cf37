"""What opening and calling a SavedModel may not run; what every SavedModel has is no such thing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tfmigrate.errors import UserError
from tfmigrate.graph.files import protos
from tfmigrate.graph.files.reading import read_saved_model
from tfmigrate.graph.files.saved_model import forbidden_in_saved_model


def refused(model, folder: Path) -> list[str]:
    (folder / "saved_model.pb").write_bytes(model.SerializeToString())
    (meta,) = read_saved_model(folder)
    return [item.op for item in forbidden_in_saved_model(meta)]


def function(model, name: str, *ops: str) -> None:
    made = model.meta_graphs[0].graph_def.library.function.add()
    made.signature.name = name
    for op in ops:
        made.node_def.add(name=f"{name}_{op}", op=op)


def modern(*named: str):
    """Of TensorFlow 2: functions to call, to save and to restore; objects name some of them."""
    model = protos.SavedModel(saved_model_schema_version=1)
    meta = model.meta_graphs.add()
    function(model, "called", "Relu")
    function(model, "saving", "SaveV2", "MergeV2Checkpoints")
    function(model, "restoring", "RestoreV2")
    for index, name in enumerate(("called", "saving", "restoring")):
        node = meta.graph_def.node.add(name=f"StatefulPartitionedCall_{index}")
        node.op = "StatefulPartitionedCall"
        node.attr["f"].func.name = name
    named = "".join(("called", *named)).encode()
    meta.object_graph_def.ParseFromString(b"\x12" + bytes([len(named)]) + named)
    return model


def old():
    """Of TensorFlow 1: a network, and a Saver beside it."""
    model = protos.SavedModel(saved_model_schema_version=1)
    meta = model.meta_graphs.add()
    for name, op, inputs in (
        ("x", "Placeholder", []), ("y", "Relu", ["x"]), ("save/Const", "Const", []),
        ("save/SaveV2", "SaveV2", ["save/Const"]),
        ("save/Identity", "Identity", ["save/Const", "^save/SaveV2"]),
        ("save/RestoreV2", "RestoreV2", ["save/Const"]),
        ("save/restore_all", "NoOp", ["^save/RestoreV2"]), ("init", "NoOp", []),
    ):  # fmt: skip
        meta.graph_def.node.add(name=name, op=op, input=inputs)
    meta.saver_def.save_tensor_name = "save/Identity:0"
    meta.saver_def.restore_op_name = "save/restore_all"
    meta.signature_def["serving_default"].outputs["y"].name = "y:0"
    meta.collection_def["saved_model_main_op"].node_list.value.append("init")
    return model


@pytest.mark.parametrize("build", [modern, old])
def test_what_every_saved_model_has_is_no_offense(build, tmp_path):
    assert refused(build(), tmp_path) == []


@pytest.mark.parametrize("build", [modern, old])
def test_a_library_function_counts_even_where_nothing_calls_it(build, tmp_path):
    model = build()
    function(model, "idle", "ReadFile")
    assert refused(model, tmp_path) == ["ReadFile"]
    model = build()
    model.meta_graphs[0].graph_def.node.add(name="aside", op="PyFunc")
    assert refused(model, tmp_path) == ["PyFunc"]


@pytest.mark.parametrize(
    ("name", "ops"), [("saving", ["MergeV2Checkpoints", "SaveV2"]), ("restoring", ["RestoreV2"])]
)
def test_an_object_that_runs_the_saver_is_an_offense(name, ops, tmp_path):
    assert sorted(refused(modern(name), tmp_path)) == ops


@pytest.mark.parametrize("way", ["signature", "initializer", "restoring", "variable", "sparse"])
def test_what_else_runs_the_saver_of_old_is_an_offense(way, tmp_path):
    model = old()
    (meta,) = model.meta_graphs
    if way == "signature":
        meta.signature_def["other"].outputs["z"].name = "save/Identity:0"
    elif way == "initializer":
        meta.graph_def.node[7].input.append("^save/SaveV2")
    elif way == "restoring":
        meta.graph_def.node[6].input.append("^save/SaveV2")
    elif way == "variable":
        held = protos.VariableDef(variable_name="x:0", initial_value_name="save/Identity:0")
        listed = meta.collection_def["variables"].bytes_list.value
        listed.append(held.SerializeToString())
    else:
        sparse = meta.signature_def["other"].outputs["z"].coo_sparse
        sparse.values_tensor_name = "save/Identity:0"
    assert "SaveV2" in refused(model, tmp_path)


def test_it_is_read_as_tensorflow_reads_it(tmp_path):
    with pytest.raises(UserError, match=r"saved_model\.pb cannot be read"):
        read_saved_model(tmp_path)
    (tmp_path / "saved_model.pb").write_text("saved_model_schema_version: 1")
    with pytest.raises(UserError, match="is not a SavedModel"):
        read_saved_model(tmp_path)
    model = modern()
    function(model, "called", "ReadFile")  # the second of this name
    assert refused(model, tmp_path) == ["ReadFile"]
