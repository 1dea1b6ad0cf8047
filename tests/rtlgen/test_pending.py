"""Exact numbers: roots, curves and what steps do, against high-precision decimals."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from random import Random

import numpy as np
import pytest

from kernels.base import OnnxNode
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
    ThresholdedRelu,
)
from kernels.quant import Quantize
from kernels.real import BatchNormalization, Div
from rtlgen.bounds import approximated, enclosed
from rtlgen.constants import normalization
from rtlgen.curves import Function
from rtlgen.pending import Affine, Apply, Join, Transcend, evaluate, merged, regrouped
from rtlgen.rationals import (
    Rationals,
    broadcasts,
    common,
    fixed,
    fractions,
    objects,
    power_of_two,
    powers_of_two,
    rounded,
    sqrt,
)
from sim.errors import UnsupportedAttribute
from sim.fixed import Fixed
from sim.rounding import Rounding
from tests.definitions import ROUND

NODE = OnnxNode("node", "Relu", ("x",), ("y",))


@pytest.mark.parametrize("seed", range(20))
def test_roots(seed):
    random = Random(seed)
    x = Fraction(random.uniform(0, 1) * 10.0 ** random.randint(-30, 10)) + Fraction(1, 10**60)
    context = Context(prec=700)
    want = context.sqrt(context.divide(Decimal(x.numerator), Decimal(x.denominator)))
    root = sqrt(x)
    got = context.divide(Decimal(root.numerator), Decimal(root.denominator))
    assert abs(context.subtract(got, want)) <= want * Decimal(2) ** -1000
    assert root * root <= x
    assert sqrt(x * x) == x
    assert sqrt(Fraction(9, 16)) == Fraction(3, 4)


@pytest.mark.parametrize("seed", range(6))
def test_batch_normalization(seed):
    rng = np.random.default_rng(seed)
    names = ("g", "o", "m", "v")
    arrays = dict(zip(names, rng.normal(0, 2, (4, 5)).astype(np.float32), strict=True))
    arrays["v"] = np.abs(arrays["v"])
    constants = {n: a.astype(np.float64) for n, a in arrays.items()}
    node = OnnxNode("norm", "BatchNormalization", ("x", *names), ("y",), {}, constants)
    op = BatchNormalization(float(np.float32(1e-5)))
    scale, offset = normalization(op, node, 4)
    assert scale.shape == offset.shape == (5, 1, 1)
    context = Context(prec=300)
    for c in range(5):
        g, o, m, v = (Decimal(float(arrays[n][c])) for n in names)
        root = context.sqrt(context.add(v, Decimal(op.epsilon)))
        for x in (Decimal("0.3"), Decimal(-7)):
            want = context.add(context.multiply(context.divide(context.subtract(x, m), root), g), o)
            value = scale[c, 0, 0] * Fraction(x) + offset[c, 0, 0]
            got = context.divide(Decimal(value.numerator), Decimal(value.denominator))
            assert abs(context.subtract(got, want)) < Decimal(10) ** -250


def test_batch_normalization_without_a_parameter():
    node = OnnxNode("norm", "BatchNormalization", ("x", "g"), ("y",), {}, {"g": np.ones(1)})
    with pytest.raises(UnsupportedAttribute) as caught:
        normalization(BatchNormalization(), node, 2)
    assert str(caught.value) == (
        "node 'norm': operator BatchNormalization is not supported with no input 2; supported is "
        "all five inputs"
    )


@pytest.mark.parametrize("rounding", Rounding)
def test_rounding(rounding):
    quarters = [Fraction(k, 4) for k in range(-17, 18)] + [Fraction(k, 7) for k in range(-30, 30)]
    want = [ROUND[rounding](x) for x in quarters]
    assert rounded(objects(quarters), rounding).tolist() == want
    exact = [Fraction(k, 4) for k in range(-17, 18)]
    floats = rounded(np.array([float(x) for x in exact]), rounding)
    assert floats.tolist() == [ROUND[rounding](x) for x in exact]


def test_arrays_of_rationals():
    assert fractions(0.1).tolist() == [Fraction(0.1)]
    assert fractions(np.float32(0.1)).tolist() == [Fraction(float(np.float32(0.1)))]
    assert type(fractions(np.array([1 << 40]))[0].numerator) is int
    assert powers_of_two(np.array([[-2], [3]])).tolist() == [[Fraction(1, 4)], [Fraction(8)]]
    assert [power_of_two(Fraction(x)) for x in (8, 0.25, 3, -2, 0)] == [3, -2, None, None, None]
    assert common(objects([Fraction(3, 4), Fraction(-5, 6), Fraction(0)])) == Fraction(1, 12)
    assert common(objects([Fraction(0)])) == 1
    assert fixed(objects([Fraction(1, 3)])) is None
    assert fixed(objects([Fraction(3, 8), Fraction(-2)])).to_float().tolist() == [[0.375, -2]]
    assert [broadcasts(s, (2, 3)) for s in ((3,), (2, 1), (), (2,), (1, 2, 3))] == [
        True,
        True,
        True,
        False,
        False,
    ]


OPERATORS = [
    (Relu(), 0),
    (LeakyRelu(0.25), 0),
    (LeakyRelu(-0.3), 0),
    (Abs(), 0),
    (Sign(), 0),
    (Clip(-1.0, 0.5), 0),
    (PRelu(), 1),
    (Max(), 1),
    (Min(), 1),
]


@pytest.mark.parametrize(("op", "count"), OPERATORS)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("function", [Function.ELU, Function.SIGMOID, Function.GELU, Function.SIN])
def test_floats_enclose_what_is_exact(op, count, seed, function):
    random = Random(seed)

    def numbers():
        return objects(Fraction(random.uniform(-2, 2)) * Fraction(1, 3) for _ in range(3))

    steps = (
        Affine(numbers(), numbers(), NODE),
        Apply(op, NODE, tuple(numbers() for _ in range(count))),
        Affine(numbers(), numbers(), NODE),
        Transcend(function, NODE),
    )
    x = np.array([random.uniform(-3, 3) for _ in range(60)] + [0.0] * 3)
    group = np.arange(63) % 3
    lo, hi = enclosed(approximated(steps), x, x, group)
    exact = evaluate(steps, fractions(x), group)
    assert all(low <= value <= high for low, value, high in zip(lo, exact, hi, strict=True))
    assert (hi - lo).max() < 1e-10


@pytest.mark.parametrize("op", [Add(), Sub(), Mul(), Max(), Min(), Div()], ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_floats_enclose_what_meets_again(op, seed):
    random = Random(seed)

    def line():
        return Affine(*(objects([Fraction(random.uniform(-2, 2))] * 3) for _ in "ab"), NODE)

    curves = random.sample([Function.SIN, Function.EXP, Function.GELU, Function.TANH], 2)
    branches = tuple((line(), Transcend(curve, NODE)) for curve in curves)
    steps = (line(), Join(op, branches, NODE), line())
    x = np.array([random.uniform(-3, 3) for _ in range(60)])
    group = np.arange(60) % 3
    lo, hi = enclosed(approximated(steps), x, x, group)
    exact = evaluate(steps, fractions(x), group)
    assert all(low <= value <= high for low, value, high in zip(lo, exact, hi, strict=True))
    assert np.median(hi - lo) < 1e-9


def test_an_interval_that_a_function_may_turn_in_says_nothing():
    steps = (Transcend(Function.SIN, NODE),)
    lo, hi = enclosed(steps, np.array([1.0]), np.array([2.0]), np.zeros(1, int))
    assert (lo[0], hi[0]) == (-np.inf, np.inf)


def test_an_interval_of_divisors_around_zero_says_nothing():
    steps = (Join(Div(), ((), (Transcend(Function.SIN, NODE),)), NODE),)
    lo, hi = enclosed(steps, np.array([-1e-20]), np.array([1e-20]), np.zeros(1, int))
    assert (lo[0], hi[0]) == (-np.inf, np.inf)


@pytest.mark.parametrize("op", [ThresholdedRelu(-0.5), Shrink(0.25, 0.5)], ids=str)
def test_an_interval_around_a_jump_says_nothing(op):
    steps = (Apply(op, NODE),)
    at = np.array([-0.5])
    lo, hi = enclosed(steps, at - 1e-12, at + 1e-12, np.zeros(1, int))
    assert (lo[0], hi[0]) == (-np.inf, np.inf)
    lo, hi = enclosed(steps, at + 2, at + 2, np.zeros(1, int))
    assert lo[0] == pytest.approx(hi[0])


def test_a_bend_between_the_ends_is_seen():
    steps = (Apply(Abs(), NODE),)
    lo, hi = enclosed(steps, np.array([-1.0]), np.array([2.0]), np.zeros(1, int))
    assert (lo[0], hi[0]) == (0, 2)


def test_merging_and_regrouping():
    a = Affine(objects([Fraction(2)]), objects([Fraction(1)]), NODE)
    other = OnnxNode("other", "Mul", ("x",), ("y",))
    b = Affine(objects([Fraction(3)]), objects([Fraction(0)]), other)
    (both,) = merged((a, b))
    assert (both.scale[0], both.offset[0], both.source, both.bias) == (6, 3, other, NODE)
    (fine,) = regrouped((both,), np.array([0, 0]))
    assert fine.scale.tolist() == [6, 6]
    assert fine.bias is NODE


def test_tables_of_rationals():
    from sim.rounding import Interval

    table = Fixed.constant([5, 6, 7], -1)
    x = Rationals(objects([Fraction(-1, 2), Fraction(1, 2)]))
    assert x.lookup(table, Interval(-1, 1, -1)).values.tolist() == [Fraction(5, 2), Fraction(7, 2)]


def test_quantizers_on_rationals():
    from sim.intervals import Intervals
    from sim.rounding import Overflow

    to = Intervals(np.array([-4, -4]), np.array([3, 3]), np.array([-1, 0]))
    x = Rationals(objects([Fraction(5, 3), Fraction(9)]))
    wrapped = Quantize(to, Rounding.FLOOR, Overflow.WRAP).forward(x)
    assert wrapped.values.tolist() == [Fraction(3, 2), Fraction(1)]
