"""Quantized networks with random weights, as QONNX: what can be measured without a corpus.

All steps are powers of two, and all attributes are written out, so that every reader of QONNX
takes them and means the same.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

Floats = npt.NDArray[np.float64]

INPUT, OUTPUT = "x", "y"
QONNX = "qonnx.custom_op.general"
OPSETS = {"": 13, QONNX: 1}
WEIGHT, ACTIVATION = (8, -6), (8, -5)
"""Bits, and the exponent of a step."""


def perceptron(seed: int = 0) -> ModelProto:
    """16-64-32-32-5: the size of the jet taggers."""
    draft = Draft((16,), seed)
    for inputs, outputs in ((16, 64), (64, 32), (32, 32)):
        draft.dense(inputs, outputs)
        draft.relu()
    draft.dense(32, 5)
    return draft.model((5,))


def convolutional(seed: int = 0) -> ModelProto:
    """An image of 3 x 16 x 16 through two convolutions and pools into ten classes."""
    draft = Draft((3, 16, 16), seed)
    for inputs, filters in ((3, 8), (8, 16)):
        draft.convolution(inputs, filters, 3)
        draft.relu()
        draft.pool()
    draft.node("Flatten", [draft.last], axis=1)
    draft.dense(64, 10)
    return draft.model((10,))


def logic_network(fan_in: int, bits: int, seed: int = 0) -> ModelProto:
    """16-64-32-32-5, of which each neuron reads few values of few bits."""
    draft = Draft((16,), seed)
    draft.quantize(bits, signed=True)
    for inputs, outputs in ((16, 64), (64, 32), (32, 32)):
        draft.sparse(inputs, outputs, fan_in)
        draft.node("Relu", [draft.last])
        draft.quantize(bits, signed=False)
    draft.sparse(32, 5, fan_in)
    return draft.model((5,))


class Draft:
    """Appends layers to the latest value of a network."""

    def __init__(self, shape: tuple[int, ...], seed: int) -> None:
        self.shape, self.last = shape, INPUT
        self._random = np.random.default_rng(seed)
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def dense(self, inputs: int, outputs: int) -> None:
        weight = self._weight((inputs, outputs), inputs)
        bias = self._weight((outputs,), 4)
        self.node("Add", [self.node("MatMul", [self.last, weight]), bias])

    def sparse(self, inputs: int, outputs: int, fan_in: int) -> None:
        """Each output reads so many of the inputs, by weights of a quarter to three quarters."""
        weight = np.zeros((inputs, outputs))
        for column in weight.T:
            read = self._random.choice(inputs, fan_in, replace=False)
            column[read] = self._random.choice([-3, -2, -1, 1, 2, 3], fan_in) / 4
        bias = self._random.integers(-4, 5, outputs) / 16
        product = self.node("MatMul", [self.last, self._constant(weight)])
        self.node("Add", [product, self._constant(bias)])

    def quantize(self, bits: int, *, signed: bool) -> None:
        """Numbers up to one (two without a sign) in steps of so many bits."""
        self._quantized(self.last, bits, 1 - bits, signed=signed)

    def convolution(self, channels: int, filters: int, kernel: int) -> None:
        shape = (filters, channels, kernel, kernel)
        weight = self._weight(shape, channels * kernel**2)
        bias = self._weight((filters,), 4)
        places = _places(kernel, 1)
        self.node("Conv", [self.last, weight, bias], group=1, dilations=[1, 1], **places)

    def relu(self) -> None:
        self._quantized(self.node("Relu", [self.last]), *ACTIVATION, signed=False)

    def pool(self) -> None:
        self.node("MaxPool", [self.last], ceil_mode=0, dilations=[1, 1], **_places(2, 2))

    def node(self, op: str, inputs: list[str], domain: str = "", **attributes: Any) -> str:
        self.last = f"{op.lower()}{len(self._nodes)}"
        node = helper.make_node(op, inputs, [self.last], self.last, domain=domain, **attributes)
        self._nodes.append(node)
        return self.last

    def model(self, outputs: tuple[int, ...]) -> ModelProto:
        """The network, whose output is the latest value."""
        self._nodes[-1].output[0] = OUTPUT
        opsets = [helper.make_opsetid(*opset) for opset in OPSETS.items()]
        return helper.make_model(self._graph(outputs), opset_imports=opsets, ir_version=8)

    def _graph(self, outputs: tuple[int, ...]) -> GraphProto:
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, *shape])
            for name, shape in ((INPUT, self.shape), (OUTPUT, outputs))
        ]
        return helper.make_graph(self._nodes, "network", ends[:1], ends[1:], self._constants)

    def _weight(self, shape: tuple[int, ...], inputs: int) -> str:
        """Normal numbers of such a size that sums over so many inputs stay as large as these."""
        before, values = self.last, self._random.normal(0, 1 / sqrt(inputs), shape)
        weight = self._quantized(self._constant(values), *WEIGHT, signed=True)
        self.last = before
        return weight

    def _quantized(self, x: str, bits: int, exp: int, *, signed: bool) -> str:
        parameters = [self._constant(np.array(v)) for v in (2.0**exp, 0, bits)]
        modes = {"signed": int(signed), "narrow": 0, "rounding_mode": "ROUND"}
        return self.node("Quant", [x, *parameters], QONNX, **modes)

    def _constant(self, values: Floats) -> str:
        name = f"constant{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name


def _places(kernel: int, stride: int) -> dict[str, Any]:
    return {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [0] * 4}
