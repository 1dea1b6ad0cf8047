"""What a model still does to a tensor, between its fixed-point codes and the next quantizer.

Elements that are treated alike form a *group*; a step holds its real parameters once per group,
as exact Fractions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Context, Decimal
from enum import Enum
from fractions import Fraction
from typing import assert_never

import numpy as np

from kernels.base import OnnxNode, Operator
from kernels.elementwise import Clip, LeakyRelu, Max, Min, PRelu, Relu, Sign
from kernels.quant import Quantize, Threshold
from rtlgen.rationals import Rationals, Values
from sim.integers import IntArray
from sim.rounding import Overflow

_DIGITS = Context(prec=80)
_LEAST = Fraction(1, 10**75)  # what is left of an exponential: no asymptote is ever reached
_SMALL = Fraction(1, 10**25)  # below it, the next term of the series is under 1e-50 of the first


class Function(Enum):
    """A transcendental function; increasing. Exact results are correct to 45 digits.

    That decides every comparison with a rational number: none is equal but at zero, where the
    result is exact, and from there on that of ``ELU``, which is ``exp(x) - 1`` only below.
    """

    ELU = "Elu"
    SIGMOID = "Sigmoid"
    TANH = "Tanh"

    def __call__(self, x: Values) -> Values:
        if x.dtype == float:
            return np.asarray(self._rough(x))
        return np.asarray(np.frompyfunc(self._exact, 1, 1)(x), object)

    def _rough(self, x: Values) -> Values:
        match self:
            case Function.ELU:
                return np.where(x < 0, np.expm1(np.minimum(x, 0)), x)
            case Function.SIGMOID:
                return np.asarray((np.tanh(x / 2) + 1) / 2)
            case Function.TANH:
                return np.tanh(x)
            case _:
                assert_never(self)

    def _exact(self, x: Fraction) -> Fraction:
        match self:
            case Function.ELU:
                return _expm1(x) if x < 0 else x
            case Function.SIGMOID:
                return (1 + _tanh(x / 2)) / 2
            case Function.TANH:
                return _tanh(x)
            case _:
                assert_never(self)


@dataclass(frozen=True, eq=False)
class Affine:
    """``scale * x + offset``."""

    scale: Values
    offset: Values
    source: OnnxNode
    bias: OnnxNode | None = None
    """The node that brought an offset first, if it was another one."""


@dataclass(frozen=True, eq=False)
class Apply:
    """An elementwise operator, with further arguments that are one number per group."""

    op: Operator
    source: OnnxNode
    arguments: tuple[Values, ...] = ()


@dataclass(frozen=True, eq=False)
class Transcend:
    """A transcendental function."""

    function: Function
    source: OnnxNode


Step = Affine | Apply | Transcend
Steps = tuple[Step, ...]


def evaluate(steps: Steps, x: Values, group: IntArray) -> Values:
    """The steps on each element of ``x``, whose group is given; exact on Fractions.

    On floats, the parameters must be floats too.
    """
    for step in steps:
        x = apply(step, x, group)
    return x


def apply(step: Step, x: Values, group: IntArray) -> Values:
    """One step on each element."""
    match step:
        case Affine(scale, offset):
            return np.asarray(x * scale[group] + offset[group])
        case Apply(op, arguments=arguments):
            result = op.forward(Rationals(x), *(Rationals(a[group]) for a in arguments))
            return np.asarray(result.values)
        case Transcend(function):
            return function(x)
        case _:
            assert_never(step)


def regrouped(steps: Steps, old: IntArray) -> Steps:
    """The steps for new groups, of which group ``g`` was ``old[g]``."""
    return tuple(_regrouped(step, old) for step in steps)


def directions(steps: Steps, groups: int) -> IntArray | None:
    """+1 for a group in which the steps never fall, -1 where they never rise; else None."""
    signs = np.ones(groups, np.int64)
    for step in steps:
        match step:
            case Affine(scale):
                signs = signs * np.where(scale >= 0, 1, -1)
            case Apply() if not _increasing(step):
                return None
            case Apply() | Transcend():
                pass
            case _:
                assert_never(step)
    return signs


def merged(steps: Steps) -> Steps:
    """Neighbouring affine steps as one."""
    out: list[Step] = []
    for step in steps:
        last = out[-1] if out else None
        if isinstance(step, Affine) and isinstance(last, Affine):
            scale, offset = last.scale * step.scale, last.offset * step.scale + step.offset
            bias = (last.bias or last.source) if last.offset.any() else step.bias
            out[-1] = Affine(scale, offset, step.source, bias)
        else:
            out.append(step)
    return tuple(out)


def _regrouped(step: Step, old: IntArray) -> Step:
    match step:
        case Affine(scale, offset):
            return replace(step, scale=scale[old], offset=offset[old])
        case Apply(arguments=arguments):
            return replace(step, arguments=tuple(a[old] for a in arguments))
        case Transcend():
            return step
        case _:
            assert_never(step)


def _increasing(step: Apply) -> bool:
    match step.op:
        case Relu() | Clip() | Sign() | Max() | Min() | Threshold():
            return True
        case Quantize(overflow=overflow):
            return overflow is Overflow.SATURATE
        case LeakyRelu(alpha):
            return alpha >= 0
        case PRelu():
            return bool((step.arguments[0] >= 0).all())
        case _:
            return False


def _tanh(x: Fraction) -> Fraction:
    if abs(x) < _SMALL:
        return x - x**3 / 3
    e = _exp(-2 * abs(x))
    return (1 if x > 0 else -1) * (1 - e) / (1 + e)


def _expm1(x: Fraction) -> Fraction:
    return x + x**2 / 2 if abs(x) < _SMALL else _exp(x) - 1


def _exp(x: Fraction) -> Fraction:
    """Of a number below zero."""
    power = _DIGITS.divide(Decimal(x.numerator), Decimal(x.denominator))
    return max(Fraction(_DIGITS.exp(power)), _LEAST)
