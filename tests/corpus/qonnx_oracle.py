"""What a QONNX model computes by qonnx's own code: every value, in single or double precision."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.custom_op.general import bipolar_quant
from qonnx.custom_op.general.intquant import IntQuant, int_quant
from qonnx.transformation.change_batchsize import ChangeBatchSize
from qonnx.transformation.fold_constants import FoldConstants
from qonnx.transformation.general import RemoveStaticGraphInputs
from qonnx.transformation.infer_shapes import InferShapes

QUANTIZERS = ("Quant", "BipolarQuant")
SINGLE = "qonnx.custom_op.general"
DOUBLE = __name__
"""qonnx finds operators in the module that the domain of a node names: here, in this one."""


class Quant(IntQuant):
    """qonnx's own, without the rounding of its result to single precision."""

    def execute_node(self, context: Any, graph: Any) -> None:
        arguments = [context[name] for name in self.onnx_node.input]
        modes = [self.get_nodeattr(name) for name in ("signed", "narrow", "rounding_mode")]
        context[self.onnx_node.output[0]] = int_quant(*arguments, *modes)


class BipolarQuant(bipolar_quant.BipolarQuant):
    """qonnx's own, as it is."""


class Conv(Quant):
    """ONNX's reference, for onnxruntime has none in double precision."""

    def execute_node(self, context: Any, graph: Any) -> None:
        node = onnx.NodeProto()
        node.CopyFrom(self.onnx_node)
        node.domain = ""
        feeds = {name: context[name] for name in node.input}
        infos = [helper.make_tensor_value_info(n, TensorProto.DOUBLE, None) for n in feeds]
        results = [helper.make_tensor_value_info(node.output[0], TensorProto.DOUBLE, None)]
        one = helper.make_model(helper.make_graph([node], "one", infos, results))
        (context[node.output[0]],) = ReferenceEvaluator(one).run(None, feeds)


class Resize(Conv):
    """Likewise, on scales in double precision."""


def execute(
    path: Path, x: Any, dtype: type[np.floating[Any]], known: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Every value by its name in the file, for all samples at once: axis 0 of ``x``.

    The parameters are those of the file in both precisions; in double, only what is computed
    with them is rounded less. Values that are ``known`` are taken as they are.
    """
    model = _batched(path, len(x))
    for node in [n for n in model.graph.node if n.output[0] in (known or {})]:
        model.graph.node.remove(node)
        model.set_initializer(node.output[0], known[node.output[0]].astype(dtype))
    (source,) = model.graph.input
    shape = model.get_tensor_shape(source.name)
    if dtype is np.float64:
        _to_double(model.model)
    return execute_onnx(model, {source.name: np.asarray(x, dtype).reshape(shape)}, True)


def _batched(path: Path, samples: int) -> ModelWrapper:
    proto = onnx.load(path)
    for node in proto.graph.node:
        if node.op_type in QUANTIZERS:
            node.domain = SINGLE
    model = ModelWrapper(proto).transform(RemoveStaticGraphInputs())
    for transformation in (ChangeBatchSize(samples), InferShapes(), FoldConstants()):
        model = model.transform(transformation)
    return model


def _to_double(proto: onnx.ModelProto) -> None:
    graph = proto.graph
    for info in (*graph.input, *graph.output, *graph.value_info):
        if info.type.tensor_type.elem_type == TensorProto.FLOAT:
            info.type.tensor_type.elem_type = TensorProto.DOUBLE
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            wide = numpy_helper.to_array(tensor).astype(np.float64)
            tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))
    for node in graph.node:
        if node.op_type in (*QUANTIZERS, "Conv", "Resize"):
            node.domain = DOUBLE
