"""Numbers times powers of two that are computed themselves."""

from __future__ import annotations

from dataclasses import dataclass

from kernels.base import Operator
from sim.array import Array
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding


@dataclass(frozen=True)
class Shift(Operator):
    """``x * 2**(-step * places)``, exact, for ``places`` of so many bits without a sign."""

    step: int
    bits: int

    def forward(self, x: Array, places: Array) -> Array:
        for i in range(self.bits):
            digit = Intervals.full(places.shape, Interval(0, 1, i))
            chosen = places.quantize(digit, Rounding.FLOOR, Overflow.WRAP) * _power(-i)
            x = chosen.where(x * _power(-(self.step << i)), x)
        return x


def _power(exp: int) -> Fixed:
    return Fixed.constant(1, exp)
