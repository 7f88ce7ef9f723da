"""A graph is the nodes of an ONNX file that lead from its input to one output, and their constants.

Nothing else in the file is looked at: no other branch, no other file that it may point to.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.registry import near

OLDEST_OPSET = 7
"""Before it, operators broadcast by rules of their own."""

FIELDS = {"FLOAT": "float_data", "DOUBLE": "double_data", "INT64": "int64_data",
          "INT32": "int32_data", "BOOL": "int32_data"}  # fmt: skip
"""The types of tensors that are read, and where their numbers lie if not in `raw_data`."""


@dataclass(frozen=True)
class Graph:
    """The nodes in the order that they run in, and constant tensors by name."""

    nodes: list[Any]
    constants: dict[str, np.ndarray]
    input: str
    output: str
    opset: int
    model: Any  # an ONNX model of these nodes alone

    def attributes(self, node: Any) -> dict[str, Any]:
        """A node's settings by name."""
        from onnx import helper

        return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def label(node: Any) -> str:
    """The name that messages have for a node."""
    name = node.name or (list(node.output) or [""])[0]
    return f"node {name[:100]!r} ({ascii(node.op_type[:100])[1:-1]})"  # it may be any text


def read_graph(data: bytes, name: str, output: str | None, known: Collection[str]) -> Graph:
    """The graph of an ONNX file's bytes that leads to `output`, of operators in `known` alone.

    Raises
    ------
    ValueError
        If the file is damaged, or naming the first node that is not known.
    """
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError as error:
        raise ImportError("ONNX files need onnx: pip install 'pellucid[onnx]'") from error
    try:
        model = onnx.ModelProto.FromString(data)
    except DecodeError as error:
        raise ValueError(f"{name} is not an ONNX file, or is damaged: {error}") from error
    if not model.graph.node or not model.graph.output:
        raise ValueError(f"{name} is not an ONNX file, or is damaged: it has no nodes or outputs")
    _refuse_bytes(model, name)
    opset = _opset(model, name)
    wanted = _output(model, output, name)
    nodes, leaves = _leading_to(model, wanted, known)
    constants, tensors = {}, []
    for tensor in model.graph.initializer:
        if tensor.name in leaves:
            constants[tensor.name] = _array(tensor, f"tensor {tensor.name!r}")
            tensors.append(tensor)
    for node in nodes:
        if node.op_type == "Constant":
            constants[node.output[0]] = _constant(node)
    inputs = [i for i in model.graph.input if i.name in leaves and i.name not in constants]
    missing = sorted(leaves - set(constants) - {i.name for i in inputs})
    if missing:
        raise ValueError(f"{name} is damaged: nothing in it makes the tensor {missing[0]!r}")
    if len(inputs) != 1:
        names = ", ".join(repr(i.name) for i in inputs) or "none"
        raise ValueError(f"{name} has the inputs {names}: expected one, of rows of numbers")
    alone = _alone(nodes, tensors, inputs[0], wanted, opset)
    try:
        onnx.checker.check_model(alone)
    except (onnx.checker.ValidationError, ValueError) as error:
        first_line = str(error).strip().split("\n")[0]
        raise ValueError(f"{name} is damaged: {first_line}") from error
    return Graph(nodes, constants, inputs[0].name, wanted, opset, alone)


def _refuse_bytes(model: Any, name: str) -> None:
    """Raise ValueError if a name is no text, which is given as bytes."""
    graph = model.graph
    texts = [t for node in graph.node for t in (*node.input, *node.output, node.name, node.op_type)]
    texts += [part.name for part in (*graph.initializer, *graph.input, *graph.output)]
    texts += [part.domain for part in (*graph.node, *model.functions, *model.opset_import)]
    texts += [function.name for function in model.functions]
    texts += [attribute.name for node in graph.node for attribute in node.attribute]
    if any(isinstance(text, bytes) for text in texts):
        raise ValueError(f"{name} is damaged: a name in it is no text")


def _opset(model: Any, name: str) -> int:
    from onnx.defs import onnx_opset_version

    versions = [o.version for o in model.opset_import if o.domain in ("", "ai.onnx")]
    if len(versions) != 1:
        raise ValueError(f"{name} names no version of ONNX's operators: it is damaged")
    newest = onnx_opset_version()
    if not OLDEST_OPSET <= versions[0] <= newest:
        raise ValueError(
            f"{name} has opset {versions[0]}, and {OLDEST_OPSET} to {newest} are read: upgrade "
            "onnx, or see onnx.version_converter"
        )
    return int(versions[0])


def _output(model: Any, output: str | None, name: str) -> str:
    """The tensor asked for, or the one output that is of floats."""
    made = [tensor for node in model.graph.node for tensor in node.output if tensor]
    if output is not None:
        if output not in made:
            raise ValueError(f"{name} has no tensor {output!r}: {near(output, made)}")
        return output
    floats = [o.name for o in model.graph.output if o.type.tensor_type.elem_type in (1, 11)]
    if len(floats) != 1:
        names = ", ".join(repr(o.name) for o in model.graph.output)
        raise ValueError(
            f"{name} has {len(floats)} outputs of floats, among {names}: name the tensor that is "
            "the network's answer with output="
        )
    if floats[0] not in made:
        raise ValueError(f"{name} is damaged: no node makes its output {floats[0]!r}")
    return str(floats[0])


def _leading_to(model: Any, output: str, known: Collection[str]) -> tuple[list[Any], set[str]]:
    """The nodes that `output` depends on, in the file's order, and the tensors no node makes."""
    own = {(f.domain, f.name) for f in model.functions}
    maker: dict[str, int] = {}
    for i, node in enumerate(model.graph.node):
        for tensor in node.output:
            if tensor:
                maker[tensor] = i
    needed, leaves, waiting = set(), set(), [output]
    seen = {output}
    while waiting:
        tensor = waiting.pop()
        if tensor not in maker:
            leaves.add(tensor)
            continue
        needed.add(maker[tensor])
        for before in model.graph.node[maker[tensor]].input:
            if before and before not in seen:
                seen.add(before)
                waiting.append(before)
    nodes = [model.graph.node[i] for i in sorted(needed)]
    for node in nodes:
        if node.domain not in ("", "ai.onnx") or (node.domain, node.op_type) in own:
            raise ValueError(
                f"{label(node)}: its domain is {node.domain!r}, or the file's own; pellucid reads "
                "ONNX's own operators"
            )
        if node.op_type not in known:
            raise ValueError(
                f"{label(node)}: pellucid has dense layers and activations; of ONNX's operators "
                f"it takes {', '.join(known)}. If an earlier tensor is the network's answer, name "
                "it with output="
            )
        if any(a.HasField("g") or a.graphs or a.ref_attr_name for a in node.attribute):
            raise ValueError(f"{label(node)}: it is damaged, or holds a graph of its own")
    return nodes, leaves


def _array(tensor: Any, name: str) -> np.ndarray:
    """The numbers of a tensor, held against what is there before anything is made of them."""
    from onnx import TensorProto, helper, numpy_helper

    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        raise ValueError(
            f"{name}: its numbers are in another file; save the model with them inside "
            "(onnx.save(onnx.load(path), path))"
        )
    types = {number: kind for kind, number in TensorProto.DataType.items()}
    kind = types.get(tensor.data_type, str(tensor.data_type))
    if kind not in FIELDS:
        raise ValueError(f"{name}: its numbers are {kind}; expected FLOAT or DOUBLE")
    size = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type)).itemsize
    held = len(tensor.raw_data) / size or len(getattr(tensor, FIELDS[kind]))
    if any(n < 0 for n in tensor.dims) or math.prod(tensor.dims) != held:
        shape = " x ".join(map(str, tensor.dims)) or "one"
        raise ValueError(f"{name} is damaged: it should hold {shape} numbers and holds {held:g}")
    return np.asarray(numpy_helper.to_array(tensor))


def _constant(node: Any) -> np.ndarray:
    from onnx import helper

    if len(node.attribute) != 1:
        raise ValueError(f"{label(node)} is damaged: expected one value")
    (attribute,) = node.attribute
    if attribute.name == "value":
        return _array(attribute.t, label(node))
    kinds = {"value_float": np.float32, "value_floats": np.float32, "value_int": np.int64,
             "value_ints": np.int64}  # fmt: skip
    if attribute.name not in kinds:
        raise ValueError(f"{label(node)}: it holds no numbers but {attribute.name!r}")
    return np.array(helper.get_attribute_value(attribute), kinds[attribute.name])


def _alone(nodes: list[Any], tensors: list[Any], given: Any, output: str, opset: int) -> Any:
    """An ONNX model of some nodes, that takes rows of any number."""
    from onnx import TensorProto, helper

    opsets = [helper.make_opsetid("", opset)]
    kind = given.type.tensor_type.elem_type
    floats = [t.data_type for t in tensors if t.data_type == TensorProto.DOUBLE]
    made = TensorProto.DOUBLE if floats else TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info(given.name, kind, [None, None])],
        [helper.make_tensor_value_info(output, made, [None, None])],
        tensors,
    )
    oldest = max(4, helper.find_min_ir_version_for(opsets))  # 4: constants need not be inputs
    return helper.make_model(graph, opset_imports=opsets, ir_version=oldest)
