"""Functions of computed numbers above zero, however wide: by their highest bit, and a table.

A number is ``m * 2**k`` with ``m`` in an octave, ``1 <= m < 2`` (or in two of them, for a square
root). The function of ``m`` is a table, or lines between the entries of one; what ``k`` does to the
result is a shift, or an addition. So errors are relative: they do not grow where numbers are small.

In a table of ``2**t`` lines for each octave, whose second derivative is two at most, a line is
within ``2**(-2 * t - 3)`` of the function, for half of what lies between an arc and its chord is
taken off the chord. All errors together (of the lines, of what is cut from ``m``, and of the
rounding of entries, slopes and the sum) are less than ``2**-bits``, for which they are budgeted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

from kernels.elementwise import Add, Mul
from kernels.quant import Threshold
from kernels.shift import Shift
from rtlgen.emission import Emission
from rtlgen.rationals import sqrt
from sim.fixed import Fixed
from sim.rounding import Interval, Overflow

MAX_BITS = 26
"""Of a result, beyond which its table has too many entries."""
_PLAIN = 9
"""Bits of a number of which a table is no larger than the multiplier that lines need."""
_FEW = 1 << 10
"""Codes of which there is one table, whatever their highest bit."""
_DIGITS = Context(prec=60)
_LN2 = Fraction(_DIGITS.ln(Decimal(2)))

Curve = Callable[[Fraction], Fraction]


def reciprocal(emit: Emission, x: str, known: Interval, bits: int, factor: Fraction) -> str:
    """``factor / x``, for codes ``known``; less than ``2**-bits`` away, relative to itself."""
    return _power(emit, x, known, bits, lambda v: factor / v, 1)


def inverse_root(emit: Emission, x: str, known: Interval, bits: int, square: Fraction) -> str:
    """``sqrt(square / x)``, with the same error."""
    return _power(emit, x, known, bits, lambda v: sqrt(square / v), 2)


def logarithm(emit: Emission, x: str, known: Interval, bits: int, factor: Fraction) -> str:
    """``factor * log(x)``; less than ``factor * 2**-bits`` away."""
    octave = _Octave.of(emit, x, known, 1)
    finest = exponent(factor) - bits - 3
    shift = factor * octave.base * _LN2
    if not octave.count:
        return _function(emit, octave, bits, lambda m: factor * _ln(m) + shift, finest, "log")
    y = _function(emit, octave, bits, lambda m: factor * _ln(m), finest, "log")
    whole = [shift + factor * k * _LN2 for k in range(octave.count + 1)]
    places = Interval(0, octave.count, 0)
    return emit.of(Add(), y, emit.table(octave.places, whole, finest, places, "octave"), what="sum")


def exponent(x: Fraction) -> int:
    """``e`` with ``2**e <= x < 2**(e + 1)``."""
    e = x.numerator.bit_length() - x.denominator.bit_length()
    return e if Fraction(2) ** e <= x else e - 1


@dataclass(frozen=True)
class _Octave:
    """``x = mantissa * 2**(root * places)``, ``2**base <= mantissa < 2**(base + root)``."""

    mantissa: str
    places: str
    """Absent if there is only one octave."""
    base: int
    count: int
    """The most places."""
    root: int

    @classmethod
    def of(cls, emit: Emission, x: str, known: Interval, root: int) -> _Octave:
        lowest, highest = (end.bit_length() - 1 + known.exp for end in known[:2])
        base = lowest - lowest % root
        count = (highest - base) // root
        if not count:
            return cls(x, "", base, 0, root)
        edges = Fixed.constant([1 << root * k for k in range(1, count + 1)], base)
        reached = Threshold(edges, Fixed.constant(0), Fixed.constant(1))
        places = emit.of(reached, x, what="places")
        return cls(_shifted(emit, x, places, count, root), places, base, count, root)


def _shifted(emit: Emission, x: str, places: str, count: int, step: int) -> str:
    """``x * 2**(-step * places)``, in no finer steps than that of the most places."""
    lo, hi, exp = emit.hull(x)
    bits = count.bit_length()
    y = emit.of(Shift(step, bits), x, places, what="shifted")
    if count == (1 << bits) - 1:
        return y
    drop = step * count
    to = Interval(min(0, lo << drop), hi << drop, exp - drop)
    return emit.cut(y, to, "shifted", overflow=Overflow.SATURATE)


def _power(emit: Emission, x: str, known: Interval, bits: int, curve: Curve, root: int) -> str:
    """A function that falls by half, where ``x`` grows by ``2**root``."""
    own = emit.hull(x)
    if own.lo > 0 and own.hi - own.lo < _FEW:
        step = Fraction(2) ** own.exp
        numbers = [curve(code * step) for code in range(own.lo, own.hi + 1)]
        return emit.table(x, numbers, exponent(numbers[-1]) - bits, own, "inverse")
    octave = _Octave.of(emit, x, known, root)
    first = Fraction(2) ** octave.base
    finest = exponent(curve(first)) - bits - 3
    y = _function(emit, octave, bits, lambda m: curve(first * m), finest, "inverse")
    if not octave.count:
        return y
    return _shifted(emit, y, octave.places, octave.count, 1)


def _function(
    emit: Emission, octave: _Octave, bits: int, curve: Curve, finest: int, what: str
) -> str:
    """``curve(mantissa / 2**base)`` in steps of ``2**finest``."""
    x, base = octave.mantissa, octave.base
    there, needed = base - emit.hull(x).exp, bits + 2
    index = min(there, needed)
    plain = index <= _PLAIN
    index = index if plain else bits // 2
    rest = 0 if plain else min(there, needed) - index
    first = 1 if octave.root == 1 else 0  # the highest bit of one octave is always set
    entries = 1 << index if first else 1 << index + octave.root
    width = Fraction(1, 1 << index)
    middle = Fraction(1, 1 << needed + 1) if there > needed else Fraction(0)  # of what is cut
    starts = [max(Fraction(1), first + i * width) + middle for i in range(entries)]
    domain = Interval(0, entries - 1, base - index)
    top = emit.cut(x, domain, f"{what}.index")
    if not rest:
        return emit.table(top, map(curve, starts), finest, domain, what)
    ends = [(curve(m), curve(m + width / 2), curve(m + width)) for m in starts]
    heights = (a - (a - 2 * b + c) / 4 for a, b, c in ends)
    slopes = ((c - a) / width / Fraction(2) ** base for a, _, c in ends)
    low = emit.cut(x, Interval(0, (1 << rest) - 1, base - index - rest), f"{what}.rest")
    steep = emit.table(top, slopes, finest + index - base, domain, f"{what}.slope")
    line = emit.of(Mul(), steep, low, what=f"{what}.rise")
    height = emit.table(top, heights, finest, domain, f"{what}.height")
    return emit.rounded(emit.of(Add(), height, line, what=f"{what}.line"), finest, what)


def _ln(x: Fraction) -> Fraction:
    return Fraction(_DIGITS.ln(_DIGITS.divide(Decimal(x.numerator), Decimal(x.denominator))))
