"""Definitions of the operators that nobody here wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from enum import Enum
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from kernels.base import OnnxNode, Operator

Oracle = Callable[[Operator, list[Any]], list[Any]]
"""What an operator makes of arrays of floats."""

OPSET = 22


def reference(op: Operator, values: Sequence[Any]) -> list[Any]:
    """ONNX's own reference, in float64."""
    return ReferenceEvaluator(model(op, values)).run(None, _named(values))


def newest(op: Operator, values: Sequence[Any]) -> list[Any]:
    """ONNX's own reference, for attributes that are newer than what ONNX Runtime knows."""
    opset = onnx.defs.onnx_opset_version()
    return ReferenceEvaluator(model(op, values, opset)).run(None, _named(values))


def runtime(op: Operator, values: Sequence[Any]) -> list[Any]:
    """ONNX Runtime, in float32: for the settings that the reference gets wrong."""
    single = [np.asarray(v, np.float32) for v in values]
    assert all((s == v).all() for s, v in zip(single, values, strict=True)), "too wide for float32"
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    proto = model(op, single).SerializeToString()
    session = onnxruntime.InferenceSession(proto, options, providers=["CPUExecutionProvider"])
    return session.run(None, _named(single))


def model(op: Operator, values: Sequence[Any], opset: int = OPSET) -> onnx.ModelProto:
    """One node: the operator's fields as attributes and its parameters as initializers."""
    attributes, parameters = _settings(op)
    dtype = np.asarray(values[0]).dtype
    kind = helper.np_dtype_to_tensor_dtype(dtype)
    names, constants = list(_named(values)), []
    for position, (name, value) in sorted(parameters.items()):
        names += [""] * (position - len(names))
        names.insert(position, name)
        array = np.asarray(value, None if np.size(value) else np.int64)
        floating = array.dtype.kind == "f"
        constants.append(numpy_helper.from_array(array.astype(dtype) if floating else array, name))
    results = [f"y{i}" for i in range(_results(op))]
    graph = helper.make_graph(
        [helper.make_node(op.onnx[0], names, results, name="node", **attributes)],
        "graph",
        [helper.make_tensor_value_info(n, kind, v.shape) for n, v in _named(values).items()],
        [helper.make_tensor_value_info(name, kind, None) for name in results],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def node_of(proto: onnx.ModelProto) -> OnnxNode:
    """The node of a model of one node, with its defaults filled in."""
    (node,) = proto.graph.node
    schema = onnx.defs.get_schema(node.op_type, OPSET)
    given = {a.name: a for a in node.attribute}
    defaults = {n: a.default_value for n, a in schema.attributes.items() if a.default_value.name}
    return OnnxNode(
        node.name,
        node.op_type,
        tuple(node.input),
        tuple(node.output),
        {n: helper.get_attribute_value(a) for n, a in {**defaults, **given}.items()},
        {c.name: numpy_helper.to_array(c) for c in proto.graph.initializer},
    )


def _settings(op: Operator) -> tuple[dict[str, Any], dict[int, tuple[str, Any]]]:
    """What differs from the defaults: attributes by name, parameters by position."""
    attributes: dict[str, Any] = {}
    parameters: dict[int, tuple[str, Any]] = {}
    for f in fields(op):  # type: ignore[arg-type]  # every operator is a dataclass
        value = getattr(op, f.name)
        if f.default is MISSING or value != f.default:
            if f.name in op.parameters:
                parameters[op.parameters[f.name]] = (f.name, value)
            else:
                attributes[f.name] = value.value if isinstance(value, Enum) else value
    return attributes, parameters


def _named(values: Sequence[Any]) -> dict[str, Any]:
    return {f"x{i}": value for i, value in enumerate(values)}


def _results(op: Operator) -> int:
    split = getattr(op, "split", None)
    return len(split) if split else getattr(op, "num_outputs", None) or 1
