"""Real numbers: floats round as fractions do, and ratios compare as simpler ones."""

from fractions import Fraction
from itertools import product
from random import Random

import numpy as np
import pytest

from rtlgen.encoding import Encoding
from rtlgen.rationals import fractions, rounded, simplest
from sim.intervals import Intervals
from sim.rounding import Interval, Rounding


@pytest.mark.parametrize("rounding", Rounding)
def test_floats_next_to_ties_are_no_ties(rounding):
    """Near zero, a float is nearer to a tie than its distance from the floor has digits for."""
    ties = np.arange(-9, 10) / 2
    x = np.concatenate([ties, *(np.nextafter(ties, to) for to in (-np.inf, np.inf))])
    np.testing.assert_array_equal(rounded(x, rounding), rounded(fractions(x), rounding))


def test_what_underflows_in_steps_is_not_zero():
    type_ = Intervals.full((1,), Interval(0, 15, 1))
    encoding = Encoding(type_, (), np.zeros(1, np.int64), rounding=Rounding.CEIL)
    assert encoding.encode([[0.0], [5e-324]], "x").codes.tolist() == [[0], [1]]


@pytest.mark.parametrize("seed", range(60))
def test_the_simplest_ratio_compares_like_the_ratio(seed):
    random = Random(seed)
    most = random.randint(0, 12), random.randint(0, 12)
    ratio = Fraction(random.choice([0.3, 0.7, 1.5, 2, 1e-3, 1e3]) * random.choice([1, 0.7, 4]))
    found = simplest(ratio, *most)
    for a, b in product(*(range(-n, n + 1) for n in most)):
        assert (a * found >= b) == (a * ratio >= b)
    smaller = (
        Fraction(n, d)
        for d in range(1, found.denominator)
        for n in range(found.numerator)
        if all(
            (a * n >= b * d) == (a * ratio >= b)
            for a, b in product(*(range(-m, m + 1) for m in most))
        )
    )
    assert next(smaller, None) is None
