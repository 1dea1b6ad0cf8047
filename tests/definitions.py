"""Rounding and overflow as they are explained in words, on ``Fraction`` and by search."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import cycle, islice
from math import ceil, floor

from sim.rounding import Overflow, Rounding


def _nearest(tie: Callable[[int, int], int]) -> Callable[[Fraction], int]:
    """The nearest integer; ``tie`` chooses of the two around a half."""

    def round_(x: Fraction) -> int:
        below, above = floor(x), floor(x) + 1
        if x - below == above - x:
            return tie(below, above)
        return below if x - below < above - x else above

    return round_


ROUND: dict[Rounding, Callable[[Fraction], int]] = {
    Rounding.FLOOR: floor,
    Rounding.CEIL: ceil,
    Rounding.TO_ZERO: lambda x: min(floor(x), ceil(x), key=abs),
    Rounding.AWAY_FROM_ZERO: lambda x: max(floor(x), ceil(x), key=abs),
    Rounding.HALF_UP: _nearest(max),
    Rounding.HALF_DOWN: _nearest(min),
    Rounding.HALF_TO_ZERO: _nearest(lambda a, b: min(a, b, key=abs)),
    Rounding.HALF_AWAY_FROM_ZERO: _nearest(lambda a, b: max(a, b, key=abs)),
    Rounding.HALF_EVEN: _nearest(lambda a, b: b if a % 2 else a),
    Rounding.HALF_ODD: _nearest(lambda a, b: a if a % 2 else b),
}


def limit(overflow: Overflow, code: int, lo: int, hi: int) -> int:
    """Walk from the end that is left, one step of the mode for each code beyond it."""
    if lo <= code <= hi:
        return code
    beyond = code - hi if code > hi else lo - code
    inside = list(range(lo, hi + 1))
    match overflow:
        case Overflow.SATURATE:
            return hi if code > hi else lo
        case Overflow.SATURATE_TO_ZERO:
            return 0
        case Overflow.WRAP:
            walk = inside if code > hi else inside[::-1]
        case Overflow.REFLECT:
            there = inside[::-1] if code > hi else inside
            walk = there + there[::-1]
    return next(islice(cycle(walk), beyond - 1, None))
