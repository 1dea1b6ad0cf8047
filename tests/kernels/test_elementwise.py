"""Operators that treat every element alike."""

import numpy as np
import pytest

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
from sim.fixed import Fixed
from tests.cpp import STYLES
from tests.harness import Case, agree, agree_in_cpp, agree_in_verilog, alike, mixed, weights, zeros

BINARY = (
    ("one element", (alike(), alike(lo=0, hi=3))),
    ("exhaustive", (alike(2, lo=-4, hi=3), alike(2, lo=-1, hi=2, exp=-2))),
    ("mixed", (mixed(2, 3, seed=1), mixed(2, 3, seed=2))),
    ("broadcast", (mixed(2, 1, 3, seed=1), mixed(4, 1, seed=2))),
    ("constant on the right", (mixed(2, 3), weights(3))),
    ("constant on the left", (weights(2, 1), mixed(2, 3))),
    ("larger constant", (mixed(3), weights(2, 3))),
    ("larger constant on the left", (weights(2, 3), mixed(3))),
    ("zeros", (mixed(2, 3), zeros(3))),
    ("a scalar", (mixed(2, 3), weights(seed=1))),
)
NARY = (
    *BINARY,
    ("one input", (mixed(3),)),
    ("three inputs", (mixed(3, seed=1), weights(2, 3), mixed(2, 1, seed=2))),
    ("constants first", (weights(3), weights(2, 1), mixed(3))),
)
UNARY = (
    ("one element", (alike(),)),
    ("exhaustive", (alike(1, lo=-100, hi=99),)),
    ("positive", (alike(2, lo=2, hi=5),)),
    ("negative", (alike(2, lo=-5, hi=-2),)),
    ("asymmetric", (alike(2, lo=-3, hi=5),)),
    ("mixed", (mixed(3, 5, seed=3),)),
)
WIDE = (alike(2, lo=-(1 << 80), hi=1 << 80, exp=-5),)
CASES = (
    *(Case(n, op(), xs) for op in (Add, Sub, Mul) for n, xs in BINARY),
    *(Case(n, op(), xs) for op in (Min, Max, Sum) for n, xs in NARY),
    *(Case(n, op(), xs) for op in (Neg, Abs, Sign, Relu) for n, xs in UNARY),
    *(Case("wide", op(), WIDE, None) for op in (Neg, Abs, Sign, Relu)),
    *(Case("wide", op(), WIDE * 2, None) for op in (Add, Sub, Mul, Min, Max, Sum)),
    *(
        Case(f"{n}, {alpha}", ThresholdedRelu(alpha), xs)
        for n, xs in UNARY
        for alpha in (1.0, 0.0, -1.25, 99.0)
    ),
    *(
        Case(f"{n}, {bias}, {edge}", Shrink(bias, edge), xs)
        for n, xs in UNARY
        for bias, edge in ((0.0, 0.5), (0.75, 1.5), (-0.25, 0.0), (1.0, -1.0))
    ),
    Case("default", LeakyRelu(), (mixed(4, seed=3),), None),
    *(
        Case(f"{n}, {alpha}", LeakyRelu(alpha=alpha), xs)
        for alpha in (0.125, 1.0, 0.0, 2.5, -0.75)
        for n, xs in UNARY
    ),
    Case("per channel", PRelu(), (mixed(2, 3, 2), weights(3, 1))),
    Case("one slope", PRelu(), (mixed(2, 3), weights(1, seed=1))),
    Case("zeros", PRelu(), (mixed(2, 3), zeros(3))),
    Case("variable slope", PRelu(), (alike(2), alike(2, lo=-2, hi=2))),
    *(
        Case(f"{n}, {lo}..{hi}", Clip(lo, hi), xs)
        for lo, hi in ((-1.25, 2.0), (0.0, None), (None, 0.75), (None, None), (2.0, -1.0))
        for n, xs in UNARY
    ),
    Case("infinite", Clip(-np.inf, np.inf), (mixed(5),)),
    Case("largest floats", Clip(-3.4028234663852886e38, 3.4028234663852886e38), (mixed(5),)),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees(case):
    agree(case)


@pytest.mark.slow
def test_agrees_in_verilog(tmp_path):
    agree_in_verilog(CASES, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES, ids=str)
def test_agrees_in_cpp(style, tmp_path):
    assert agree_in_cpp(CASES, tmp_path, style) == []


def test_leaky_relu_by_default_has_the_slope_that_onnx_has():
    x = Fixed.constant([-1])
    assert LeakyRelu().forward(x).to_float() == -np.float64(np.float32(0.01))


@pytest.mark.parametrize(
    ("lo", "hi", "expected"), [(-4, 3, (0, 4)), (2, 5, (2, 5)), (-5, -2, (2, 5))]
)
def test_intervals_know_that_only_one_half_counts(lo, hi, expected):
    assert Abs().forward(alike(lo=lo, hi=hi)).interval(0)[:2] == expected
