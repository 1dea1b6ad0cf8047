"""Elementwise operators: a constant operand becomes a step, and computed ones meet."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from kernels.base import OnnxNode, Operator
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
    Sign,
    Sub,
    Sum,
)
from kernels.real import BatchNormalization, Div, Elu, Selu, Sigmoid, Tanh
from kernels.shape import Expand
from rtlgen.combine import extreme, multiplied, summed
from rtlgen.constants import normalization
from rtlgen.moves import moved
from rtlgen.operands import Operands
from rtlgen.pending import Apply, Function, Transcend
from rtlgen.rationals import fractions
from rtlgen.scaled import Scaled

Unary = Relu | LeakyRelu | Abs | Clip | Sign
Curve = Elu | Selu | Sigmoid | Tanh
Variadic = Add | Sub | Mul | Div | Sum | Max | Min
ONE, ZERO = fractions(1), fractions(0)


def unary(
    operands: Operands,
    op: Unary | Neg | Curve | BatchNormalization | PRelu,
    node: OnnxNode,
) -> Scaled:
    """An operator of one value, and of constants that are its parameters."""
    name = op.data_inputs(node)[0]
    value = operands.data(name, node)
    match op:
        case Sigmoid() | Tanh():
            return value.then(Transcend(Function(node.op_type), node))
        case Elu():
            return _elu(value, op.alpha, node)
        case Selu():
            return _elu(value, op.alpha, node).affine(fractions(op.gamma), ZERO, node)
        case Neg():
            return value.affine(fractions(-1), ZERO, node)
        case BatchNormalization():
            return value.affine(*normalization(op, node, len(value.shape)), node)
        case PRelu():
            return _applied(operands, op, node, value, node.inputs[1])
        case _:
            return value.then(Apply(op, node))


def _elu(value: Scaled, alpha: float, node: OnnxNode) -> Scaled:
    """``exp(x) - 1`` is negative where ``x`` is, so a leaky ReLU scales that side and no other."""
    return value.then(Transcend(Function.ELU, node), Apply(LeakyRelu(alpha), node))


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
        value, first = _met(operands, op, node, computed), True
    for name in rest:
        value = _with_constant(operands, op, node, value, name, first=first)
    return value


def _met(operands: Operands, op: Variadic, node: OnnxNode, names: list[str]) -> Scaled:
    values = [operands.bound(name, node) for name in names]
    match op:
        case Add() | Sum() | Sub():
            return summed(operands.draft, op, node, values)
        case Max() | Min():
            return extreme(operands.draft, op, node, values)
        case _:
            assert isinstance(op, Mul)
            return multiplied(operands.draft, op, node, values)


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
    if not operands.is_constant(names[1]):
        raise node.unsupported("a divisor that the model computes", "a constant divisor")
    divisor = operands.numbers(names[1], node)
    if not divisor.all():
        raise node.unsupported("a divisor of 0", "divisors other than 0")
    value = _grown(operands, operands.data(names[0], node), names[1], node)
    return value.affine(1 / divisor, ZERO, node)


def _applied(operands: Operands, op: Operator, node: OnnxNode, value: Scaled, name: str) -> Scaled:
    """An operator with a constant as its second operand."""
    constant = operands.numbers(name, node)
    value, (argument,) = _grown(operands, value, name, node).split(constant)
    return value.then(Apply(op, node, (argument,)))


def _grown(operands: Operands, value: Scaled, name: str, node: OnnxNode) -> Scaled:
    """The value, repeated where the shape of a constant makes the result larger."""
    shape: tuple[int, ...] = operands.values[name].shape
    full = np.broadcast_shapes(value.shape, shape)
    if full == value.shape:
        return value
    move = replace(node, outputs=(f"{value.name}.expanded",))
    return moved(operands.draft, Expand(full), move, [value])[0]
