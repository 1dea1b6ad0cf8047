"""Comparison, logic and choice, where a constant operand spares the operator."""

from __future__ import annotations

import numpy as np

from kernels.base import OnnxNode
from kernels.logic import And, GreaterOrEqual, Not, Or, Pick, Where, Xor
from rtlgen.combine import chosen, compared, decided
from rtlgen.moves import grown, moved
from rtlgen.operands import Operands
from rtlgen.pending import Apply
from rtlgen.quantizers import fixed_format
from rtlgen.rationals import Values, fractions
from rtlgen.requantize import requantize
from rtlgen.scaled import Scaled
from sim.errors import ModelError
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding

BIT = Interval(0, 1, 0)
ONE, ZERO = fractions(1), fractions(0)


def comparison(operands: Operands, op: GreaterOrEqual, node: OnnxNode) -> Scaled:
    """A bit: of two computed values, or a threshold of one."""
    a, b = node.inputs
    if not operands.is_constant(a) and not operands.is_constant(b):
        return compared(operands.draft, op, node, [operands.bound(n, node) for n in (a, b)])
    if operands.is_constant(a) and operands.is_constant(b):
        return _known(operands, node)
    name, limit, sign = (a, b, ONE) if operands.is_constant(b) else (b, a, -ONE)
    value = _grown(operands, operands.bound(name, node), limit, node).affine(sign, ZERO, node)
    value, (limits,) = value.split(np.asarray(operands.numbers(limit, node) * sign))
    steps = np.zeros(1, np.int64)
    bit = fixed_format(node, BIT, steps, Rounding.FLOOR, Overflow.SATURATE)
    return requantize(operands.draft, value.then(Apply(op, node, (limits,))), bit)


def logic(operands: Operands, op: Not | And | Or | Xor, node: OnnxNode) -> Scaled:
    """A bit of bits; a constant one leaves the other, turns it round, or decides."""
    names = sorted(node.inputs, key=operands.is_constant)
    bits = [_bit(operands, name, node) for name in names if not operands.is_constant(name)]
    if len(bits) == 2 and not isinstance(op, Not):
        return decided(operands.draft, op, node, bits)
    bit = bits[0] if bits else _bit(operands, names[0], node)
    if isinstance(op, Not):
        return bit.affine(-ONE, ONE, node)
    constant, bit = operands.numbers(names[1], node), _grown(operands, bit, names[1], node)
    match op:
        case And():
            return bit.affine(constant, ZERO, node)
        case Or():
            return bit.affine(np.asarray(1 - constant), constant, node)
        case Xor():
            return bit.affine(np.asarray(1 - 2 * constant), constant, node)


def choice(operands: Operands, op: Where, node: OnnxNode) -> Scaled:
    """One of two values, as a bit or a constant says; two constants are a scale and an offset."""
    condition, *names = node.inputs
    if operands.is_constant(condition):
        return _picked(operands, node)
    known = [operands.numbers(name, node) for name in names if operands.is_constant(name)]
    bit = _bit(operands, condition, node)
    if len(known) < 2:
        values = [
            operands.numbers(name, node)
            if operands.is_constant(name)
            else _grown(operands, operands.bound(name, node), other, node)
            for name, other in zip(names, names[::-1], strict=True)
        ]
        return chosen(operands.draft, op, node, bit, values)
    for name in names:
        bit = _grown(operands, bit, name, node)
    yes, no = known
    return bit.affine(np.asarray(yes - no), no, node)


def _picked(operands: Operands, node: OnnxNode) -> Scaled:
    """Elements of two values; those of a constant one are offsets, where the other counts not."""
    condition, *names = node.inputs
    known, mask = operands.values[condition].shape, operands.numbers(condition, node)
    if not any(map(operands.is_constant, names)):
        values = [operands.bound(name, node) for name in names]
        op = Pick(Fixed.constant(mask.reshape(known).astype(np.int64)))
        return moved(operands.draft, op, node, values)[0]
    first = operands.is_constant(names[1])
    name, other = names if first else names[::-1]
    kept: Values = mask if first else np.asarray(1 - mask)
    value = _grown(operands, operands.data(name, node), condition, node)
    value = _grown(operands, value, other, node)
    offset = np.asarray((1 - kept) * operands.numbers(other, node))
    return value.affine(kept, offset, node)


def _known(operands: Operands, node: OnnxNode) -> Scaled:
    """Whether one constant is at least another, that a quantizer has rounded."""
    a, b = (operands.numbers(name, node) for name in node.inputs)
    shape = np.broadcast_shapes(*(operands.values[name].shape for name in node.inputs))
    bits = Fixed.constant(np.asarray(a >= b).astype(np.int64).reshape(shape))
    return Scaled.plain(operands.draft.constant(node.outputs[0], bits), bits)


def _bit(operands: Operands, name: str, node: OnnxNode) -> Scaled:
    """A boolean; an input is one at its port. :class:`ModelError` if it is anything else."""
    value, dtype = operands.integers(name, BIT, node), operands.model.dtypes.get(name)
    if dtype is not None and dtype != np.dtype(bool) and not _is_bit(value):
        raise ModelError(
            f"node {node.name!r}: {node.op_type} takes truth values, but {name!r} is {dtype.name}; "
            f"cast it to bool before it"
        )
    return value


def _is_bit(value: Scaled) -> bool:
    """Whether a value is zero and one, as it is after a cast of truth values that was dropped."""
    if value.line is None or not Intervals.full(value.shape, BIT).contains(value.type):
        return False
    return all(pair in ((1, 0), (-1, 1)) for pair in zip(*value.line, strict=True))


def _grown(operands: Operands, value: Scaled, name: str, node: OnnxNode) -> Scaled:
    """The value, repeated where the shape of a constant makes the result larger."""
    return grown(operands.draft, value, operands.values[name].shape, node)
