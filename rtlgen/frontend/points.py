"""Where a point of a grid lies among the elements of an axis, and which of them it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor

from rtlgen.frontend.sampling import HALF, Filter

Weights = dict[int, Fraction]
"""How much each element counts, by its position; what is outside and zero is left out."""

_FILTERS = {"linear": Filter(1), "cubic": Filter(2, Fraction(-3, 4))}


@dataclass(frozen=True)
class Axis:
    """An axis of ``size`` elements that is sampled between -1 and 1, its ends.

    These are the middles of the first and last element with ``aligned``, else their borders.
    """

    size: int
    mode: str
    padding: str
    aligned: bool

    def weights(self, at: Fraction) -> Weights:
        """Those of the elements that a coordinate between -1 and 1, or beyond, is made of."""
        length = self.size - 1 if self.aligned else self.size
        x = (at + 1) * length / 2 - (0 if self.aligned else HALF)
        if self.mode == "nearest":
            return {i: Fraction(1) for i in self._inside(round(self._moved(Fraction(round(x)))))}
        x, weigh, found = self._moved(x), _FILTERS[self.mode], Weights()
        for i in range(floor(x) - weigh.neighbours + 1, floor(x) + weigh.neighbours + 1):
            for place in self._inside(i):
                found[place] = found.get(place, Fraction(0)) + weigh(x - i)
        return {i: weight for i, weight in found.items() if weight}

    def _moved(self, x: Fraction) -> Fraction:
        """A coordinate, brought between the ends if elements are repeated there."""
        lo, hi = self._ends
        if lo <= x <= hi or self.padding == "zeros":
            return x
        if self.padding == "border":
            return min(max(x, Fraction(0)), Fraction(self.size - 1))
        return self._reflected(x)

    def _inside(self, i: int) -> list[int]:
        """The element that has this position, or stands for it; none where there are zeros."""
        if 0 <= i < self.size:
            return [i]
        if self.padding == "zeros":
            return []
        if self.padding == "border":
            return [min(max(i, 0), self.size - 1)]
        return [floor(self._reflected(Fraction(i)))]

    @property
    def _ends(self) -> tuple[Fraction, Fraction]:
        beyond = Fraction(0) if self.aligned else HALF
        return -beyond, self.size - 1 + beyond

    def _reflected(self, x: Fraction) -> Fraction:
        """By the nearer end, until it is between both."""
        lo, hi = self._ends
        if lo == hi:
            return lo
        turns, rest = divmod(x - lo, hi - lo)
        return hi - rest if turns % 2 else lo + rest
