"""Floors of sums of too many codes: one form only for what is equal."""

from fractions import Fraction
from math import floor
from random import Random

import pytest

from rtlgen.proof.algebra import Algebra
from rtlgen.proof.forms import Form
from rtlgen.proof.functions import Rounded, limited
from sim.rounding import Overflow, Rounding

WIDE = (1 << 30) - 1
"""The largest code of x and y: functions of these are not tried."""


def rounded(value: Fraction, step: int, rounding: Rounding) -> Fraction:
    unit = Fraction(2) ** step
    half = Fraction(1, 2) if rounding is Rounding.HALF_UP else 0
    return floor(value / unit + half) * unit


@pytest.mark.parametrize("seed", range(300))
def test_a_floor_inside_of_a_floor(seed):
    """``round(a * down(x) + b * y + c)`` beside the same without the inner one."""
    random = Random(seed)
    inner, outer = random.randint(1, 5), random.randint(1, 8)
    a, b = random.choice([1, 2, 4, 3, -1]), random.choice([0, 1, 2, 4, 16, 64, 3])
    c, rounding = random.choice([0, 1, 4, 32]), random.choice([Rounding.FLOOR, Rounding.HALF_UP])
    algebra = Algebra()
    x, y = (algebra.port(i, 0, WIDE, 0) for i in range(2))
    down = algebra.apply(x, Rounded(Rounding.FLOOR, inner))
    parts = [(b, y), (c, Form({}, 1, 0))]
    nested, plain = (
        algebra.form(algebra.apply(algebra.sum([(a, z), *parts]), Rounded(rounding, outer)))
        for z in (down, x)
    )
    samples = [(random.randint(0, WIDE), random.randint(0, WIDE)) for _ in range(500)]
    alike = all(
        rounded(a * rounded(Fraction(u), inner, Rounding.FLOOR) + b * v + c, outer, rounding)
        == rounded(Fraction(a * u + b * v + c), outer, rounding)
        for u, v in samples
    )
    assert (nested.key == plain.key) <= alike
    unit = a << inner
    exact = b and a > 0 and a & a - 1 == 0 and b % unit == c % unit == 0
    if exact and unit << (rounding is Rounding.HALF_UP) <= 1 << outer:
        assert nested.key == plain.key


@pytest.mark.parametrize("seed", range(100))
def test_the_pieces_of_a_wrapped_number_are_the_number(seed):
    """``x mod 2**n`` and what is above it, with the lowest bits cut off it or not."""
    random = Random(seed)
    n, low = random.randint(21, 28), random.randint(0, 4)
    algebra = Algebra()
    x = algebra.port(0, 0, WIDE, 0)
    rest = algebra.apply(x, limited(Overflow.WRAP, 0, (1 << n) - 1, 0))
    above = algebra.apply(x, Rounded(Rounding.FLOOR, n))
    assert algebra.sum([(1, rest), (1, above)]).key == x.key
    cut = algebra.form(algebra.apply(rest, Rounded(Rounding.FLOOR, low)))
    whole = algebra.form(algebra.apply(x, Rounded(Rounding.FLOOR, low)))
    assert algebra.sum([(1, cut), (1, above)]).key == whole.key
    assert (algebra.sum([(1, cut), (1, above)]).key == x.key) is (low == 0)


@pytest.mark.parametrize("rounding", Rounding)
def test_a_rounding_behind_a_floor_is_one_only_where_that_is_the_same(rounding):
    algebra = Algebra()
    x = algebra.port(0, 0, WIDE, 0)
    down = algebra.apply(x, Rounded(Rounding.FLOOR, 2))
    twice, once = (algebra.form(algebra.apply(z, Rounded(rounding, 4))) for z in (down, x))
    assert (twice.key == once.key) is (rounding in (Rounding.FLOOR, Rounding.HALF_UP))
