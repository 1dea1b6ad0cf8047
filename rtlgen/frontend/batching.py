"""A network in ONNX's reference, node by node: on all samples at once, where that is the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx.reference import ReferenceEvaluator

from kernels.curves import Curve
from rtlgen.frontend.model import Array

Node = Any
"""Of ONNX's reference, which has no types."""

_ELEMENTWISE = {
    *("Abs", "Add", "Ceil", "Celu", "Clip", "Div", "Elu", "Floor", "Gelu", "HardSigmoid"),
    *("HardSwish", "LeakyRelu", "Max", "Min", "Mul", "Neg", "PRelu", "Pow", "Relu", "Round"),
    *("Selu", "Shrink", "Sign", "Sub", "Sum", "Swish", "ThresholdedRelu", *Curve.onnx),
    *("BipolarQuant", "DequantizeLinear", "IntQuant", "MultiThreshold", "Quant", "Trunc"),
}
"""Their parameters broadcast, or lie along axes that are counted from the end."""
_SAMPLED = {
    *("AveragePool", "BatchNormalization", "Conv", "GlobalAveragePool", "GlobalMaxPool"),
    "MaxPool",
}
"""Axis 0 of their data counts samples anyway."""


class Batched:
    """What ``run`` takes and gives has one axis more than in the model: axis 0 counts samples."""

    def __init__(self, reference: ReferenceEvaluator) -> None:
        self.constants: dict[str, Any] = {"": None, **reference.rt_inits_}
        self.nodes: list[Node] = []
        self.computed: list[str] = []
        """Constants that nodes compute."""
        for node in reference.rt_nodes_:
            if all(name in self.constants for name in node.input):
                results = node.run(*(self.constants[name] for name in node.input))
                self.constants.update(zip(node.output, results, strict=True))
                self.computed += node.output
            else:
                self.nodes.append(node)

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Every value of the network, on these samples."""
        count = len(next(iter(inputs.values())))
        values = dict(inputs)
        for name in self.computed:
            constant = np.asarray(self.constants[name])
            values[name] = np.broadcast_to(constant, (count, *constant.shape))
        for node in self.nodes:
            fixed = [name in self.constants for name in node.input]
            given = [self.constants[n] if n in self.constants else values[n] for n in node.input]
            results = _together(node, given, fixed) or _one_by_one(node, given, fixed, count)
            values.update(zip(node.output, results, strict=True))
        return {name: value for name, value in values.items() if name}


def _one_by_one(node: Node, given: Sequence[Any], fixed: Sequence[bool], count: int) -> list[Array]:
    rows = (
        node.run(*(x if f else x[i] for x, f in zip(given, fixed, strict=True)))
        for i in range(count)
    )
    return [np.stack([np.asarray(x) for x in column]) for column in zip(*rows, strict=True)]


def _together(node: Node, given: Sequence[Any], fixed: Sequence[bool]) -> tuple[Array, ...] | None:
    """The results for all samples; None if the node may mix them."""
    data, *rest = given
    match node.op_type:
        case kind if kind in _ELEMENTWISE:
            return tuple(node.run(*_aligned(given, fixed)))
        case _ if fixed[0] or not all(fixed[1:]):
            return None
        case kind if kind in _SAMPLED:
            return _merged(node, data, rest, 2)
        case "MatMul" if rest[0].ndim == 2:
            return _merged(node, data, rest, data.ndim - 1)
        case "Gemm" if not node.transA and (len(rest) < 2 or _of_all_rows(rest[1])):
            return _merged(node, data, rest, 2)
        case _:
            return None


def _merged(node: Node, data: Array, rest: Sequence[Any], axes: int) -> tuple[Array, ...]:
    """The first axes of the data as one."""
    (result,) = node.run(data.reshape(-1, *data.shape[axes:]), *rest)
    return (result.reshape(*data.shape[:axes], *result.shape[1:]),)


def _of_all_rows(bias: Array) -> bool:
    return bias.ndim < 2 or len(bias) == 1


def _aligned(given: Sequence[Any], fixed: Sequence[bool]) -> list[Any]:
    """The axis of samples in front of all that any of them has."""
    shapes = [
        () if x is None else x.shape[0 if f else 1 :] for x, f in zip(given, fixed, strict=True)
    ]
    rank = max(map(len, shapes))
    return [
        x if f else x.reshape(len(x), *(1,) * (rank - len(shape)), *shape)
        for x, f, shape in zip(given, fixed, shapes, strict=True)
    ]
