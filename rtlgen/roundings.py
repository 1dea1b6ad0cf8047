"""Which modes of rounding are the same: on numbers of one sign, and one after the other."""

from __future__ import annotations

from sim.rounding import Interval, Rounding


def one_sided(rounding: Rounding, r: Interval) -> Rounding:
    """The mode that does the same on numbers of one sign, without looking at the sign."""
    if r.lo >= 0:
        return _ON_POSITIVE.get(rounding, rounding)
    if r.hi <= 0:
        return _ON_NEGATIVE.get(rounding, rounding)
    return rounding


BIASED = (Rounding.CEIL, Rounding.HALF_UP, Rounding.HALF_DOWN)
"""The modes that add the same to every number and cut."""

_ON_POSITIVE = {
    Rounding.TO_ZERO: Rounding.FLOOR,
    Rounding.AWAY_FROM_ZERO: Rounding.CEIL,
    Rounding.HALF_TO_ZERO: Rounding.HALF_DOWN,
    Rounding.HALF_AWAY_FROM_ZERO: Rounding.HALF_UP,
}
_ON_NEGATIVE = {
    Rounding.TO_ZERO: Rounding.CEIL,
    Rounding.AWAY_FROM_ZERO: Rounding.FLOOR,
    Rounding.HALF_TO_ZERO: Rounding.HALF_UP,
    Rounding.HALF_AWAY_FROM_ZERO: Rounding.HALF_DOWN,
}


def absorbs(first: Rounding, second: Rounding) -> bool:
    """Whether rounding by the one and then, coarser, by the other is the other alone."""
    match first:
        case Rounding.FLOOR:
            return second in (Rounding.FLOOR, Rounding.HALF_UP)
        case Rounding.CEIL:
            return second in (Rounding.CEIL, Rounding.HALF_DOWN)
        case Rounding.TO_ZERO | Rounding.AWAY_FROM_ZERO:
            return first is second
        case _:
            return False
