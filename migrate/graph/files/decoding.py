"""A MetaGraph or GraphDef message → :class:`Graph`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from google.protobuf.message import DecodeError

from ...errors import UserError, printable
from ..dtypes import dtype_name
from ..nodes import (
    ControlContext,
    Function,
    Graph,
    Node,
    Saver,
    SaveSlice,
    Signature,
    TensorInfo,
    VariableDef,
)
from . import protos
from .tensors import Attrs, decode_shape

META_GRAPH_FIELDS = (
    "meta_info_def",
    "graph_def",
    "saver_def",
    "collection_def",
    "signature_def",
    "asset_file_def",
)


def decode_graph(meta: Any) -> Graph:
    """A MetaGraphDef as a graph, its library of functions with it.

    Raises:
        UserError: the message contradicts itself.
    """
    definition = meta.graph_def
    nodes = _nodes(definition.node, _normalized)
    op_defs = {op.name: op for op in meta.meta_info_def.stripped_op_list.op}
    functions = {}
    for function in definition.library.function:
        decoded = _function(function, op_defs)
        if decoded.name in functions:
            raise UserError(
                f"two functions of the graph are called {printable(decoded.name)!r}",
                expected="a graph that TensorFlow wrote",
            )
        functions[decoded.name] = decoded
    graph = Graph(
        nodes=nodes,
        tensorflow_version=meta.meta_info_def.tensorflow_version or None,
        producer=definition.versions.producer or definition.version,
        # Protobuf maps come in any order; a run must not differ from the next.
        collections={
            key: _collection(key, meta.collection_def[key]) for key in sorted(meta.collection_def)
        },
        signatures={key: _signature(meta.signature_def[key]) for key in sorted(meta.signature_def)},
        functions=functions,
        saver=_saver(meta.saver_def) if meta.HasField("saver_def") else None,
        tags=tuple(meta.meta_info_def.tags),
        objects=meta.object_graph_def.SerializeToString()
        if meta.HasField("object_graph_def")
        else None,
    )
    _validate(graph)
    return graph


# What understanding a graph relies on; TensorFlow would refuse anything else when it loads it.
_ATTR_KINDS = {
    "dtype": "type",
    "SrcT": "type",
    "DstT": "type",
    "out_type": "type",
    "shape": "shape",
}


def _check_attr(definition: Any, key: str, kind: str, *, in_function: bool) -> None:
    if key in definition.attr:
        found = definition.attr[key].WhichOneof("kind")
        if found not in (kind, None) and not (in_function and found == "placeholder"):
            raise UserError(
                f"attribute {key!r} of operation {printable(definition.name)!r} is a {found}",
                expected=f"a {kind}",
            )


def _nodes(
    definitions: Iterable[Any], normalize: Callable[[str], str], *, in_function: bool = False
) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    for definition in definitions:
        name = definition.name
        if name in nodes:
            raise UserError(
                f"two operations of the graph are called {printable(name)!r}",
                expected="a graph that TensorFlow wrote",
            )
        if ":" in name or name.startswith("^"):  # it would stand for another operation's tensor
            raise UserError(
                f"{printable(name)!r} is not a valid name of an operation",
                expected="a graph that TensorFlow wrote",
            )
        inputs, control = [], []
        for text in definition.input:
            if text.startswith("^"):
                control.append(text[1:])
            else:
                inputs.append(normalize(text))
        for key, kind in _ATTR_KINDS.items():
            _check_attr(definition, key, kind, in_function=in_function)
        if definition.op == "Const":
            _check_attr(definition, "value", "tensor", in_function=in_function)
        nodes[name] = Node(
            name, definition.op, tuple(inputs), tuple(control), definition.device,
            Attrs(definition.attr),
        )  # fmt: skip
    return nodes


def _normalized(text: str) -> str:
    return text if text.rpartition(":")[2].isdigit() and ":" in text else f"{text}:0"


# Inputs that operations have at least, where understanding a graph relies on it.
_FEWEST_INPUTS = {
    op: count
    for count, ops in {
        1: "Identity StopGradient Enter RefEnter Exit NextIteration LoopCond Merge ReadVariableOp"
        " Cast Shape Softmax Mean Sum Fill ArgMax Reshape Neg Sqrt",
        2: "Switch RefSwitch MatMul BiasAdd Assign AssignAdd AssignSub AssignVariableOp"
        " AssignAddVariableOp AssignSubVariableOp Sub Mul RealDiv",
        3: "ScatterAdd ScatterSub ResourceScatterAdd ResourceScatterSub",
    }.items()
    for op in ops.split()
}


def _validate(graph: Graph) -> None:
    for node in graph.nodes.values():
        fewest = _FEWEST_INPUTS.get(node.op, 0)
        if len(node.inputs) < fewest:
            raise UserError(
                f"operation {printable(node.name)!r} ({node.op}) has {len(node.inputs)} inputs",
                expected=f"{fewest} or more",
            )
        for tensor in node.inputs:
            if tensor.rpartition(":")[0] not in graph.nodes:
                raise _missing(node, tensor)
        for name in node.control_inputs:
            if name not in graph.nodes:
                raise _missing(node, name)
    _ = graph.order  # refuses circles


def _missing(node: Node, wanted: str) -> UserError:
    return UserError(
        (
            f"operation {printable(node.name)!r} has the input {printable(wanted)!r}, which "
            "does not exist"
        ),
        expected="a complete graph",
    )


# Outputs of operations that have several and may be named inside functions, where the file
# brings no definitions (tensorflow/core/ops/*.cc).
_OUTPUTS = {
    "Switch": ("output_false", "output_true"),
    "Merge": ("output", "value_index"),
    "FusedBatchNorm": ("y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2"),
    "TopKV2": ("values", "indices"),
    "Unique": ("y", "idx"),
    "SoftmaxCrossEntropyWithLogits": ("loss", "backprop"),
    "SparseSoftmaxCrossEntropyWithLogits": ("loss", "backprop"),
    "Moments": ("mean", "variance"),
    "TensorListPopBack": ("output_handle", "tensor"),
    "TensorArrayV3": ("handle", "flow"),
    "LSTMBlockCell": ("i", "cs", "f", "o", "ci", "co", "h"),
}
_OUTPUTS |= {
    f"FusedBatchNorm{suffix}": (*_OUTPUTS["FusedBatchNorm"], "reserve_space_3")
    for suffix in ("V2", "V3")
}


def _function(definition: Any, op_defs: Mapping[str, Any]) -> Function:
    arguments = [
        (arg.name, arg.type_attr or dtype_name(arg.type)) for arg in definition.signature.input_arg
    ]
    by_name = {node.name: node for node in definition.node_def}

    def normalize(text: str) -> str:
        # Inside functions an output is "node:output_name:index", and an argument just its name.
        parts = text.split(":")
        if len(parts) == 1:
            return f"{text}:0"
        node = by_name.get(parts[0])
        index = int(parts[2]) if len(parts) > 2 and parts[2].isdigit() else 0
        if node is None or parts[1].isdigit():
            return _normalized(text)
        return f"{parts[0]}:{_first_output(node, parts[1], op_defs) + index}"

    nodes = {
        name: Node(name, "_Arg", attrs={"T": kind, "index": index})
        for index, (name, kind) in enumerate(arguments)
    }
    nodes |= _nodes(definition.node_def, normalize, in_function=True)
    results = {
        arg.name: normalize(definition.ret[arg.name])
        for arg in definition.signature.output_arg
        if arg.name in definition.ret
    }
    graph = Graph(nodes=nodes)
    _validate(graph)
    return Function(definition.signature.name, tuple(arguments), results, graph)


def _first_output(node: Any, output: str, op_defs: Mapping[str, Any]) -> int:
    """The number of a named output's first tensor."""
    if node.op in op_defs:
        start = 0
        for arg in op_defs[node.op].output_arg:
            if arg.name == output:
                return start
            start += _output_count(node, arg)
        return 0
    names = _OUTPUTS.get(node.op, ())
    return names.index(output) if output in names else 0


def _output_count(node: Any, arg: Any) -> int:
    if arg.number_attr and arg.number_attr in node.attr:
        return int(node.attr[arg.number_attr].i)
    if arg.type_list_attr and arg.type_list_attr in node.attr:
        return len(node.attr[arg.type_list_attr].list.type)
    return 1


def _signature(definition: Any) -> Signature:
    def tensors(infos: Mapping[str, Any]) -> dict[str, TensorInfo]:
        return {
            key: TensorInfo(
                _normalized(info.name) if info.WhichOneof("kind") == "name" else None,
                dtype_name(info.dtype),
                decode_shape(info.tensor_shape),
            )
            for key, info in sorted(infos.items())
        }

    return Signature(
        tensors(definition.inputs), tensors(definition.outputs), definition.method_name
    )


def _saver(definition: Any) -> Saver:
    return Saver(
        filename=definition.filename_tensor_name,
        save=definition.save_tensor_name,
        restore=definition.restore_op_name,
        format={0: "legacy", 1: "v1", 2: "v2"}.get(definition.version, str(definition.version)),
        sharded=definition.sharded,
    )


def _variable(definition: Any) -> VariableDef:
    part = definition.save_slice_info_def if definition.HasField("save_slice_info_def") else None
    return VariableDef(
        variable=definition.variable_name,
        initializer=definition.initializer_name,
        snapshot=definition.snapshot_name,
        initial_value=definition.initial_value_name,
        slice=None
        if part is None
        else SaveSlice(
            part.full_name, tuple(part.full_shape), tuple(part.var_offset), tuple(part.var_shape)
        ),
        is_resource=definition.is_resource,
        trainable=definition.trainable,
    )


def _cond_context(definition: Any) -> ControlContext:
    return ControlContext(
        "cond", definition.context_name, definition.pred_name, definition.pivot_name,
        definition.branch, tuple(definition.values_def.values),
        dict(definition.values_def.external_values),
    )  # fmt: skip


def _while_context(definition: Any) -> ControlContext:
    return ControlContext(
        "while", definition.context_name, definition.pivot_name, definition.pivot_for_body_name,
        None, tuple(definition.values_def.values), dict(definition.values_def.external_values),
    )  # fmt: skip


_VARIABLES = (protos.VariableDef, _variable)


_VARIABLE_COLLECTIONS = (
    "variables", "trainable_variables", "model_variables", "local_variables", "metric_variables",
    "moving_average_variables", "global_step", "concatenated_variables", "trainable_resource",
)  # fmt: skip


def _collection(key: str, definition: Any) -> list[Any]:
    kind = definition.WhichOneof("kind")
    if kind is None:
        return []
    if kind != "bytes_list":
        return list(getattr(definition, kind).value)
    values = list(definition.bytes_list.value)
    default = _VARIABLES if key in _VARIABLE_COLLECTIONS else None
    reader = _BYTES_COLLECTIONS.get(key, default)
    if reader is None:
        return values
    message_class, decode = reader
    try:
        return [decode(message_class.FromString(value)) for value in values]
    except DecodeError:
        return values


_BYTES_COLLECTIONS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "savers": (protos.SaverDef, _saver),
    "cond_context": (protos.CondContextDef, _cond_context),
    "while_context": (protos.WhileContextDef, _while_context),
}
