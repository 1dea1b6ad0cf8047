"""Rounding real numbers: of floats as of fractions."""

import numpy as np
import pytest

from rtlgen.encoding import Encoding
from rtlgen.rationals import fractions, rounded
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
