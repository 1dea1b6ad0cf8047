"""Elementwise operators: a constant operand becomes a step, and computed ones meet."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import assert_never

from kernels.base import OnnxNode, Operator
from kernels.curves import (
    Approximation,
    Celu,
    Curve,
    Elu,
    Gelu,
    HardSigmoid,
    HardSwish,
    Selu,
    Swish,
)
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
from kernels.quant import Integral
from kernels.real import BatchNormalization, Div
from rtlgen.combine import met
from rtlgen.constants import normalization
from rtlgen.curves import Exponential, Function, Power
from rtlgen.division import inverted, quotient
from rtlgen.joining import one_function
from rtlgen.moves import grown
from rtlgen.operands import Operands
from rtlgen.pending import Apply, Transcend
from rtlgen.rationals import fractions
from rtlgen.requantize import tabulable
from rtlgen.scaled import Scaled
from sim.errors import NotQuantized

Exact = Relu | LeakyRelu | Abs | Clip | Sign | ThresholdedRelu | Shrink | Integral
Activation = Curve | Elu | Selu | Celu | Gelu | Swish | HardSigmoid | HardSwish
Unary = Exact | Activation | Neg | BatchNormalization | PRelu
Variadic = Add | Sub | Mul | Div | Sum | Max | Min
ONE, ZERO = fractions(1), fractions(0)


def unary(operands: Operands, op: Unary, node: OnnxNode) -> Scaled:
    """An operator of one value, and of constants that are its parameters."""
    name = op.data_inputs(node)[0]
    value = operands.data(name, node)
    match op:
        case Neg():
            return value.affine(fractions(-1), ZERO, node)
        case BatchNormalization():
            return value.affine(*normalization(op, node, len(value.shape)), node)
        case PRelu():
            return _applied(operands, op, node, value, node.inputs[1])
        case Relu() | LeakyRelu() | Abs() | Clip() | Sign() | ThresholdedRelu() | Shrink():
            return value.then(Apply(op, node))
        case Integral():
            return value.then(Apply(op, node))
        case _:
            return _activated(operands, op, node, value)


def _activated(operands: Operands, op: Activation, node: OnnxNode, value: Scaled) -> Scaled:
    match op:
        case Curve() if node.op_type == "Reciprocal" and not value.port and not tabulable(value):
            return inverted(operands, node, value, value.shape)
        case Curve():
            return value.then(Transcend(Function(node.op_type), node))
        case Elu():
            return _elu(value, op.alpha, node)
        case Selu():
            return _elu(value, op.alpha, node).affine(fractions(op.gamma), ZERO, node)
        case Celu():
            scaled = value.affine(1 / fractions(op.alpha), ZERO, node)
            return _elu(scaled, 1.0, node).affine(fractions(op.alpha), ZERO, node)
        case Gelu():
            exact = op.approximate is Approximation.NONE
            function = Function.GELU if exact else Function.GELU_TANH
            return value.then(Transcend(function, node))
        case Swish(alpha):
            if not alpha:
                return value.affine(fractions(0.5), ZERO, node)
            scaled = value.affine(fractions(alpha), ZERO, node)
            curved = scaled.then(Transcend(Function.SWISH, node))
            return curved.affine(1 / fractions(alpha), ZERO, node)
        case HardSigmoid():
            line = value.affine(fractions(op.alpha), fractions(op.beta), node)
            return line.then(Apply(Clip(0.0, 1.0), node))
        case HardSwish():
            line = value.affine(1 / fractions(6), fractions(0.5), node)
            return _met(operands, Mul(), node, [value, line.then(Apply(Clip(0.0, 1.0), node))])
        case _:
            assert_never(op)


def _elu(value: Scaled, alpha: float, node: OnnxNode) -> Scaled:
    """``exp(x) - 1`` is negative where ``x`` is, so a leaky ReLU scales that side and no other."""
    return value.then(Transcend(Function.ELU, node), Apply(LeakyRelu(alpha), node))


def power(operands: Operands, node: OnnxNode) -> Scaled:
    """``x ** y``, one of which is a constant: exact products for a small whole ``y``."""
    base, exponent = node.inputs
    if operands.is_constant(base):
        number = _only(operands, base, node)
        if number <= 0:
            raise node.unsupported(f"the base {float(number):g}", "a base above 0")
        return operands.data(exponent, node).then(Transcend(Exponential(number), node))
    if not operands.is_constant(exponent):
        raise node.unsupported("a base and an exponent that the model computes", "a constant one")
    value, number = operands.data(base, node), _only(operands, exponent, node)
    if number not in (1, 2, 3, 4):
        return value.then(Transcend(Power(number), node))
    result = value
    for _ in range(int(number) - 1):
        result = _met(operands, Mul(), node, [result, value])
    return result


def _only(operands: Operands, name: str, node: OnnxNode) -> Fraction:
    """The number that all elements of a constant are."""
    numbers = set(operands.numbers(name, node).flat)
    if len(numbers) != 1:
        raise node.unsupported(f"{len(numbers)} different numbers in {name!r}", "one for all")
    number: Fraction = numbers.pop()
    return number


def variadic(operands: Operands, op: Variadic, node: OnnxNode) -> Scaled:
    """An operator of several values: those that are computed first, then the constants."""
    names = [name for name in node.inputs if name]
    computed = [name for name in names if not operands.is_constant(name)]
    if isinstance(op, Div):
        return _divided(operands, node, names)
    if not computed:
        computed = [name for name in names if isinstance(operands.values[name], Scaled)][:1]
        computed = computed or names[:1]
    rest = list(names)
    for name in computed:
        rest.remove(name)
    if len(computed) == 1:
        value, first = operands.data(computed[0], node), computed[0] == names[0]
    else:
        value, first = _aligned(operands, op, node, computed), True
    for name in rest:
        value = _with_constant(operands, op, node, value, name, first=first)
    return value


def _aligned(operands: Operands, op: Variadic, node: OnnxNode, names: list[str]) -> Scaled:
    """Values that are all computed; rounded before, if only that brings them together."""
    before = operands.draft.snapshot()
    try:
        return _met(operands, op, node, [operands.data(name, node) for name in names])
    except NotQuantized:
        operands.draft.restore(before)
        rounded = [operands.aligned(name, node) for name in names]
        if not any(rounded):
            raise
    return _met(operands, op, node, [operands.data(name, node) for name in names])


def _met(operands: Operands, op: Variadic, node: OnnxNode, values: list[Scaled]) -> Scaled:
    """Values that are all computed: from one, as its function, or each for itself."""
    if joined := one_function(op, node, values, met):
        return joined
    return met(operands.draft, op, node, [operands.settled(value, node) for value in values])


def _with_constant(
    operands: Operands, op: Variadic, node: OnnxNode, value: Scaled, name: str, *, first: bool
) -> Scaled:
    """``op(value, constant)``, or the other way round."""
    if isinstance(op, Max | Min):
        return _applied(operands, op, node, value, name)
    constant = operands.numbers(name, node)
    affine = partial(_grown(operands, value, name, node).affine, source=node)
    match op:
        case Mul():
            return affine(constant, ZERO)
        case Sub() if first:
            return affine(ONE, -constant)
        case Sub():
            return affine(-ONE, constant)
        case _:
            return affine(ONE, constant)


def _divided(operands: Operands, node: OnnxNode, names: list[str]) -> Scaled:
    dividend, divisor = names
    if operands.is_constant(divisor):
        numbers = operands.numbers(divisor, node)
        if not numbers.all():
            raise node.unsupported("a divisor of 0", "divisors other than 0")
        value = _grown(operands, operands.data(dividend, node), divisor, node)
        return value.affine(1 / numbers, ZERO, node)
    value = operands.data(divisor, node)
    wide = not value.port and not tabulable(value)
    if operands.is_constant(dividend):
        value = _grown(operands, value, dividend, node)
        if wide:
            return quotient(operands, node, dividend, value)
        inverse = value.then(Transcend(Function.RECIPROCAL, node))
        return inverse.affine(operands.numbers(dividend, node), ZERO, node)
    values = [operands.data(dividend, node), value]
    joined = None if wide else one_function(Div(), node, values)
    return joined or quotient(operands, node, dividend, value)


def _applied(operands: Operands, op: Operator, node: OnnxNode, value: Scaled, name: str) -> Scaled:
    """An operator with a constant as its second operand."""
    constant = operands.numbers(name, node)
    value, (argument,) = _grown(operands, value, name, node).split(constant)
    return value.then(Apply(op, node, (argument,)))


def _grown(operands: Operands, value: Scaled, name: str, node: OnnxNode) -> Scaled:
    """The value, repeated where the shape of a constant makes the result larger."""
    return grown(operands.draft, value, operands.values[name].shape, node)
