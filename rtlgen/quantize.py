"""From ONNX nodes to the fixed-point graph: every scale and format settled, no float left.

One walk over the model. A value is carried as codes of the graph and the real steps that lead
from them to the model's number (:class:`Scaled`). Linear operators multiply scales, moves take
them along, and a quantizer absorbs all that has piled up in front of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from kernels.base import OnnxNode, Operator, Scales
from kernels.conv import Conv
from kernels.curves import Celu, Curve, Elu, Gelu, HardSigmoid, HardSwish, Pow, Selu, Swish
from kernels.dense import Gemm, MatMul
from kernels.elementwise import (
    Abs,
    Add,
    Clip,
    LeakyRelu,
    Max,
    Min,
    Mul,
    Neg,
    PRelu,
    Relu,
    Shrink,
    Sign,
    Sub,
    Sum,
    ThresholdedRelu,
)
from kernels.pool import GlobalMaxPool, GlobalSumPool, MaxPool, SumPool
from kernels.quant import Integral
from kernels.real import BatchNormalization, DequantizeLinear, Div, QuantizeLinear
from kernels.shape import Pad
from rtlgen.combine import contracted
from rtlgen.elementwise import power, unary, variadic
from rtlgen.encoding import Decoding, Encoding
from rtlgen.ending import finished
from rtlgen.folding import fold
from rtlgen.formats import Formats
from rtlgen.frontend import Model, check_endings
from rtlgen.frontend.model import QONNX
from rtlgen.graph import Graph
from rtlgen.linear import Product, product
from rtlgen.moves import moved
from rtlgen.notation import Chosen
from rtlgen.operands import Operands
from rtlgen.qdq import Integers
from rtlgen.quantizers import read
from rtlgen.rationals import fractions
from rtlgen.scaled import Scaled
from rtlgen.windows import pooled, window_sums
from sim.errors import NotQuantized


@dataclass(frozen=True)
class Codings:
    """The fixed-point network, and what its ports' codes stand for."""

    graph: Graph
    inputs: Mapping[str, Encoding]
    outputs: Mapping[str, Decoding]
    formats: Mapping[str, Chosen]
    """Those that a configuration or calibration chose, by the name of the value."""

    @property
    def chosen(self) -> dict[str, str]:
        """The chosen formats in short."""
        return {name: str(chosen) for name, chosen in self.formats.items()}

    def configuration(self) -> str:
        """The chosen formats as a configuration, which gives the same design without data."""
        lines = [
            f"{_quoted(name)} = {_quoted(chosen.written())}"
            for name, chosen in self.formats.items()
        ]
        return "\n".join(["[formats]", *lines, ""])


def quantize(model: Model, formats: Formats | None = None) -> Codings:
    """Settle every format of a model; :class:`NotQuantized` where one is missing."""
    check(model)
    bound = (formats or Formats()).bound(model)
    operands = Operands(model := fold(model, bound), bound)
    for node in model.nodes:
        _take(operands, node)
    graph, decodings = finished(operands.draft, _outputs(operands))
    bound.check_used(operands.chosen)
    return Codings(graph, operands.encodings, decodings, operands.chosen)


def check(model: Model) -> None:
    """Refuse what no operator takes, before there is any work that would be lost."""
    check_endings(model)
    for node in model.nodes:
        if node.domain == QONNX:
            read(node)
        elif isinstance(Operator.named(node).from_onnx(node), QuantizeLinear | DequantizeLinear):
            Integers.read(node)


def _take(operands: Operands, node: OnnxNode) -> None:
    """Carry out one node of the model."""
    if node.domain == QONNX:
        results: tuple[Scaled, ...] = (operands.quantized(node.inputs[0], read(node)),)
        operands.rounded.add(node.outputs[0])
    else:
        op = Operator.named(node).from_onnx(node)
        results = _results(operands, op, node)
        operands.pass_on_rounding(op, node)
    for name, value in zip(node.outputs, results, strict=False):
        if name:
            operands.define(name, node, value)


def _results(operands: Operands, op: Operator, node: OnnxNode) -> tuple[Scaled, ...]:
    draft, names = operands.draft, op.data_inputs(node)
    match op:
        case MatMul() | Gemm() | Conv():
            return (_product(operands, op, node),)
        case Add() | Sub() | Mul() | Div() | Sum() | Max() | Min():
            return (variadic(operands, op, node),)
        case BatchNormalization() | Neg() | PRelu() | Relu() | LeakyRelu() | Abs() | Clip():
            return (unary(operands, op, node),)
        case Sign() | ThresholdedRelu() | Shrink() | Integral():
            return (unary(operands, op, node),)
        case Curve() | Elu() | Selu() | Celu() | Gelu() | Swish() | HardSigmoid() | HardSwish():
            return (unary(operands, op, node),)
        case Pow():
            return (power(operands, node),)
        case QuantizeLinear():
            integers = Integers.read(node)
            return (integers.counted(operands.quantized(names[0], integers.quantizer)),)
        case DequantizeLinear():
            integers = Integers.read(node)
            return (integers.meant(operands.integers(names[0], integers.type, node)),)
        case MaxPool() | GlobalMaxPool():
            return (pooled(draft, op, node, operands.bound(names[0], node)),)
        case SumPool() | GlobalSumPool():
            return (window_sums(draft, op, node, operands.bound(names[0], node)),)
        case _:
            assert op.scales is Scales.MOVE or isinstance(op, Pad), f"{op} is not handled"
            return moved(draft, op, node, [operands.data(name, node) for name in names])


def _product(operands: Operands, op: Product, node: OnnxNode) -> Scaled:
    """``alpha * op(a, b) + beta * c``."""
    plain, alpha, beta = op, fractions(1), fractions(1)
    if isinstance(op, Gemm):
        plain, alpha, beta = (
            replace(op, alpha=1.0, beta=1.0),
            fractions(op.alpha),
            fractions(op.beta),
        )
    value = _plain_product(operands, plain, node)
    if not node.has(2):
        return value.affine(alpha, fractions(0), node)
    bias = operands.numbers(node.inputs[2], node) * beta
    if isinstance(op, Conv):
        bias = bias.reshape(-1, *(1,) * (len(value.shape) - 2))
    return value.affine(alpha, bias, node)


def _plain_product(operands: Operands, op: Product, node: OnnxNode) -> Scaled:
    names = node.inputs[:2]
    constant = [operands.is_constant(name) for name in names]
    if any(constant):
        at = 1 if constant[1] else 0
        data = operands.bound(names[1 - at], node)
        magnitude = operands.magnitude(op, names, at)
        weight = operands.weight(names[at], node, "weights", magnitude)
        return product(operands.draft, op, node, data, weight, at)
    if isinstance(op, Conv):
        raise node.unsupported("weights that the model computes", "constant weights")
    values = [operands.bound(name, node) for name in names]
    return contracted(operands.draft, op, node, values)


def _outputs(operands: Operands) -> dict[str, Scaled]:
    values = {}
    for name in operands.model.outputs:
        value = operands.values[name]
        if not isinstance(value, Scaled) or value.constant:
            raise NotQuantized(
                f"output {name!r}: it does not depend on any input; leave it out with --output"
            )
        values[name] = value
    return values


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
