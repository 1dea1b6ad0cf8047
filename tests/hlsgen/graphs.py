"""Small ONNX models that are awkward for C++."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import TensorProto, helper

Shape = Sequence[int]


def model(
    nodes: Sequence[onnx.NodeProto], inputs: dict[str, Shape], outputs: dict[str, Shape]
) -> onnx.ModelProto:
    def values(shapes: dict[str, Shape]) -> list[onnx.ValueInfoProto]:
        return [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in shapes.items()
        ]

    graph = helper.make_graph(list(nodes), "net", values(inputs), values(outputs))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def node(
    op: str, inputs: str, outputs: str, name: str = "", **attributes: object
) -> onnx.NodeProto:
    """A node; inputs and outputs are given as words."""
    return helper.make_node(op, inputs.split(), outputs.split(), name=name or outputs, **attributes)


def formats(**texts: str) -> dict[str, dict[str, str]]:
    return {"formats": texts}
