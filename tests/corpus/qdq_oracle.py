"""What a QDQ model computes: all values, by onnxruntime in single, by the reference in double."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

Values = dict[str, Any]
SUMS = ("Add", "AveragePool", "Conv", "Gemm")
OPSET = 21
"""For the reference, which has none older; nothing that these models use has changed."""


@dataclass(frozen=True)
class Oracle:
    """A model of one input, whose batch (axis 0) may be of any size."""

    path: Path

    @cached_property
    def proto(self) -> onnx.ModelProto:
        proto = onnx.load(self.path)
        del proto.graph.value_info[:]  # which say that the batch is one
        for value in (*proto.graph.input, *proto.graph.output):
            value.type.tensor_type.shape.dim[0].dim_param = "batch"
        return proto

    @cached_property
    def constants(self) -> Values:
        """In double precision; integers as they are."""
        arrays = {t.name: numpy_helper.to_array(t) for t in self.proto.graph.initializer}
        return {n: a.astype(np.float64) if a.dtype.kind == "f" else a for n, a in arrays.items()}

    def single(self, x: Any) -> Values:
        """As written: nothing is fused, and every node rounds to single precision."""
        proto = onnx.ModelProto()
        proto.CopyFrom(self.proto)
        known = {value.name for value in proto.graph.output}
        names = [name for node in proto.graph.node for name in node.output]
        proto.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names if n not in known)
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(proto.SerializeToString(), options)
        results = session.run(None, {proto.graph.input[0].name: x.astype(np.float32)})
        return dict(zip([o.name for o in session.get_outputs()], results, strict=True))

    def double(self, x: Any) -> Values:
        """What is computed with the parameters of the file is rounded less."""
        values = {**self.constants, self.proto.graph.input[0].name: x.astype(np.float64)}
        for node in self.proto.graph.node:
            values |= _results(node, values)
        return values

    def sizes(self, double: Values) -> Values:
        """For every value, the sum of the absolute values of all terms that are added up in it.

        A quantizer begins anew: what goes into the next layer is its exact result.
        """
        sizes = {name: np.abs(value) for name, value in double.items()}
        for node in self.proto.graph.node:
            if node.op_type in SUMS:
                sizes |= _results(node, sizes)
        return sizes


def _results(node: onnx.NodeProto, values: Mapping[str, Any]) -> Values:
    kinds = {name: helper.np_dtype_to_tensor_dtype(values[name].dtype) for name in node.input}
    inputs = [helper.make_tensor_value_info(name, kind, None) for name, kind in kinds.items()]
    outputs = [helper.make_tensor_value_info(n, TensorProto.DOUBLE, None) for n in node.output]
    graph = helper.make_graph([node], "one", inputs, outputs)
    one = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    results = ReferenceEvaluator(one).run(None, {name: values[name] for name in node.input})
    return dict(zip(node.output, results, strict=True))
