"""The protocol-buffer messages a TensorFlow 1 graph is stored in, declared without TensorFlow.

Field numbers are those of tensorflow/core/framework/{graph,node_def,attr_value,tensor,
tensor_shape,types,function,op_def,versions,variable}.proto and
tensorflow/core/protobuf/{meta_graph,saved_model,saver,control_flow}.proto. They live in a pool of
their own, so a process that also imports TensorFlow sees no conflict. Fields that no one here
reads are left out: protobuf keeps or skips unknown ones.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from ..dtypes import DATA_TYPES

_ENUMS = {
    "DataType": DATA_TYPES | {f"{k}_REF": v + 100 for k, v in DATA_TYPES.items() if v},
    "CheckpointFormatVersion": {"LEGACY": 0, "V1": 1, "V2": 2},
}

# "name number type", with `*` after the type for repeated and `map` before it for map<string, …>;
# `|` after the number marks a member of the message's one oneof.
_MESSAGES = {
    "Any": "type_url 1 string, value 2 bytes",
    "Dim": "size 1 int64, name 2 string",
    "TensorShapeProto": "dim 2 Dim*, unknown_rank 3 bool",
    "TensorProto": (
        "dtype 1 DataType, tensor_shape 2 TensorShapeProto, version_number 3 int32,"
        "tensor_content 4 bytes, float_val 5 float*, double_val 6 double*, int_val 7 int32*,"
        "string_val 8 bytes*, scomplex_val 9 float*, int64_val 10 int64*, bool_val 11 bool*,"
        "dcomplex_val 12 double*, half_val 13 int32*, uint32_val 16 uint32*, uint64_val 17 uint64*"
    ),
    "ListValue": (
        "s 2 bytes*, i 3 int64*, f 4 float*, b 5 bool*, type 6 DataType*,"
        "shape 7 TensorShapeProto*, tensor 8 TensorProto*, func 9 NameAttrList*"
    ),
    "AttrValue": (
        "list 1| ListValue, s 2| bytes, i 3| int64, f 4| float, b 5| bool, type 6| DataType,"
        "shape 7| TensorShapeProto, tensor 8| TensorProto, placeholder 9| string,"
        "func 10| NameAttrList"
    ),
    "NameAttrList": "name 1 string, attr 2 map AttrValue",
    "NodeDef": "name 1 string, op 2 string, input 3 string*, device 4 string, attr 5 map AttrValue",
    "VersionDef": "producer 1 int32, min_consumer 2 int32, bad_consumers 3 int32*",
    "ArgDef": (
        "name 1 string, description 2 string, type 3 DataType, type_attr 4 string,"
        "number_attr 5 string, type_list_attr 6 string, is_ref 16 bool"
    ),
    "OpDef": "name 1 string, input_arg 2 ArgDef*, output_arg 3 ArgDef*, is_stateful 17 bool",
    "OpList": "op 1 OpDef*",
    "FunctionDef": (
        "signature 1 OpDef, node_def 3 NodeDef*, ret 4 map string, attr 5 map AttrValue,"
        "control_ret 6 map string"
    ),
    "GradientDef": "function_name 1 string, gradient_func 2 string",
    "FunctionDefLibrary": "function 1 FunctionDef*, gradient 2 GradientDef*",
    "GraphDef": (
        "node 1 NodeDef*, library 2 FunctionDefLibrary, version 3 int32, versions 4 VersionDef"
    ),
    "SaverDef": (
        "filename_tensor_name 1 string, save_tensor_name 2 string, restore_op_name 3 string,"
        "max_to_keep 4 int32, sharded 5 bool, keep_checkpoint_every_n_hours 6 float,"
        "version 7 CheckpointFormatVersion"
    ),
    "NodeList": "value 1 string*",
    "BytesList": "value 1 bytes*",
    "Int64List": "value 1 int64*",
    "FloatList": "value 1 float*",
    "AnyList": "value 1 Any*",
    "CollectionDef": (
        "node_list 1| NodeList, bytes_list 2| BytesList, int64_list 3| Int64List,"
        "float_list 4| FloatList, any_list 5| AnyList"
    ),
    "CooSparse": (
        "values_tensor_name 1 string, indices_tensor_name 2 string,dense_shape_tensor_name 3 string"
    ),
    "TensorInfo": (
        "name 1| string, coo_sparse 4| CooSparse, dtype 2 DataType, tensor_shape 3 TensorShapeProto"
    ),
    "SignatureDef": "inputs 1 map TensorInfo, outputs 2 map TensorInfo, method_name 3 string",
    "AssetFileDef": "tensor_info 1 TensorInfo, filename 2 string",
    "MetaInfoDef": (
        "meta_graph_version 1 string, stripped_op_list 2 OpList, any_info 3 Any, tags 4 string*,"
        "tensorflow_version 5 string, tensorflow_git_version 6 string,"
        "stripped_default_attrs 7 bool"
    ),
    "MetaGraphDef": (
        "meta_info_def 1 MetaInfoDef, graph_def 2 GraphDef, saver_def 3 SaverDef,"
        "collection_def 4 map CollectionDef, signature_def 5 map SignatureDef,"
        "asset_file_def 6 AssetFileDef*, object_graph_def 7 SavedObjectGraph"
    ),
    "SavedObjectGraph": "",
    "SavedModel": "saved_model_schema_version 1 int64, meta_graphs 2 MetaGraphDef*",
    "SaveSliceInfoDef": "full_name 1 string, full_shape 2 int64*, var_offset 3 int64*,"
    "var_shape 4 int64*",
    "VariableDef": (
        "variable_name 1 string, initializer_name 2 string, snapshot_name 3 string,"
        "save_slice_info_def 4 SaveSliceInfoDef, is_resource 5 bool, initial_value_name 6 string,"
        "trainable 7 bool, synchronization 8 int32, aggregation 9 int32"
    ),
    "ValuesDef": "values 1 string*, external_values 2 map string",
    "CondContextDef": (
        "context_name 1 string, pred_name 2 string, pivot_name 3 string, branch 4 int32,"
        "values_def 5 ValuesDef"
    ),
    "WhileContextDef": (
        "context_name 1 string, parallel_iterations 2 int32, back_prop 3 bool, swap_memory 4 bool,"
        "pivot_name 5 string, pivot_for_pred_name 6 string, pivot_for_body_name 7 string,"
        "loop_exit_names 8 string*, values_def 9 ValuesDef, loop_enter_names 10 string*"
    ),
}

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "string": _Field.TYPE_STRING,
    "bytes": _Field.TYPE_BYTES,
    "bool": _Field.TYPE_BOOL,
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
    "uint32": _Field.TYPE_UINT32,
    "uint64": _Field.TYPE_UINT64,
    "float": _Field.TYPE_FLOAT,
    "double": _Field.TYPE_DOUBLE,
}
_PACKAGE = "tensorflow"


def _set_type(field: descriptor_pb2.FieldDescriptorProto, kind: str) -> None:
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type = _Field.TYPE_ENUM if kind in _ENUMS else _Field.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{kind}"


def _add_map_entry(message: descriptor_pb2.DescriptorProto, field_name: str, kind: str) -> str:
    entry_name = "".join(part.capitalize() for part in field_name.split("_")) + "Entry"
    entry = message.nested_type.add(name=entry_name)
    entry.options.map_entry = True
    for number, (name, part) in enumerate((("key", "string"), ("value", kind)), start=1):
        field = entry.field.add(name=name, number=number, label=_Field.LABEL_OPTIONAL)
        _set_type(field, part)
    return f".{_PACKAGE}.{message.name}.{entry_name}"


def _build() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="tfmigrate/graph.proto", package=_PACKAGE, syntax="proto3"
    )
    for enum_name, values in _ENUMS.items():
        enum = file.enum_type.add(name=enum_name)
        for name, number in values.items():
            enum.value.add(name=name, number=number)
    for message_name, declaration in _MESSAGES.items():
        message = file.message_type.add(name=message_name)
        if "|" in declaration:
            message.oneof_decl.add(name="kind")
        for text in filter(None, (part.strip() for part in declaration.split(","))):
            name, place, kind = text.split(" ", 2)
            field = message.field.add(name=name, number=int(place.rstrip("|")))
            field.label = _Field.LABEL_OPTIONAL
            if place.endswith("|"):
                field.oneof_index = 0
            if kind.startswith("map "):
                field.label = _Field.LABEL_REPEATED
                field.type = _Field.TYPE_MESSAGE
                field.type_name = _add_map_entry(message, name, kind.removeprefix("map "))
            else:
                if kind.endswith("*"):
                    field.label = _Field.LABEL_REPEATED
                _set_type(field, kind.rstrip("*"))
    return file


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_build())


def _message_class(name: str) -> Any:
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


NodeDef = _message_class("NodeDef")
GraphDef = _message_class("GraphDef")
MetaGraphDef = _message_class("MetaGraphDef")
SavedModel = _message_class("SavedModel")
AssetFileDef = _message_class("AssetFileDef")
TensorProto = _message_class("TensorProto")
VariableDef = _message_class("VariableDef")
SaverDef = _message_class("SaverDef")
CondContextDef = _message_class("CondContextDef")
WhileContextDef = _message_class("WhileContextDef")
