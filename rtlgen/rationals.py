"""Exact real numbers as an array: the meaning of an operator before there is a grid.

Quantization asks what a chain of elementwise operators does to a real number. Calling their
``forward`` on rationals answers it exactly, with the one definition that there is. The same
class on ``float64`` is an approximation, of which :mod:`rtlgen.bounds` knows how good it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, isqrt, lcm
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.array import Array, IndexArray
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding

Values = npt.NDArray[Any]
"""Of dtype object for Fractions, or float64."""

_fraction = np.frompyfunc(Fraction, 1, 1)
_floor = np.frompyfunc(lambda x: x.__floor__(), 1, 1)
ROOT_BITS = 1024


def objects(values: Iterable[object]) -> Values:
    """An array of one axis that holds these objects as they are."""
    listed = list(values)
    array = np.empty(len(listed), object)
    array[:] = listed
    return array


def fractions(values: npt.ArrayLike | Fraction) -> Values:
    """An array of Fractions that equal these numbers exactly, floats included.

    A single number has one axis: arithmetic on arrays of objects would lose an array of none.
    """
    array = np.atleast_1d(np.asarray(values))
    return np.asarray(_fraction(array.astype(object)), object)


def powers_of_two(exponents: npt.ArrayLike) -> Values:
    """``2**e`` for every exponent."""
    array = np.atleast_1d(np.asarray(exponents))
    return objects(Fraction(2) ** int(e) for e in array.flat).reshape(array.shape)


def exact(x: Fixed) -> Values:
    """The values of a constant as Fractions, in the constant's own shape."""
    assert x.samples == 1
    values = fractions(x.codes[0]) * Fraction(2) ** x.exp
    return np.asarray(values.reshape(x.shape), object)


def fixed(values: Values) -> Fixed | None:
    """The constant that is exactly these rationals; None if one is not dyadic."""
    denominators = {v.denominator for v in values.flat}
    if any(d & d - 1 for d in denominators):
        return None
    exp = -max((d.bit_length() - 1 for d in denominators), default=0)
    codes = objects(int(v * (1 << -exp)) for v in values.flat)
    return Fixed.constant(codes.reshape(values.shape), exp)


def power_of_two(x: Fraction) -> int | None:
    """``e`` if ``x == 2**e``, else None."""
    p, q = x.numerator, x.denominator
    if p <= 0 or p & p - 1 or q & q - 1:
        return None
    return p.bit_length() - q.bit_length()


def along(axis: int, values: Values) -> Values:
    """Numbers along an axis that is counted from the end; a single one has no axis to lie on."""
    return values.reshape(-1, *(1,) * (-axis - 1)) if values.size > 1 else values


def common(scale: Values) -> Fraction:
    """The largest unit that every number is an integer times of."""
    numbers = [abs(s) for s in set(scale.flat) if s]
    if not numbers:
        return Fraction(1)
    denominator = lcm(*(n.denominator for n in numbers))
    return Fraction(gcd(*(int(n * denominator) for n in numbers)), denominator)


def simplest(ratio: Fraction, denominators: int, numerators: int) -> Fraction:
    """The simplest ratio that compares like this one with all that are made of small numbers.

    That is, with all ``n / d`` of ``n <= numerators`` and ``d <= denominators``. It is found in the
    Stern-Brocot tree (Graham, Knuth, Patashnik, Concrete Mathematics, 4.5).
    """
    (n, d), (above, below) = (0, 1), (1, 0)
    while True:
        middle = Fraction(n + above, d + below)
        if d + below > denominators or n + above > numerators or middle == ratio:
            return middle
        if middle < ratio:
            n, d = n + above, d + below
        else:
            above, below = n + above, d + below


def broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """Whether a parameter of one shape fits data of another, and does not make them larger."""
    pairs = zip(shape[::-1], to[::-1], strict=False)
    return len(shape) <= len(to) and all(p in (1, d) for p, d in pairs)


def sqrt(x: Fraction) -> Fraction:
    """The square root of a number above zero, exact for squares of rationals, else rounded down.

    It is then less than ``2**-ROOT_BITS`` away relative to the root. No sum of products of floats
    that is not zero comes that close to zero with one irrational root in it (its norm, a rational
    of bounded denominator, would be smaller than it can be), so every comparison is decided as the
    root itself would decide it.
    """
    p, q = x.numerator, x.denominator
    root = Fraction(isqrt(p), isqrt(q))
    if root * root == x:
        return root
    bits = ROOT_BITS + max(0, q.bit_length() - p.bit_length())
    return Fraction(isqrt((p << 2 * bits) // q), 1 << bits)


def rounded(x: Any, rounding: Rounding) -> Values:
    """Every element rounded to an integer, ties as the mode says; floats up to 2**50 only."""
    values = np.asarray(x)
    floor = np.floor(values) if values.dtype == float else np.asarray(_floor(values), object)
    twice, middle = 2 * values, 2 * floor + 1  # exact; what is above the floor need not be
    quarter = 1 * (values > floor) + 1 * (twice >= middle) + 1 * (twice > middle)
    codes = floor.astype(np.int64) if values.dtype == float else floor
    return np.asarray(rounding.shift(4 * codes + quarter, np.full(values.shape, 2)))


@dataclass(frozen=True, eq=False)
class Rationals(Array):
    """Elements are Fractions (or float64, where an approximation is asked for)."""

    values: Values
    rank = 3

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    def lift(self, x: Rationals | Fixed) -> Rationals:
        if isinstance(x, Rationals):
            return x
        return Rationals(x.to_float()[0] if self.values.dtype == float else exact(x))

    def take(self, index: IndexArray) -> Rationals:
        return Rationals(self.values.reshape(-1)[index])

    def join(self, others: Sequence[Rationals | Fixed]) -> Rationals:
        flat = [self.lift(x).values.reshape(-1) for x in (self, *others)]
        return Rationals(np.concatenate(flat))

    def __add__(self, other: Rationals | Fixed) -> Rationals:
        return Rationals(np.asarray(self.values + self.lift(other).values))

    def __sub__(self, other: Rationals | Fixed) -> Rationals:
        return Rationals(np.asarray(self.values - self.lift(other).values))

    def __mul__(self, other: Rationals | Fixed) -> Rationals:
        return Rationals(np.asarray(self.values * self.lift(other).values))

    def __matmul__(self, other: Rationals | Fixed) -> Rationals:
        return Rationals(np.asarray(self.values @ self.lift(other).values))

    def __neg__(self) -> Rationals:
        return Rationals(np.asarray(-self.values))

    def maximum(self, other: Rationals | Fixed) -> Rationals:
        return Rationals(np.maximum(self.values, self.lift(other).values))

    def minimum(self, other: Rationals | Fixed) -> Rationals:
        return Rationals(np.minimum(self.values, self.lift(other).values))

    def max(self) -> Rationals:
        return Rationals(self.values.max(-1))

    def min(self) -> Rationals:
        return Rationals(self.values.min(-1))

    def sum(self) -> Rationals:
        return Rationals(np.asarray(self.values.sum(-1)))

    def at_least(self, other: Rationals | Fixed) -> Rationals:
        holds = np.asarray(self.values >= self.lift(other).values)
        return Rationals(holds.astype(int).astype(self.values.dtype))

    def where(self, yes: Rationals | Fixed, no: Rationals | Fixed) -> Rationals:
        return Rationals(np.where(self.values != 0, self.lift(yes).values, self.lift(no).values))

    def lookup(self, values: Fixed, domain: Interval) -> Rationals:
        codes = self.values / Fraction(2) ** domain.exp - domain.lo
        return Rationals(self.lift(values).values[codes.astype(np.intp)])

    def quantize(self, to: Intervals, rounding: Rounding, overflow: Overflow) -> Rationals:
        if self.values.dtype == float:
            step = np.ldexp(1.0, to.exp)
            inside = np.clip(self.values / step, to.lo - 1, to.hi + 1)
            codes = overflow.limit(rounded(inside, rounding), to.lo, to.hi)
        else:
            step = powers_of_two(to.exp).reshape(to.shape)
            codes = overflow.limit(rounded(self.values / step, rounding), to.lo, to.hi)
        return Rationals(np.asarray(codes * step))

    def within(self, to: Intervals) -> Rationals:
        return self
