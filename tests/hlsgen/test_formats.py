"""The one format of many numbers: it holds them all, and no finer step or wider range does less."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlsgen.formats import constant, hull, joint, number, width
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval
from tests.harness import mixed

INTERVALS = st.builds(
    lambda a, b, exp: Interval(min(a, b), max(a, b), exp),
    st.integers(-40, 40),
    st.integers(-40, 40),
    st.integers(-5, 5),
)


def step(exp: int) -> Fraction:
    return Fraction(2) ** exp


def numbers(r: Interval) -> set[Fraction]:
    return {code * step(r.exp) for code in range(r.lo, r.hi + 1)}


def array(intervals: list[Interval]) -> Intervals:
    return Intervals(*(np.array(column) for column in zip(*intervals, strict=True)))


def on_grid(values: set[Fraction], exp: int) -> bool:
    return all((v / step(exp)).denominator == 1 for v in values)


@given(st.lists(INTERVALS, min_size=1, max_size=5))
def test_a_hull_is_the_least_that_holds_zero_and_all_elements(intervals):
    made = hull(array(intervals))
    values = {Fraction(0)}.union(*map(numbers, intervals))
    assert on_grid(values, made.exp)
    assert (made.lo * step(made.exp), made.hi * step(made.exp)) == (min(values), max(values))
    moving = [r for r in intervals if (r.lo, r.hi) != (0, 0)]
    assert made.exp == min([r.exp for r in moving], default=max(r.exp for r in intervals))


@given(st.lists(INTERVALS, min_size=1, max_size=5))
def test_joint_intervals_hold_all(intervals):
    made = joint(intervals)
    values = set().union(*map(numbers, intervals))
    assert on_grid(values, made.exp)
    assert (made.lo * step(made.exp), made.hi * step(made.exp)) == (min(values), max(values))
    assert made.exp == min(r.exp for r in intervals)


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        ([Interval(3, 5, -2)], Interval(0, 5, -2)),
        ([Interval(-5, -3, 1)], Interval(-5, 0, 1)),
        # a zero is on every grid: its step is nobody's
        ([Interval(1, 3, 0), Interval(0, 0, -9)], Interval(0, 3, 0)),
        ([Interval(1, 3, 0), Interval(0, 0, 1 << 20)], Interval(0, 3, 0)),
        ([Interval(0, 0, 4), Interval(0, 0, 2)], Interval(0, 0, 4)),
    ],
)
def test_hulls(intervals, expected):
    assert hull(array(intervals)) == expected


def test_the_hull_of_nothing():
    assert hull(mixed(0, 3)) == Interval(0, 0, 0)
    assert hull(mixed(2, 0)) == Interval(0, 0, 0)


def test_the_hull_of_constants():
    x = Fixed.constant(np.array([4, 0, -12]), -3)
    assert hull(Intervals.of(x)) == Interval(-3, 1, -1)


def test_joint_with_a_zero_of_a_coarse_step():
    assert joint([Interval(0, 0, 1 << 20), Interval(-3, 4, -1)]) == Interval(-3, 4, -1)
    assert joint([Interval(0, 0, 9)]) == Interval(0, 0, 9)


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(-8, 7, 0), "fixed<4, 4, true>"),
        (Interval(0, 15, -2), "fixed<4, 2, false>"),
        (Interval(0, 1, 3), "fixed<1, 4, false>"),
        (Interval(-1, 0, -9), "fixed<2, -7, true>"),  # a sign needs another bit beside it
        (Interval(0, 0, 0), "fixed<1, 1, false>"),
        (Interval(0, (1 << 100) - 1, -100), "fixed<100, 0, false>"),
    ],
)
def test_the_type_of_numbers(interval, text):
    assert number(interval) == text
    assert constant(interval) == text.replace("fixed", "constant")
    modes = ("Rounding::FLOOR", "Overflow::WRAP")
    assert number(interval, *modes) == f"{text[:-1]}, Rounding::FLOOR, Overflow::WRAP>"


@given(INTERVALS)
def test_a_type_holds_its_interval(interval):
    w, whole, signed = number(interval).removeprefix("fixed<").rstrip(">").split(", ")
    assert int(w) == width(interval) >= 1
    exp = int(whole) - int(w)
    assert exp == interval.exp
    held = Interval.format(signed == "true", int(w), exp)
    assert held.lo <= interval.lo <= interval.hi <= held.hi
