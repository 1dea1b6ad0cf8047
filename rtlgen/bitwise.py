"""Logic on the bits of integers: taken apart, met bit by bit, and put side by side again.

A bit of two's complement is a rounding and a wrap, of which no hardware is left; nor is there of
the sum of bits at different places. What remains is one gate for each bit.
"""

from __future__ import annotations

import numpy as np

from kernels.base import OnnxNode, Operator
from kernels.bits import BitwiseAnd, BitwiseOr, BitwiseXor
from kernels.elementwise import Mul
from kernels.logic import And, Or, Xor
from kernels.quant import Quantize
from kernels.reduce import ReduceSum
from kernels.shape import Expand, Unsqueeze
from rtlgen.operands import Operands
from rtlgen.rationals import fixed
from rtlgen.remainders import integers
from rtlgen.scaled import Scaled
from rtlgen.settle import ANY, lined, on_grid
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding

Bitwise = BitwiseAnd | BitwiseOr | BitwiseXor
ONE = Interval(0, 1, 0)


def bitwise(operands: Operands, op: Bitwise, node: OnnxNode) -> Scaled:
    """Of two values, or of one and a constant, as many bits as the wider of them has."""
    names = sorted(node.inputs, key=operands.is_constant)
    values = [_whole(operands, name, node) for name in names]
    ends = [end for value in values for end in _ends(value)]
    signed = min(ends) < 0
    width = max(1, *(max(end, ~end).bit_length() for end in ends)) + signed
    bits = [_apart(operands, value, width, node) for value in values]
    met = _emitted(operands, _gate(op), node, *bits)
    return _together(operands, met, width, node, signed=signed)


def _gate(op: Bitwise) -> Operator:
    match op:
        case BitwiseAnd():
            return And()
        case BitwiseOr():
            return Or()
        case BitwiseXor():
            return Xor()


def _whole(operands: Operands, name: str, node: OnnxNode) -> Scaled:
    """Integers that are their codes."""
    if operands.is_constant(name):
        codes = fixed(operands.numbers(name, node))
        assert codes is not None, "integers are dyadic"
        codes = codes.reshape(*operands.values[name].shape)
        return Scaled.plain(operands.draft.constant(name, codes), codes)
    value, _ = lined(operands.draft, integers(operands, name, node), node)
    whole = on_grid(operands.draft, value, node, effort=ANY)
    if whole is None or int(whole.type.exp.min(initial=0)) < 0:
        raise node.unsupported(f"{name!r}, which may be between integers", "integers")
    return whole


def _ends(value: Scaled) -> tuple[int, int]:
    """The least and the largest integer."""
    lo, hi = value.type.at(np.zeros(value.shape, np.int64))
    return int(lo.min(initial=0)), int(hi.max(initial=0))


def _apart(operands: Operands, value: Scaled, width: int, node: OnnxNode) -> Scaled:
    """The bits along a new last axis, the lowest first: zeros and ones."""
    places = np.arange(width)
    column = _emitted(operands, Unsqueeze((-1,)), node, value)
    rows = _emitted(operands, Expand((*value.shape, width)), node, column)
    to = Intervals(0 * places, 0 * places + 1, places)
    bits = _emitted(operands, Quantize(to, Rounding.FLOOR, Overflow.WRAP), node, rows)
    return _weighted(operands, bits, -places, node)


def _together(
    operands: Operands, bits: Scaled, width: int, node: OnnxNode, *, signed: bool
) -> Scaled:
    """The integers of these bits."""
    places = np.arange(width)
    parts = _weighted(operands, bits, places, node)
    if signed:  # the highest bit counts below zero
        last = (places == width - 1).astype(np.int64)
        to = Intervals(-last, 1 - last, places)
        parts = _emitted(operands, Quantize(to, Rounding.FLOOR, Overflow.WRAP), node, parts)
    return _emitted(operands, ReduceSum((-1,), keepdims=0), node, parts)


def _weighted(operands: Operands, bits: Scaled, exps: np.ndarray, node: OnnxNode) -> Scaled:
    """Each bit times a power of two."""
    finest = int(exps.min())
    powers = Fixed.constant([1 << int(exp) - finest for exp in exps], finest)
    name = operands.draft.constant(f"{node.name}.powers", powers)
    return _emitted(operands, Mul(), node, bits, Scaled.plain(name, powers))


def _emitted(operands: Operands, op: Operator, node: OnnxNode, *values: Scaled) -> Scaled:
    """A node on codes; of constants, computed at once."""
    if all(value.constant for value in values):
        result = op.forward(*(value.array for value in values))
        return Scaled.plain(operands.draft.constant(f"{node.name}.bits", result), result)
    output = operands.draft.unused(node.outputs[0])
    (array,) = operands.draft.emit(op, tuple(v.name for v in values), (output,), node.name)
    return Scaled.plain(output, array)
