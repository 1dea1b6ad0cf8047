"""The numbers of a tensor in C++: one format for all of its elements."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sim.intervals import Intervals
from sim.rounding import Interval


def hull(type_: Intervals) -> Interval:
    """One interval that holds zero and every element: the finest step, the widest range in it."""
    if not type_.size:
        return Interval(0, 0, 0)
    exp = int(np.where(type_.zero, type_.exp.max(), type_.exp).min())
    lo, hi = type_.at(np.full(type_.shape, exp))
    return Interval(int(lo.min(initial=0)), int(hi.max(initial=0)), exp)


def joint(intervals: Iterable[Interval]) -> Interval:
    """One interval that holds all of these."""
    given = list(intervals)
    exp = min(r.exp for r in given)
    ends = [r.at(exp) for r in given]
    return Interval(min(r.lo for r in ends), max(r.hi for r in ends), exp)


def width(r: Interval) -> int:
    """Bits of a number in the interval: no number of C++ has none, nor only a sign."""
    return max(1 + r.signed, r.width)


def number(r: Interval, *modes: str) -> str:
    """The type of the numbers in an interval, as ``fixed<8, 4, true>``."""
    signed = "true" if r.signed else "false"
    return f"fixed<{', '.join([f'{width(r)}, {width(r) + r.exp}, {signed}', *modes])}>"


def constant(r: Interval) -> str:
    """The type of a constant in an interval: its code alone."""
    return number(r).replace("fixed", "constant", 1)
