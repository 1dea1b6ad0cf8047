"""Run a normalized model by code that nobody here wrote: ``onnxruntime`` and ``qonnx``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper
from qonnx.custom_op.general.bipolar_quant import BipolarQuant
from qonnx.custom_op.general.multithreshold import multithreshold
from qonnx.custom_op.general.quant import quant

from kernels.base import OnnxNode
from rtlgen.frontend import Model
from rtlgen.frontend.shapes import to_proto

OPSET = 21
"""The newest that onnxruntime is sure to have; what is newer in the nodes has its default."""

REPOSITORY = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("RTLGEN_CORPUS", REPOSITORY.parent / "shared" / "corpus"))


def run(model: Model, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs, computed in the number types that the model was written in."""
    values = {name: v.astype(model.dtypes[name]) for name, v in model.constants.items()}
    values |= {name: np.asarray(value) for name, value in inputs.items()}
    for node in model.nodes:
        arguments = [values[name] if name else None for name in node.inputs]
        results = _standard(node, arguments) if not node.domain else _qonnx(node, arguments)
        for name, value in zip(node.outputs, results, strict=False):
            if name in model.shapes:
                assert np.shape(value) == model.shapes[name], name
            values[name] = value
    return {name: values[name] for name in model.outputs}


def form(model: Model) -> list[Any]:
    """What is left of the nodes when constants have no names, and nodes neither."""
    return [
        (
            node.op_type,
            dict(node.attributes),
            [_shown(model, name) for name in node.inputs],
            node.outputs,
            node.opset,
        )
        for node in model.nodes
    ]


def _shown(model: Model, name: str) -> Any:
    value = model.constants.get(name)
    return name if value is None else (str(value.dtype), value.tolist())


def _standard(node: OnnxNode, arguments: list[Any]) -> list[Any]:
    names = [f"i{i}" if a is not None else "" for i, a in enumerate(arguments)]
    feeds = {n: a for n, a in zip(names, arguments, strict=True) if n}
    infos = [
        helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
        for n, a in feeds.items()
    ]
    known = onnx.defs.get_schema(node.op_type, OPSET, "").attributes
    attributes = {name: value for name, value in node.attributes.items() if name in known}
    proto = to_proto(replace(node, attributes=attributes, inputs=tuple(names)))
    outputs = [onnx.ValueInfoProto(name=name) for name in node.outputs if name]
    graph = helper.make_graph([proto], "one", infos, outputs)
    imports = [helper.make_opsetid("", OPSET)]
    one = helper.make_model(graph, opset_imports=imports, ir_version=10)
    return onnxruntime.InferenceSession(one.SerializeToString()).run(None, feeds)


def _qonnx(node: OnnxNode, arguments: list[Any]) -> list[Any]:
    match node.op_type:
        case "Quant":
            a = node.attributes
            result = quant(*arguments, a["signed"], a["narrow"], a["rounding_mode"])
        case "BipolarQuant":
            context = dict(zip(node.inputs, arguments, strict=True))
            BipolarQuant(to_proto(node)).execute_node(context, None)
            result = context[node.outputs[0]]
        case "MultiThreshold":
            a = node.attributes
            assert a["axis"] + np.ndim(arguments[0]) == 1
            result = multithreshold(*arguments, a["out_scale"], a["out_bias"])
    return [np.asarray(result, np.float32)]
