"""Remainders and shifts: a rounding finds the multiple, exactly, and a sum what is left."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import numpy as np

from kernels.base import OnnxNode
from kernels.bits import BitShift, BitwiseNot, Direction, Mod
from kernels.elementwise import Sub
from kernels.quant import Quantize
from rtlgen.combine import summed
from rtlgen.moves import grown
from rtlgen.operands import Operands
from rtlgen.pending import Affine
from rtlgen.quantizers import fixed_format
from rtlgen.rationals import Values, fractions
from rtlgen.requantize import requantize
from rtlgen.scaled import Scaled
from rtlgen.settle import lined
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding

ZERO = fractions(0)


def left_over(operands: Operands, op: Mod | BitShift | BitwiseNot, node: OnnxNode) -> Scaled:
    """What an operator on integers leaves of them; ``Mod`` takes any number."""
    match op:
        case Mod():
            return _remainder(operands, op, node)
        case BitShift():
            return _shifted(operands, op, node)
        case BitwiseNot():
            return _inverted(operands, node)


def _remainder(operands: Operands, op: Mod, node: OnnxNode) -> Scaled:
    """``x - divisor * quotient``, whose upper bits need not be computed."""
    divisor = operands.numbers(node.inputs[1], node)
    if not divisor.all():
        raise node.unsupported("a divisor of 0", "divisors other than 0")
    value = _value(operands, node)
    rounding = Rounding.TO_ZERO if op.fmod else Rounding.FLOOR
    quotient = _rounded(operands, value.affine(1 / divisor, ZERO, node), rounding, node)
    multiple = quotient.affine(divisor, ZERO, node)
    return _low(operands, summed(operands.draft, Sub(), node, [value, multiple]), divisor, op, node)


def _shifted(operands: Operands, op: BitShift, node: OnnxNode) -> Scaled:
    """A product with a power of two, rounded down if it is below one."""
    amount = operands.numbers(node.inputs[1], node)
    if (amount < 0).any():
        raise node.unsupported(f"a shift by {min(amount.flat)}", "shifts by 0 bits or more")
    type_, value = _type(operands, node.inputs[0]), _value(operands, node)
    powers = np.asarray(fractions(2) ** amount.astype(int))
    if op.direction is Direction.RIGHT:
        small = value.affine(1 / powers, ZERO, node)
        return _rounded(operands, small, Rounding.FLOOR, node)
    large = value.affine(powers, ZERO, node)
    lo, hi = _range(operands, large, node)
    if type_ is not None and not type_.lo <= lo <= hi <= type_.hi:
        raise node.unsupported(
            f"results from {lo} to {hi}, which lose bits of their type",
            f"results from {type_.lo} to {type_.hi}",
        )
    return large


def _inverted(operands: Operands, node: OnnxNode) -> Scaled:
    """``-1 - x``, or what is left of the largest number where there is no sign."""
    type_ = _type(operands, node.inputs[0])
    top = type_.hi if type_ is not None and type_.lo == 0 else -1
    return _value(operands, node).affine(fractions(-1), fractions(top), node)


def _value(operands: Operands, node: OnnxNode) -> Scaled:
    """The first input in the shape of the result; integers are at the port if it is an input."""
    name, *others = node.inputs
    value = integers(operands, name, node)
    for other in others:
        value = grown(operands.draft, value, operands.values[other].shape, node)
    return lined(operands.draft, value, node)[0]


def integers(operands: Operands, name: str, node: OnnxNode) -> Scaled:
    """A value; an input of few integers, which has no format, is all those of its type."""
    type_ = _type(operands, name)
    if type_ is not None and type_.hi < 1 << 16:
        return operands.integers(name, type_, node)
    return operands.bound(name, node)


def _type(operands: Operands, name: str) -> Interval | None:
    """The integers that a value may be by its type, if they are integers."""
    dtype = operands.model.dtypes.get(name)
    if dtype is None or dtype.kind not in "iu":
        return None
    info = np.iinfo(dtype)
    return Interval(int(info.min), int(info.max), 0)


def _rounded(operands: Operands, value: Scaled, rounding: Rounding, node: OnnxNode) -> Scaled:
    """Integers, however many there can be."""
    lo, hi = _range(operands, value, node)
    to = Interval(floor(lo), ceil(hi), 0)
    quantizer = fixed_format(node, to, np.zeros(1, np.int64), rounding, Overflow.SATURATE)
    return requantize(operands.draft, value, quantizer)


def _range(operands: Operands, value: Scaled, node: OnnxNode) -> tuple[Fraction, Fraction]:
    """The smallest and the largest number that a value can be."""
    _, (scale, offset) = lined(operands.draft, value, node)
    exp = value.type.exp.min(initial=0)
    ends = [fractions(end) * Fraction(2) ** int(exp) for end in value.type.at(np.asarray(exp))]
    numbers = np.stack([scale[value.group] * end + offset[value.group] for end in ends])
    return min(numbers.flat, default=Fraction(0)), max(numbers.flat, default=Fraction(0))


def _low(operands: Operands, value: Scaled, divisor: Values, op: Mod, node: OnnxNode) -> Scaled:
    """The same numbers, none of which is as large as the divisor: the bits that may differ."""
    value, (scale, offset) = lined(operands.draft, value, node)
    exp = int(value.type.exp.min(initial=0))
    most = Fraction(max(abs(d) for d in divisor.flat))
    least = -most if op.fmod or min(divisor.flat) < 0 else Fraction(0)
    steps = scale * Fraction(2) ** exp
    lo, hi = floor(min((least - offset) / steps)), ceil(max((most - offset) / steps)) - 1
    size = 1 << max(hi, ~lo).bit_length()
    to = Intervals.full((), Interval(-size if lo < 0 else 0, size - 1, exp))
    output = operands.draft.unused(node.outputs[0])
    low = Quantize(to, Rounding.FLOOR, Overflow.WRAP)
    (array,) = operands.draft.emit(low, (value.name,), (output,), node.name)
    return Scaled(output, array, value.group).then(Affine(scale, offset, node))
