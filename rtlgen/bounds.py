"""Floats between which a real number lies: they decide most codes, and say which they do not.

So exact results come at the speed of floats: rationals are asked only where a number is within
rounding error of an edge, which is nearly always a real tie.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import assert_never

import numpy as np
import numpy.typing as npt

from kernels.elementwise import (
    Abs,
    Add,
    Clip,
    LeakyRelu,
    Max,
    Min,
    Mul,
    PRelu,
    Relu,
    Shrink,
    Sign,
    Sub,
    Sum,
    ThresholdedRelu,
)
from kernels.quant import Integral, Quantize, Threshold
from kernels.real import Div
from rtlgen.pending import (
    Affine,
    Apply,
    Count,
    Join,
    Step,
    Steps,
    Transcend,
    apply,
    evaluate,
    joined,
)
from rtlgen.rationals import Values, fractions
from sim.integers import IntArray
from sim.rounding import Overflow

Floats = npt.NDArray[np.float64]

_ERROR = 2.0**-49
"""Of a step, relative to its largest term: some of its operations round by 2**-53 each."""
_FUNCTION_ERROR = 2.0**-45
"""Of a curve, whose library promises a few units in the last place, relative to one or more."""
_POINT = 2.0**-40
"""Relative: a wider interval may hold a place where a function turns."""
_LEAST, _MOST = 1e-200, 1e200
"""Parameters whose products neither overflow nor underflow."""
_WIDEST = 1 << 50
"""Codes that floats hold with some bits to spare."""


def codes(steps: Steps, x: Values, group: IntArray) -> IntArray:
    """The integers that the steps end on, exact, for numbers ``x`` of any kind."""
    return coder(steps)(x, group)


def coder(steps: Steps) -> Callable[[Values, IntArray], IntArray]:
    """``codes`` for these steps, to be called often."""
    rough = approximated(steps)

    def decide(x: Values, group: IntArray) -> IntArray:
        x = np.asarray(x, None if x.dtype == float else object)
        group = np.broadcast_to(group, x.shape)
        if rough is None:
            return _exactly(steps, x, group)
        with np.errstate(all="ignore"):  # what overflows is infinite, and so decides nothing
            lo, hi = enclosed(rough, *_started(x), group)
            doubtful = ~(lo == hi)
            result = np.array(np.where(doubtful, 0, lo).astype(np.int64))
        if doubtful.any():
            result[doubtful] = _exactly(steps, x[doubtful], group[doubtful])
        return result

    return decide


def approximated(steps: Steps) -> Steps | None:
    """The steps with floats for parameters; None if floats cannot stand for them."""
    try:
        return tuple(map(_approximated, steps))
    except OverflowError:
        return None


def enclosed(steps: Steps, lo: Floats, hi: Floats, group: IntArray) -> tuple[Floats, Floats]:
    """Ends between which approximated steps lead every number from ``lo`` to ``hi``."""
    for step in steps:
        if isinstance(step, Join):
            least, most = _joined(step, lo, hi, group)
        else:
            least, most = _enclosed(step, lo, hi, group)
        lo = np.where(np.isnan(least), -np.inf, least)
        hi = np.where(np.isnan(most), np.inf, most)
    return lo, hi


def _enclosed(step: Step, lo: Floats, hi: Floats, group: IntArray) -> tuple[Floats, Floats]:
    middle = np.clip(0.0, lo, hi)  # every operator that turns, turns at zero
    ends = [apply(step, at, group).astype(float) for at in (lo, middle, hi)]
    least, most = np.minimum.reduce(ends), np.maximum.reduce(ends)
    if isinstance(step, Transcend):
        error = (1 + np.maximum(np.abs(least), np.abs(most))) * _FUNCTION_ERROR
        if not step.function.increasing:  # where it turns, it changes less than its error
            error = np.where(hi - lo > _POINT * (1 + np.abs(middle)), np.inf, error)
    else:
        error = _error(step, np.maximum(np.abs(lo), np.abs(hi)), group)
        for place in _jumps(step):
            error = np.where((lo <= place) & (place <= hi), np.inf, error)
    return least - error, most + error


def _jumps(step: Step) -> tuple[float, ...]:
    """Where an operator is not continuous, apart from those that only rise."""
    match step:
        case Apply(op=ThresholdedRelu(alpha)):
            return (alpha,)
        case Apply(op=Shrink(lambd=edge)):
            return (edge, -edge)
        case _:
            return ()


def _joined(step: Join, lo: Floats, hi: Floats, group: IntArray) -> tuple[Floats, Floats]:
    """From the ends of the branches, for operators that are monotone in each."""
    ends = [enclosed(branch, lo, hi, group) for branch in step.branches]
    if not isinstance(step.op, Add | Sub | Mul | Div | Sum | Max | Min):
        return np.full(lo.shape, -np.inf), np.full(lo.shape, np.inf)
    corners = [joined(step.op, corner, step.source) for corner in product(*ends)]
    least, most = np.minimum.reduce(corners), np.maximum.reduce(corners)
    error = np.maximum(np.abs(least), np.abs(most)) * _ERROR + _LEAST
    if isinstance(step.op, Div):
        error = np.where((ends[1][0] <= 0) & (ends[1][1] >= 0), np.inf, error)
    return least - error, most + error


def _approximated(step: Step) -> Step:
    match step:
        case Affine(scale, offset):
            return replace(step, scale=_floats(scale), offset=_floats(offset))
        case Apply(op=Quantize(to=to, overflow=overflow)):
            widest = max(abs(int(to.lo.min())), abs(int(to.hi.max())))
            if overflow is not Overflow.SATURATE or widest >= _WIDEST:
                raise OverflowError
            return step
        case Apply(arguments=arguments):
            return replace(step, arguments=tuple(map(_floats, arguments)))
        case Count(levels):
            floats = _floats(levels)
            if (floats != levels).any():  # on which side of a level a number is, is all there is
                raise OverflowError
            return replace(step, levels=floats)
        case Transcend():
            return step
        case Join(branches=branches):
            return replace(step, branches=tuple(tuple(map(_approximated, b)) for b in branches))
        case _:
            assert_never(step)


def _floats(values: Values) -> Floats:
    """The nearest floats; OverflowError if they are not near, or their products may not be."""
    floats = values.astype(float)
    size = np.abs(floats)
    if not np.all((values == 0) | ((size > _LEAST) & (size < _MOST))):
        raise OverflowError
    return floats


def _error(step: Step, size: Floats, group: IntArray) -> Floats:
    """How far a step on numbers of up to this size may be from its real result."""
    match step:
        case Affine(scale, offset):
            return (np.abs(scale[group]) * size + np.abs(offset[group])) * _ERROR + _LEAST
        case Apply(op=Quantize() | Threshold() | Sign() | Relu() | Clip() | Abs()) | Count():
            return np.zeros(size.shape)
        case Apply(op=Integral()):
            return np.where(size < _WIDEST, 0.0, np.inf)
        case Apply(op=LeakyRelu(alpha)):
            return size * abs(alpha) * _ERROR
        case Apply(op=PRelu(), arguments=(slope,)):
            return size * np.abs(slope[group]) * _ERROR
        case Apply(arguments=arguments):
            return sum((np.abs(a[group]) for a in arguments), size) * _ERROR
        case _:
            raise AssertionError(step)


def _started(x: Values) -> tuple[Floats, Floats]:
    floats = x.astype(float)
    error = np.abs(floats) * _ERROR + _LEAST if x.dtype == object else np.zeros(x.shape)
    return floats - error, floats + error


def _exactly(steps: Steps, x: Values, group: IntArray) -> IntArray:
    flat = fractions(x.reshape(-1))
    return evaluate(steps, flat, group.reshape(-1)).astype(np.int64).reshape(x.shape)
