"""Quantizers and staircases."""

from fractions import Fraction

import numpy as np
import pytest
from qonnx.custom_op.general.quant import quant

from kernels.quant import Ceil, Floor, Quantize, Round, Threshold
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding
from tests.cpp import STYLES
from tests.definitions import ROUND, limit
from tests.harness import Case, agree, agree_in_cpp, agree_in_verilog, alike, mixed, weights, zeros

BYTE = alike(1, lo=-128, hi=127, exp=-4)
NARROW = Intervals.full((), Interval(-4, 3, -2))
EACH = Intervals(np.array([-8, 0, -3]), np.array([7, 5, 3]), np.array([-1, 0, -4]))


def defined(op, values):
    """Rounding and overflow in words, element by element."""
    x = values[0]
    to = Intervals(*(np.broadcast_to(a, x.shape) for a in (op.to.lo, op.to.hi, op.to.exp)))
    y = np.empty(x.size)
    for i, value in enumerate(x.flat):
        lo, hi, exp = to.interval(i)
        code = ROUND[op.rounding](Fraction(value) / Fraction(2) ** exp)
        y[i] = limit(op.overflow, code, lo, hi) * 2.0**exp
    return [y.reshape(x.shape)]


def by_qonnx(mode):
    """The Quant node of QONNX with the same range and step."""

    def run(op, values):
        lo, hi, exp = op.to.interval(0)
        width = (hi - lo + 1).bit_length() - 1
        scale, zero = np.float64(2.0**exp), np.float64(0)
        return [quant(values[0], scale, zero, np.float64(width), lo < 0, False, mode)]

    return run


def staircase(op, values):
    """Count the thresholds that are reached."""
    thresholds, start, step = (x.to_float()[0] for x in (op.thresholds, op.start, op.step))
    return [start + step * (thresholds <= values[0][..., None]).sum(-1)]


def stairs(*shape, levels=3, seed=0, start=0, step=1):
    codes = np.sort(weights(*shape, levels, seed=seed, limit=40).codes[0])
    return Threshold(Fixed.constant(codes, -2), Fixed.constant(start, -1), Fixed.constant(step, -1))


INTEGRAL = (
    ("one element", (BYTE,)),
    ("integers already", (alike(2, lo=-3, hi=5, exp=1),)),
    ("wide", (alike(1, lo=-(1 << 30), hi=1 << 30, exp=-9),)),
    ("mixed", (mixed(3, 5, seed=3),)),
)
CASES = (
    *(Case(n, op(), xs) for op in (Round, Floor, Ceil) for n, xs in INTEGRAL),
    *(
        Case(
            f"{rounding.name}, {overflow.name}",
            Quantize(NARROW, rounding, overflow),
            (BYTE,),
            defined,
        )
        for rounding in Rounding
        for overflow in Overflow
    ),
    *(
        Case(f"QONNX {mode}", Quantize(NARROW, rounding), (BYTE,), by_qonnx(mode))
        for mode, rounding in (
            ("ROUND", Rounding.HALF_EVEN),
            ("FLOOR", Rounding.FLOOR),
            ("CEIL", Rounding.CEIL),
            ("UP", Rounding.AWAY_FROM_ZERO),
            ("DOWN", Rounding.TO_ZERO),
            ("HALF_UP", Rounding.HALF_AWAY_FROM_ZERO),
            ("HALF_DOWN", Rounding.HALF_TO_ZERO),
        )
    ),
    *(
        Case(
            f"each its own, {overflow.name}",
            Quantize(EACH, overflow=overflow),
            (mixed(4, 3),),
            defined,
        )
        for overflow in Overflow
    ),
    *(
        Case(
            f"odd range, {overflow.name}",
            Quantize(Intervals.full((1,), Interval(-5, 6, -1)), overflow=overflow),
            (BYTE,),
            defined,
        )
        for overflow in Overflow
    ),
    Case("default", Quantize(NARROW), (mixed(3),), defined),
    Case("scalar", Quantize(NARROW), (alike(),), defined),
    Case("a column", Quantize(EACH[:, None]), (mixed(3, 2),), defined),
    Case(
        "does nothing",
        Quantize(Intervals.full((), Interval(-512, 511, -8)), Rounding.FLOOR, Overflow.WRAP),
        (mixed(5),),
        defined,
    ),
    Case("a single value", Quantize(Intervals.full((), Interval(0, 0, 0))), (BYTE,), defined),
    Case(
        "coarser than all values",
        Quantize(Intervals.full((), Interval(-8, 7, 9))),
        (BYTE,),
        defined,
    ),
    Case(
        "finer",
        Quantize(Intervals.full((), Interval(-100, 99, -6)), overflow=Overflow.WRAP),
        (alike(2, lo=-9, hi=9, exp=-1),),
        defined,
    ),
    Case(
        "wide",
        Quantize(Intervals.full((), Interval(-(1 << 70), 1 << 70, 3))),
        (alike(2, lo=-(1 << 80), hi=1 << 80),),
        None,
    ),
    Case("one level", stairs(levels=1), (BYTE,), staircase),
    Case("scalar", stairs(), (alike(),), staircase),
    Case("levels", stairs(levels=7, start=-3, step=5), (BYTE,), staircase),
    Case("descending", stairs(levels=7, step=-1), (BYTE,), staircase),
    Case(
        "all alike", Threshold(zeros(3), Fixed.constant(0), Fixed.constant(1)), (BYTE,), staircase
    ),
    Case("flat", stairs(step=0, start=3), (BYTE,), staircase),
    Case("per channel", stairs(3, 1), (mixed(2, 3, 2),), staircase),
    Case(
        "start and step per channel",
        Threshold(stairs(2, 1).thresholds, weights(2, 1), weights(2, 1, seed=1)),
        (mixed(2, 3),),
        staircase,
    ),
    Case(
        "never reached",
        Threshold(Fixed.constant([500, 501]), Fixed.constant(3), Fixed.constant(1)),
        (BYTE,),
        staircase,
    ),
    Case(
        "always reached",
        Threshold(Fixed.constant([-500, -400]), Fixed.constant(3), Fixed.constant(1)),
        (BYTE,),
        staircase,
    ),
    Case(
        "finer than the data",
        Threshold(Fixed.constant([-5, 3], -9), Fixed.constant(3), Fixed.constant(1)),
        (BYTE,),
        staircase,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees(case):
    agree(case)


@pytest.mark.slow
def test_agrees_in_verilog(tmp_path):
    agree_in_verilog(CASES, tmp_path)


UNSTREAMED: dict[str, list[str]] = {}
"""Cases that a style has no kernel for; each is refused by name."""


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES, ids=str)
def test_agrees_in_cpp(style, tmp_path):
    assert agree_in_cpp(CASES, tmp_path, style) == UNSTREAMED.get(str(style), [])


def test_thresholds_must_ascend():
    with pytest.raises(AssertionError, match="thresholds must ascend"):
        Threshold(Fixed.constant([2, 1]), Fixed.constant(0), Fixed.constant(1))
