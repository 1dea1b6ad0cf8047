"""Curves, against decimals of many digits: their exponential, logarithm and root, and series."""

from __future__ import annotations

import itertools
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from random import Random

import numpy as np
import pytest

from rtlgen.curves import Exponential, Function, Power
from rtlgen.rationals import objects
from rtlgen.transcendental import Undefined

FAR = Context(prec=250)
ROOT_HALF = Fraction(1, 2)


def decimal(x: Fraction) -> Decimal:
    return FAR.divide(Decimal(x.numerator), Decimal(x.denominator))


def series(first: Decimal, ratio) -> Decimal:
    """The sum of terms, each ``ratio(k)`` times the last."""
    total, term, k = first, first, 0
    while abs(term) > abs(total) * Decimal(10) ** -200 + Decimal(10) ** -240:
        k += 1
        term *= ratio(k)
        total += term
    return total


def sin(x: Decimal) -> Decimal:
    return series(x, lambda k: -x * x / ((2 * k) * (2 * k + 1)))


def cos(x: Decimal) -> Decimal:
    return series(Decimal(1), lambda k: -x * x / ((2 * k - 1) * (2 * k)))


def pi() -> Decimal:
    """Machin's formula."""

    def arctan_inverse(n):
        x = 1 / Decimal(n)
        return sum((-1) ** k * x ** (2 * k + 1) / (2 * k + 1) for k in range(200))

    return 16 * arctan_inverse(5) - 4 * arctan_inverse(239)


def erf(x: Decimal) -> Decimal:
    terms = itertools.count()
    total, power = Decimal(0), x
    for k in terms:
        total += power / (2 * k + 1)
        power *= -x * x / (k + 1)
        if abs(power) < Decimal(10) ** -240:
            return 2 * total / pi().sqrt()
    raise AssertionError


def softplus(x: Decimal) -> Decimal:
    return (1 + x.exp()).ln()


def tanh(x: Decimal) -> Decimal:
    return (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())


def normal(x: Decimal) -> Decimal:
    return x * (1 + erf(x / Decimal(2).sqrt())) / 2


def normal_by_tanh(x: Decimal) -> Decimal:
    inner = (2 / pi()).sqrt() * (x + Decimal("0.044715") * x**3)
    return x * (1 + tanh(inner)) / 2


CURVES = {
    Function.ELU: lambda x: x if x > 0 else x.exp() - 1,
    Function.SIGMOID: lambda x: 1 / (1 + (-x).exp()),
    Function.TANH: tanh,
    Function.EXP: lambda x: x.exp(),
    Function.LOG: lambda x: x.ln(),
    Function.SQRT: lambda x: x.sqrt(),
    Function.ERF: erf,
    Function.SOFTPLUS: softplus,
    Function.SOFTSIGN: lambda x: x / (1 + abs(x)),
    Function.RECIPROCAL: lambda x: 1 / x,
    Function.GELU: normal,
    Function.GELU_TANH: normal_by_tanh,
    Function.MISH: lambda x: x * tanh(softplus(x)),
    Function.SWISH: lambda x: x / (1 + (-x).exp()),
    Function.SIN: sin,
    Function.COS: cos,
    Function.TAN: lambda x: sin(x) / cos(x),
    Function.SINH: lambda x: (x.exp() - (-x).exp()) / 2,
    Function.COSH: lambda x: (x.exp() + (-x).exp()) / 2,
    Function.ASINH: lambda x: (x + (x * x + 1).sqrt()).ln(),
    Function.ACOSH: lambda x: (x + (x * x - 1).sqrt()).ln(),
    Function.ATANH: lambda x: ((1 + x) / (1 - x)).ln() / 2,
}
INVERSES = {
    Function.ASIN: sin,
    Function.ACOS: cos,
    Function.ATAN: lambda y: sin(y) / cos(y),
}
UNIT = {Function.ASIN, Function.ACOS, Function.ATANH}
POSITIVE = {Function.LOG, Function.SQRT}
AT_ZERO = {
    Function.SIGMOID: ROOT_HALF,
    Function.EXP: 1,
    Function.COS: 1,
    Function.COSH: 1,
}


def drawn(function: Function, seed: int) -> Fraction:
    """A float, in the domain."""
    random = Random(seed)
    x = random.uniform(-1, 1) * 10.0 ** random.randint(-20, 1)
    if function in UNIT and abs(x) > 1:
        x /= 16
    if function in POSITIVE:
        x = abs(x)
    return Fraction(1 + abs(x) if function is Function.ACOSH else x)


def test_every_curve_has_an_oracle():
    assert {*CURVES, *INVERSES} == {*Function}


@pytest.mark.parametrize("function", Function, ids=lambda f: f.name)
@pytest.mark.parametrize("seed", range(12))
def test_curves(function, seed):
    x = drawn(function, seed)
    got = function(objects([x]))[0]
    with localcontext(FAR):
        if function in CURVES:
            got, want = decimal(got), CURVES[function](decimal(x))
        else:
            got, want = INVERSES[function](decimal(got)), decimal(x)
        assert abs(got - want) <= Decimal(10) ** -44 * max(abs(want), Decimal(10) ** -60)


@pytest.mark.parametrize("function", Function, ids=lambda f: f.name)
@pytest.mark.parametrize("seed", range(12))
def test_floats_are_as_near_as_their_enclosure_says(function, seed):
    x = float(drawn(function, seed))
    exact = float(function(objects([Fraction(x)]))[0])
    assert abs(float(function(np.array([x]))[0]) - exact) <= 2.0**-47 * (1 + abs(exact))


@pytest.mark.parametrize("function", [f for f in Function if f.increasing], ids=lambda f: f.name)
def test_curves_keep_their_order(function):
    """At a thousand, some have reached what stands for their asymptotes, but none passes it."""
    x = [Fraction(k, 7) * Fraction(10) ** e for e in (-40, -25, -1, 0, 1, 3) for k in (1, 2, 9)]
    if function in UNIT:
        x = [one / 2000 for one in x]
    if function is Function.ACOSH:
        x = [1 + one for one in x]
    negative = function not in {*POSITIVE, Function.ACOSH}
    y = function(objects([*(-one for one in reversed(x) if negative), *x]))
    assert all(a <= b for a, b in itertools.pairwise(y))
    assert all(a < b for a, b in itertools.pairwise(y[4:-4]))


@pytest.mark.parametrize("function", [f for f in Function if f not in {*POSITIVE, Function.ACOSH}])
def test_at_zero_curves_are_exact(function):
    if function is Function.RECIPROCAL:
        assert function(objects([Fraction(0)]))[0] > 10**70
    elif function not in (Function.ACOS, Function.SOFTPLUS):  # which are irrational there
        assert function(objects([Fraction(0)]))[0] == AT_ZERO.get(function, 0)


def test_roots_and_logarithms_are_exact_where_they_are_rational():
    assert Function.SQRT(objects([Fraction(9, 16), Fraction(0)])).tolist() == [Fraction(3, 4), 0]
    assert Function.LOG(objects([Fraction(1)]))[0] == 0
    assert Function.LOG(objects([Fraction(0)]))[0] < -(10**70)


@pytest.mark.parametrize(
    ("curve", "x"),
    [
        (Function.LOG, -1),
        (Function.SQRT, -1),
        (Function.ASIN, 2),
        (Function.ACOS, -2),
        (Function.ACOSH, 0),
        (Function.ATANH, 2),
        (Power(Fraction(1, 2)), -1),
    ],
)
def test_outside_of_their_domain_curves_are_undefined(curve, x):
    with pytest.raises(Undefined, match=f"such as {x}"):
        curve(objects([Fraction(x)]))
    assert np.isnan(curve(np.array([float(x)]))[0])


@pytest.mark.parametrize("exponent", [-3, -1, 0, 1, 2, 5])
def test_whole_powers_are_exact(exponent):
    x = [Fraction(-3), Fraction(2, 3), Fraction(7)]
    assert Power(Fraction(exponent))(objects(x)).tolist() == [one**exponent for one in x]
    floats = Power(Fraction(exponent))(np.array([-3.0, 2.0]))
    assert floats.tolist() == [float(Fraction(-3) ** exponent), float(Fraction(2) ** exponent)]


@pytest.mark.parametrize("exponent", [0.5, 1.5, -0.5, 0.25, 0.3, -2.7])
def test_other_powers(exponent):
    power = Power(Fraction(exponent))
    for x in (Fraction(5, 7), Fraction(81)):
        with localcontext(FAR):
            want = (decimal(x).ln() * decimal(Fraction(exponent))).exp()
            got = decimal(power(objects([x]))[0])
            assert abs(got - want) <= Decimal(10) ** -44 * want
    if exponent in (0.5, 0.25, 1.5):
        assert power(objects([Fraction(81)]))[0] == {0.5: 9, 0.25: 3, 1.5: 729}[exponent]


TINY = Fraction(1, 10**300)


@pytest.mark.parametrize(
    ("curve", "at", "value"),
    [
        (Function.SIGMOID, 0, ROOT_HALF),
        (Function.EXP, 0, 1),
        (Function.LOG, 1, 0),
        (Function.COSH, 0, 1),
        (Function.ACOSH, 1, 0),
        (Power(Fraction(0.3)), 1, 1),
        (Exponential(Fraction(1.7)), 0, 1),
    ],
)
def test_beside_an_exact_result_is_another(curve, at, value):
    assert curve(objects([Fraction(at)]))[0] == value
    assert curve(objects([at + TINY]))[0] > value
    assert Function.COS(objects([TINY]))[0] < 1


def test_powers_of_zero():
    powers = [Power(Fraction(e))(objects([Fraction(0)]))[0] for e in (0, 3, 0.5)]
    assert powers == [1, 0, 0]
    assert Power(Fraction(-1))(objects([Fraction(0)]))[0] > 10**70


@pytest.mark.parametrize("base", [2, 0.5, 10, 1, 1.7])
def test_exponentials(base):
    curve = Exponential(Fraction(base))
    whole = [Fraction(k) for k in (-3, 0, 4)]
    assert curve(objects(whole)).tolist() == [Fraction(base) ** int(k) for k in whole]
    with localcontext(FAR):
        want = (decimal(Fraction(base)).ln() * Decimal("0.3")).exp()
        got = decimal(curve(objects([Fraction(3, 10)]))[0])
        assert abs(got - want) <= Decimal(10) ** -44
    assert curve.increasing is (base >= 1)
    assert curve(np.array([0.3]))[0] == pytest.approx(base**0.3, rel=1e-14)


def test_exponentials_neither_vanish_nor_become_too_large():
    y = Exponential(Fraction(2))(objects([Fraction(10**6), Fraction(-(10**6))]))
    assert (y[0], y[1]) == (10**75, Fraction(1, 10**75))
