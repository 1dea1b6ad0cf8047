"""From ONNX nodes to the fixed-point graph: every scale and format settled, no float left.

One walk over the model. A value is carried as codes of the graph and the real steps that lead
from them to the model's number (:class:`Scaled`). Linear operators multiply scales, moves take
them along, and a quantizer absorbs all that has piled up in front of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from kernels.base import OnnxNode, Operator, Scales
from kernels.bits import BitShift, BitwiseAnd, BitwiseNot, BitwiseOr, BitwiseXor, Mod
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
from kernels.gather import Gather
from kernels.logic import And, GreaterOrEqual, Not, Or, Where, Xor
from kernels.order import ArgMax, ArgMin, TopK
from kernels.pool import GlobalMaxPool, GlobalSumPool, MaxPool, SumPool
from kernels.quant import Integral
from kernels.real import (
    BatchNormalization,
    Cast,
    DequantizeLinear,
    Div,
    LogSoftmax,
    QuantizeLinear,
    Softmax,
)
from kernels.reduce import CumSum, ReduceMax, ReduceMin, ReduceSum
from kernels.shape import Pad, Reshape
from rtlgen.bitwise import bitwise
from rtlgen.casts import cast
from rtlgen.choices import choice, comparison, logic
from rtlgen.combine import contracted, summed
from rtlgen.constants import Numbers
from rtlgen.elementwise import power, unary, variadic
from rtlgen.encoding import Decoding, Encoding
from rtlgen.ending import finished
from rtlgen.feedback import fed_back
from rtlgen.folding import fold
from rtlgen.formats import Formats
from rtlgen.frontend import Model, check_endings
from rtlgen.frontend.model import QONNX
from rtlgen.graph import Graph
from rtlgen.linear import Product, product
from rtlgen.lookups import looked_up
from rtlgen.moves import moved
from rtlgen.notation import Chosen
from rtlgen.operands import Operands
from rtlgen.orders import ordered
from rtlgen.qdq import Integers
from rtlgen.quantizers import read
from rtlgen.rationals import Values, fractions
from rtlgen.remainders import left_over
from rtlgen.scaled import Scaled
from rtlgen.softmax import log_softmax, softmax
from rtlgen.trace import Trace
from rtlgen.windows import added_up, pooled, window_sums
from sim.errors import NotQuantized


@dataclass(frozen=True)
class Codings:
    """The fixed-point network, and what its ports' codes stand for."""

    graph: Graph
    inputs: Mapping[str, Encoding]
    outputs: Mapping[str, Decoding]
    formats: Mapping[str, Chosen]
    """Those that a configuration or calibration chose, by the name of the value."""
    constants: Mapping[str, Numbers] = field(default_factory=dict)
    """Those that calibration has put in the place of the model's."""
    trace: Trace | None = None
    """Where the values of the model are in the network."""

    @property
    def chosen(self) -> dict[str, str]:
        """The chosen formats in short."""
        return {name: str(chosen) for name, chosen in self.formats.items()}

    def configuration(self) -> str:
        """The chosen formats as a configuration, which gives the same design without data."""
        tables = {"formats": {name: chosen.written() for name, chosen in self.formats.items()}}
        if self.constants:
            tables["constants"] = {name: x.tolist() for name, x in self.constants.items()}
        lines = []
        for table, entries in tables.items():
            lines += [f"[{table}]", *(f"{_quoted(k)} = {_quoted(v)}" for k, v in entries.items())]
        return "\n".join([*lines, ""])


def quantize(model: Model, formats: Formats | None = None) -> Codings:
    """Settle every format of a model; :class:`NotQuantized` where one is missing."""
    check(model)
    bound = (formats or Formats()).bound(model)
    operands = Operands(model := fold(model, bound), bound)
    for node in model.nodes:
        _take(operands, node)
    trace = Trace.of(operands.draft, operands.values)
    graph, decodings = finished(operands.draft, _outputs(operands))
    bound.check_used(operands.chosen)
    return Codings(graph, operands.encodings, decodings, operands.chosen, operands.fitted, trace)


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
        results: tuple[Scaled | None, ...] = (operands.quantized(node.inputs[0], read(node)),)
        operands.rounded.add(node.outputs[0])
    else:
        op = Operator.named(node).from_onnx(node)
        results = _results(operands, op, node)
        operands.pass_on_rounding(op, node)
    for name, value in zip(node.outputs, results, strict=False):
        if name and value is not None:
            operands.define(name, node, value)


def _results(operands: Operands, op: Operator, node: OnnxNode) -> tuple[Scaled | None, ...]:
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
        case Gather(indices=None):
            return (looked_up(operands, op, node),)
        case Cast():
            return (cast(operands, op, node),)
        case GreaterOrEqual():
            return (comparison(operands, op, node),)
        case Not() | And() | Or() | Xor():
            return (logic(operands, op, node),)
        case Where():
            return (choice(operands, op, node),)
        case Mod() | BitShift() | BitwiseNot():
            return (left_over(operands, op, node),)
        case BitwiseAnd() | BitwiseOr() | BitwiseXor():
            return (bitwise(operands, op, node),)
        case Softmax():
            return (softmax(operands, op, node),)
        case LogSoftmax():
            return (log_softmax(operands, op, node),)
        case QuantizeLinear():
            integers = Integers.read(node)
            return (integers.counted(operands.quantized(names[0], integers.quantizer)),)
        case DequantizeLinear():
            integers = Integers.read(node)
            return (integers.meant(operands.integers(names[0], integers.type, node)),)
        case MaxPool() | GlobalMaxPool() | ReduceMax() | ReduceMin():
            return (pooled(draft, op, node, operands.bound(names[0], node)),)
        case ArgMax() | ArgMin() | TopK():
            places = not isinstance(op, TopK) or not operands.is_read(node.outputs[0])
            return ordered(draft, op, node, operands.bound(names[0], node), places=places)
        case SumPool() | GlobalSumPool():
            return (window_sums(draft, op, node, operands.bound(names[0], node)),)
        case ReduceSum() | CumSum():
            return (added_up(draft, op, node, operands.bound(names[0], node)),)
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
    if not operands.is_constant(node.inputs[2]):
        return _with_computed_bias(
            operands, op, node, value.affine(alpha, fractions(0), node), beta
        )
    bias = operands.numbers(node.inputs[2], node) * beta
    if isinstance(op, Conv):
        bias = bias.reshape(-1, *(1,) * (len(value.shape) - 2))
    return value.affine(alpha, bias, node)


def _with_computed_bias(
    operands: Operands, op: Product, node: OnnxNode, value: Scaled, beta: Values
) -> Scaled:
    """``value + beta * c``, where the model computes ``c``."""
    bias = operands.bound(node.inputs[2], node)
    if isinstance(op, Conv):
        move = replace(node, outputs=(f"{bias.name}.column",))
        column = Reshape((-1, *(1,) * (len(value.shape) - 2)))
        (bias,) = moved(operands.draft, column, move, [bias])
    bias = bias.affine(beta, fractions(0), node)
    return summed(operands.draft, Add(), node, [value, bias])


def _plain_product(operands: Operands, op: Product, node: OnnxNode) -> Scaled:
    names = node.inputs[:2]
    constant = [operands.is_constant(name) for name in names]
    if constant[1] or (constant[0] and not isinstance(op, Conv)):
        at = 1 if constant[1] else 0
        data = operands.bound(names[1 - at], node)
        magnitude = operands.magnitude(op, names, at)
        axis = operands.channels(op, names, at)
        fit = partial(fed_back, operands, op, node, at)
        weight = operands.weight(names[at], node, "weights", magnitude, axis, fit)
        return product(operands.draft, op, node, data, weight, at)
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
