"""Shapes: the batch is one, everything else must be static, and the rest is inferred."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from onnx import helper

from kernels.base import OnnxNode
from rtlgen.frontend.model import QONNX, Model, Shape, holds_graphs
from rtlgen.frontend.reading import NEWEST
from sim.errors import ShapeError

_OPAQUE = "control"
"""A domain of which ONNX knows nothing."""
_SMALL = 1024
"""Constants up to this size are given to the inference by value: shapes may depend on them."""


def static_inputs(graph: onnx.GraphProto) -> dict[str, Shape]:
    """The shapes of the data inputs, with a batch (axis 0, and what has its name) of one."""
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    firsts = [value.type.tensor_type.shape.dim[:1] for value in inputs]
    batch = {dim.dim_param for dims in firsts for dim in dims} - {""}
    return {value.name: _static(value, batch) for value in inputs}


def infer(model: Model) -> Model:
    """Infer the shape and element type of every value, as far as they are known yet."""
    try:
        proto = onnx.shape_inference.infer_shapes(skeleton(model), strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        raise misfit(model, str(error)) from error
    shapes: dict[str, Shape] = {**model.inputs}
    shapes |= {name: value.shape for name, value in model.constants.items()}
    dtypes = {**model.dtypes, **{name: value.dtype for name, value in model.constants.items()}}
    for value in (*proto.graph.value_info, *proto.graph.output):
        tensor = value.type.tensor_type
        if tensor.elem_type:
            dtypes[value.name] = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        if tensor.HasField("shape") and all(d.HasField("dim_value") for d in tensor.shape.dim):
            shapes[value.name] = tuple(d.dim_value for d in tensor.shape.dim)
    return replace(model, shapes=shapes, dtypes=dtypes)


def skeleton(model: Model) -> onnx.ModelProto:
    """The model as ONNX in the newest opset; QONNX nodes are Identity, large constants inputs.

    Nothing is inferred of what holds a graph, nor, in earnest, of what comes after it.
    """
    small = {n: v for n, v in model.constants.items() if v.size <= _SMALL}
    large = {n: v.shape for n, v in model.constants.items() if v.size > _SMALL}
    dtypes = {**model.dtypes, **{name: value.dtype for name, value in model.constants.items()}}
    inputs = [_value_info(n, dtypes[n], s) for n, s in {**model.inputs, **large}.items()]
    # every output of a node is an output of the graph: so inference reports all of them
    outputs = [onnx.ValueInfoProto(name=n) for node in model.nodes for n in node.outputs if n]
    tensors = [onnx.numpy_helper.from_array(value, name) for name, value in small.items()]
    nodes = [_stand_in(node) for node in model.nodes]
    domains = {"", *(node.domain for node in nodes)}
    imports = [helper.make_opsetid(d, 1 if d else NEWEST) for d in sorted(domains)]
    graph = helper.make_graph(nodes, "skeleton", inputs, outputs, tensors)
    return helper.make_model(graph, opset_imports=imports)


def to_proto(node: OnnxNode) -> onnx.NodeProto:
    """The node as ONNX in its newest form."""
    proto = helper.make_node(node.op_type, node.inputs, node.outputs, node.name, domain=node.domain)
    for name, value in node.attributes.items():
        given = onnx.numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
        kind = _attribute_types(node).get(name) if given == () else None
        proto.attribute.append(helper.make_attribute(name, given, attr_type=kind))
    return proto


def misfit(model: Model, report: str) -> ShapeError:
    """The first error of the report by its node: those after it are its consequences."""
    found = re.search(r"\(op_type:(\w+), node name: (.*?)\): (?:\[\w+\] )?(.*)", report)
    where, what = f"model {model.name!r}", " ".join(report.split())
    if found:
        op_type, name, what = found.groups()
        what = f"{op_type} does not fit its inputs: {what}"
        where = f"node {name!r}"
    return ShapeError(f"{where}: {what}; check the shapes in the model")


def _static(value: onnx.ValueInfoProto, batch: set[str]) -> Shape:
    shape = []
    for axis, dim in enumerate(value.type.tensor_type.shape.dim):
        if dim.dim_value > 0:
            shape.append(dim.dim_value)
        elif axis == 0 or dim.dim_param in batch:
            shape.append(1)
        else:
            called = f" (named {dim.dim_param!r})" if dim.dim_param else ""
            raise ShapeError(
                f"input {value.name!r}: axis {axis}{called} is dynamic, but hardware has a fixed "
                f"size and only axis 0, the batch, may be open; export the network with a size "
                f"for it, or set it by onnx.tools.update_model_dims.update_inputs_outputs_dims"
            )
    return tuple(shape)


def _value_info(name: str, dtype: np.dtype[Any], shape: Shape) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtype), shape)


def _stand_in(node: OnnxNode) -> onnx.NodeProto:
    """Quantizers keep the shape and the element type of their first input.

    So does a GroupNormalization, of which ONNX infers nothing since opset 21.
    """
    if node.domain == QONNX or (node.domain, node.op_type) == ("", "GroupNormalization"):
        return helper.make_node("Identity", node.inputs[:1], node.outputs[:1], node.name)
    if holds_graphs(node):
        return helper.make_node(node.op_type, node.inputs, node.outputs, node.name, domain=_OPAQUE)
    return to_proto(node)


def _attribute_types(node: OnnxNode) -> Mapping[str, int]:
    if node.domain:
        return dict.fromkeys(node.attributes, onnx.AttributeProto.INTS)
    schema = onnx.defs.get_schema(node.op_type, NEWEST, "")
    types = {name: attribute.type for name, attribute in schema.attributes.items()}
    return {name: kind.value for name, kind in types.items()}  # type: ignore[attr-defined]  # an enum
